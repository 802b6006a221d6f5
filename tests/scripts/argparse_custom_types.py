import argparse
import pathlib


def str2bool(text):
    if text.lower() in ("yes", "true", "1"):
        return True
    if text.lower() in ("no", "false", "0"):
        return False
    raise argparse.ArgumentTypeError("a boolean is expected")


def positive(text):
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be positive")
    return number


class KeyValue(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, dict(pair.split("=") for pair in values))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--amp", type=str2bool, default=False)
    parser.add_argument("--workers", type=positive, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out"))
    parser.add_argument("--set", nargs="+", action=KeyValue)
    parser.add_argument("--debug", type=bool, default=False)
    parser.add_argument("--ratio", type=lambda text: float(text) / 100)
    parser.add_argument("--level", type=int, choices=range(1, 4), default=1)
    args = parser.parse_args()

import argparse

MOST = 64


def positive(text):
    """Return a positive number."""
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} isn't positive")
    return number


def fraction(x):
    try:
        x = float(x)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{x} is no number")
    if x < 0.0 or x > 1.0:
        raise argparse.ArgumentTypeError(f"{x} isn't in [0, 1]")
    return x


def inside(text):
    value = float(text)
    if not 0 < value < 1:
        message = "must be between 0 and 1"
        raise ValueError(message)
    return value


def workers(text: str) -> int:
    count: int = int(text)
    if count not in range(1, MOST + 1):
        raise argparse.ArgumentTypeError("from 1 to 64")
    return count


def ranged(low, high):
    def check(text):
        number = int(text)
        if low <= number <= high:
            return number
        raise argparse.ArgumentTypeError(f"from {low} to {high}")

    def refuse(text):
        number = int(text)
        if not (number >= low and high >= number):
            raise argparse.ArgumentTypeError(f"from {low} to {high}")
        return number * 2

    return refuse if low else check


def auto_or_number(text):
    if text == "auto":
        return text
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("auto, or a positive number")
    return number


def clipped(text):
    number = float(text)
    if number < 0:
        number = 0.0
    return number


def scaled(text):
    number = float(text) / 100
    if number > 1:
        raise argparse.ArgumentTypeError("a percentage")
    return number


def thousands(text):
    return int(float(text))


def suffixed(text):
    try:
        return int(text)
    except ValueError:
        return int(text[:-1]) * 1000


def on_or_off(value):
    if isinstance(value, bool):
        return value
    if value.lower() in ("yes", "true", "t", "y", "1"):
        return True
    elif value.lower() in ("no", "false", "f", "n", "0"):
        return False
    else:
        raise argparse.ArgumentTypeError("Boolean value expected.")


def flavour(text):
    text = text.strip()
    if text not in ["sweet", "sour"]:
        raise ValueError("sweet or sour")
    return text


def starts(text):
    if text.startswith("w"):
        return text
    raise ValueError(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--positive", type=positive)
    parser.add_argument("--fraction", type=fraction, default=0.5)
    parser.add_argument("--inside", type=inside)
    parser.add_argument("--workers", type=workers)
    parser.add_argument("--check", type=ranged(0, 9))
    parser.add_argument("--refuse", type=ranged(1, 9), choices=[4, 8])
    parser.add_argument("--auto", type=auto_or_number)
    parser.add_argument("--clipped", type=clipped)
    parser.add_argument("--scaled", type=scaled)
    parser.add_argument("--thousands", type=thousands)
    parser.add_argument("--suffixed", type=suffixed)
    parser.add_argument("--switch", type=on_or_off)
    parser.add_argument("--flavour", type=flavour)
    parser.add_argument("--starts", type=starts)
    parser.add_argument("--half", type=lambda text: float(text) / 2)
    parser.add_argument("--list", type=positive, nargs="+")
    args = parser.parse_args()

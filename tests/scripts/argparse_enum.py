import argparse
import enum


class Optimizer(enum.Enum):
    ADAM = "adam"
    SGD = "sgd"


MODELS = {"small": 1, "large": 2}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--optimizer", type=Optimizer, choices=list(Optimizer), default=Optimizer.ADAM)
    parser.add_argument("--model", choices=MODELS.keys(), default="small")
    parser.add_argument("--schedule", choices=[one.value for one in Optimizer] + ["none"])
    parser.add_argument("--size", choices=sorted(MODELS), required=True)
    args = parser.parse_args()
    return args


if __name__ == "__main__":
    raise SystemExit(main() and 0)

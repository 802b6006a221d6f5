import argparse


def get_args(argv=None):
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    model = parser.add_argument_group("model")
    model.add_argument("--hidden", type=int, nargs="+", default=[64, 64])
    model.add_argument("--activation", choices=["relu", "gelu"], default="relu")
    data = parser.add_argument_group(title="data", description="where it comes from")
    data.add_argument("--data-dir", required=True)
    data.add_argument("--augment", action=argparse.BooleanOptionalAction, default=True)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int)
    length.add_argument("--steps", type=int)
    return parser.parse_args(argv)


if __name__ == "__main__":
    print(get_args())

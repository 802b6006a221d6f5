import argparse


def train(args):
    return args


def main():
    parser = argparse.ArgumentParser(prog="tool")
    parser.add_argument("--quiet", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("train", aliases=["fit"])
    one.add_argument("--lr", type=float, required=True)
    one.add_argument("--epochs", type=int, default=1)
    one.set_defaults(func=train)
    two = commands.add_parser("evaluate")
    two.add_argument("--split", choices=["val", "test"])
    two.set_defaults(func=print)
    args = parser.parse_args()
    args.func(args)


if __name__ == "__main__":
    main()

import argparse


def common():
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--seed", type=int, default=0)
    parent.add_argument("--output", "-o", required=True)
    return parent


def model():
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument("--depth", type=int, choices=[18, 34, 50])
    return parent


def main(argv=None):
    parser = argparse.ArgumentParser(parents=[common(), model()])
    parser.add_argument("--lr", type=float)
    parser.set_defaults(lr=0.3)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()

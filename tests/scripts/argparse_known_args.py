import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--mode", choices=["a", "b"])


def main():
    args, rest = parser.parse_known_args()
    print(args, rest)


if __name__ == "__main__":
    main()

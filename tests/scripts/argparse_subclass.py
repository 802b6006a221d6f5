import argparse
import sys


class Parser(argparse.ArgumentParser):
    def __init__(self):
        super().__init__(description="with an error of its own")
        self.add_argument("--lr", type=float, required=True)
        self.add_training()

    def add_training(self):
        self.add_argument("--epochs", "-n", type=int, default=3)

    def error(self, message):
        self.print_help()
        sys.exit(2)


if __name__ == "__main__":
    args = Parser().parse_args(sys.argv[1:])

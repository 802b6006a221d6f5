import argparse
import json

REGISTRY = json.loads('{"trainer": "Trainer"}')


class Trainer:
    @staticmethod
    def add(parser):
        parser.add_argument("--accelerator")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int)
    globals()[REGISTRY["trainer"]].add(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""A config file first, the rest afterwards."""
import argparse
import os

config_parser = argparse.ArgumentParser(add_help=False)
config_parser.add_argument("-c", "--config", default="", metavar="FILE")

parser = argparse.ArgumentParser(description="Training")
parser.add_argument("--lr", type=float, default=0.05)
parser.add_argument("--opt", default="sgd")


def parse():
    args_config, remaining = config_parser.parse_known_args()
    if os.path.exists(args_config.config):
        with open(args_config.config) as file:
            parser.set_defaults(**dict(line.split() for line in file))
    return parser.parse_args(remaining)


if __name__ == "__main__":
    parse()

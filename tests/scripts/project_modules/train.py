import argparse

from project_modules import models
from project_modules.options import add_data_arguments
from .more import add_logging as logging_arguments


def main():
    parser = argparse.ArgumentParser()
    add_data_arguments(parser)
    models.add_arguments(parser.add_argument_group("model"))
    logging_arguments(parser, prefix="log")
    args = parser.parse_args()
    return args


if __name__ == "__main__":
    main()

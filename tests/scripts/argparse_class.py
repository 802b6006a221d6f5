import argparse
import sys


class BaseOptions:
    def __init__(self):
        self.initialized = False

    def initialize(self, parser):
        parser.add_argument("--name", type=str, default="experiment")
        parser.add_argument("--gpu_ids", type=str, default="0")
        self.initialized = True
        return parser

    def gather(self):
        if not self.initialized:
            parser = argparse.ArgumentParser()
            parser = self.initialize(parser)
        self.parser = parser
        return parser.parse_args()

    def parse(self):
        self.opt = self.gather()
        return self.opt


class TrainOptions(BaseOptions):
    def initialize(self, parser):
        parser = super().initialize(parser)
        parser.add_argument("--n_epochs", type=int, default=100)
        parser.add_argument("--lr_policy", choices=("linear", "step"), default="linear")
        return parser


if __name__ == "__main__":
    options = TrainOptions().parse()
    print(options, file=sys.stderr)

"""Models and optimizers enter themselves in registries: a decorator's, a base class's."""

import argparse

MODELS = {}


def register(name=None):
    def enter(entered):
        MODELS[name or entered.__name__.lower()] = entered
        return entered

    return enter


class Optimizer:
    known = []

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        Optimizer.known.append(cls.__name__)


@register("small-net")
class SmallNet:
    @staticmethod
    def add_arguments(group):
        group.add_argument("--width", type=int, default=8)


@register()
class Wide(SmallNet):
    @staticmethod
    def add_arguments(group):
        group.add_argument("--factor", type=float, default=2.0)


class Adam(Optimizer):
    pass


class SGD(Optimizer):
    pass


parser = argparse.ArgumentParser()
parser.add_argument("--model", choices=sorted(MODELS), default="wide")
parser.add_argument("--optimizer", choices=Optimizer.known, default="SGD")
for name, model in MODELS.items():
    model.add_arguments(parser.add_argument_group(name))

if __name__ == "__main__":
    print(parser.parse_args())

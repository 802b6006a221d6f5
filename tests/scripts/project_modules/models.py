from .more import NAMES


def add_arguments(group):
    group.add_argument("--model", choices=NAMES, default=NAMES[0])
    group.add_argument("--width", type=int, default=128)

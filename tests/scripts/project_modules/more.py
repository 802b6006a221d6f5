NAMES = tuple(f"net{number}" for number in (1, 2, 3))


def add_logging(parser, *, prefix):
    parser.add_argument(f"--{prefix}-every", type=int, default=10)
    parser.add_argument(f"--{prefix}-file", default=None)

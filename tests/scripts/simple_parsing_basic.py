from dataclasses import dataclass, field
from typing import List, Optional

from simple_parsing import ArgumentParser, choice


@dataclass
class Optimizer:
    """How to step."""

    momentum: float = 0.9  # how much of before


@dataclass
class Options:
    """All there is."""

    data: str  # where it is
    lr: float = 1e-3
    use_amp: bool = False
    kind: str = choice("small", "large", default="small")
    sizes: List[int] = field(default_factory=list)
    limit: Optional[int] = None
    optimizer: Optimizer = field(default_factory=Optimizer)


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--plain", type=int, default=1)
    parser.add_arguments(Options, dest="options")
    args = parser.parse_args()

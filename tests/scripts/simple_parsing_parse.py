from dataclasses import dataclass
from enum import Enum

import simple_parsing


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


@dataclass
class Config:
    n: int
    mode: Mode = Mode.FAST
    shuffle: bool = True


def main():
    config = simple_parsing.parse(Config)
    print(config)


if __name__ == "__main__":
    main()

import dataclasses
import enum
from typing import Literal, Optional

import tyro


class Kind(enum.Enum):
    A = "a"
    B = "b"


@dataclasses.dataclass
class OptimizerConfig:
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)


@dataclasses.dataclass
class Config:
    data_dir: str
    """Where the data is."""
    deterministic: bool
    kind: Kind = Kind.A
    size: Literal["small", "large"] = "small"
    use_amp: bool = False
    hidden_sizes: list[int] = dataclasses.field(default_factory=lambda: [1])
    limit: Optional[int] = None
    optimizer: OptimizerConfig = dataclasses.field(default_factory=OptimizerConfig)


if __name__ == "__main__":
    print(tyro.cli(Config))

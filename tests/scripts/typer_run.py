import enum
from pathlib import Path
from typing import List, Optional

import typer


class Optimizer(str, enum.Enum):
    adam = "adam"
    sgd = "sgd"


def main(
    lr: float = 0.1,
    epochs: int = typer.Option(3, "--epochs", "-e", help="How long"),
    optimizer: Optimizer = Optimizer.adam,
    use_amp: bool = False,
    name: Optional[str] = None,
    tag: List[str] = [],
    out: Path = Path("out"),
    data: str = typer.Option(..., help="Where"),
):
    print(lr)


if __name__ == "__main__":
    typer.run(main)

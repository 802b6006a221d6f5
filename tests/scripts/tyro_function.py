from typing import Literal

import tyro



def train(name: str, epochs: int = 3, mode: Literal["fast", "slow"] = "fast", dry_run: bool = False) -> None:
    """Train.

    Args:
        name: what to call it.
    """
    print(name)


if __name__ == "__main__":
    tyro.cli(train)

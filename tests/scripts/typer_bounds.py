from typing import Annotated, List, Optional

import typer


def main(
    workers: Annotated[int, typer.Option(min=1, max=64)] = 4,
    dropout: float = typer.Option(0.1, min=0.0, max=1.0),
    clamped: Annotated[int, typer.Option(min=0, max=9, clamp=True)] = 1,
    layers: Annotated[List[int], typer.Option(min=1)] = [8],
    steps: Annotated[Optional[int], typer.Option(max=100)] = None,
    name: Annotated[str, typer.Option(min=3)] = "x",
):
    typer.echo(workers)


if __name__ == "__main__":
    typer.run(main)

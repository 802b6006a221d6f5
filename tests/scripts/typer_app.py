from typing import Annotated, Literal

import typer

app = typer.Typer()


@app.command()
def train(
    lr: Annotated[float, typer.Option(help="rate")] = 0.1,
    seed: Annotated[int, typer.Option("--seed", "-s")] = 0,
    mode: Annotated[Literal["fast", "slow"], typer.Option()] = "fast",
    verbose: Annotated[bool, typer.Option("--verbose")] = False,
    steps: Annotated[int, typer.Option()] = ...,
):
    print(lr)


if __name__ == "__main__":
    app()

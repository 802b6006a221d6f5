import typer

app = typer.Typer(add_completion=False)
data = typer.Typer()
app.add_typer(data, name="data")


@app.command()
def train(lr: float = 0.1, shuffle: bool = True):
    pass


@app.command("evaluate-all")
def evaluate(path: str = typer.Argument("here"), split: str = "val"):
    pass


@data.command()
def fetch(url: str = typer.Option("x", envvar="URL")):
    pass


if __name__ == "__main__":
    app()

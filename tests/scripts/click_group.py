import click


@click.group()
@click.option("--debug", is_flag=True)
def cli(debug):
    pass


@cli.command()
@click.option("--lr", type=float, required=True)
@click.argument("data", default="here")
def train(lr, data):
    pass


@cli.command("eval")
@click.option("--split", type=click.Choice(["val", "test"]))
def evaluate(split):
    pass


@click.command()
@click.option("--port", type=int)
def serve(port):
    pass


cli.add_command(serve)

if __name__ == "__main__":
    cli()

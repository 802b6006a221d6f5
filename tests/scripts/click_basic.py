import click


@click.command()
@click.option("--epochs", "-n", default=1, show_default=True, help="How long.")
@click.option("--lr", type=float, default=0.1)
@click.option("--optimizer", type=click.Choice(["adam", "sgd"]), default="adam")
@click.option("--size", type=click.Choice(["S", "M"], case_sensitive=False))
@click.option("--amp/--no-amp", default=False)
@click.option("--verbose", is_flag=True)
@click.option("--name", required=True)
@click.option("--tag", multiple=True)
@click.option("--pair", nargs=2, type=int)
@click.option("-q", "--quiet", count=True)
@click.option("--ratio", type=click.FloatRange(0, 1))
@click.option("--use-cache", type=bool, default=True)
@click.option("--out", "output", type=click.Path())
def main(**options):
    """Train."""
    click.echo(options)


if __name__ == "__main__":
    main()

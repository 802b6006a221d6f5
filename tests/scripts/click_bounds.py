import click


def even(text):
    number = int(text)
    if number % 2:
        raise click.BadParameter("must be even")
    if number > 10:
        raise click.BadParameter("must be small")
    return number


@click.command()
@click.option("--workers", type=click.IntRange(1, 64))
@click.option("--at-least", type=click.IntRange(min=2))
@click.option("--open", type=click.FloatRange(0, 1, min_open=True, max_open=True))
@click.option("--below", type=click.FloatRange(max=5))
@click.option("--clamped", type=click.IntRange(0, 9, clamp=True))
@click.option("--many", type=click.IntRange(0, 3), multiple=True)
@click.option("--even", type=even)
def main(**options):
    click.echo(options)


if __name__ == "__main__":
    main()

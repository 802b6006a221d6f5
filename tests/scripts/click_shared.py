import click


def common_options(function):
    function = click.option("--seed", type=int, default=0)(function)
    function = click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu")(function)
    return function


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@common_options
@click.option("--steps", type=click.INT, default=100)
@click.pass_context
def main(context, seed, device, steps):
    pass


if __name__ == "__main__":
    main()

import click


@click.command(context_settings=dict(ignore_unknown_options=True, allow_extra_args=True))
@click.option("--lr", type=float)
@click.pass_context
def main(context, lr):
    click.echo(context.args)


if __name__ == "__main__":
    main()

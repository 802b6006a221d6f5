"""Read click's options."""

from __future__ import annotations

import pytest
from support.scripts import flag_names, script_of

CLICK = """
import click

@click.command()
@click.option("--x", type=int)
@click.version_option({version})
@click.help_option({help})
def main(x):
    pass

main()
"""


@pytest.mark.parametrize(
    ("version", "eager", "shown"),
    [
        ('"1.0"', "", ["--help", "--version"]),
        ('"1.0", "--which", "-w"', '"--about"', ["--about", "--which", "-w"]),
        ('message="x"', "", ["--help", "--version"]),
    ],
)
def test_clicks_options_that_show_something_are_known(version: str, eager: str, shown: list[str]) -> None:
    script = script_of(CLICK.format(version=version, help=eager))
    assert script.complete
    assert flag_names(script) == ["x"]
    assert set(shown) <= {name for one in script.flags if one.hidden for name in one.names}


@pytest.mark.parametrize("version", ["*names", "names"])
def test_clicks_options_by_other_names_may_be_any(version: str) -> None:
    arguments = f'"1.0", {version}'
    assert not script_of(
        CLICK.format(version=arguments, help="").replace("@", "names = input()\n@", 1)
    ).complete

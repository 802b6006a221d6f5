"""Apps of click and typer, to which other code may add commands."""

from __future__ import annotations

import pytest
from support.scripts import flag_names, script_of

APPS = {
    "click": (
        "import click\n\n@click.group()\ndef app(): ...\n\n@app.command()\n"
        '@click.option("--x")\ndef one(x): ...\n'
    ),
    "typer": "import typer\n\napp = typer.Typer()\n\n@app.command()\ndef one(x: int = 1): ...\n",
}
EXTENSIONS = {
    "handed over": "import plugins\nplugins.extend(app)\n",
    "found": "import importlib\nimportlib.import_module(input())\n",
}


@pytest.mark.parametrize("library", APPS)
@pytest.mark.parametrize("way", [*EXTENSIONS, None])
def test_commands_that_others_may_add_to_an_app_are_left_open(library: str, way: str | None) -> None:
    text = f"from app import app\n{EXTENSIONS.get(way or '', '')}app()\n"
    script = script_of(text, {"app.py": APPS[library]})
    assert flag_names(script) == ["x"]
    assert script.complete is (way is None)


def test_a_group_behind_a_decorator_of_unknown_origin_is_left_open() -> None:
    text = APPS["click"].replace("@click.group()", "@plugins.with_plugins()\n@click.group()", 1)
    assert not script_of(f"import plugins\n{text}app()\n").complete
    assert script_of(f"{APPS['click']}app()\n").complete

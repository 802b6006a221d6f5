"""The list of parser libraries; there is no other."""

from __future__ import annotations

from typing import Final

from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.libraries import (
    absl,
    argparse,
    click,
    fire,
    simple_parsing,
    transformers,
    typer,
    tyro,
)

LIBRARIES: Final[tuple[Library, ...]] = (
    argparse.LIBRARY,
    absl.LIBRARY,
    click.LIBRARY,
    typer.LIBRARY,
    fire.LIBRARY,
    simple_parsing.LIBRARY,
    transformers.LIBRARY,
    tyro.LIBRARY,
)

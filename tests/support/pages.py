"""Documents with a cursor in them, beside a project and a script that are made up."""

from __future__ import annotations

from typing import Any

from caliban_ls import jsondoc, project
from caliban_ls.assist.page import Page
from caliban_ls.outlook import Outlook
from caliban_ls.rules.base import DocumentKind
from caliban_ls.script import Flag, Script
from caliban_ls.text import Span

SOURCE = """import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", "--learning-rate", type=float, default=0.001, help="Step *size*")
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--opt", choices=["adam", "sgd"], default="adam")
parser.add_argument("--amp", action="store_true")
parser.add_argument("--secret", help=argparse.SUPPRESS)
"""


def flag(name: str, line: str, **known: Any) -> Flag:
    """Return a flag that the call that begins with `line` defines."""
    start = SOURCE.index(line)
    end = SOURCE.index("\n", start)
    names = known.pop("names", (f"--{name}",))
    literals = [SOURCE.index(f'"{spelled}"', start) + 1 for spelled in names]
    spans = tuple(
        Span(literal, literal + len(spelled)) for literal, spelled in zip(literals, names, strict=True)
    )
    return Flag(name=name, names=names, path="train.py", span=Span(start, end), name_spans=spans, **known)


SCRIPT = Script(
    path="train.py",
    library="argparse",
    complete=True,
    certain=True,
    abbreviations=True,
    files=frozenset({"train.py"}),
    flags=(
        flag(
            "learning-rate",
            'parser.add_argument("--lr"',
            names=("--lr", "--learning-rate"),
            kind="float",
            arity="one",
            default="0.001",
            help="Step *size*",
        ),
        flag("epochs", 'parser.add_argument("--epochs"', kind="int", arity="one", required=True),
        flag(
            "opt",
            'parser.add_argument("--opt"',
            kind="str",
            arity="one",
            choices=("adam", "sgd"),
            default="'adam'",
        ),
        flag("amp", 'parser.add_argument("--amp"', arity="none", default="False"),
        flag("secret", 'parser.add_argument("--secret"', arity="one", hidden=True),
    ),
)
"""What a reader makes of `SOURCE`."""


def page_of(
    text: str, kind: DocumentKind = "experiment", *, script: Script | None = SCRIPT, config: str = "{}"
) -> Page:
    """Return a document; a project config is its own project."""
    document = jsondoc.parse(text)
    outlook = Outlook(project.read(document if kind == "project" else jsondoc.parse(config)))
    return Page(document, kind, outlook, script if kind == "experiment" else None)

"""Documents with a cursor in them, beside a project and a script that are made up."""

from __future__ import annotations

from collections.abc import Sequence

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config import project
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.analysis.script import Flag, Script, read_script
from caliban_ls.ide.document_context import DocumentContext

SOURCE = """import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", "--learning-rate", type=float, default=0.001, help="Step *size*")
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--opt", choices=["adam", "sgd"], default="adam")
parser.add_argument("--amp", action="store_true")
parser.add_argument("--secret", help=argparse.SUPPRESS)
arguments = parser.parse_args()
"""


def _script() -> Script:
    script = read_script("train.py", {"train.py": SOURCE}.get)
    assert script is not None
    assert script.certain
    return script


SCRIPT = _script()
"""What is known of `SOURCE`."""


def flag(name: str) -> Flag:
    """Return a flag of the script."""
    return next(one for one in SCRIPT.flags if one.name == name)


def context_of(
    text: str,
    kind: DocumentKind = "experiment",
    *,
    script: Script | None = SCRIPT,
    config: str = "{}",
    paths: Sequence[str] = (),
) -> DocumentContext:
    """Return a document; a project config is its own project."""
    document = jsondoc.parse(text)
    estimate = CostEstimate(project.read(document if kind == "project" else jsondoc.parse(config)))
    return DocumentContext(document, kind, estimate, script if kind == "experiment" else None, lambda: paths)

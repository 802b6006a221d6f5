"""The last results of every benchmark, kept in `RESULTS.md`: a section for each, and the machine they are from."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

KEPT = Path(__file__).with_name("RESULTS.md")
HEAD = """# Results

What `make bench` measured last; each program replaces its own section. What is compared took turns in one run, so
that the ratios mean more than the figures, which are those of one small machine.
"""


def record(title: str, tables: Sequence[Sequence[Sequence[str]]], *also: str) -> None:
    """Print tables, each a row of headings and rows of cells, and keep them as the section of a title.

    Args:
        title: names the section.
        tables: the first column is words, the others are figures.
        also: versions of what was compared, beside those of the machine.
    """
    for table in tables:
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        for row in table:
            cells = [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
            print("  ".join(cells).rstrip())
        print()
    written = "\n".join(f"{_markdown(table)}\n" for table in tables)
    machine = ", ".join(
        (f"{os.cpu_count()} cores", platform.system(), f"Python {platform.python_version()}", *also)
    )
    day = datetime.now(timezone.utc).date()
    _replace(title, f"## {title}\n\n{machine}; {day}.\n\n{written}")


def _markdown(table: Sequence[Sequence[str]]) -> str:
    head, *rows = table
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _replace(title: str, section: str) -> None:
    """Put a section in the place of the one with its title, or behind the last."""
    text = KEPT.read_text(encoding="utf-8") if KEPT.exists() else HEAD
    _, *kept = re.split(r"(?m)^(?=## )", text)
    sections = {one.partition("\n")[0].removeprefix("## "): one.strip() for one in kept}
    sections[title] = section.strip()
    KEPT.write_text("\n\n".join([HEAD.strip(), *sections.values()]) + "\n", encoding="utf-8")

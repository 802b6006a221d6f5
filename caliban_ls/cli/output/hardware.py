"""Results of catalog and hardware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliban_ls.cli.output.tables import cell, render, table

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.hardware import CatalogResult, HardwareResult


def show_catalog(result: CatalogResult, _options: argparse.Namespace) -> str:
    """Return the rows as a table, with a line on how old the prices are."""
    if not result.rows:
        return "Nothing in the catalogue goes with all of that.\n"
    columns = list(result.rows[0])
    numbers = {name for name in columns for row in result.rows if isinstance(row[name], (int, float))}
    rows = table(
        *(name.replace("_", " ") for name in columns), numbers={name.replace("_", " ") for name in numbers}
    )
    for row in result.rows:
        rows.add_row(*(cell(row[name]) for name in columns))
    return f"{render(rows)}Prices in {result.currency} an hour, as of {result.as_of}.\n"


def show_hardware(result: HardwareResult, _options: argparse.Namespace) -> str:
    """Return what jobs would run on, what is wrong with that, and a table of what could be chosen instead."""
    found = [
        f"{result.config}:{one.line + 1}: {one.severity}[{one.code}]: {one.message}"
        for one in result.findings
    ]
    said = "\n".join([result.text, *result.notes, *found, ""])
    if not result.options:
        return said
    rows = table("", "value", "what", "price", "", numbers={"price"})
    for option in result.options:
        mark = "*" if option.current else "" if option.possible else "x" if option.changes is None else "+"
        rows.add_row(mark, option.label, option.detail, option.price, option.reason)
    return (
        f"{said}{render(rows)}* holds now, + needs another change, x can't be had; prices are of one job.\n"
    )

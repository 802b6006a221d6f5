"""Results of catalog and hardware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliban_ls.cli.output.tables import Table, cell, render

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.hardware import CatalogResult, HardwareResult


def show_catalog(result: CatalogResult, _options: argparse.Namespace) -> str:
    """Return the rows as a table, with a line on the age of the prices."""
    if not result.rows:
        return "No hardware in the catalogue fits all of these flags.\n"
    columns = list(result.rows[0])
    numbers = {name for name in columns for row in result.rows if isinstance(row[name], (int, float))}
    wrapped = {name for name in columns for row in result.rows if " " in cell(row[name])}
    rows = Table(
        [_title(name) for name in columns],
        numbers={_title(name) for name in numbers},
        wrapped={_title(name) for name in wrapped},
    )
    for row in result.rows:
        rows.add_row(*(cell(row[name]) for name in columns))
    return f"{render(rows)}Prices in {result.currency} an hour, as of {result.as_of}.\n"


def show_hardware(result: HardwareResult, _options: argparse.Namespace) -> str:
    """Return the hardware of jobs, the findings about it, and a table of alternatives."""
    found = [
        f"{result.config}:{one.line + 1}: {one.severity}[{one.code}]: {one.message}"
        for one in result.findings
    ]
    summary = "\n".join([result.text, *result.notes, *found, ""])
    if not result.options:
        return summary
    columns = (" ", "value", "details", "price", "reason")
    rows = Table(columns, numbers={"price"}, wrapped={"details", "reason"}, optional=("details",))
    for option in result.options:
        mark = "*" if option.current else "" if option.possible else "x" if option.changes is None else "+"
        rows.add_row(mark, option.label, option.detail, option.price, option.reason)
    return f"{summary}{render(rows)}* holds now, + needs another change, x can't be had; prices are of one job.\n"


def _title(column: str) -> str:
    """Return a column's name for people."""
    return column.replace("_", " ")

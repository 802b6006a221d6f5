"""Tables fit the terminal: names and states stay whole, and columns that matter less go first."""

from __future__ import annotations

import sys

import pytest

from caliban_ls.cli.output.tables import Table, render

JOBS = Table(
    ("index", "arguments", "state", "seconds", "accuracy", "url"),
    numbers={"index", "seconds", "accuracy"},
    optional=("url", "seconds", "accuracy"),
    rows=[
        [
            "1",
            "--lr 0.1 --model a-long-name-of-a-model",
            "SUCCEEDED",
            "1.5",
            "0.93",
            "https://x.example/" + 80 * "y",
        ],
        ["12", "--lr 0.01 --model b", "FAILED", "2.0", "", "https://x.example/" + 80 * "z"],
    ],
)


def drawn(table: Table, width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", "24")
    return render(table)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (200, ["index", "arguments", "state", "seconds", "accuracy", "url"]),
        (80, ["index", "arguments", "state", "seconds", "accuracy"]),
        (56, ["index", "arguments", "state", "accuracy"]),
        (40, ["index", "arguments", "state"]),
    ],
)
def test_a_narrow_terminal_leaves_columns_out(
    width: int, columns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = drawn(JOBS, width, monkeypatch)
    assert text.splitlines()[1].split() == columns
    assert "…" not in text
    assert all(word in text for word in ("SUCCEEDED", "FAILED", "12", "--lr", "0.01"))
    assert max(map(len, text.splitlines())) <= width


def test_a_file_gets_all_columns() -> None:
    assert not sys.stdout.isatty()
    text = render(JOBS)
    assert 80 * "y" in text
    assert "a-long-name-of-a-model" in text


def test_cells_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(("index", "arguments"))
    table.add_row("1", "[/foo] [bold]b[/bold] :smile: x\n2  forged \x1b[1A")
    assert r"[/foo] [bold]b[/bold] :smile: x\n2  forged \x1b[1A" in drawn(table, 120, monkeypatch)

"""Pages read well: lines of Markdown fit on a screen, links lead somewhere, and texts use plain words."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WIDTH = 120

LISTED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
PAGES = LISTED.stdout.split()

VAGUE = re.compile(r"\b(told|nobody|somebody|whoever|whatever)\b", re.IGNORECASE)
"""Words that hide the actor of a sentence. CONTRIBUTING.md says how to write it instead."""


def prose(page: str) -> list[tuple[int, str]]:
    """Return the numbered lines of a page without code blocks, rows of tables, pictures and words in quotes."""
    lines, code = [], False
    for number, line in enumerate((ROOT / page).read_text("utf-8").split("\n"), 1):
        if line.lstrip().startswith("```"):
            code = not code
        elif not code and not line.startswith(("|", "![")):
            lines.append((number, re.sub('"[a-z]+"', '""', line)))
    return lines


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_lines_fit_on_a_screen(page: str) -> None:
    long = {number: line for number, line in prose(page) if len(line) > WIDTH and " " in line.strip()}
    assert long == {}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = "\n".join(line for _, line in prose(page))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if ":" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (ROOT / page).parent / name if name else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_the_actor(page: str) -> None:
    assert {number: line for number, line in prose(page) if VAGUE.search(line)} == {}

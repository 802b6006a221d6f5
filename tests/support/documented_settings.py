"""Settings of editors as the documentation gives them: what is tried is what is read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs/editors"


def neovim_settings() -> str:
    """Return the `init.lua` of the page for Neovim, for a user who trusts the folder, with the server of this checkout."""
    blocks = _blocks("neovim.md", "Any version from 0.7 on", "lua")
    assert len(blocks) == 2
    return _replaced(
        "\n".join(blocks),
        ("trusted = false", "trusted = true"),
        ('{ "caliban", "serve" }', f'{{ "{sys.executable}", "-m", "caliban_ls", "serve" }}'),
    )


def emacs_settings(client: str) -> tuple[str, str]:
    """Return the `init.el` of the page for Emacs with a client, and how it calls a command, if the page says that."""
    settings, *calls = _blocks("emacs.md", client, "elisp")
    server = ('"caliban" "serve"', f'"{sys.executable}" "-m" "caliban_ls" "serve"')
    return _replaced(settings, server), "".join(calls)


def _blocks(page: str, heading: str, language: str) -> list[str]:
    """Return the blocks of a language under a heading of a page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    (section,) = re.findall(rf"(?ms)^## {re.escape(heading)}$(.*?)(?=^## |\Z)", text)
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


def _replaced(text: str, *pairs: tuple[str, str]) -> str:
    for written, meant in pairs:
        assert text.count(written) == 1
        text = text.replace(written, meant)
    return text

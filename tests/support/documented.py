"""Settings of editors as the documentation gives them: what is tried is what is read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

NEOVIM = Path(__file__).parents[2] / "docs/editors/neovim.md"


def neovim_settings() -> str:
    """Return the `init.lua` of the page for Neovim, for a user who trusts the folder, with the server of this checkout."""
    tried, _, _ = NEOVIM.read_text(encoding="utf-8").partition("## 0.11 and later")
    blocks = re.findall(r"```lua\n(.*?)```", tried, re.DOTALL)
    assert len(blocks) == 2
    lua = "\n".join(blocks)
    for written, meant in (
        ("trusted = false", "trusted = true"),
        ('{ "caliban", "serve" }', f'{{ "{sys.executable}", "-m", "caliban_ls", "serve" }}'),
    ):
        assert lua.count(written) == 1
        lua = lua.replace(written, meant)
    return lua

"""Where Caliban keeps what it remembers: one folder of the user's, the same for every face."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

SETTINGS_FILE: Final = "config.json"
"""The user's own settings, in the state folder: those of an editor, for every face."""


def state_folder(environment: Mapping[str, str], home: Path, platform: str) -> Path:
    """Return where caliban keeps its state: CALIBAN_HOME, else the platform's place for it.

    Args:
        environment: the process's variables.
        home: the user's home folder.
        platform: as `sys.platform` has it.
    """
    if chosen := environment.get("CALIBAN_HOME"):
        return Path(chosen)
    if platform == "darwin":
        return home / "Library" / "Application Support" / "caliban"
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local") / "caliban"
    state = environment.get("XDG_STATE_HOME", "")
    # The XDG Base Directory Specification asks to ignore relative paths.
    return (Path(state) if state.startswith("/") else home / ".local" / "state") / "caliban"

"""Where the state folder is, by platform and environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from caliban_ls.core.state_folder import state_folder


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({}, "linux", "/home/me/.local/state/caliban"),
        ({"XDG_STATE_HOME": "/state"}, "linux", "/state/caliban"),
        ({"XDG_STATE_HOME": "relative"}, "linux", "/home/me/.local/state/caliban"),
        ({"XDG_STATE_HOME": "/state"}, "darwin", "/home/me/Library/Application Support/caliban"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/caliban"),
        ({}, "win32", "/home/me/AppData/Local/caliban"),
        ({"CALIBAN_HOME": "/c", "XDG_STATE_HOME": "/state"}, "linux", "/c"),
        ({"CALIBAN_HOME": ""}, "linux", "/home/me/.local/state/caliban"),
    ],
)
def test_the_state_folder(environment: Mapping[str, str], platform: str, folder: str) -> None:
    assert state_folder(environment, Path("/home/me"), platform) == Path(folder)

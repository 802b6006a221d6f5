"""`caliban rule` and `caliban rules`."""

from __future__ import annotations

import json
from pathlib import Path

from support.program import caliban


def test_rule(tmp_path: Path) -> None:
    assert "row-length" in caliban("rule", "cal207", folder=tmp_path).stdout
    assert json.loads(caliban("rule", "CAL207", "--json", folder=tmp_path).stdout)["name"] == "row-length"
    assert "CAL207  error        row-length\n" in caliban("rules", folder=tmp_path).stdout
    answer = caliban("rule", "CAL27", folder=tmp_path)
    assert (answer.returncode, "Did you mean CAL2" in answer.stderr) == (2, True)

"""Read absl's flags."""

from __future__ import annotations

import pytest
from support.scripts import script_of


@pytest.mark.parametrize("finds", ["", "import importlib\nimportlib.import_module(input())\n"])
def test_modules_that_are_found_may_define_flags_of_absl(finds: str) -> None:
    text = f'from absl import app, flags\n{finds}flags.DEFINE_integer("n", 3, "N.")\n\ndef main(_): ...\n\napp.run(main)\n'
    assert script_of(text).complete is not finds.startswith("import")

"""Read the flags of `HfArgumentParser`."""

from __future__ import annotations

import pytest
from support.scripts import flag_names, script_of

TEXT = """
import dataclasses
from {module} import HfArgumentParser

@dataclasses.dataclass
class Config:
    rate: float = 0.1

class Own(HfArgumentParser): ...

{parser}(Config).parse_args_into_dataclasses()
"""


@pytest.mark.parametrize("module", ["transformers", "transformers.hf_argparser"])
@pytest.mark.parametrize("parser", ["HfArgumentParser", "Own"])
def test_a_dataclass_gives_its_fields(module: str, parser: str) -> None:
    script = script_of(TEXT.format(module=module, parser=parser))
    assert (script.library, script.complete, script.certain) == ("transformers", True, True)
    assert flag_names(script) == ["rate"]


def test_a_file_of_arguments_beside_the_script_is_read_by_the_library() -> None:
    text = TEXT.format(module="transformers", parser="HfArgumentParser")
    assert not script_of(text, {"train.args": "--rate 1"}).certain

"""What a file is, and the globs that make it something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.folders import plant

from caliban_ls.analysis.config.settings import Settings
from caliban_ls.analysis.document_kind import document_kind, glob_of, treated
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.identify import identify
from caliban_ls.operations.schemas.identify import IdentifyArguments

NAMES = st.text(st.characters(blacklist_characters="/\\\0", blacklist_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in {".", ".."}
)


@given(st.lists(NAMES, min_size=1, max_size=3), NAMES)
def test_a_glob_means_the_file_that_it_was_made_for(parts: list[str], other: str) -> None:
    path = "/".join(parts)
    assert document_kind(path, "", (glob_of(path),)) == "experiment" or parts[-1] == ".calibanconfig.json"
    if document_kind(f"{path}{other}", "") is None:
        assert document_kind(f"{path}{other}", "", (glob_of(path),)) is None


@pytest.mark.parametrize(
    ("path", "text", "patterns", "as_experiment", "expected"),
    [
        ("conf/a.json", "{}", (), True, ("conf/a.json",)),
        ("a.json", "{}", (), True, ("./a.json",)),
        ("a.json", "{}", ("*.json",), True, ("*.json",)),
        ("a.json", "{}", ("b.json", "!./a.json"), True, ("b.json", "./a.json")),
        ("experiment.json", "{}", ("!./experiment.json",), True, ()),
        ("a.json", "{}", ("!a*.json",), True, None),
        ("a.json", "{}", ("./a.json",), False, ()),
        ("a.json", "{}", ("*.json",), False, ("*.json", "!./a.json")),
        ("experiment.json", "{}", (), False, ("!./experiment.json",)),
        ("a.json", "// caliban: experiment\n{}", (), False, ("!./a.json",)),
        (".calibanconfig.json", "{}", (), True, None),
    ],
)
def test_treating_a_file_as_something_changes_as_little_as_it_takes(
    path: str, text: str, patterns: tuple[str, ...], as_experiment: object, expected: tuple[str, ...] | None
) -> None:
    assert treated(path, text, patterns, as_experiment=as_experiment is True) == expected


@pytest.mark.parametrize("pattern", ["a/[!b].json", "a/[z-a].json", "a/[[].json", "a/[&&].json", "a/[].json"])
def test_no_pattern_of_a_user_fails(pattern: str) -> None:
    assert document_kind("a/c.json", "", (pattern,)) == ("experiment" if "!" in pattern else None)
    assert document_kind("a/b.json", "", (pattern,)) is None


def identified(folder: Path, **arguments: Any) -> Any:
    def no_engine() -> Any:
        raise AssertionError("nothing of this needs an engine")

    settings = Settings(experiment_files=("sweeps/*.json",))
    return identify(
        IdentifyArguments(**arguments), Context(folder=folder, engine=no_engine, settings=settings)
    )


def test_a_file_is_what_name_comment_and_settings_say(tmp_path: Path) -> None:
    files = {
        "sweeps/a.json": "{}",
        "b.json": "# caliban: experiment\n{}",
        "c.json": "{}",
        ".calibanconfig.json": "{}",
    }
    plant(tmp_path, files)
    kinds = {name: identified(tmp_path, file=name).kind for name in files}
    assert list(kinds.values()) == ["experiment", "experiment", None, "project"]
    path = str(tmp_path / "sweeps/a.json")
    assert identified(tmp_path, file=path, experiment_files=()).kind is None
    found = identified(tmp_path, file=path, experiment_files=(), treat_as="experiment")
    assert (found.kind, found.experiment_files) == ("experiment", ("sweeps/a.json",))


def test_what_can_not_be_is_said(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": "{}"})
    with pytest.raises(UsageError) as refused:
        identified(tmp_path, file=".calibanconfig.json", treat_as="experiment")
    assert "project config" in refused.value.hint

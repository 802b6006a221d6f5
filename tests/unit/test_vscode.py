"""What the VS Code extension declares is what the server understands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from caliban_ls import __version__
from caliban_ls.settings import Settings, camel, parse_settings
from caliban_ls.validation import EXPERIMENT_FILES, PROJECT_FILE
from scripts.bundle import pins

MANIFEST: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "editor" / "vscode" / "package.json").read_text(encoding="utf-8")
)
PROPERTIES = MANIFEST["contributes"]["configuration"]["properties"]
PINNED = Path(__file__).parents[2] / "constraints.txt"
OF_THE_CLIENT = {"caliban.server.path", "caliban.interpreter", "caliban.trace.server"}


def leaves(settings: Any, prefix: str = "caliban") -> Iterator[tuple[str, Any, str]]:
    """Yield every setting of the model: its name in an editor, its default, its description."""
    for field in fields(settings):
        name, value = f"{prefix}.{camel(field.name)}", getattr(settings, field.name)
        if is_dataclass(value):
            yield from leaves(value, name)
        else:
            yield name, value, field.metadata["help"]


def test_settings_have_the_names_defaults_and_words_of_the_model() -> None:
    model = {name: (default, words) for name, default, words in leaves(Settings())}
    declared = {
        name: (
            tuple(one["default"]) if isinstance(one["default"], list) else one["default"],
            one["description"],
        )
        for name, one in PROPERTIES.items()
        if name not in OF_THE_CLIENT
    }
    assert declared == model


def test_every_default_and_choice_is_one_that_the_server_takes() -> None:
    for name, declared in PROPERTIES.items():
        if name in OF_THE_CLIENT:
            continue
        for value in declared.get("enum", [declared["default"]]):
            raw: Any = value
            for part in reversed(name.split(".")[1:]):
                raw = {part: raw}
            assert parse_settings(raw)[1] == [], (name, value)


def test_our_files_are_those_of_the_server() -> None:
    experiment, config = MANIFEST["contributes"]["languages"]
    assert {*experiment["filenames"], *experiment["filenamePatterns"]} == set(EXPERIMENT_FILES)
    assert config["filenames"] == [PROJECT_FILE]


def test_both_have_one_version() -> None:
    assert MANIFEST["version"] == __version__


@pytest.mark.parametrize("name", ["caliban.server.path", "caliban.interpreter"])
def test_no_folder_can_name_the_program_that_is_started(name: str) -> None:
    assert PROPERTIES[name]["scope"] == "machine"
    assert name in MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]


def test_no_folder_can_set_a_limit() -> None:
    limits = [name for name in PROPERTIES if name.startswith("caliban.limits.")]
    assert len(limits) == len(fields(Settings().limits))
    assert {PROPERTIES[name]["scope"] for name in limits} == {"application"}


def test_the_server_that_is_brought_has_the_versions_of_the_checks() -> None:
    """Those that it needs to run, and no tool of ours; a pin that the oldest Python can't have doesn't hold for it."""
    brought = pins()
    names = {pin.partition("==")[0] for pin in brought}
    assert {"pygls", "pydantic", "docker", "google-auth", "urllib3", "pydantic_core"} <= names
    assert not {"pytest", "mypy", "ruff", "playwright"} & names
    assert {pin.partition(";")[0] for pin in brought} <= {*PINNED.read_text(encoding="utf-8").splitlines()}
    oldest = {"python_version": "3.10", "python_full_version": "3.10.0"}
    for pin in map(Requirement, brought):
        wanted = SpecifierSet(metadata(pin.name)["Requires-Python"] or "")
        assert (pin.marker is None or pin.marker.evaluate(oldest)) == ("3.10" in wanted), pin

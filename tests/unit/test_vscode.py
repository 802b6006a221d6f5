"""What the VS Code extension declares is what the server understands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from caliban_ls import __version__
from caliban_ls.settings import Settings, camel, parse_settings
from caliban_ls.validation import EXPERIMENT_FILES, PROJECT_FILE

MANIFEST: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "editor" / "vscode" / "package.json").read_text(encoding="utf-8")
)
PROPERTIES = MANIFEST["contributes"]["configuration"]["properties"]
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


def test_no_folder_can_name_the_program_that_is_started() -> None:
    assert PROPERTIES["caliban.server.path"]["scope"] == "machine"
    assert (
        "caliban.server.path" in MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    )

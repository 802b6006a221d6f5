"""What the VS Code extension declares is what the server understands."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from caliban_ls import __version__
from caliban_ls.analysis.config.settings import Settings, camel, parse_settings
from caliban_ls.analysis.document_kind import EXPERIMENT_FILES, PROJECT_FILE
from caliban_ls.commands import COMMANDS
from scripts.bundle import pins

FOLDER = Path(__file__).parents[2] / "editor/vscode"
MANIFEST: dict[str, Any] = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
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


FILES = sorted((FOLDER / "src").rglob("*.ts"))
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in FILES if path.name != "protocol.ts")
VAGUE = re.compile(r"\b(?:told|nobody|somebody|whoever|whatever)\b", re.IGNORECASE)
BACKENDS = re.compile(r"vertex|ai-platform")
CONTRIBUTED = {one["command"]: one for one in MANIFEST["contributes"]["commands"]}

ENTRIES = {
    "expand": "caliban.showExpansion",
    "rule": "caliban.explainRule",
    "rules": "caliban.explainRule",
    "identify": "caliban.treatAsExperiment",
    "catalog": None,  # `hardware` lists what goes together with a project's own choice
    "hardware": "caliban.changeHardware",
    "setHardware": "caliban.selectGpu",
    "build": "caliban.build",
    "shell": "caliban.shell",
    "notebook": "caliban.notebook",
    "run": "caliban.run",
    "plan": "caliban.showPlan",
    "planAndSubmit": None,  # a lens's; the extension shows the plan and submits that
    "submit": "caliban.submit",
    "resume": "caliban.resume",
    "status": "caliban.showJobs",
    "logs": "caliban.openLogs",
    "stop": "caliban.stop",
    "resubmit": "caliban.resubmitFailed",
    "export": "caliban.exportHistory",
    "containers": "caliban.containers.refresh",
    "attach": "caliban.containers.attach",
    "stopContainer": "caliban.containers.stop",
    "doctor": "caliban.doctor",
    "init": "caliban.newExperiment",
}
"""Every command of the server, and what a user chooses for it."""


def test_every_command_of_the_server_has_its_entry() -> None:
    offered = [command.name for command in COMMANDS if command.editor]
    assert set(ENTRIES) == set(offered)
    for name, entry in ENTRIES.items():
        if entry is not None:
            assert entry in CONTRIBUTED, name
            assert re.search(rf'\.call\(\s*"{name}"', SOURCES), f"nothing calls {name}"


def test_every_command_is_registered_and_says_whose_it_is() -> None:
    registered = set(re.findall(r'"(caliban\.[\w.]+)"', SOURCES))
    assert set(CONTRIBUTED) <= registered
    for name, one in CONTRIBUTED.items():
        assert one["category"] == "Caliban", name
        assert re.fullmatch(r"(?:[A-Z][\w-]*|as|in|of)(?: (?:[A-Z][\w-]*|to|as|in|of))*", one["title"]), name


def test_whatever_is_shown_leads_to_a_command_that_there_is() -> None:
    contributes = json.dumps(MANIFEST["contributes"])
    assert set(re.findall(r"command:(caliban\.[\w.]+)", contributes)) <= set(CONTRIBUTED)
    shown = [one["command"] for menu in MANIFEST["contributes"]["menus"].values() for one in menu]
    assert {name for name in shown if name} <= set(CONTRIBUTED)


def test_every_file_that_is_named_is_there() -> None:
    text = json.dumps(MANIFEST)
    named = set(re.findall(r'"(?:\./)?((?:media/)?[\w/-]+\.(?:svg|png|json))"', text))
    named |= set(re.findall(r"\]\(((?!http)[\w/.-]+)\)", (FOLDER / "README.md").read_text(encoding="utf-8")))
    named -= {"experiment.json"}
    assert len(named) > 10
    assert [name for name in sorted(named) if not (FOLDER / name).is_file()] == []


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


def test_the_lock_file_names_no_registry() -> None:
    """npm fetches each package from the registry that the user has set, and checks what it gets."""
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    packages = [one for name, one in lock["packages"].items() if name]
    assert len(packages) > 300
    assert [one for one in packages if "resolved" in one or "integrity" not in one] == []
    assert MANIFEST["devDependencies"] == lock["packages"][""]["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", pin) for pin in MANIFEST["devDependencies"].values())


def test_the_server_alone_names_backends() -> None:
    assert BACKENDS.findall(SOURCES) == []


def test_each_type_has_a_name_of_its_own() -> None:
    kinds = re.compile(r"^(?:export )?(?:class|interface|type|enum) (\w+)", re.MULTILINE)
    names = Counter(name for path in FILES for name in kinds.findall(path.read_text(encoding="utf-8")))
    assert names.total() > 100
    assert [name for name, count in names.items() if count > 1] == []


def test_files_and_folders_of_the_extension_are_small() -> None:
    folders = Counter(path.parent for path in FILES)
    assert [folder for folder, count in folders.items() if count > 20] == []
    long = [path.name for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 500]
    assert long == ["protocol.ts"]  # generated


def test_texts_name_the_actor() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.name != "protocol.ts"}
    texts |= {"package.json": json.dumps(MANIFEST)}
    assert {name: found for name, text in texts.items() if (found := VAGUE.findall(text))} == {}

"""What a document is checked against, and when it has to be checked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config.settings import Settings, UserLimits
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.workspace.checker import Checker, CheckInputs
from caliban_ls.workspace.projects import ProjectCache

SCRIPT = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float)\nparser.parse_args()\n"
EXPERIMENT = '{"lr": ["a", "b"]}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    plant(
        tmp_path,
        {
            ".calibanconfig.json": '{"script": "train.py", "limits": {"max_jobs": 1}}',
            "train.py": SCRIPT,
            "sweeps/experiment.json": EXPERIMENT,
        },
    )
    return tmp_path


@pytest.fixture
def projects(folder: Path) -> ProjectCache:
    return ProjectCache(lambda _: None, {"CALIBAN_HOME": str(folder / "state")})


def inputs_of(
    projects: ProjectCache, folder: Path, kind: DocumentKind = "experiment", settings: Settings | None = None
) -> CheckInputs:
    checker = Checker(projects, [folder], settings or Settings())
    return checker.inputs(jsondoc.parse(EXPERIMENT), kind, folder / "sweeps/experiment.json")


def test_an_experiment_is_checked_against_its_project_and_script(
    projects: ProjectCache, folder: Path
) -> None:
    inputs = inputs_of(projects, folder)
    assert inputs.folder == folder
    assert inputs.script is not None
    codes = {one.code for one in inputs.findings(jsondoc.parse(EXPERIMENT))}
    assert {code[:4] for code in codes} == {"CAL5", "CAL6"}


def test_equal_surroundings_are_equal_inputs(projects: ProjectCache, folder: Path) -> None:
    before = inputs_of(projects, folder)
    assert inputs_of(projects, folder) == before
    (folder / "train.py").write_text(SCRIPT.replace("--lr", "--rate"))
    after = inputs_of(projects, folder)
    assert after != before
    assert inputs_of(projects, folder, settings=Settings(limits=UserLimits(max_jobs=5))) != after


@pytest.mark.parametrize("file", [".calibanconfig.json", "train.py"])
def test_inputs_hold_until_a_file_that_they_depend_on_changes(
    projects: ProjectCache, folder: Path, file: str
) -> None:
    path = folder / "sweeps/experiment.json"
    known = inputs_of(projects, folder)
    assert Checker(projects, [folder], Settings()).holds(known, path)
    changed = "{}" if file.startswith(".") else SCRIPT.replace("--lr", "--rate")
    (folder / file).write_text(changed)
    assert not Checker(projects, [folder], Settings()).holds(known, path)


def test_without_config_and_settings_there_is_no_estimate(tmp_path: Path) -> None:
    projects = ProjectCache(lambda _: None, {"CALIBAN_HOME": str(tmp_path / "state")})
    checker = Checker(projects, [tmp_path], Settings())
    document = jsondoc.parse(EXPERIMENT)
    inputs = checker.inputs(document, "experiment", tmp_path / "experiment.json")
    assert (inputs.estimate, inputs.script) == (None, None)
    assert checker.estimate(document, inputs).settings == Settings()


def test_a_project_config_is_its_own_project(projects: ProjectCache, folder: Path) -> None:
    checker = Checker(projects, [folder], Settings())
    document = jsondoc.parse('{"limits": {"max_jobs": 7}}')
    inputs = checker.inputs(document, "project", folder / ".calibanconfig.json")
    assert inputs.findings(document) == []
    assert checker.estimate(document, inputs).most_jobs == 7


def test_only_the_checker_validates_whole_documents() -> None:
    package = Path(__file__).parents[3] / "caliban_ls"
    callers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "from caliban_ls.validation import validate" in path.read_text()
    }
    assert callers == {
        "workspace/checker.py",
        # The others check no file as it is: a fix that is tried, a launch's own script and arguments, new hardware
        # in a config, and an experiment that is about to be written.
        "ide/fixes.py",
        "operations/context/script_errors.py",
        "operations/first_experiment.py",
        "operations/hardware.py",
    }

"""Jobs of this machine in a real VS Code: seen while they run, read as they print, and run once more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.program import BASE_IMAGE, caliban
from support.vscode import vscode
from support.window import Window, keys, until

TRAIN = """
import sys, time
from pathlib import Path
number = int(sys.argv[2])
for line in range(200):
    print(f"job {number} says {line}", flush=True)
while number == 2 and not Path("go").exists():
    print("waiting", end="\\r", flush=True)
    time.sleep(0.2)
print("job", number, "is done", flush=True)
sys.exit(3 if number == 3 else 0)
"""

KEYS = keys(
    {
        "ctrl+alt+1": ("caliban.openLogs", {"job": "night/2"}),
        "ctrl+alt+2": ("caliban.openLogs", {"job": "night/3"}),
        "ctrl+alt+3": ("caliban.stop", {"group": "night"}),
        "ctrl+alt+4": (
            "caliban.run",
            {"module": "train.py", "args": ["--n", "1"], "name": "alone", "detach": True},
        ),
    }
)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    config = {"base_image": BASE_IMAGE, "default_mode": "CPU", "module": "train.py"}
    tree = {
        ".calibanconfig.json": json.dumps(config),
        "train.py": TRAIN,
        "experiment.json": '{"n": [1, 2, 3]}',
    }
    project = plant(tmp_path / PROJECT_NAME, tree)
    yield project
    caliban("stop", "--all", "--yes", folder=project)
    assert containers_of(project) == []


@pytest.fixture
def window(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    state = {"CALIBAN_HOME": str(project.parent / "state")}
    with vscode(project, tmp_path_factory.mktemp("v"), environment=state, keys=KEYS) as window:
        yield window


def test_jobs_of_this_machine_are_followed_stopped_and_run_again(window: Window, project: Path) -> None:
    begun = caliban(
        "run", "--detach", "--jobs=3", "--name=night", "--experiment_config=experiment.json", folder=project
    )
    assert begun.returncode == 0, begun.stderr
    window.command("Caliban: Show Jobs")
    until("one that runs", lambda: "1 running, 1 failed, 1 succeeded of 3" in window.beside("Jobs", "night"))
    window.tree_row("Jobs", "night").click()
    until("three jobs", lambda: len(window.tree("Jobs")) == 4)
    assert "Exit code 3" in window.beside("Jobs", "3  --n 3")
    # One whose end is known already, and one that goes on.
    window.page.keyboard.press("Control+Alt+2")
    until("the whole log", lambda: "job 3 is done" in window.text())
    window.page.keyboard.press("Control+Alt+1")
    window.status_item("Following job 2").wait_for()
    until("the end of what is there", lambda: "job 2 says 199\nwaiting" in window.text())
    window.shot("jobs-local")
    window.page.keyboard.press("Control+Alt+3")
    window.dialog("Stop 1 job?", "Stop 1 job")
    window.toast("1 job stopped").wait_for()
    window.status_item("End of job 2").wait_for()
    until("a job that is stopped", lambda: "cancelled" in window.beside("Jobs", "2  --n 2"))
    (project / "train.py").write_text(TRAIN.replace("sys.exit(3", "sys.exit(0"))
    window.choose_in_menu(window.tree_row("Jobs", "3  --n 3"), "Run This Job Locally")
    window.toast("1 job succeeded").wait_for()
    assert "job 3 is done" in window.terminal()
    until(
        "another launch of its name",
        lambda: [row.label for row in window.tree("Jobs") if row.level == 1] == ["night", "night"],
    )
    assert "1 succeeded" in window.beside("Jobs", "night")
    # What was begun here and left alone says how it ended, also while the view is hidden.
    window.command("View: Show Explorer")
    window.page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()
    window.page.keyboard.press("Control+Alt+4")
    window.toast(re.compile("alone.* has ended: 1 succeeded")).wait_for()

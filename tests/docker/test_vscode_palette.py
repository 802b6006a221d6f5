"""Builds, runs, shells, notebooks and containers in a real VS Code."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.program import BASE_IMAGE, caliban, mount_home
from support.vscode import ROOT, vscode
from support.window import PATIENCE, Row, Window, keys, until

IMAGES = f"caliban/{PROJECT_NAME.replace(' ', '-')}"

TRAIN = """\
import argparse, json, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1.0)
parser.add_argument("--name", default="plain")
parser.add_argument("--slow", action="store_true")
arguments = parser.parse_args()
print(f"{arguments.name} learns at {arguments.lr}", flush=True)
if arguments.slow:
    time.sleep(600)
if arguments.name == "bad":
    sys.exit(3)
print(json.dumps({"accuracy": 1 - arguments.lr}))
"""

SWEEP = """\
{
  "lr": [0.25, 0.5],
  "name": ["good", "a b"]
}
"""

TASK = {
    "label": "look at all",
    "type": "caliban",
    "command": "check",
    "flags": ["--fail_on=warning"],
    "problemMatcher": "$caliban",
}

EXTRA = "an-extra-of-the-palette"

KEYS: dict[str, tuple[str, object]] = {
    "ctrl+alt+1": ("caliban.run", {"args": ["--slow"]}),
    "ctrl+alt+2": ("caliban.run", {"args": ["--name", "bad"]}),
    "ctrl+alt+4": ("caliban.build", {"extras": [EXTRA]}),
}

PROFILES: list[dict[str, object]] = [
    {"key": "ctrl+alt+5", "command": "workbench.action.terminal.newWithProfile"},
    {"key": "ctrl+alt+6", "command": "workbench.action.terminal.focus"},
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = {"base_image": BASE_IMAGE, "module": "train.py", "default_mode": "CPU"}
    files = {
        ".calibanconfig.json": json.dumps(config),
        "train.py": TRAIN,
        "requirements.txt": f"six==1.16.0\n# {uuid.uuid4()}, so that nothing of it was built before\n",
        "experiment.json": SWEEP,
        ".vscode/tasks.json": json.dumps({"version": "2.0.0", "tasks": [TASK]}),
        "broken.experiment.json": '{"lr": []}\n',
    }
    return plant(tmp_path_factory.mktemp("palette") / PROJECT_NAME, files)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example project, whose packages another test of it may have installed in a step that is kept."""
    folder = tmp_path_factory.mktemp("example") / PROJECT_NAME
    shutil.copytree(ROOT / "examples/digits", folder)
    config = folder / ".calibanconfig.json"
    config.write_text(config.read_text().replace("{\n", f'{{\n  "base_image": "{BASE_IMAGE}",\n', 1))
    return folder


@pytest.fixture(scope="module")
def window(project: Path, example: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    state = {"CALIBAN_HOME": str(project.parent / "state"), "DOCKER_BUILDKIT": "1"}
    elsewhere = keys({"ctrl+alt+7": ("caliban.shell", {"root": example.as_uri()})})
    bindings = [*keys(KEYS), *elsewhere, *PROFILES]
    for folder in (project, example):
        mount_home(folder, project.parent / "state")
    with vscode(project, tmp_path_factory.mktemp("v"), environment=state, keys=bindings) as window:
        window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield window
    until("the end of all that was begun", lambda: not containers_of(project))


@pytest.fixture(autouse=True)
def quiet(window: Window, project: Path) -> None:
    """Each test begins without messages of others, in an editor, with the sweep as it was."""
    window.dismiss_messages()
    window.command("View: Close All Editors")
    (project / "experiment.json").write_text(SWEEP)
    window.open("experiment.json")


def live(project: Path) -> list[dict[str, Any]]:
    listed = json.loads(caliban("containers", "--json", folder=project).stdout)["containers"]
    return [one for one in listed if one["folder"] == str(project)]


def jobs(project: Path) -> list[tuple[list[str], str]]:
    """Return the jobs of the newest launch: arguments and state."""
    answer = json.loads(caliban("status", "--json", folder=project).stdout)
    group = answer["groups"][0]["name"]
    (newest,) = json.loads(caliban("status", group, "--json", folder=project).stdout)["groups"]
    return [(job["args"], job["state"]) for job in newest["jobs"]]


def test_a_build_shows_its_steps_and_says_what_it_made(window: Window, project: Path) -> None:
    window.command("Caliban: Build Image")
    bar = window.toast("Building the image")
    until("a step", lambda: re.search(r"Building the image: \S", bar.inner_text()))
    done = window.toast("The image is built, in ")
    done.wait_for()
    assert IMAGES in done.inner_text()
    window.shot("build-done")
    window.press(done, "Copy Tag")
    until("the tag", lambda: copied(window).startswith(f"{IMAGES}:"))
    window.dismiss_messages()
    window.command("Caliban: Build Image")
    again = window.toast(f"The image is up to date: {IMAGES}")
    again.wait_for()
    window.press(again, "Open Shell")
    until("a prompt", lambda: live(project) and window.terminal().endswith(":/usr/app#"))
    window.type_in_terminal("exit")
    until("no container", lambda: not live(project))


def copied(window: Window) -> str:
    return str(window.page.evaluate("navigator.clipboard.readText()"))


def test_a_build_that_is_cancelled_leaves_nothing(window: Window, project: Path) -> None:
    before = images()
    requirements = (project / "requirements.txt").read_text()
    (project / "requirements.txt").unlink()
    plant(project, {"setup.py": "import time; time.sleep(600)"})
    try:
        window.page.keyboard.press("Control+Alt+4")
        until("the step that takes long", lambda: EXTRA in processes())
        bar = window.toast("Building the image")
        window.shot("build-under-way")
        window.press(bar, "Cancel")
        bar.wait_for(state="detached")
        until("the end of what was begun", lambda: EXTRA not in processes())
        assert window.messages() == []
    finally:
        (project / "setup.py").unlink()
        (project / "requirements.txt").write_text(requirements)
    assert images() == before
    assert containers_of(project) == []


def processes() -> str:
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def images() -> set[str]:
    listed = subprocess.run(
        ["docker", "images", "--quiet", IMAGES], capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split())


def test_a_sweep_runs_to_its_end(window: Window, project: Path) -> None:
    window.command("Caliban: Run Locally")
    done = window.toast("all 4 jobs succeeded")
    done.wait_for()
    window.shot("run-done")
    said = window.terminal()
    assert "[2] --lr 0.25 --name 'a b'" in said
    assert "a b learns at 0.25" in said
    assert re.search(r"\[2\] succeeded in \S+ s \(accuracy 0.75\)", said)
    assert "all 4 jobs succeeded" in said
    assert jobs(project) == [
        (["--lr", "0.25", "--name", "good"], "SUCCEEDED"),
        (["--lr", "0.25", "--name", "a b"], "SUCCEEDED"),
        (["--lr", "0.5", "--name", "good"], "SUCCEEDED"),
        (["--lr", "0.5", "--name", "a b"], "SUCCEEDED"),
    ]
    window.command("Terminal: Kill the Active Terminal Instance")
    window.press(done, "Open Logs")
    window.page.locator(".tab.active", has_text=".log").wait_for()
    until("the first job's output", lambda: "good learns at 0.25" in window.text())


def test_the_sweep_is_chosen_where_none_is_open(window: Window, project: Path) -> None:
    window.command("View: Close All Editors")
    window.command("Caliban: Run Locally")
    sweeps = ["broken.experiment.json", "experiment.json"]
    wanted = [*sweeps, "The module alone"]
    until("what there is", lambda: [one.strip() for one in window.picks()] == wanted)
    window.pick("The module alone")
    window.toast("1 job succeeded").wait_for()
    assert jobs(project) == [([], "SUCCEEDED")]


def test_a_lens_runs_its_block(window: Window) -> None:
    window.lens("Run 4 jobs locally")
    window.toast("Running experiment.json").wait_for()
    window.toast("all 4 jobs succeeded").wait_for()


def test_the_combination_under_the_cursor_runs(window: Window, project: Path) -> None:
    window.go_to(2, 17)
    window.command("Caliban: Run This Combination")
    assert window.picks() == ["--lr 0.5 --name good", "--lr 0.5 --name 'a b'"]
    window.shot("run-combination")
    window.pick("a b")
    window.toast("1 job succeeded (accuracy 0.5)").wait_for()
    assert jobs(project) == [(["--lr", "0.5", "--name", "a b"], "SUCCEEDED")]


def test_a_run_that_fails_can_be_tried_again(window: Window, project: Path) -> None:
    window.page.keyboard.press("Control+Alt+2")
    failed = window.toast("1 job failed")
    failed.wait_for()
    window.shot("run-failed")
    assert jobs(project) == [(["--name", "bad"], "FAILED")]
    (project / "train.py").write_text(TRAIN.replace("sys.exit(3)", "print('mended')"))
    try:
        window.press(failed, "Retry")
        window.toast("1 job succeeded (accuracy 0").wait_for()
        assert "mended" in window.terminal()
    finally:
        (project / "train.py").write_text(TRAIN)


def test_a_run_is_stopped_by_its_terminal(window: Window, project: Path) -> None:
    window.page.keyboard.press("Control+Alt+1")
    until("its output", lambda: "plain learns at 1.0" in window.terminal())
    assert [one["kind"] for one in live(project)] == ["run"]
    window.page.locator(".terminal-wrapper.active .xterm-helper-textarea").focus()
    window.page.keyboard.press("Control+C")
    window.toast("Running").wait_for(state="detached")
    until("no container", lambda: not live(project))
    assert window.messages() == []
    assert jobs(project) == [(["--slow"], "CANCELLED")]


def test_a_dry_run_is_a_page(window: Window) -> None:
    window.command("Caliban: Show Dry Run")
    window.page.locator(".tab", has_text="experiment.json (dry run)").wait_for()
    shown = until("the page", lambda: page_text(window))
    window.shot("dry-run")
    assert "4 jobs" in shown
    assert f"image   {IMAGES}:" in shown
    assert "4  --lr 0.5 --name 'a b'" in shown


def test_an_expansion_follows_its_config(window: Window) -> None:
    window.command("Caliban: Show Expansion")
    until("the page", lambda: "# experiment.json: 4 jobs" in page_text(window))
    window.shot("expansion")
    window.go_to(2, 10)
    window.write("0.125,")
    until("the page anew", lambda: "# experiment.json: 6 jobs" in page_text(window))
    assert "1  --lr 0.125 --name good" in page_text(window)
    window.page.keyboard.press("Control+Z")
    until("the page as it was", lambda: "# experiment.json: 4 jobs" in page_text(window))


def page_text(window: Window) -> str:
    """Return the text of the page beside the editor."""
    script = """groups => [...groups.at(-1).querySelectorAll('.view-line')]
        .sort((one, other) => parseFloat(one.style.top) - parseFloat(other.style.top))
        .map(line => line.textContent.replace(/\\u00a0/g, ' ')).join('\\n')"""
    return str(window.page.locator(".editor-group-container").evaluate_all(script))


def test_a_shell_is_inside_the_image_and_in_the_view(window: Window, project: Path) -> None:
    window.command("Caliban: Open Container Shell")
    until("a prompt", lambda: window.terminal().endswith(("$", "#")))
    window.type_in_terminal("python -c 'import six; print(\"six is\", six.__version__)'")
    until("the answer", lambda: "six is 1.16.0" in window.terminal())
    (shell,) = live(project)
    window.command("Caliban: Focus on Containers View")
    rows = until("its row", lambda: rows_of(window, project))
    assert [(row.level, row.label) for row in rows] == [(1, "Shells"), (2, PROJECT_NAME)]
    assert rows[1].description.endswith(shell["name"])
    window.shot("containers-shell")
    act(window, PROJECT_NAME, "Attach Shell")
    until("another prompt", lambda: "attach" in titles(window) and window.terminal().endswith(("$", "#")))
    window.type_in_terminal("echo $((6 * 7)) of them")
    until("its answer", lambda: "42 of them" in window.terminal())
    act(window, PROJECT_NAME, "Stop Container")
    window.dialog(f"Stop {shell['name']}?", "Stop")
    until("no container", lambda: not live(project))
    until("no row", lambda: not rows_of(window, project))


def test_a_shell_of_another_folder_has_what_that_needs(window: Window, example: Path) -> None:
    window.page.keyboard.press("Control+Alt+7")
    until("a prompt", lambda: live(example) and window.terminal().endswith(":/usr/app#"))
    window.type_in_terminal('python -c "import sklearn"; echo "ended with $?"')
    until("its end", lambda: re.search(r"^ended with \d+$", window.terminal(), re.MULTILINE))
    window.shot("shell-sklearn")
    assert "ended with 0" in window.terminal()
    window.type_in_terminal("exit")
    until("no container", lambda: not live(example))


def rows_of(window: Window, project: Path) -> list[Row]:
    """Return the rows of the view; this machine's engine may have containers of other tests."""
    rows = window.tree("Containers")
    names = {one["name"] for one in live(project)}
    ours = [row for row in rows if row.level > 1 and any(name in row.description for name in names)]
    return [row for row in rows if row.level == 1][:1] + ours if ours else []


def act(window: Window, label: str, action: str) -> None:
    """Press a button of a row of the view."""
    row = window.tree_row("Containers", label)
    row.hover()
    row.locator(f'.action-label[aria-label="{action}"]').click()


def titles(window: Window) -> str:
    return " ".join(window.page.locator(".terminal-tabs-entry, .single-terminal-tab").all_inner_texts())


def test_a_shell_is_a_profile_of_the_terminal(window: Window, project: Path) -> None:
    window.page.keyboard.press("Control+Alt+6")
    until("the terminals", lambda: window.page.locator(".terminal-wrapper.active").count())

    def choose() -> bool:
        window.focus_editor()  # a terminal would give the key to its shell
        window.page.keyboard.press("Control+Alt+5")
        window.quick_row("Caliban shell").click(timeout=5000)
        return True

    until("the profile in the list", choose)
    until("a prompt in front", lambda: window.terminal().endswith(":/usr/app#") and live(project))
    window.shot("terminal-profile")
    window.type_in_terminal("exit")
    until("no container", lambda: not live(project))


def is_let_in(page: Page, url: str) -> None:
    """See that a page is a notebook's, whose token has let it in; Jupyter takes the token out of the address."""
    until("Jupyter's page", lambda: page.locator("#jupyter-config-data").count())
    assert f"/proxy/{urlsplit(url).port}/" in page.url
    assert "/login" not in page.url
    page.close()


def test_a_notebook_answers_and_is_stopped_from_the_view(window: Window, project: Path) -> None:
    with window.page.context.expect_page(timeout=PATIENCE * 2000) as opened:
        window.command("Caliban: Open Notebook")
    toast = window.toast("Jupyter answers on port")
    toast.wait_for()
    (notebook,) = live(project)
    is_let_in(opened.value, notebook["url"])
    with urllib.request.urlopen(notebook["url"]) as answer:  # noqa: S310  # of this machine
        assert answer.status == 200
    window.press(toast, "Copy URL")
    until("the address", lambda: copied(window) == notebook["url"])
    window.command("Caliban: Focus on Containers View")
    until("its row", lambda: rows_of(window, project))
    window.shot("containers-notebook")
    with window.page.context.expect_page(timeout=PATIENCE * 2000) as opened:
        act(window, PROJECT_NAME, "Open in Browser")
    is_let_in(opened.value, notebook["url"])
    act(window, PROJECT_NAME, "Stop Container")
    window.dialog(f"Stop {notebook['name']}?", "Stop")
    until("no container", lambda: not live(project))


def test_tasks_check_build_and_run(window: Window) -> None:
    window.command("Tasks: Run Task")
    window.pick("caliban")
    until("the tasks", lambda: window.quick_row("run experiment.json").count())
    window.shot("tasks")
    assert {"caliban: check", "caliban: build", "caliban: run experiment.json"} <= set(window.picks())
    window.pick("run experiment.json")
    until("its end", lambda: "4 SUCCEEDED" in window.terminal())
    window.shot("task-run")


def test_a_tasks_findings_are_problems(window: Window) -> None:
    until("what the server finds", lambda: len(window.problems()) == 1)
    window.command("Tasks: Run Task")
    window.pick("look at all")
    until("its end", lambda: "broken.experiment.json:1:8: error[CAL202]" in window.terminal())
    # Beside the server's own, which has every file's.
    both = until("the finding", lambda: found if len(found := window.problems()) == 2 else [])
    assert len(set(both)) == 1
    window.shot("task-problems")

"""Folders of other shapes than one on a disk: several in one window, some that lie on no disk, files that come and go."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from cloud.emulator.server import Emulator
from support.cloud_project import IMAGE, Desk
from support.folders import plant
from support.stand_in_extensions import in_memory
from support.vscode import vscode
from support.window import Window, keys, until

BROKEN = '{"lr": []}\n'
SOUND = '{"lr": [0.1, 0.2]}\n'

NEAR = {
    ".calibanconfig.json": '{"module": "near.py", "cloud": {"region": "us-central1"}}\n',
    "near.py": "",
    "experiment.json": SOUND,
}
FAR = {
    ".calibanconfig.json": '{"module": "far.py", "cloud": {"region": "europe-west4"}}\n',
    "far.py": "",
    "far.experiment.json": SOUND,
    "sweep.json": BROKEN,
}
AWAY = {
    "/away/.calibanconfig.json": '{\n  "modul": "train.py"\n}\n',
    "/away/experiment.json": '{\n  "lr": []\n}\n',
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Two projects, `near` and `far`, each with a config of its own."""
    with Emulator() as emulator:
        desk = Desk(tmp_path_factory.mktemp("folders") / "near", emulator)
        plant(desk.folder, NEAR)
        plant(desk.folder.parent / "far", FAR)
        both = {"folders": [{"path": "near"}, {"path": "far"}]}
        (desk.folder.parent / "both.code-workspace").write_text(json.dumps(both))
        yield desk


@pytest.fixture(scope="module")
def opened(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    home = tmp_path_factory.mktemp("v")
    with vscode(
        desk.folder.parent / "both.code-workspace",
        home,
        environment={**desk.environment, "DOCKER_HOST": f"unix://{home}/no-engine.sock"},
        keys=keys({"ctrl+alt+p": ("caliban.showPlan", {"image_tag": IMAGE})}),
        settings={"files.autoSave": "off", "git.enabled": True, "git.openRepositoryInParentFolders": "never"},
        also=[in_memory(home, AWAY)],
    ) as window:
        yield window


@pytest.fixture
def window(opened: Window) -> Iterator[Window]:
    """The window, with nothing open."""
    yield opened
    opened.page.keyboard.press("Escape")
    opened.dismiss_messages()
    opened.command("View: Close All Editors")


def broken(window: Window) -> list[tuple[str, str]]:
    """Return the files that have findings, each with the folder that the Problems panel names."""
    window.problems()
    rows = window.page.locator('.markers-panel .monaco-list-row[aria-level="1"]')
    script = """rows => rows.map(row => ['.label-name', '.label-description'].map(
        part => row.querySelector(part)?.textContent ?? ''))"""
    return sorted((name, folder) for name, folder in rows.evaluate_all(script))


def test_each_of_two_folders_is_a_project_of_its_own(window: Window, desk: Desk) -> None:
    far = desk.folder.parent / "far"
    window.open("experiment.json")
    window.status_item("us-central1").wait_for()
    window.open("far.experiment.json")
    window.status_item("europe-west4").wait_for()

    window.command("Caliban: Show Dry Run")
    window.page.locator(".tab", has_text="(dry run)").wait_for()
    window.page.locator(".view-line", has_text="caliban/far:").first.wait_for()

    window.focus_editor()
    window.page.keyboard.press("Control+Alt+P")
    page = window.webview()
    page.locator("h1", has_text="europe-west4").wait_for()
    window.page.locator(".tab.active", has_text="Plan: far/far.experiment.json").wait_for()
    window.shot("two-folders")

    # A page belongs to no folder; its file does.
    plant(far, {".calibanconfig.json": FAR[".calibanconfig.json"].replace("europe-west4", "us-west1")})
    window.status_item("us-west1").wait_for()

    window.open("far.experiment.json")
    window.command("Caliban: Select Region")
    window.quick().locator(".quick-input-box input").fill("asia-east1")
    window.pick("asia-east1")
    until("the region", lambda: "asia-east1" in (far / ".calibanconfig.json").read_text())
    window.status_item("asia-east1").wait_for()
    assert (desk.folder / ".calibanconfig.json").read_text() == NEAR[".calibanconfig.json"]
    plant(far, {".calibanconfig.json": FAR[".calibanconfig.json"]})


def test_a_command_asks_which_folder_where_nothing_says_it(window: Window) -> None:
    window.command("Caliban: New Experiment")
    until("the folders", lambda: window.picks() == ["near", "far"])
    window.page.keyboard.press("Escape")


def test_a_file_treated_as_an_experiment_is_checked_in_the_second_folder(window: Window) -> None:
    window.open("sweep.json")
    window.command("Caliban: Treat as Caliban Experiment")
    until("its finding", lambda: broken(window) == [("sweep.json", "far")])
    window.command("Caliban: Treat as Plain JSON")
    until("no finding", lambda: broken(window) == [])


def test_findings_go_with_files_that_are_deleted_and_renamed(window: Window, desk: Desk) -> None:
    near, far = desk.folder, desk.folder.parent / "far"
    (near / "experiment.json").write_text(BROKEN)
    (far / "far.experiment.json").write_text(BROKEN)
    both = [("experiment.json", "near"), ("far.experiment.json", "far")]
    until("what is wrong in both", lambda: broken(window) == both)
    (near / "experiment.json").unlink()
    (far / "far.experiment.json").rename(far / "moved.experiment.json")
    until("what is wrong in one", lambda: broken(window) == [("moved.experiment.json", "far")])

    window.open("moved.experiment.json")
    until("it in the editor", lambda: window.squiggles().count() == 1)
    row = window.page.locator(".explorer-folders-view .monaco-list-row", has_text="moved.experiment.json")
    window.choose_in_menu(row, "Rename...")
    name = window.page.locator(".explorer-folders-view .monaco-inputbox input")
    name.fill("again.experiment.json")
    name.press("Enter")
    until("its new name", lambda: broken(window) == [("again.experiment.json", "far")])
    assert window.squiggles().count() == 1
    row = window.page.locator(".explorer-folders-view .monaco-list-row", has_text="again.experiment.json")
    window.choose_in_menu(row, "Delete Permanently")
    window.page.locator(".monaco-dialog-box .monaco-button", has_text="Delete").first.click()
    until("none", lambda: broken(window) == [])
    plant(near, {"experiment.json": SOUND})
    plant(far, {"far.experiment.json": SOUND})


def test_a_files_version_before_a_commit_is_not_checked(window: Window, desk: Desk) -> None:
    plant(desk.folder, {"experiment.json": BROKEN})
    author = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for argv in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "--message=all"]):
        subprocess.run(["git", *argv], cwd=desk.folder, check=True)
    plant(desk.folder, {"experiment.json": SOUND})
    window.open("experiment.json")
    window.command("Git: Open File (HEAD)")
    window.page.locator(".tab.active", has_text="experiment.json (HEAD)").wait_for()
    # What was opened before would be judged before.
    plant(desk.folder.parent / "far", {"far.experiment.json": BROKEN})
    until("what is wrong now", lambda: broken(window) == [("far.experiment.json", "far")])


EXPLAINED = "isn't on a disk of this machine. Save it there, or download or clone its project"


def test_a_folder_on_no_disk_is_checked_and_commands_explain_themselves(opened: Window) -> None:
    """The last of this window, since it opens another folder in it."""
    page = opened.page
    page.goto(f"{urlsplit(page.url)._replace(query='folder=' + quote('memory:/away')).geturl()}")
    page.locator(".explorer-folders-view .monaco-list-row", has_text=".calibanconfig.json").dblclick()
    until("a finding", lambda: broken(opened) == [(".calibanconfig.json", "")])
    opened.go_to(2, 5)
    opened.hover("CAL302")
    opened.fix('Rename to "module"')
    until("no finding", lambda: broken(opened) == [])
    opened.go_to(2, 6)
    assert "module" in opened.suggestions()
    page.keyboard.press("Escape")
    page.locator(".explorer-folders-view .monaco-list-row", has_text="experiment.json").dblclick()
    until("another finding", lambda: broken(opened) == [("experiment.json", "")])
    for title in (
        "Build Image",
        "Run Locally",
        "Show Plan",
        "Open Container Shell",
        "Select Region",
        "New Experiment",
    ):
        opened.command(f"Caliban: {title}")
        opened.toast(EXPLAINED).wait_for()
        until("one message", lambda: len(opened.messages()) == 1)
        opened.dismiss_messages()
    page.locator('.activitybar [aria-label="Caliban"]').first.click()
    for view in ("Jobs", "Containers"):
        opened.section(view).locator(
            ".welcome-view-content", has_text="isn't on this machine's disk"
        ).wait_for()
    opened.shot("virtual")

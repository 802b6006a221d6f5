"""Folders of other shapes than one on a disk: several in one window, some that lie on no disk, files that come and go."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cloud.emulator.server import Emulator
from support.desk import IMAGE, Desk
from support.stand_ins import in_memory
from support.vscode import vscode
from support.window import Window, keys, until

FLAGS = {"image_tag": IMAGE}
BROKEN = '{"lr": []}\n'
SOUND = '{"lr": [0.1, 0.2]}\n'
OURS = '{"images": [], "odd": Tru}\n'

VIRTUAL = {
    "/away/.calibanconfig.json": '{\n  "module": "train.py",\n  "imags": 1\n}\n',
    "/away/experiment.json": '{\n  "lr": [],\n  "model": "cnn"\n}\n',
    "/away/train.py": "import argparse\n",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Emulator() as emulator:
        desk = Desk(tmp_path_factory.mktemp("folders") / "near", emulator)
        desk.config(module="near.py", cloud={"region": "us-central1"})
        (desk.folder / "experiment.json").write_text(SOUND)
        far = desk.folder.parent / "far"
        far.mkdir()
        (far / ".calibanconfig.json").write_text(json.dumps({"module": "far.py", "cloud": {"region": "europe-west4"}}))
        (far / "far.py").write_text("")
        (desk.folder / "near.py").write_text("")
        (far / "far.experiment.json").write_text(SOUND)
        both = {"folders": [{"path": "near"}, {"path": "far"}], "settings": {}}
        (desk.folder.parent / "both.code-workspace").write_text(json.dumps(both))
        yield desk


@pytest.fixture(scope="module")
def window(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    home = tmp_path_factory.mktemp("v")
    bindings = keys({"ctrl+alt+p": ("caliban.showPlan", FLAGS)})
    also = [in_memory(home, VIRTUAL)]
    settings = {"files.autoSave": "off"}
    with vscode(desk.folder.parent / "both.code-workspace", home, environment=desk.environment, keys=bindings, also=also, settings=settings) as window:
        yield window


def test_explore(window: Window, desk: Desk) -> None:
    far = desk.folder.parent / "far"
    (desk.folder / "experiment.json").write_text(BROKEN)
    (far / "far.experiment.json").write_text(BROKEN)
    until("both", lambda: len(window.problems()) == 2)
    print("PROBLEMS", window.problems())
    window.shot("x-both")
    window.open("experiment.json")
    window.status_item("us-central1").wait_for()
    window.open("far.experiment.json")
    window.status_item("europe-west4").wait_for()
    (far / "far.experiment.json").rename(far / "moved.experiment.json")
    (desk.folder / "experiment.json").unlink()
    until("one", lambda: print("P", window.problems()) or len(window.problems()) == 1 and "moved" in str(window.problems()))
    window.shot("x-moved")
    (far / "moved.experiment.json").rename(far / "far.experiment.json")
    (far / "far.experiment.json").write_text(SOUND)
    (desk.folder / "experiment.json").write_text(SOUND)
    until("none", lambda: not window.problems())
    window.open("far.experiment.json")
    window.page.keyboard.press("Control+Alt+P")
    window.webview().locator(".submission.planned").wait_for()
    window.shot("x-plan-far")
    print(window.webview().locator("h1").inner_text())
    print(window.page.locator(".statusbar").inner_text())
    window.command("Caliban: Dry Run")
    window.page.wait_for_timeout(4000)
    window.shot("x-dry")


def test_virtual(window: Window, desk: Desk) -> None:
    page = window.page
    base = re.match(r"http://[^/]*", page.url).group()
    page.goto(f"{base}/?folder={quote('memory:/away')}")
    page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()
    window.shot("v-1")
    page.locator(".explorer-folders-view .monaco-list-row", has_text="experiment.json").dblclick()
    page.wait_for_timeout(5000)
    window.shot("v-2")
    print("PROBLEMS", window.problems())
    window.shot("v-3")
    for title in ("Build Image", "Run Locally", "Show Plan", "Dry Run", "Open Container Shell", "Show Expansion", "Select Region", "New Experiment", "Doctor", "Show Jobs", "Treat as Plain JSON"):
        page.locator(".explorer-folders-view .monaco-list-row", has_text="experiment.json").dblclick()
        window.dismiss_messages()
        if window.offers("Caliban: "+title):
            window.command("Caliban: "+title)
            page.wait_for_timeout(2500)
            window.shot("v-"+title.replace(" ", "-"))
            print(title, page.locator(".notifications-toasts .notification-list-item-message").all_inner_texts())
            page.keyboard.press("Escape")
        else:
            print(title, "NOT OFFERED")

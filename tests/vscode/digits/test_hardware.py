"""Hardware in a real VS Code: chosen from lists with prices, written into the config, shown in the status bar."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.program import caliban
from support.window import Window, until

CONFIG = """\
{
  "module": "trainer.train", // what runs
  "cloud": {
    "region": "us-central1", # near
    "machine_type": "n1-standard-4",
  },
}
"""


@pytest.fixture(autouse=True)
def config(project: Path) -> Iterator[Path]:
    path = project / ".calibanconfig.json"
    before = path.read_text()
    path.write_text(CONFIG)
    yield path
    path.write_text(before)


def hardware(project: Path) -> str:
    text: str = json.loads(caliban("hardware", "--json", folder=project).stdout)["text"]
    return text


def shows(window: Window, project: Path) -> None:
    """Wait until the status bar says what the command line says."""
    window.status_item(re.compile(re.escape(hardware(project)))).wait_for()


def test_regions_machines_and_gpus_are_chosen_from_lists(window: Window, project: Path, config: Path) -> None:
    window.open("experiment.json")
    shows(window, project)
    window.command("Caliban: Select Region")
    rows = window.picks()
    assert rows[0] == "Default"
    window.quick().locator(".quick-input-box input").fill("us-west1")
    assert "/h" in window.quick_row("us-west1").inner_text()
    window.pick("us-west1")
    until("the region", lambda: '"region": "us-west1", # near' in config.read_text())
    shows(window, project)
    window.command("Caliban: Select GPU")
    window.picks()
    window.shot("select-gpu")
    window.quick().locator(".quick-input-box input").fill("1xL4")
    assert "use machine type g2-standard" in window.quick_row("1xL4").inner_text()
    window.pick("1xL4")
    until(
        "the GPU and its machine",
        lambda: all(part in config.read_text() for part in ('"1xL4"', '"g2-standard')),
    )
    shows(window, project)
    window.command("Caliban: Select Machine")
    window.quick().locator(".quick-input-box input").fill("g2-standard-16")
    window.pick("g2-standard-16")
    until("the machine", lambda: '"machine_type": "g2-standard-16",' in config.read_text())
    after = config.read_text()
    assert "// what runs" in after
    assert caliban("check", ".calibanconfig.json", folder=project).returncode == 0


def test_the_status_bar_follows_the_config_and_offers_its_change(
    window: Window, project: Path, config: Path
) -> None:
    window.open(".calibanconfig.json")
    shows(window, project)
    config.write_text(CONFIG.replace("us-central1", "us-east1"))
    shows(window, project)
    item = window.status_item(re.compile("us-east1 · .*/h"))
    item.hover()
    window.page.locator(".monaco-hover:visible", has_text="on demand").first.wait_for()
    window.shot("status-item")
    item.click()
    for row in ("Select Region", "Select Machine", "Select GPU", "Open Config"):
        window.quick_row(row).wait_for()
    window.pick("Select Region")
    window.quick().locator(".quick-input-box input").fill("asia-east1")
    window.pick("asia-east1")
    until("the region", lambda: '"asia-east1"' in config.read_text())
    config.write_text(
        CONFIG.replace("us-central1", "us-west3").replace(
            '"machine_type"', '"gpu_spec": "1xT4", "machine_type"'
        )
    )
    impossible = window.status_item("can't be had")
    impossible.wait_for()
    assert "error-kind" in str(impossible.get_attribute("class"))
    impossible.click()
    window.pick("Open Config")
    window.page.locator(".tab.active", has_text=".calibanconfig.json").wait_for()


def test_a_key_binding_names_a_value(window: Window, project: Path, config: Path) -> None:
    window.open("experiment.json")
    window.page.keyboard.press("Control+Alt+G")
    toast = window.toast("1xT4")
    toast.wait_for()
    assert '"gpu_spec": "1xT4"' in config.read_text()
    assert hardware(project) in toast.inner_text()
    window.press(toast, "Open Config")
    window.page.locator(".tab.active", has_text=".calibanconfig.json").wait_for()


def test_unavailable_hardware_is_explained_and_not_written(window: Window, config: Path) -> None:
    with_gpu = CONFIG.replace('"region"', '"gpu_spec": "1xT4", "region"')
    config.write_text(with_gpu)
    window.open("experiment.json")
    window.status_item("1xT4").wait_for()
    window.command("Caliban: Select Region")
    window.quick().locator(".quick-input-box input").fill("me-central1")
    row = window.quick_row("me-central1")
    assert "has no N1 machine types" in row.inner_text()
    row.click()
    window.quick().locator(".quick-input-title", has_text="has no N1").wait_for()
    window.page.keyboard.press("Escape")
    assert config.read_text() == with_gpu
    window.command("Caliban: Select Region")
    window.quick().locator(".quick-input-box input").fill("Default")
    window.pick("Default")
    until("no region", lambda: '"region"' not in config.read_text())
    assert '"machine_type": "n1-standard-4"' in config.read_text()


def test_unsaved_changes_of_the_config_are_kept_and_stay_unsaved(window: Window, config: Path) -> None:
    window.open(".calibanconfig.json")
    window.go_to(2, 3)
    window.write('"extras": ["x"], ')
    window.command("Caliban: Select Region")
    window.quick().locator(".quick-input-box input").fill("us-west1")
    window.pick("us-west1")
    until("the region", lambda: '"us-west1"' in window.text())
    assert '"extras": ["x"], "module"' in window.text()
    assert config.read_text() == CONFIG
    window.command("File: Revert File")


def test_a_config_that_is_missing_is_made(window: Window, config: Path) -> None:
    config.unlink()
    window.open("experiment.json")
    window.command("Caliban: Select Region")
    window.quick().locator(".quick-input-box input").fill("us-east4")
    window.pick("us-east4")
    until("the config", lambda: config.exists() and '"region": "us-east4"' in config.read_text())

"""The doctor, rules, a first experiment and the walkthrough, in a real VS Code without an engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.folders import plant
from support.program import caliban
from support.text_contrast import faint
from support.window import Window, until


def test_the_doctor_shows_problems_and_their_fixes(window: Window) -> None:
    window.command("Caliban: Run Doctor")
    page = window.webview()
    page.locator("h1", has_text="missing or broken").wait_for()
    engine = page.locator("li.failure", has_text="Docker engine")
    assert "✗" in engine.inner_text()
    assert engine.locator(".hint").inner_text() != ""
    assert (
        page.locator("li.warning", has_text="Credentials")
        .locator("code")
        .first.inner_text()
        .startswith("gcloud auth")
    )
    assert "✓" in page.locator("li.ok", has_text="Python").first.inner_text()
    window.shot("doctor")
    page.locator("a", has_text="Look Again").click()
    page.locator("h1", has_text="missing or broken").wait_for()


@pytest.mark.parametrize("theme", ["Default High Contrast", "Default High Contrast Light"])
def test_the_doctor_is_readable_in_high_contrast(window: Window, project: Path, theme: str) -> None:
    plant(project, {".vscode/settings.json": json.dumps({"workbench.colorTheme": theme})})
    window.command("Caliban: Run Doctor")
    page = window.webview()
    name = (
        "vscode-high-contrast-light"
        if "Light" in theme
        else "vscode-high-contrast:not(.vscode-high-contrast-light)"
    )
    page.locator(f"body.{name} li.failure .hint").first.wait_for()
    assert faint(page) == []
    window.shot(f"doctor-{theme}")
    (project / ".vscode/settings.json").unlink()


def test_a_rule_is_explained_from_the_finding_at_the_cursor(window: Window, project: Path) -> None:
    (project / "odd.experiment.json").write_text('{"images": []}')
    window.open("odd.experiment.json")
    until("a finding", lambda: window.squiggles().count() == 1)
    window.go_to(1, 13)
    window.command("Caliban: Explain Rule")
    page = window.webview()
    page.locator("h1", has_text="CAL202").wait_for()
    assert page.locator("h2").all_inner_texts() == ["Wrong", "Right"]
    window.shot("rule")
    (project / "odd.experiment.json").unlink()


def test_a_rule_is_chosen_where_no_finding_is(window: Window) -> None:
    window.open("requirements.txt")
    window.command("Caliban: Explain Rule")
    window.quick().locator(".quick-input-box input").fill("row-length")
    window.pick("CAL207")
    window.webview().locator("h1", has_text="CAL207 row-length").wait_for()


def test_a_further_experiment_is_written_under_a_name(window: Window, project: Path) -> None:
    window.command("Caliban: New Experiment")
    window.answer("warm-up", "Name the new experiment")
    window.page.locator(".tab.active", has_text="warm-up.experiment.json").wait_for()
    path = project / "warm-up.experiment.json"
    assert caliban("expand", path.name, "--count", folder=project).stdout == "6\n", "from the script's flags"
    path.unlink()


STEPS = {
    "Start the server": True,
    "Connect to Docker": False,
    "Write an experiment without errors": True,
    "Run it on this machine": False,
    "Connect to Google Cloud": False,
}


def test_steps_of_the_walkthrough_are_checked_off(window: Window) -> None:
    window.command("Caliban: Run Doctor")
    window.webview().locator("h1").wait_for()
    window.command("Caliban: Get Started")
    page = window.page.locator(".gettingStartedContainer")
    page.locator(".getting-started-step").first.wait_for()
    steps = page.locator(".getting-started-step")

    for title, done in STEPS.items():
        step = steps.filter(has_text=title)
        state = "complete" if done else "codicon-getting-started-step-unchecked"
        step.locator(f".codicon.{state}").wait_for()
    assert [title.strip() for title in steps.locator(".step-title").all_inner_texts()] == list(STEPS)
    steps.nth(2).click()
    window.shot("walkthrough")


def test_empty_views_say_what_is_missing(window: Window) -> None:
    window.command("Caliban: Run Doctor")
    window.webview().locator("h1").wait_for()
    window.page.locator('.activitybar [aria-label="Caliban"]').first.click()
    for view in ("Jobs", "Containers"):
        window.section(view).locator(".welcome-view-content", has_text="Docker doesn't answer").wait_for()
    window.shot("empty-views")
    window.section("Jobs").locator(".welcome-view-content a", has_text="Run Doctor").click()
    window.webview().locator("h1", has_text="missing or broken").wait_for()


def test_a_terminal_profile_that_can_not_open_says_so_once(window: Window) -> None:
    window.open("experiment.json")

    def choose() -> bool:
        window.focus_editor()
        window.page.keyboard.press("Control+Alt+5")
        window.quick_row("Caliban shell").click(timeout=5000)
        return True

    until("the profile in the list", choose)
    window.toast("Caliban: ").filter(has_text="Docker").wait_for()
    until("one message", lambda: len(window.messages()) == 1)


def test_the_extension_shows_its_readme_without_holes(window: Window) -> None:
    window.command("Extensions: Focus on Extensions View")
    window.page.locator(".extension-list-item .name", has_text="Caliban").first.click()
    page = window.webview()
    page.locator("h2", has_text="Quick start").wait_for()
    assert page.locator("img").count() == 0  # VS Code shows none of a file's own
    window.shot("extension")

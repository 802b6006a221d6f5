"""A plan in a real VS Code: what its page shows, and how its jobs get to a stand-in for Google, each once."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from cloud.emulator.errors import Refusal
from cloud.emulator.faults import Faults
from cloud.emulator.server import Emulator
from playwright.sync_api import FrameLocator, Locator, expect
from support.cloud_project import IMAGE, Desk
from support.folders import plant
from support.text_contrast import faint
from support.vscode import vscode
from support.window import PATIENCE, Window, keys, until

FLAGS = {"module": "train.py", "image_tag": IMAGE}
HIGH_CONTRAST = {
    "Default High Contrast": "vscode-high-contrast:not(.vscode-high-contrast-light)",
    "Default High Contrast Light": "vscode-high-contrast-light",
}
SECRET = "s3cr3t-of-a-researcher"
SWEEP: list[dict[str, Any]] = [
    {"lr": [0.0001, 0.01, 0.1], "model": ["cnn", "mlp"], "api_token": SECRET},
    {"lr": [0.1, 1], "model": "mlp", "warm": True, "api_token": SECRET},
    {"api_token": SECRET, "model": "cnn", "lr": 0.01},
]

expect.set_options(timeout=PATIENCE * 1000)


class Plan:
    """A plan's page in a window."""

    def __init__(self, window: Window, desk: Desk) -> None:
        self.window = window
        self.desk = desk

    @property
    def page(self) -> FrameLocator:
        return self.window.webview()

    def find(self, selector: str, **having: Any) -> Locator:
        return self.page.locator(selector, **having)

    def button(self, text: str) -> Locator:
        return self.find("button", has_text=re.compile(rf"^{re.escape(text)}$"))

    def plan(
        self,
        sweep: Any,
        *,
        key: str = "Control+Alt+P",
        name: str = "experiment.json",
        indent: int | None = None,
    ) -> None:
        """Write a sweep, and have its plan shown on a page of its own."""
        self.window.command("View: Close All Editors")
        self.window.page.locator(".tab").first.wait_for(state="detached")
        (self.desk.folder / name).write_text(json.dumps(sweep, indent=indent))
        self.window.open(name)
        self.window.page.keyboard.press(key)
        self.find(".submission.planned").wait_for()

    def themed(self, theme: str | None) -> None:
        """Have the folder's settings name a theme, or none."""
        settings = {} if theme is None else {"workbench.colorTheme": theme}
        plant(self.desk.folder, {".vscode/settings.json": json.dumps(settings)})

    def dry_run(self, name: str = "experiment.json") -> Any:
        argv = ["cloud", "--dry_run", "--json", f"--image_tag={IMAGE}", f"--experiment_config={name}"]
        answer = self.desk.caliban(*argv, "train.py")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    def rows(self) -> list[list[str]]:
        """The cells of the rows that are drawn, from the top."""
        script = """rows => rows.map(row => [parseInt(row.dataset.position), [...row.children].map(cell => cell.textContent)])
            .sort((one, other) => one[0] - other[0]).map(([, cells]) => cells)"""
        found: list[list[str]] = self.find(".rows .row").evaluate_all(script)
        return found

    def numbers(self) -> list[int]:
        return [int(row[0]) for row in self.rows()]

    def fact(self, name: str) -> str:
        return (
            self.find("dl.facts div", has=self.page.locator("dt", has_text=name))
            .locator("dd")
            .first.inner_text()
        )

    def bar(self) -> str:
        return self.find(".submission").inner_text()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Emulator() as emulator:
        desk = Desk(tmp_path_factory.mktemp("plan") / "digits", emulator)
        desk.sweep(1)
        desk.config(module="train.py")
        for name in ("experiment.many.json", "experiment.other.json"):
            (desk.folder / name).write_text("{}")
        yield desk


@pytest.fixture(scope="module")
def window(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    bindings = keys({"ctrl+alt+p": ("caliban.showPlan", FLAGS), "ctrl+alt+s": ("caliban.submit", FLAGS)})
    home = tmp_path_factory.mktemp("v")
    theme = {"workbench.colorTheme": "Default Dark Modern"}
    with vscode(desk.folder, home, environment=desk.environment, keys=bindings, settings=theme) as window:
        window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield window


@pytest.fixture
def plan(window: Window, desk: Desk) -> Iterator[Plan]:
    desk.config(module="train.py")
    desk.emulator.vertex.jobs.clear()
    desk.emulator.faults = Faults()
    desk.emulator.denied.clear()
    yield Plan(window, desk)
    window.dismiss_messages()


def comparable(request: Any, group: str) -> Any:
    """A request without what is different in each launch."""
    kept = json.loads(json.dumps(request).replace(group, "GROUP"))
    kept["labels"] = {key: value for key, value in kept["labels"].items() if not key.startswith("caliban_")}
    return kept


def test_a_page_shows_what_a_dry_run_on_the_command_line_says(plan: Plan) -> None:
    plan.plan(SWEEP)
    wanted = plan.dry_run()
    assert (
        plan.find("h1").inner_text()
        == "9 jobs \N{MULTIPLICATION SIGN} n1-standard-8 · 1\N{MULTIPLICATION SIGN}T4 · us-central1"
    )
    cost = wanted["cost"]
    assert plan.find("#all").inner_text() == f"{cost['all_jobs_hour']:.2f} USD"
    assert plan.find("#each").inner_text() == f"{cost['per_job_hour']:.4f} USD per job and hour"
    assert cost["as_of"] in plan.find(".cost").inner_text()
    assert plan.fact("Project") == wanted["project_id"]
    assert plan.fact("Image") == wanted["image"] == IMAGE
    assert plan.fact("Runs as") == wanted["service_account"]
    assert plan.fact("Quota").startswith(f"{wanted['quotas'][0]['needed']} {wanted['quotas'][0]['of']}")
    assert plan.find(".notes li.note").all_inner_texts() == wanted["notes"]
    until("the findings", lambda: plan.find(".notes li.warning", has_text="CAL603").count() == 1)
    for row, job in zip(plan.rows(), wanted["jobs"], strict=True):
        values = [job["parameters"].get(name) for name in ("lr", "model", "api_token", "warm")]
        shown = ["\N{EN DASH}" if value is None else str(value).replace("True", "true") for value in values]
        same = "" if job["same_as"] is None else f"same as job {job['same_as']}"
        assert row == [str(job["index"]), *shown, same]
    plan.window.shot("plan-dark")

    plan.find(".rows .row").nth(1).click()
    text = plan.find("aside pre")
    expect(text).to_contain_text("displayName")
    shown_request = json.loads(text.inner_text())
    group = plan.fact("Launch")
    assert comparable(shown_request, group) == comparable(wanted["jobs"][1]["request"], wanted["group"])
    assert SECRET not in plan.find("html").inner_html()
    plan.button("Copy").click()
    expect(plan.button("Copied")).to_be_visible()
    assert plan.window.page.evaluate("navigator.clipboard.readText()") == text.inner_text()
    plan.window.shot("plan-request")
    plan.window.command("Preferences: Toggle between Light/Dark Themes")
    plan.find("body.vscode-light").wait_for()
    plan.window.shot("plan-light")
    plan.window.command("Preferences: Toggle between Light/Dark Themes")
    plan.find("body.vscode-dark").wait_for()
    for theme, body in HIGH_CONTRAST.items():
        plan.themed(theme)
        plan.find(f"body.{body}").wait_for()
        assert faint(plan.page) == []
        plan.window.shot(f"plan-{theme}")
    plan.themed(None)
    plan.find("body.vscode-dark").wait_for()
    assert not plan.desk.emulator.calls
    # Resources of extensions have such addresses, which a worker of the page answers.
    assert all(".vscode-resource.vscode-cdn.net/" in url for url in plan.window.asked)


def test_jobs_are_ordered_filtered_and_chosen_in_the_picture(plan: Plan) -> None:
    plan.plan(SWEEP)
    assert plan.numbers() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    head = plan.find(".row.head button", has_text="lr")
    head.click()
    assert plan.numbers() == [1, 2, 3, 4, 9, 5, 6, 7, 8]
    head.click()
    assert plan.numbers() == [8, 5, 6, 7, 3, 4, 9, 1, 2]
    assert plan.find("[aria-sort=descending]").inner_text().startswith("lr")
    filtered = plan.find("input.search")
    filtered.fill("lr<=0.01 cnn")
    assert plan.numbers() == [3, 9, 1]
    assert plan.find(".counted").inner_text() == "3 of 9 jobs"
    filtered.fill("")
    plan.find("label.toggle", has_text="Only repeats (1)").click()
    assert plan.numbers() == [3, 9]
    plan.find("label.toggle").click()

    box = plan.find(".picture").bounding_box()
    assert box is not None
    x = box["x"] + 70  # the first axis: lr, from 0.0001 at its foot to 1 at its head
    head_y, foot_y = box["y"] + 34, box["y"] + box["height"] - 28
    mouse = plan.window.page.mouse
    mouse.move(x, foot_y)
    expect(plan.find(".rows .row.marked")).to_have_count(2)
    mouse.move(x, head_y - 10)
    mouse.down()
    mouse.move(x, (head_y + foot_y) / 2 - 10, steps=4)
    mouse.up()
    assert sorted(plan.numbers()) == [5, 6, 7, 8]
    plan.window.shot("plan-chosen")
    plan.find("button.chip", has_text="lr chosen").click()
    assert len(plan.numbers()) == 9

    table = plan.find(".table")
    table.focus()
    for key in ("Home", "ArrowDown", "Enter"):
        plan.window.page.keyboard.press(key)
    expect(plan.find("aside h2")).to_have_text("Request of job 5")
    plan.find("aside pre").focus()
    plan.window.page.keyboard.press("Escape")
    expect(plan.find("aside")).to_be_hidden()


def test_the_pages_links_open_their_targets(plan: Plan) -> None:
    plan.plan([{"lr": 0.1}, {"lr": 0.1}], indent=1)
    plan.find(".notes li.warning", has_text="CAL603").locator("button").click()
    opened = plan.window.page.locator(".tab.active", has_not_text="Plan")
    expect(opened).to_contain_text("experiment.json")
    plan.window.status_item("Ln 5, Col 1").wait_for()
    plan.window.page.locator(".tab", has_text="Plan: ").click()
    plan.find(".source .link").click()
    expect(opened).to_contain_text("experiment.json")
    # Without an argument, the plan in front is planned again, with its own arguments.
    plan.window.page.locator(".tab", has_text="Plan: ").click()
    plan.window.command("Caliban: Submit to AI Platform")
    submit = plan.find("#submit")
    until("Submit to have the focus", lambda: submit.evaluate("one => one === document.activeElement"))
    assert plan.fact("Image") == IMAGE


def test_three_thousand_jobs_scroll_to_their_end(plan: Plan) -> None:
    plan.plan(
        {"lr": [round(0.0001 * 1.01**n, 8) for n in range(1000)], "seed": [1, 2, 3]},
        name="experiment.many.json",
    )
    assert plan.find("h1").inner_text().startswith("3,000 jobs")
    assert plan.numbers()[0] == 1
    assert len(plan.rows()) < 100
    plan.find(".table").focus()
    plan.window.page.keyboard.press("End")
    until("the last job", lambda: plan.numbers()[-1] == 3000)
    assert len(plan.rows()) < 100
    head, table = plan.find(".row.head").bounding_box(), plan.find(".table").bounding_box()
    assert head is not None
    assert table is not None
    assert head["y"] == table["y"], "the head stays where it is"
    plan.window.page.keyboard.press("Enter")
    expect(plan.find("aside h2")).to_have_text("Request of job 3000")
    expect(plan.find("aside pre")).to_contain_text('"3"')
    plan.window.shot("plan-large")
    # Far over the limit: the number is asked for.
    assert "3,000 jobs are more than 100 (--max_jobs)" in plan.bar()


def test_pressing_twice_submits_once(plan: Plan) -> None:
    plan.plan({"lr": [0.1, 0.2, 0.3]}, key="Control+Alt+S")
    submit = plan.find("#submit")
    until("Submit to have the focus", lambda: submit.evaluate("one => one === document.activeElement"))
    submit.dblclick()
    expect(plan.find("#question")).to_contain_text("Submit 3 jobs to us-central1? They cost 2.60 USD an hour")
    assert not plan.desk.emulator.jobs()
    plan.window.shot("plan-question")
    plan.button("Don't Submit").click()
    submit.press("Enter")
    expect(plan.find("#no")).to_be_focused()
    # Twice in one go, before anything of it can be shown.
    plan.find("#yes").evaluate("button => { button.click(); button.click(); }")
    outcome = plan.find("#outcome")
    expect(outcome).to_contain_text("3 jobs submitted as digits_")
    expect(outcome).to_contain_text("3 queued")
    assert sorted(plan.desk.keys().values()) == [1, 1, 1]
    assert [row[1] for row in plan.rows()] == ["QUEUED"] * 3
    plan.find(".rows .row").first.click()
    plan.button("Open in Console").click()
    leaving = plan.window.page.locator(".monaco-dialog-box", has_text="external website")
    expect(leaving).to_contain_text("console.cloud.google.com")
    plan.window.dialog("external website", "Cancel")
    toast = plan.window.toast("3 jobs submitted")
    toast.wait_for()
    plan.window.shot("plan-submitted")
    name = next(iter(plan.desk.emulator.vertex.jobs))
    plan.desk.emulator.vertex.jobs[name]["state"] = "JOB_STATE_RUNNING"
    plan.button("Refresh States").click()
    expect(outcome).to_contain_text("1 running")
    for show in (plan.button("Show Jobs"), toast.locator(".monaco-button", has_text="Show Jobs")):
        plan.window.command("View: Show Explorer")
        show.click()
        plan.window.section("Jobs").locator(".monaco-list-row.selected", has_text="1 running").wait_for()
    plan.window.command("View: Show Explorer")


def test_the_number_is_typed_over_a_limit(plan: Plan) -> None:
    plan.desk.config(module="train.py", limits={"max_jobs": 2})
    plan.plan({"lr": [0.1, 0.2, 0.3]})
    plan.find("#submit").click()
    count, yes = plan.find("#count"), plan.find("#yes")
    expect(count).to_be_focused()
    for typed in ("", "2", "33", "3 jobs"):
        count.fill(typed)
        expect(yes).to_be_disabled()
        count.press("Enter")
    assert not plan.desk.emulator.jobs()
    plan.window.shot("plan-over-the-limit")
    count.fill("3")
    count.press("Enter")
    expect(plan.find("#outcome")).to_contain_text("3 jobs submitted")
    assert sorted(plan.desk.keys().values()) == [1, 1, 1]


def test_a_limit_in_the_settings_cannot_be_exceeded(plan: Plan) -> None:
    own = plan.desk.state / "config.json"
    plan.desk.state.mkdir(exist_ok=True)
    own.write_text(json.dumps({"limits": {"maxJobs": 2}}))
    try:
        plan.plan({"lr": [0.1, 0.2, 0.3]})
        expect(plan.find("#submit")).to_be_disabled()
        assert "It is a limit of your own settings" in plan.bar()
        plan.button("Open Settings").click()
        plan.window.page.locator(
            ".settings-editor .setting-item-contents", has_text="Max Jobs"
        ).first.wait_for()
    finally:
        own.unlink()


def test_a_changed_plan_is_not_submitted(plan: Plan) -> None:
    plan.plan({"lr": [0.1, 0.2, 0.3]})
    (plan.desk.folder / "experiment.json").write_text('{"lr": [0.1, 0.2]}')
    until("the editor has read it", lambda: "edited since" in plan.bar())
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find(".submission .problem")).to_contain_text("The plan has changed since")
    expect(plan.find("#submit")).to_be_disabled()
    assert not plan.desk.emulator.jobs()
    plan.window.shot("plan-changed")
    plan.button("Plan Again").click()
    expect(plan.find("h1")).to_contain_text("2 jobs")
    expect(plan.find("#submit")).to_be_enabled()


def test_a_submission_is_cancelled_on_the_page_and_resumed(plan: Plan) -> None:
    plan.plan({"lr": [number / 100 for number in range(1, 101)]})
    plan.desk.emulator.faults = Faults(latency=1.0)
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find("#progress")).to_contain_text(re.compile(r"\b[1-9]\d? of 100 jobs sent"))
    plan.window.toast("Submitting").wait_for()
    plan.window.shot("plan-submitting")
    plan.button("Cancel").click()
    expect(plan.find("#outcome")).to_contain_text("Not all jobs are sent")
    assert 0 < len(plan.desk.keys()) < 100
    plan.desk.emulator.faults = Faults()
    left = 100 - len(plan.desk.keys())
    plan.button("Resume").click()
    asked = plan.window.page.locator(".monaco-dialog-box", has_text=f"Send {left} jobs?")
    for fact in (
        "On n1-standard-8 with 1xT4, in us-central1 of my-project (vertex)",
        "an hour for each",
        "confirmed on",
    ):
        expect(asked).to_contain_text(fact)
    plan.window.shot("plan-resume-question")
    plan.window.dialog("Send", "Cancel")
    expect(plan.find("#outcome")).to_contain_text("Not all jobs are sent")
    assert len(plan.desk.keys()) == 100 - left
    plan.button("Resume").click()
    plan.window.dialog("Send", f"Send {left} jobs")
    expect(plan.find("#outcome")).to_contain_text("100 jobs submitted")
    assert len(plan.desk.keys()) == 100
    assert set(plan.desk.keys().values()) == {1}


def test_a_refusal_of_google_is_shown_as_it_is_and_resumed(plan: Plan) -> None:
    plan.plan({"lr": [0.1, 0.2, 0.3]})
    plan.desk.emulator.denied["aiplatform.projects.locations.customJobs.create"] = (
        "aiplatform.customJobs.create"
    )
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find(".submission .problem")).to_contain_text("aiplatform.customJobs.create")
    expect(plan.find("#outcome")).to_contain_text("Not all jobs are sent")
    plan.window.shot("plan-refused")
    plan.desk.emulator.denied.clear()
    plan.button("Resume").click()
    plan.window.dialog("Send", "Send 3 jobs")
    expect(plan.find("#outcome")).to_contain_text("3 jobs submitted")
    assert sorted(plan.desk.keys().values()) == [1, 1, 1]


def refusing(plan: Plan, part: str) -> None:
    """Have Google call the job invalid whose request has a part."""
    create = type(plan.desk.emulator.vertex).create

    def refuse(parent: str, job: Any) -> dict[str, Any]:
        if part in json.dumps(job):
            raise Refusal(400, "Field: args; Message: is wrong")
        return create(plan.desk.emulator.vertex, parent, job)

    plan.desk.emulator.vertex.create = refuse  # type: ignore[method-assign]


@pytest.fixture
def serving(plan: Plan) -> Iterator[None]:
    yield
    vars(plan.desk.emulator.vertex).pop("create", None)


@pytest.mark.usefixtures("serving")
def test_a_refusal_in_the_middle_says_what_was_sent(plan: Plan) -> None:
    plan.plan({"lr": [0.1, 0.2, 0.3]})
    refusing(plan, '"0.3"')
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find(".submission .problem")).to_contain_text("is wrong")
    expect(plan.find("#outcome")).to_contain_text("2 of 3 jobs were sent")
    expect(plan.find("#outcome")).to_contain_text("1 failed")
    assert "Nothing is" not in plan.bar()
    expect(plan.button("Resume")).to_have_count(0)
    assert sorted(plan.desk.keys().values()) == [1, 1]


@pytest.mark.usefixtures("serving")
def test_a_refusal_of_the_first_says_that_none_was_sent(plan: Plan) -> None:
    plan.plan({"lr": [0.1, 0.2, 0.3]})
    refusing(plan, "lr")
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find("#outcome")).to_contain_text("No job was sent")
    expect(plan.find("#outcome")).to_contain_text("1 failed, 2 cancelled")
    expect(plan.button("Resume")).to_have_count(0)


def test_without_an_image_nothing_is_sent(plan: Plan) -> None:
    plant(plan.desk.folder, {"train.py": ""})
    plan.desk.config(module="train.py", base_image="registry.invalid/none:1")
    parent = "projects/my-project/locations/us-central1"
    plan.desk.emulator.repositories.known[f"{parent}/repositories/caliban"] = {"format": "DOCKER"}
    plan.window.command("View: Close All Editors")
    (plan.desk.folder / "experiment.json").write_text('{"lr": [0.1, 0.2]}')
    plan.window.open("experiment.json")
    plan.window.command("Caliban: Show Plan")
    plan.find(".submission.planned").wait_for()
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find(".submission .problem")).to_contain_text("registry.invalid/none:1")
    expect(plan.find(".submission")).to_contain_text("Nothing is sent yet")
    expect(plan.find("#submit")).to_be_enabled()
    assert not plan.desk.emulator.jobs()


def test_a_server_killed_while_submitting_leaves_its_records(plan: Plan) -> None:
    plan.plan({"lr": [number / 100 for number in range(1, 101)]})
    plan.desk.emulator.faults = Faults(latency=1.0)
    plan.find("#submit").click()
    plan.find("#yes").click()
    expect(plan.find("#progress")).to_contain_text(re.compile(r"\b[1-9]\d? of 100 jobs sent"))
    owner = next(group.owner for group, _ in plan.desk.history() if group.owner is not None)
    os.kill(int(owner.split()[-2]), signal.SIGKILL)
    expect(plan.find("#outcome")).to_contain_text("Not all jobs are sent")
    assert "Nothing is" not in plan.bar()
    plan.window.shot("plan-server-killed")
    plan.desk.emulator.faults = Faults()
    plan.button("Resume").click()
    plan.window.page.locator(
        ".monaco-dialog-box .monaco-button", has_text=re.compile(r"^Send \d+ jobs$")
    ).click()
    # Requests that died with the server before they had left are looked for two minutes, as any that may have arrived.
    expect(plan.find("#outcome")).to_contain_text("100 jobs submitted", timeout=200_000)
    assert len(plan.desk.keys()) == 100
    assert set(plan.desk.keys().values()) == {1}


def test_two_files_have_two_plans_and_one_keeps_its_page(plan: Plan) -> None:
    plan.plan({"lr": [0.1, 0.2, 0.3]})
    (plan.desk.folder / "experiment.other.json").write_text('{"n": 1}')
    plan.window.open("experiment.other.json")
    plan.window.page.keyboard.press("Control+Alt+P")
    tabs = plan.window.page.locator(".tab", has_text="Plan: ")
    expect(tabs).to_have_count(2)
    plan.window.open("experiment.json")
    plan.window.page.keyboard.press("Control+Alt+P")
    expect(plan.window.page.locator(".tab.active")).to_contain_text("Plan: experiment.json")
    expect(tabs).to_have_count(2)

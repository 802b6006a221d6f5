"""Jobs in a real VS Code: followed in their view and in logs, stopped, sent again and resumed, at a stand-in for Google."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud.emulator.server import Emulator
from playwright.sync_api import Locator, expect
from support.cloud_launches import IMAGE, Launches
from support.program import caliban
from support.vscode import vscode
from support.window import Row, Window, keys, until

from caliban_ls.runtime.jobs import JobSpec

KEYS = keys(
    {
        "ctrl+alt+1": ("caliban.jobs.filter", {"state": ["failed"]}),
        "ctrl+alt+2": ("caliban.jobs.filter", {"text": "--n 2"}),
        "ctrl+alt+3": ("caliban.resubmitFailed", {"group": "limited", "max_jobs": 1}),
        "ctrl+alt+4": ("caliban.stop", {"references": ["gone"]}),
        "ctrl+alt+5": ("caliban.openLogs", {"job": "talk/1"}),
        "ctrl+alt+6": ("caliban.openLogs", {"job": "nothing/1"}),
    }
)


class Jobs:
    """The open Jobs view, and its jobs."""

    def __init__(self, window: Window, launches: Launches) -> None:
        self.window = window
        self.launches = launches

    def show(self) -> None:
        self.window.command("Caliban: Show Jobs")
        self.window.section("Jobs").locator(".pane-header").wait_for()

    def hide(self) -> None:
        self.window.command("View: Show Explorer")
        self.window.page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()

    def rows(self) -> list[Row]:
        return self.window.tree("Jobs")

    def row(self, label: str | re.Pattern[str]) -> Locator:
        return self.window.tree_row("Jobs", label)

    def said(self, label: str) -> str:
        """The description of a row."""
        return self.window.beside("Jobs", label)

    def wait(self, label: str, text: str) -> None:
        """Wait for a row's description."""
        until(f"{text} beside {label}", lambda: text in self.said(label))

    def jobs(self) -> list[str]:
        """The description of each listed job."""
        return [row.description for row in self.rows() if row.level == 2 and row.label != "Show more"]

    def expand(self, group: str) -> None:
        row = self.row(group)
        row.wait_for()
        row.click()
        until("the jobs of the group", self.jobs)

    def collapse(self) -> None:
        self.window.command("View: Focus into Primary Side Bar")
        self.window.section("Jobs").hover()
        self.window.section("Jobs").locator(".action-label.codicon-collapse-all").click()
        until("no jobs", lambda: self.rows() and not self.jobs())

    def refresh(self) -> None:
        self.window.command("Caliban: Refresh Jobs")

    def move(self, group: str, *states: str, message: str = "") -> None:
        """Bring jobs into states, and have the view ask now rather than in a while."""
        self.launches.move(group, *states, message=message)
        self.refresh()

    def menu(self, label: str, title: str) -> None:
        self.window.choose_in_menu(self.row(label), title)

    def asked(self) -> int:
        """The number of requests about jobs."""
        return self.launches.calls("list") + self.launches.calls("get")

    def newest(self) -> str:
        """The name of the newest launch."""
        with self.launches.history() as history:
            return history.groups.newest()[0].name

    def cli(self, *argv: str) -> str:
        """The output of the command line."""
        answer = caliban(*argv, folder=self.launches.folder, environment=self.launches.environment)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout


@pytest.fixture(scope="module")
def launches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launches]:
    with Emulator() as emulator:
        launches = Launches(tmp_path_factory.mktemp("jobs") / "digits", emulator, "vertex")
        (launches.folder / ".calibanconfig.json").write_text("{}")
        yield launches


@pytest.fixture(scope="module")
def window(launches: Launches, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    home = tmp_path_factory.mktemp("v")
    with vscode(launches.folder, home, environment=launches.environment, keys=KEYS) as window:
        window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield window


@pytest.fixture
def jobs(window: Window, launches: Launches) -> Jobs:
    """The open view, after a clean-up."""
    window.dismiss_messages()
    window.command("View: Close All Editors")
    with launches.history() as history, history.transaction() as connection:
        connection.execute("DELETE FROM groups")
        connection.execute("DELETE FROM jobs")
    jobs = Jobs(window, launches)
    jobs.show()
    window.command("Caliban: Clear Jobs Filter")
    until("an empty view", lambda: not jobs.rows())
    return jobs


def test_jobs_are_seen_from_the_queue_to_their_end(jobs: Jobs) -> None:
    (jobs.launches.folder / "experiment.json").write_text(json.dumps({"n": [0, 1, 2], "say": "a b"}))
    argv = [
        "cloud",
        "--yes",
        "--nogpu",
        f"--image_tag={IMAGE}",
        "--experiment_config=experiment.json",
        "train.py",
    ]
    jobs.cli(*argv, "--name=night")
    jobs.wait("night", "3 queued")
    assert "$0.00" in jobs.said("night")
    assert "n1-" in jobs.said("night")
    jobs.expand("night")
    assert [row.label for row in jobs.rows()[1:]] == [f"{n + 1}  --n {n} --say 'a b'" for n in range(3)]
    group = jobs.newest()
    jobs.launches.move(group, "RUNNING", "RUNNING")
    until(
        "two that run",
        lambda: [text.split(" ")[0] for text in jobs.jobs()] == ["running", "running", "queued"],
    )
    jobs.window.page.locator(".activitybar .badge-content", has_text="2").wait_for()
    jobs.window.shot("jobs-running")
    jobs.launches.move(group, "SUCCEEDED", "FAILED", "RUNNING", message="Out of luck")
    until(
        "two that ended",
        lambda: [re.split("[ ·]", text)[0] for text in jobs.jobs()] == ["succeeded", "failed", "running"],
    )
    assert "Out of luck" in jobs.jobs()[1]
    jobs.launches.move(group, "", "", "SUCCEEDED")
    jobs.wait("night", "1 failed, 2 succeeded of 3")
    jobs.window.page.locator(".activitybar .badge-content:visible").wait_for(state="detached")
    jobs.row("2  --n 1").hover()
    hover = jobs.window.page.locator(".monaco-hover:visible", has_text="Out of luck")
    hover.wait_for()
    assert "us-central1" in hover.inner_text()
    jobs.window.shot("jobs-ended")


def test_a_hidden_view_makes_no_requests(jobs: Jobs) -> None:
    before = jobs.launches.calls("list")
    group = jobs.launches.submit(5, name="quiet")
    jobs.wait("quiet", "5 queued")
    until("a question of the view", lambda: jobs.launches.calls("list") > before)
    before = jobs.launches.calls("list")
    meanwhile = 0

    def asks_again() -> bool:
        nonlocal meanwhile
        meanwhile += 1
        jobs.cli("status", "--offline", "--json")
        return jobs.launches.calls("list") > before

    until("another one, since it is open", asks_again)
    jobs.hide()
    asked = jobs.asked()
    jobs.launches.move(group, *["SUCCEEDED"] * 5)
    # From one question to the next an open view waits half as long again at most.
    for _ in range(2 * meanwhile):
        jobs.cli("status", "--offline", "--json")
    assert jobs.asked() == asked
    jobs.show()
    jobs.wait("quiet", "5 succeeded")


def test_a_log_grows_in_an_editor_until_it_is_closed(jobs: Jobs) -> None:
    group = jobs.launches.submit(1, name="talk")
    (job,) = jobs.launches.jobs(group)
    jobs.launches.move(group, "RUNNING")
    jobs.launches.log(job, "\x1b[31mepoch 1\x1b[0m")
    jobs.window.page.keyboard.press("Control+Alt+5")
    window = jobs.window
    window.page.locator(".tab.active", has_text="talk 1.log").wait_for()
    until("the first line", lambda: window.text() == "epoch 1\n")
    for number in range(2, 70):
        jobs.launches.log(job, f"epoch {number}")
    until("the last line, on the screen", lambda: "epoch 69" in window.text())
    window.status_item("Following job 1").wait_for()
    window.shot("jobs-log")
    # It is read only.
    window.write("mine")
    assert "mine" not in window.text()
    jobs.launches.move(group, "SUCCEEDED")
    window.status_item("End of job 1").wait_for()
    window.command("View: Close All Editors")
    again = jobs.launches.submit(1, name="talk")
    jobs.launches.move(again, "RUNNING")
    window.page.keyboard.press("Control+Alt+5")
    window.status_item("Following job 1").wait_for()
    jobs.hide()
    window.command("View: Close All Editors")
    before = jobs.launches.emulator.calls["logging.entries.list"]
    assert before > 0
    for _ in range(6):
        jobs.cli("status", "--offline", "--json")
    # One may have been on its way.
    assert jobs.launches.emulator.calls["logging.entries.list"] <= before + 1
    window.page.keyboard.press("Control+Alt+6")
    window.toast("There is no job or group nothing/1").wait_for()


def test_stopping_asks_first(jobs: Jobs) -> None:
    group = jobs.launches.submit(3, name="gone")
    jobs.move(group, *["RUNNING"] * 3)
    jobs.wait("gone", "running")
    jobs.expand("gone")
    jobs.menu("2  --n 1", "Stop")
    jobs.window.page.locator(".monaco-dialog-box", has_text="_2 (--n 1)").wait_for()
    jobs.window.shot("jobs-stop")
    jobs.window.dialog("Stop 1 job?", "Cancel")
    assert jobs.launches.calls("cancel") == 0
    jobs.menu("2  --n 1", "Stop")
    jobs.window.dialog("Stop 1 job?", "Stop 1 job")
    jobs.window.toast("1 job stopped").wait_for()
    assert jobs.launches.calls("cancel") == 1
    assert jobs.launches.state_there(jobs.launches.jobs(group)[1]).startswith("CANCEL")
    jobs.move(group, "", "CANCELLED")
    until("a job that is stopped", lambda: jobs.jobs()[1].startswith("cancelled"))
    jobs.window.command("Caliban: Stop Jobs")
    jobs.window.quick_row("3  --n 2").locator(".monaco-checkbox, input[type=checkbox]").first.click()
    jobs.window.quick().locator(".monaco-button", has_text="OK").click()
    jobs.window.page.locator(".monaco-dialog-box", has_text="_3 (--n 2)").wait_for()
    jobs.window.dialog("Stop 1 job?", "Cancel")
    jobs.window.page.keyboard.press("Control+Alt+4")
    jobs.window.dialog("Stop 2 jobs?", "Stop 2 jobs")
    jobs.window.toast("2 jobs stopped").wait_for()
    assert jobs.launches.calls("cancel") == 3
    jobs.move(group, *["CANCELLED"] * 3)
    jobs.wait("gone", "3 cancelled")
    jobs.window.command("Caliban: Stop Jobs")
    jobs.window.toast("No job is active").wait_for()


def test_failed_jobs_are_sent_again_after_a_yes(jobs: Jobs) -> None:
    group = jobs.launches.submit(4, name="unlucky")
    jobs.move(group, "FAILED", "FAILED", "SUCCEEDED", "CANCELLED", message="Out of luck")
    jobs.wait("unlucky", "2 failed")
    made = jobs.launches.calls("create")
    jobs.window.command("Caliban: Resubmit Failed Jobs")
    jobs.window.pick("unlucky")
    dialog = jobs.window.page.locator(".monaco-dialog-box", has_text="Submit 3 jobs again?")
    dialog.wait_for()
    jobs.window.shot("jobs-resubmit")
    said = dialog.inner_text()
    assert "$" in said
    assert "for all" in said
    assert "--n 0" in said
    jobs.window.dialog("Submit 3 jobs again?", "Cancel")
    assert jobs.launches.calls("create") == made
    jobs.menu("unlucky", "Resubmit")
    jobs.window.dialog("Submit 3 jobs again?", "Submit 3 jobs")
    toast = jobs.window.toast("3 jobs submitted as")
    toast.wait_for()
    jobs.window.press(toast, "Show Jobs")
    until("the new jobs", lambda: [text.split(" ")[0] for text in jobs.jobs()] == ["queued"] * 3)
    assert jobs.launches.calls("create") == made + 3
    again = jobs.newest()
    assert again != group
    # It was started in this window, so its end is shown here, also while the view is hidden and another program asks.
    jobs.hide()
    jobs.launches.move(again, "SUCCEEDED", "FAILED", "SUCCEEDED")
    jobs.cli("status", again, "--refresh", "--json")
    asked = jobs.asked()
    ended = jobs.window.toast(f"{again} has ended")
    ended.wait_for()
    assert "1 failed, 2 succeeded of 3" in ended.inner_text()
    assert jobs.asked() == asked
    jobs.window.press(ended, "Open Logs")
    jobs.window.quick_row("2  --n 1").wait_for()
    jobs.window.page.keyboard.press("Escape")
    jobs.show()
    # The newest is the first; the others of the first try aren't sent a third time.
    jobs.wait("unlucky", "1 failed, 2 succeeded of 3")
    jobs.menu("unlucky", "Resubmit")
    jobs.window.dialog("Submit 1 job again?", "Cancel")
    assert jobs.launches.calls("create") == made + 3


def test_a_changed_plan_is_not_sent_again(jobs: Jobs) -> None:
    group = jobs.launches.submit(2, name="meanwhile")
    jobs.move(group, "FAILED", "RUNNING")
    jobs.wait("meanwhile", "1 failed")
    made = jobs.launches.calls("create")
    jobs.menu("meanwhile", "Resubmit")
    jobs.window.page.locator(".monaco-dialog-box", has_text="Submit 1 job again?").wait_for()
    jobs.launches.move(group, "", "FAILED")
    jobs.cli("status", group, "--refresh", "--json")
    jobs.window.dialog("Submit 1 job again?", "Submit 1 job")
    jobs.window.toast("aren't those that were shown any more").wait_for()
    assert jobs.launches.calls("create") == made


def test_over_a_limit_nothing_is_sent(jobs: Jobs) -> None:
    group = jobs.launches.submit(2, name="limited")
    jobs.launches.move(group, "FAILED", "FAILED")
    made = jobs.launches.calls("create")
    jobs.window.page.keyboard.press("Control+Alt+3")
    jobs.window.dialog("Submit 2 jobs again?", "Submit 2 jobs")
    jobs.window.toast(re.compile("max_jobs")).wait_for()
    assert jobs.launches.calls("create") == made


def test_a_submission_that_was_cut_short_is_resumed(jobs: Jobs) -> None:
    group = jobs.launches.submit(3, name="short")
    for job in jobs.launches.jobs(group)[1:]:
        del jobs.launches.there()[str(job.name)]
    jobs.launches.write("UPDATE jobs SET state = 'PLANNED', name = NULL WHERE number > 1")
    made = jobs.launches.calls("create")
    jobs.refresh()
    jobs.wait("short", "2 planned")
    jobs.window.command("Caliban: Resume Submission")
    jobs.window.pick("short")
    jobs.window.dialog("Send 2 jobs?", "Cancel")
    assert jobs.launches.calls("create") == made
    jobs.menu("short", "Resume")
    asked = jobs.window.page.locator(".monaco-dialog-box", has_text="Send 2 jobs?")
    for fact in ("us-central1", "an hour for each", f"left of the 3 jobs of {group}, confirmed on"):
        expect(asked).to_contain_text(fact)
    jobs.window.dialog("Send 2 jobs?", "Send 2 jobs")
    jobs.wait("short", "3 queued")
    assert jobs.launches.calls("create") == made + 2
    jobs.window.command("Caliban: Resume Submission")
    jobs.window.toast("none to resume").wait_for()


def test_the_view_can_be_filtered(jobs: Jobs) -> None:
    group = jobs.launches.submit(4, name="mixed")
    jobs.launches.move(group, "FAILED", "SUCCEEDED", "FAILED", "SUCCEEDED")
    other = jobs.launches.submit(1, name="other")
    jobs.move(other, "SUCCEEDED")
    jobs.wait("mixed", "2 failed, 2 succeeded of 4")
    jobs.window.page.keyboard.press("Control+Alt+1")
    until("one group", lambda: [row.label for row in jobs.rows()] == ["mixed"])
    jobs.expand("mixed")
    assert len(jobs.jobs()) == 2
    jobs.window.section("Jobs").get_by_text("Shown: failed").wait_for()
    jobs.window.shot("jobs-filtered")
    jobs.window.page.keyboard.press("Control+Alt+2")
    until("one job", lambda: [row.label for row in jobs.rows() if row.level == 2] == ["3  --n 2"])
    jobs.window.command("Caliban: Filter Jobs")
    jobs.window.pick("Text")
    jobs.window.answer("nowhere", "Jobs that have this")
    jobs.window.section("Jobs").get_by_text("No job matches").wait_for()
    jobs.window.command("Caliban: Clear Jobs Filter")
    jobs.window.command("Caliban: Filter Jobs")
    jobs.window.pick("State")
    jobs.window.quick_row("succeeded").locator(".monaco-checkbox, input[type=checkbox]").first.click()
    jobs.window.quick().locator(".monaco-button", has_text="OK").click()
    jobs.window.section("Jobs").get_by_text("Shown: succeeded").wait_for()
    until("those", lambda: jobs.said("mixed").startswith("2 succeeded"))
    jobs.window.command("Caliban: Clear Jobs Filter")
    until("both groups", lambda: {row.label for row in jobs.rows() if row.level == 1} == {"mixed", "other"})


def test_thousands_of_jobs_come_page_by_page(jobs: Jobs) -> None:
    with jobs.launches.history() as history:
        group = history.groups.add(title="many", folder=jobs.launches.folder, image=None, owner=None)
        specs = [
            JobSpec(index=n, job_id=f"{group.name}_{n}", args=("--n", str(n)), parameters={})
            for n in range(1, 3001)
        ]
        history.jobs.add(group.name, specs)
    jobs.launches.write("UPDATE jobs SET state = 'SUCCEEDED'")
    jobs.refresh()
    jobs.wait("many", "3,000 succeeded")
    jobs.expand("many")

    def to_the_end(left: str) -> None:
        def there() -> bool:
            jobs.window.section("Jobs").locator(".monaco-list").focus()
            jobs.window.page.keyboard.press("End")
            return jobs.said("Show more") == left

        until(left, there)

    for left in ("2,800 left", "2,600 left"):
        to_the_end(left)
        jobs.window.shot("jobs-many")
        jobs.row("Show more").click()
    to_the_end("2,400 left")
    assert jobs.rows()[-2].label == "600  --n 600"
    jobs.window.page.keyboard.press("Home")


def add_waiting(jobs: Jobs, title: str, count: int, number: int = 0) -> str:
    """Record a launch of waiting jobs, and return its name."""
    with jobs.launches.history() as history:
        group = history.groups.add(title=title, folder=jobs.launches.folder, image=None, owner=None)
        specs = [
            JobSpec(
                index=n, job_id=f"{group.name}_{n}", args=("--rate", f"0.{number:02}{n:03}"), parameters={}
            )
            for n in range(1, count + 1)
        ]
        history.jobs.add(group.name, specs)
    return group.name


def test_any_job_of_a_long_history_is_found_by_its_text(jobs: Jobs) -> None:
    for number in range(30):
        add_waiting(jobs, f"night {number}", 10, number)
    window = jobs.window
    window.command("Caliban: Open Logs")
    window.quick_row("1  --rate 0.29001").wait_for()
    # From the first row up is the last.
    window.page.keyboard.press("ArrowUp")
    window.quick_row("10 older groups: type to narrow").and_(window.page.locator(".focused")).wait_for()
    window.shot("jobs-picker-more")
    # It is no job: Enter does nothing there.
    window.page.keyboard.press("Enter")
    window.page.keyboard.type("rate 0.00007", delay=60)
    window.quick_row("7  --rate 0.00007").and_(window.page.locator(".focused")).wait_for()
    until("that row alone", lambda: window.picks() == ["7  --rate 0.00007"])
    window.page.keyboard.press("Control+A")
    window.page.keyboard.type("night 3", delay=60)
    until(
        "the jobs of that group",
        lambda: window.picks() == [f"{n}  --rate 0.03{n:03}" for n in range(1, 11)],
    )
    window.page.keyboard.press("ArrowDown")
    window.page.keyboard.press("Enter")
    window.page.locator(".tab.active", has_text="night 3 2.log").wait_for()


def test_jobs_to_stop_stay_chosen_while_others_are_looked_for(jobs: Jobs) -> None:
    group = add_waiting(jobs, "long", 120)
    add_waiting(jobs, "short", 1, 1)
    window = jobs.window
    window.command("Caliban: Stop Jobs")

    def check(text: str, label: str) -> None:
        window.quick().locator(".quick-input-box input").first.focus()
        window.page.keyboard.press("Control+A")
        window.page.keyboard.type(text, delay=60)
        window.quick_row(label).locator(".monaco-checkbox, input[type=checkbox]").first.click()

    check("0.00117", "117  --rate 0.00117")
    check("0.00093", "93  --rate 0.00093")
    both = {"117  --rate 0.00117", "93  --rate 0.00093"}
    until("both in the list", lambda: {label for label in window.picks() if "--rate" in label} == both)
    window.shot("jobs-picker-chosen")
    window.quick().locator(".monaco-button", has_text="OK").click()
    asked = window.page.locator(".monaco-dialog-box", has_text="Stop 2 jobs?")
    for job in (f"{group}_117", f"{group}_93"):
        expect(asked).to_contain_text(job)
    window.dialog("Stop 2 jobs?", "Cancel")


def test_jobs_are_taken_to_the_console_the_clipboard_and_a_file(jobs: Jobs, tmp_path: Path) -> None:
    group = jobs.launches.submit(2, name="kept")
    jobs.refresh()
    jobs.wait("kept", "2 queued")
    jobs.expand("kept")
    jobs.menu("1  --n 0", "Open in Console")
    leaving = jobs.window.page.locator(".monaco-dialog-box", has_text="external website")
    leaving.wait_for()
    assert "console.cloud.google.com/agent-platform/locations/us-central1/training/" in leaving.inner_text()
    jobs.window.dialog("external website", "Cancel")
    jobs.menu("1  --n 0", "Copy Command")

    def copied() -> str:
        return str(jobs.window.page.evaluate("navigator.clipboard.readText()"))

    text = until("a command", lambda: copied() if copied().startswith("caliban cloud") else "")
    assert text.endswith("train.py -- --n 0")
    jobs.menu("kept", "Copy Name")
    until("a name", lambda: copied() == group)
    jobs.window.command("Caliban: Export History")
    jobs.window.name_file("Export History", tmp_path / "jobs.json")
    written = jobs.window.toast("2 jobs written to")
    written.wait_for()
    jobs.window.press(written, "Open")
    jobs.window.page.locator(".tab.active", has_text="jobs.json").wait_for()
    rows = json.loads((tmp_path / "jobs.json").read_text())
    assert [row["arguments"] for row in rows] == [["--n", "0"], ["--n", "1"]]

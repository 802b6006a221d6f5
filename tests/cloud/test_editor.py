"""A sweep submitted from an editor: the plan, its confirmation, progress, cancelling, and going on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cloud.emulator.faults import Faults
from support.cloud_project import IMAGE, Desk
from support.lsp_client import Client

QUESTION = "window/showMessageRequest"
PLAN = {"module": "train.py", "image_tag": IMAGE}


@contextmanager
def opened(desk: Desk, **options: Any) -> Iterator[Client]:
    with Client("-m", "caliban_ls", "serve", environment=desk.environment) as client:
        client.initialize({"window": {"workDoneProgress": True}}, options=options, folders=(desk.folder,))
        yield client
        assert client.quit() == 0


@pytest.fixture
def sweep(desk: Desk) -> dict[str, Any]:
    """A plan's argument for a sweep of three jobs."""
    desk.sweep(3)
    return {**PLAN, "uri": (desk.folder / "experiment.json").as_uri()}


def result(client: Client, name: str, argument: Any) -> Any:
    answer = client.answer(client.command(name, argument))
    assert "error" not in answer, answer
    return answer["result"]


def refusal(client: Client, name: str, argument: Any) -> Any:
    return client.answer(client.command(name, argument))["error"]


def test_a_plan_is_shown_asked_about_and_submitted_once(desk: Desk, sweep: dict[str, Any]) -> None:
    with opened(desk, trusted=True) as client:
        plan = result(client, "plan", sweep)
        assert plan["count"] == 3
        assert plan["cost"]["per_job_hour"] == pytest.approx(0.8663, abs=1e-4)
        assert plan["jobs"][0]["request"]["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"] == [
            "--n",
            "0",
        ]
        assert not desk.emulator.calls
        # No answer is a no.
        refused = refusal(client, "submit", {"plan_id": plan["plan_id"]})
        assert refused["data"]["code"] == "not-confirmed"
        assert not desk.emulator.calls
        client.silent = {QUESTION}
        before = len(client.all(QUESTION))
        call = client.command("submit", {"plan_id": plan["plan_id"]})
        asked = client.wait_for(
            lambda message: message.get("method") == QUESTION and len(client.all(QUESTION)) > before
        )
        asked = [message for message in client.messages if message.get("method") == QUESTION][-1]
        assert "3 jobs on n1-standard-8 with 1xT4" in asked["params"]["message"]
        title = asked["params"]["actions"][0]["title"]
        assert title == "Submit these 3 jobs"
        client.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"title": title}})
        done = client.answer(call)["result"]
        assert {job["state"] for job in done["jobs"]} == {"QUEUED"}
        assert done["group"] == plan["group"]
        again = refusal(client, "submit", {"plan_id": plan["plan_id"]})
        assert "submitted already" in again["message"]
    assert set(desk.keys().values()) == {1}
    assert len(desk.keys()) == 3


def test_a_client_that_confirms_by_itself_is_not_asked(desk: Desk, sweep: dict[str, Any]) -> None:
    with opened(desk, trusted=True, confirms=True) as client:
        plan = result(client, "plan", sweep)
        assert len(result(client, "submit", {"plan_id": plan["plan_id"]})["jobs"]) == 3
        assert not client.all(QUESTION)


def test_limits_hold_in_an_editor(desk: Desk, sweep: dict[str, Any]) -> None:
    limits = {"caliban": {"limits": {"maxJobs": 2}}}
    with opened(desk, trusted=True, confirms=True, **limits) as client:
        plan = result(client, "plan", sweep)
        refused = refusal(client, "submit", {"plan_id": plan["plan_id"]})
        assert refused["data"]["code"] == "over-limit"
        assert "--max_jobs" in refused["message"]
        assert not desk.emulator.calls
        allowed = result(client, "plan", {**sweep, "max_jobs": 3})
        assert len(result(client, "submit", {"plan_id": allowed["plan_id"]})["jobs"]) == 3


def test_an_unsaved_buffer_is_what_is_planned(desk: Desk, sweep: dict[str, Any]) -> None:
    with opened(desk, trusted=True, confirms=True) as client:
        document = {"uri": sweep["uri"], "languageId": "json", "version": 1, "text": '{"n": [1, 2, 3, 4, 5]}'}
        client.notify("textDocument/didOpen", {"textDocument": document})
        plan = result(client, "plan", sweep)
        assert plan["count"] == 5
        change = {
            "textDocument": {"uri": sweep["uri"], "version": 2},
            "contentChanges": [{"text": '{"n": 1}'}],
        }
        client.notify("textDocument/didChange", change)
        refused = refusal(client, "submit", {"plan_id": plan["plan_id"]})
        assert "changed since" in refused["message"]
        assert refused["data"]["code"] == "plan-changed"


@pytest.mark.parametrize(
    ("name", "argument"),
    [("plan", {**PLAN}), ("submit", {"plan_id": "0"}), ("resume", {}), ("status", {}), ("resubmit", {})],
)
def test_an_untrusted_editor_is_refused(desk: Desk, name: str, argument: dict[str, Any]) -> None:
    with opened(desk) as client:
        refused = refusal(client, name, argument)
        assert refused["data"]["code"] == "untrusted"
        assert "trusted" in refused["data"]["hint"]
    assert not desk.emulator.calls


def test_a_submission_is_cancelled_from_its_progress_and_resumed(desk: Desk, sweep: dict[str, Any]) -> None:
    desk.sweep(60)
    desk.emulator.faults = Faults(latency=0.1)
    with opened(desk, trusted=True, confirms=True) as client:
        plan = result(client, "plan", sweep)
        begun = len(client.all("window/workDoneProgress/create"))
        call = client.command("submit", {"plan_id": plan["plan_id"]})
        client.wait_for(lambda _: len(client.all("window/workDoneProgress/create")) > begun)
        token = client.all("window/workDoneProgress/create")[-1]["token"]
        client.notification(
            "$/progress",
            lambda params: params["token"] == token and "jobs sent" in params["value"].get("message", ""),
        )
        client.notify("window/workDoneProgress/cancel", {"token": token})
        assert "error" in client.answer(call)
        sent = len(desk.keys())
        assert sent < 60
        desk.emulator.faults = Faults()
        done = result(client, "resume", {"group": plan["group"]})
        assert {job["state"] for job in done["jobs"]} == {"QUEUED"}
    assert len(desk.keys()) == 60
    assert set(desk.keys().values()) == {1}


def test_resuming_is_asked_about_with_what_is_left(desk: Desk, sweep: dict[str, Any]) -> None:
    with opened(desk, trusted=True) as client:
        plan = result(client, "plan", sweep)
        desk.emulator.vertex.quota["NVIDIA_TESLA_T4"] = 0
        client.silent = {QUESTION}

        def answered(name: str, argument: Any, title: str | None) -> tuple[Any, str]:
            before = len(client.all(QUESTION))
            call = client.command(name, argument)
            client.wait_for(lambda _: len(client.all(QUESTION)) > before)
            asked = [message for message in client.messages if message.get("method") == QUESTION][-1]
            answer = None if title is None else {"title": title}
            client.send({"jsonrpc": "2.0", "id": asked["id"], "result": answer})
            return client.answer(call), asked["params"]["message"]

        refused, _ = answered("submit", {"plan_id": plan["plan_id"]}, "Submit these 3 jobs")
        assert refused["error"]["data"]["code"] == "quota"
        desk.emulator.vertex.quota.clear()
        named = {"group": plan["group"]}
        refused, asked = answered("resume", named, None)
        assert refused["error"]["data"]["code"] == "not-confirmed"
        assert not desk.keys()
        for fact in ("3 jobs on n1-standard-8 with 1xT4 in us-central1", "2.60 all at once", "confirmed on"):
            assert fact in asked
        assert len(result(client, "resume", {**named, "dry_run": True})["jobs"]) == 3
        assert (
            refusal(client, "resume", {**named, "yes": True, "max_jobs": 2})["data"]["code"] == "over-limit"
        )
        done, _ = answered("resume", named, "Send these 3 jobs")
        assert {job["state"] for job in done["result"]["jobs"]} == {"QUEUED"}
        assert result(client, "resume", named)["jobs"] == []
    assert sorted(desk.keys().values()) == [1, 1, 1]

"""The submit lens: it plans and asks, and what it then sends is what it said."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from support.cloud_project import IMAGE, Desk
from support.lsp_client import Client, Message
from support.random_projects import some_config, some_settings, some_sweep

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.core.errors import UsageError
from caliban_ls.ide.code_lenses import lenses
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.operations.cloud.submit import plan_and_submit

SERVE = ("-m", "caliban_ls", "serve")
SWEEP = [{"a": [1, 2, 3]}, {"a": [4, 5], "b": [6, 7]}]


def lens_of(client: Client, uri: str, block: str | None) -> Message:
    """Return the submit lens of a block, or of all."""
    lenses = client.ask("textDocument/codeLens", {"textDocument": {"uri": uri}})["result"]
    (found,) = [
        lens["command"]
        for lens in lenses
        if lens["command"]["command"] == "caliban-ls.planAndSubmit"
        and lens["command"]["arguments"][0].get("block") == block
    ]
    return dict(found)


def clicked(client: Client, lens: Message, answer: str | None, **more: Any) -> Message:
    """Choose a lens, answer its question, and return what the command comes to."""
    arguments = {**lens["arguments"][0], "image_tag": IMAGE, **more}
    call = client.request("workspace/executeCommand", {"command": lens["command"], "arguments": [arguments]})
    asked = client.wait_for(lambda one: one.get("method") == "window/showMessageRequest")
    chosen = next((one for one in asked["params"]["actions"] if one["title"] == answer), None)
    client.send({"jsonrpc": "2.0", "id": asked["id"], "result": chosen})
    return client.answer(call)


@pytest.mark.parametrize("confirms", [False, True])
@pytest.mark.parametrize(("block", "count"), [("/0", 3), ("/1", 4), (None, 7)])
def test_what_a_lens_says_is_what_is_sent(
    desk: Desk, block: str | None, count: int, *, confirms: bool
) -> None:
    desk.config(gcloud={"project_id": "my-project"}, module="train.py")
    (desk.folder / "experiment.json").write_text(json.dumps(SWEEP))
    with Client(*SERVE, environment=desk.environment) as client:
        client.silent.add("window/showMessageRequest")
        client.initialize(options={"trusted": True, "confirms": confirms}, folders=(desk.folder,))
        uri = (desk.folder / "experiment.json").as_uri()
        item = {"uri": uri, "languageId": "json", "version": 1, "text": json.dumps(SWEEP)}
        client.notify("textDocument/didOpen", {"textDocument": item})
        lens = lens_of(client, uri, block)
        assert f" {count} jobs " in lens["title"]
        done = clicked(client, lens, f"Submit these {count} jobs")
        assert len(done["result"]["jobs"]) == count
        shown = [message["message"] for message in client.all("window/showMessage")]
        assert shown == ([] if confirms else [f"{done['result']['group']}: {count} queued"])
    assert sum(desk.keys().values()) == count


def test_lenses_of_random_projects_count_the_requests_that_are_made(desk: Desk) -> None:
    refused = 0
    for number in range(100):
        dice = random.Random(f"requests {number}")
        config, sweep, settings = some_config(dice), some_sweep(dice), some_settings(dice)
        desk.config(**config, gcloud={"project_id": "my-project"})
        (desk.folder / "experiment.json").write_text(json.dumps(sweep))
        estimate = CostEstimate(desk.project(json.dumps(config)), settings, desk.environment)
        document = DocumentContext(jsondoc.parse(json.dumps(sweep)), "experiment", estimate)
        lens = dice.choice([one for one in lenses(document) if one.command == "planAndSubmit"])
        before = sum(desk.keys().values())
        try:
            plan_and_submit(desk.arguments(**lens.arguments), desk.context("y", settings=settings))
        except UsageError:
            assert "over the limit" in lens.title or "isn't available" in lens.title
            refused += 1
        made = sum(desk.keys().values()) - before
        counted = re.search(r"Submit (?:all )?(\d+) job", lens.title)
        assert counted is not None
        assert made in (0, int(counted[1]))
        assert (made == 0) is ("over the limit" in lens.title or "isn't available" in lens.title)
    assert 5 < refused < 60


@pytest.mark.parametrize("answer", [None, "Cancel"])
def test_without_a_yes_nothing_is_sent_whatever_the_click_says(desk: Desk, answer: str | None) -> None:
    desk.config(gcloud={"project_id": "my-project"}, module="train.py")
    (desk.folder / "experiment.json").write_text(json.dumps(SWEEP))
    with Client(*SERVE, environment=desk.environment) as client:
        client.silent.add("window/showMessageRequest")
        client.initialize(options={"trusted": True, "confirms": True}, folders=(desk.folder,))
        uri = (desk.folder / "experiment.json").as_uri()
        item = {"uri": uri, "languageId": "json", "version": 1, "text": json.dumps(SWEEP)}
        client.notify("textDocument/didOpen", {"textDocument": item})
        done = clicked(client, lens_of(client, uri, None), answer, yes=True)
        assert "Nothing was built or sent" in done["error"]["message"]
    assert not desk.keys()
    assert not desk.emulator.calls

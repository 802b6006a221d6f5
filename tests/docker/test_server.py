"""Every `caliban-ls.*` command over stdio against the real engine: results, progress, cancelling, failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.lsp_client import PATIENCE, Client, Message

BASE_IMAGE = "caliban-ls-base:bookworm"
PROGRESS = {"window": {"workDoneProgress": True}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / PROJECT_NAME  # the history lies beside it
    folder.mkdir()
    (folder / ".calibanconfig.json").write_text(json.dumps({"base_image": BASE_IMAGE, "module": "train"}))
    (folder / "train.py").write_text("import sys, json; print(json.dumps({'words': len(sys.argv)}))")
    (folder / "experiment.json").write_text('{"a": [1, 2], "b": true}')
    return folder


def start(project: Path, *, trusted: bool = True, docker_host: str | None = None) -> Client:
    """Start `caliban serve` as an editor does, with a history of its own."""
    environment = {"CALIBAN_HOME": str(project.parent / "state")}
    if docker_host is not None:
        environment["DOCKER_HOST"] = docker_host
    client = Client("-m", "caliban_ls", "serve", environment=environment)
    client.initialize(PROGRESS, options={"trusted": trusted}, folders=(project,))
    return client


@pytest.fixture
def client(project: Path) -> Iterator[Client]:
    with start(project) as client:
        yield client
        assert client.quit() == 0


def result(client: Client, name: str, argument: Any = None) -> Any:
    answer = client.answer(client.command(name, argument or {}))
    assert "error" not in answer, answer
    return answer["result"]


def wait_until(condition: Any) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def uri(path: Path) -> str:
    return path.as_uri()


def test_build(client: Client, project: Path) -> None:
    (project / "train.py").write_text(f"print('{uuid.uuid4()}')")  # no engine has that image already
    first = result(client, "build", {"module": "train.py"})
    assert set(first) == {"image_id", "tag", "cached", "seconds"}
    assert (first["cached"], first["image_id"][:7]) == (False, "sha256:")
    assert first["seconds"] > 0
    begun = [one["value"] for one in client.all("$/progress") if one["value"]["kind"] == "begin"]
    assert begun[0]["title"] == "Building the image"
    assert begun[0]["cancellable"] is True
    steps = [one["value"] for one in client.all("$/progress") if one["value"]["kind"] == "report"]
    assert steps
    assert result(client, "build", {"module": "train.py"})["cached"] is True
    assert containers_of(project) == []


def test_run_of_a_sweep(client: Client, project: Path) -> None:
    answer = result(client, "run", {"uri": uri(project / "experiment.json"), "jobs": 2})
    assert set(answer) == {"group", "image", "jobs"}
    assert [(job["index"], job["state"], job["exit_code"]) for job in answer["jobs"]] == [
        (1, "SUCCEEDED", 0),
        (2, "SUCCEEDED", 0),
    ]
    assert answer["jobs"][0]["args"] == ["--a", "1", "--b"]
    assert answer["jobs"][0]["metrics"] == {"words": 4}
    assert answer["jobs"][0]["job_id"] == f"{answer['group']}_1"
    logs = {one["job"] for one in client.all("caliban-ls/log")}
    assert logs == {job["job_id"] for job in answer["jobs"]}
    assert containers_of(project) == []


def test_run_of_one_combination_and_of_none(client: Client, project: Path) -> None:
    one = result(client, "run", {"experiment_config": "experiment.json", "index": 2})
    assert [(job["index"], job["args"]) for job in one["jobs"]] == [(2, ["--a", "2", "--b"])]
    plain = result(client, "run", {"args": ["x", "--y"]})
    assert plain["jobs"][0]["metrics"] == {"words": 3}
    planned = result(client, "run", {"uri": uri(project / "experiment.json"), "dry_run": True})
    assert [job["state"] for job in planned["jobs"]] == ["PLANNED", "PLANNED"]


def test_a_buffer_counts_not_the_disk(client: Client, project: Path) -> None:
    document = uri(project / "experiment.json")
    opened = {"uri": document, "languageId": "json", "version": 1, "text": '{"c": [7, 8, 9]}'}
    client.notify("textDocument/didOpen", {"textDocument": opened})
    assert result(client, "expand", {"uri": document})["count"] == 3
    ran = result(client, "run", {"uri": document, "index": 3})
    assert ran["jobs"][0]["args"] == ["--c", "9"]


def test_expand(client: Client, project: Path) -> None:
    answer = result(client, "expand", {"uri": uri(project / "experiment.json"), "limit": 1})
    assert answer == {
        "count": 2,
        "jobs": [{"index": 1, "args": ["--a", "1", "--b"], "parameters": {"a": 1, "b": True}}],
    }
    (project / "experiment.json").write_text(
        "{" + ",".join(f'"k{n}": {list(range(1000))}' for n in range(5)) + "}"
    )
    assert result(client, "expand", {"uri": uri(project / "experiment.json"), "limit": 2})["count"] == 10**15
    refused = client.answer(client.command("expand", {"uri": uri(project / "experiment.json")}))
    assert refused["error"]["data"]["hint"] == "Ask for the first with a limit."


def test_catalog_and_rule(client: Client) -> None:
    answer = result(client, "catalog", {"table": "machines", "gpu_spec": "1xT4", "region": "us-central1"})
    assert set(answer) == {"backend", "as_of", "currency", "rows"}
    eight = next(row for row in answer["rows"] if row["machine_type"] == "n1-standard-8")
    assert eight["on_demand"] == pytest.approx(0.8395 + 100 * 0.1955 / 730, abs=0.005)
    assert result(client, "rule", {"code": "CAL207"})["name"] == "row-length"


def test_doctor_and_init(client: Client, project: Path) -> None:
    checks = {check["name"]: check["status"] for check in result(client, "doctor")["checks"]}
    assert checks["Docker engine"] == "ok"
    assert result(client, "init") == {"written": [], "kept": [".calibanconfig.json", "experiment.json"]}
    (project / "experiment.json").unlink()
    assert result(client, "init")["written"] == ["experiment.json"]


def test_a_cancelled_run_leaves_nothing(client: Client, project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    request = client.command("run", {})
    client.notification("caliban-ls/log", lambda log: "up" in log["text"])
    assert len(containers_of(project)) == 1
    client.notify("$/cancelRequest", {"id": request})
    assert client.answer(request)["error"]["code"] == -32800
    wait_until(lambda: containers_of(project) == [])


def test_progress_cancels_too(client: Client, project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    request = client.command("run", {})
    client.notification("caliban-ls/log", lambda log: "up" in log["text"])
    token = client.all("$/progress")[0]["token"]
    client.notify("window/workDoneProgress/cancel", {"token": token})
    assert client.answer(request)["error"]["code"] == -32800
    wait_until(lambda: containers_of(project) == [])


def test_a_job_whose_container_is_stopped_did_not_fail(client: Client, project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    request = client.command("run", {})
    client.notification("caliban-ls/log", lambda log: "up" in log["text"])
    (container,) = containers_of(project)
    assert result(client, "stopContainer", {"container": container}) == {}
    (job,) = client.answer(request)["result"]["jobs"]
    assert (job["state"], job["error"]) == ("CANCELLED", "It was stopped")
    assert containers_of(project) == []


def processes() -> str:
    """The command lines of this machine, those in containers too."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=["0", "1"])
def either_builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DOCKER_BUILDKIT", request.param)
    return str(request.param)


def test_a_cancelled_build_leaves_nothing(either_builder: str, client: Client, project: Path) -> None:
    assert os.environ["DOCKER_BUILDKIT"] == either_builder
    (project / "setup.py").write_text("import time; time.sleep(600)")
    extra = f"extra{time.monotonic_ns()}"
    request = client.command("build", {"module": "train.py", "extras": [extra]})
    wait_until(lambda: extra in processes())
    client.notify("$/cancelRequest", {"id": request})
    assert client.answer(request)["error"]["code"] == -32800
    wait_until(lambda: extra not in processes())


def test_two_at_once(client: Client, project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    slow = client.command("run", {})
    client.notification("caliban-ls/log", lambda log: "up" in log["text"])
    (project / "quick.py").write_text("print('quick')")
    assert result(client, "run", {"module": "quick.py"})["jobs"][0]["state"] == "SUCCEEDED"
    assert len(containers_of(project)) == 1
    client.notify("$/cancelRequest", {"id": slow})
    assert client.answer(slow)["error"]["code"] == -32800


def test_a_failing_job_is_a_result_and_a_failing_build_an_error(client: Client, project: Path) -> None:
    (project / "train.py").write_text("raise SystemExit(3)")
    (job,) = result(client, "run")["jobs"]
    assert (job["state"], job["exit_code"]) == ("FAILED", 3)
    (project / "requirements.txt").write_text("surely-no-such-package-on-earth==1\n")
    error = client.answer(client.command("build", {}))["error"]
    assert (error["code"], error["data"]["code"]) == (-32803, "build-failed")
    assert error["data"]["hint"]


@pytest.mark.parametrize("name", ["build", "run", "doctor", "init"])
def test_an_untrusted_client_gets_no_command_that_does_something(project: Path, name: str) -> None:
    with start(project, trusted=False) as client:
        error = client.answer(client.command(name, {}))["error"]
        assert error["data"]["code"] == "untrusted"
        assert "trusted" in error["data"]["hint"]
        assert result(client, "expand", {"uri": uri(project / "experiment.json")})["count"] == 2
        assert client.quit() == 0


def test_an_engine_that_is_not_there(project: Path) -> None:
    with start(project, docker_host=f"unix://{project}/no.sock") as client:
        for name in ("build", "run"):
            error: Message = client.answer(client.command(name, {}))["error"]
            assert (error["code"], error["data"]["code"]) == (-32803, "engine-unavailable")
        checks = {check["name"]: check["status"] for check in result(client, "doctor")["checks"]}
        assert checks["Docker engine"] == "failure"
        assert client.quit() == 0


def test_a_client_that_is_killed_leaves_neither_server_nor_container(project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    with start(project) as client:
        client.command("run", {})
        client.notification("caliban-ls/log", lambda log: "up" in log["text"])
        assert len(containers_of(project)) == 1
        client.close_input()
        assert client.exit_code() == 1
        assert containers_of(project) == []


def test_shutdown_in_the_middle_of_a_run_leaves_no_container(project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    with start(project) as client:
        client.command("run", {})
        client.notification("caliban-ls/log", lambda log: "up" in log["text"])
        assert client.quit() == 0
        assert containers_of(project) == []


def test_what_ran_in_the_editor_is_in_the_history_of_the_command_line(client: Client, project: Path) -> None:
    group = result(client, "run")["group"]
    program = (
        "import sys; from pathlib import Path; from caliban_ls.runtime.history.records import utc_now\n"
        "from caliban_ls.runtime.history.store import History\n"
        "history = History(Path(sys.argv[1]), warn=print, clock=utc_now)\n"
        "print([job.state.value for job in history.jobs.of(sys.argv[2])])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(project.parent / "state"), group],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert answer.stdout == "['SUCCEEDED']\n"

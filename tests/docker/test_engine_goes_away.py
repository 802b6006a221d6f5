"""The engine dies, or is stopped, in the middle of everything: a clear end, and the next command works once it is back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.docker_queries import PROJECT_NAME
from support.folders import plant
from support.lsp_client import Client
from support.program import BASE_IMAGE, caliban
from support.second_engine import SecondEngine, second_engine

from caliban_ls.runtime.docker.engine import DockerEngine

PATIENCE = 60

NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:9"}
"""What makes a build use the engine's own network: this engine has no other to give."""


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory, engine: DockerEngine) -> Iterator[SecondEngine]:
    with second_engine(tmp_path_factory.mktemp("engine"), copy_of=BASE_IMAGE, taken_from=engine) as second:
        yield second


@pytest.mark.parametrize(
    ("argv", "buildkit"),
    [
        (["build", "train.py", "--no_cache"], "0"),
        (["build", "train.py", "--no_cache"], "1"),
        (["run", "--image_id", "quick", "--docker_run_args=--env A=1"], "0"),
        (["notebook", "--bare", "--image_id", BASE_IMAGE], "0"),
        (["shell", "--bare", "--image_id", BASE_IMAGE, "--", "sleep", "600"], "0"),
    ],
    ids=["build by the classic builder", "build by BuildKit", "run", "notebook", "shell"],
)
@pytest.mark.parametrize("end", [SecondEngine.kill, SecondEngine.stop], ids=["killed", "stopped"])
def test_what_an_engine_interrupts_that_ends(
    mortal: SecondEngine,
    tmp_path: Path,
    argv: list[str],
    buildkit: str,
    end: Callable[[SecondEngine], None],
) -> None:
    wait = "time.sleep(600)"
    tree = {
        ".calibanconfig.json": json.dumps({"default_mode": "CPU", "docker": {"dockerfile": "Dockerfile"}}),
        "Dockerfile": f"FROM {BASE_IMAGE}\nRUN echo begun && sleep 600\n",
        "train.py": f"import time; {wait}",
        "jupyter.py": f"import time; {wait}",
    }
    project = plant(tmp_path / PROJECT_NAME, tree)
    environment = {
        "DOCKER_HOST": mortal.address,
        "DOCKER_BUILDKIT": buildkit,
        "HOME": str(tmp_path),
        **NO_NETWORK,
    }
    assert caliban("trust", folder=project, environment=environment).returncode == 0
    with mortal.engine._client() as client:
        config = client.create_container(BASE_IMAGE)
        client.commit(config["Id"], "quick", changes=['ENTRYPOINT ["sleep", "600"]'])
        client.remove_container(config["Id"])
    process = subprocess.Popen(
        [sys.executable, "-m", "caliban_ls", *argv],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "CALIBAN_HOME": str(tmp_path / "state"), **environment},
    )
    assert process.stdout is not None
    with process.stdout as lines:
        if argv[0] == "build":
            assert any(line.strip() == "begun" for line in lines)
        else:
            deadline = time.monotonic() + PATIENCE
            while not any(container.running for container in mortal.engine.containers({"caliban.kind": ""})):
                assert time.monotonic() < deadline, "it never ran"
        end(mortal)
        try:
            said = lines.read()
            code = process.wait(PATIENCE)
        finally:
            mortal.start()
    assert code == 3, said
    assert "error[engine-unavailable]: No Docker engine answers" in said or "stopped answering" in said
    assert "Traceback" not in said
    assert caliban("containers", folder=project, environment=environment).returncode == 0


def test_a_server_outlives_its_engine(mortal: SecondEngine, tmp_path: Path) -> None:
    tree = {
        ".calibanconfig.json": json.dumps({"default_mode": "CPU", "base_image": BASE_IMAGE}),
        "stay.sh": "echo up; sleep 600",
        "quick.sh": "echo quick",
    }
    project = plant(tmp_path / PROJECT_NAME, tree)
    surroundings = {"DOCKER_HOST": mortal.address, "CALIBAN_HOME": str(tmp_path / "state")}
    environment = {**surroundings, "HOME": str(tmp_path), **NO_NETWORK}
    assert caliban("trust", folder=project, environment=environment).returncode == 0

    def run(client: Client, module: str) -> int:
        return client.command("run", {"module": module, "docker_run_args": "--network none"})

    mortal.kill()
    try:
        with Client("-m", "caliban_ls", "serve", environment=environment) as client:
            client.initialize(options={"trusted": True}, folders=(project,))
            absent = client.answer(run(client, "quick.sh"))["error"]
            mortal.start()
            assert client.answer(run(client, "quick.sh"))["result"]["jobs"][0]["state"] == "SUCCEEDED"
            request = run(client, "stay.sh")
            client.notification("caliban-ls/log", lambda log: "up" in log["text"])
            mortal.kill()
            gone = client.answer(request)["error"]
            mortal.start()
            assert client.answer(run(client, "quick.sh"))["result"]["jobs"][0]["state"] == "SUCCEEDED"
            assert client.quit() == 0
    finally:
        mortal.start_if_ended()
    for error in (absent, gone):
        assert error["data"]["code"] == "engine-unavailable"
        assert "Start that engine" in error["data"]["hint"]

"""Runs followed and stopped by other processes: `status`, `logs`, `stop`, `--rerun_failed`, `--detach`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.lsp_client import Client
from support.program import BASE_IMAGE, caliban

PATIENCE = 60

TRAIN = """
import argparse, json, sys, time
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--n", type=int, default=0)
parser.add_argument("--fail", action="store_true")
parser.add_argument("--stay", action="store_true")
parser.add_argument("--token")
options = parser.parse_args()
# Each in one piece: the engine mixes the two streams as they come.
sys.stdout.write(f"job {options.n} is up\\n")
sys.stderr.write("aside\\n")
if options.stay:
    time.sleep(600)
sys.stdout.write(json.dumps({"n": options.n}) + "\\n")
sys.exit(3 if options.fail else 0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    config = json.dumps({"base_image": BASE_IMAGE, "default_mode": "CPU", "module": "train.py"})
    tree = {
        ".calibanconfig.json": config,
        "train.py": TRAIN,
        "experiment.json": '{"n": [1, 2, 3]}',
        "mixed.json": '[{"n": [1, 2]}, {"n": [3, 4], "fail": true}]',
        "stay.json": '{"n": [1, 2, 3, 4], "stay": true}',
    }
    return plant(tmp_path / PROJECT_NAME, tree)


@pytest.fixture(autouse=True)
def nothing_goes_on(project: Path) -> Iterator[None]:
    yield
    for group in json.loads(caliban("status", "--json", folder=project).stdout or '{"groups": []}')["groups"]:
        caliban("stop", group["name"], folder=project)
    assert containers_of(project) == []


def groups(project: Path, *argv: str) -> list[dict[str, Any]]:
    answer = caliban("status", "--json", *argv, folder=project)
    assert answer.returncode == 0, answer.stderr
    listed: list[dict[str, Any]] = json.loads(answer.stdout)["groups"]
    return listed


def states(project: Path, *argv: str) -> list[str]:
    return [job["state"] for job in groups(project, *argv)[0]["jobs"]]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"


def begin(project: Path, *argv: str) -> subprocess.Popen[str]:
    """Start the program and leave it running."""
    return subprocess.Popen(
        [sys.executable, "-m", "caliban_ls", *argv],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CALIBAN_HOME": str(project.parent / "state")},
    )


def test_what_was_run_and_what_it_printed(project: Path) -> None:
    assert caliban("status", folder=project).stdout == "Nothing has been run on this machine so far.\n"
    assert caliban("run", "--experiment_config", "mixed.json", folder=project).returncode == 1
    (group,) = groups(project)
    assert [job["state"] for job in group["jobs"]] == ["SUCCEEDED", "SUCCEEDED", "FAILED", "FAILED"]
    assert (group["count"], group["states"]) == (4, {"SUCCEEDED": 2, "FAILED": 2})
    assert group["jobs"][0] | {"created": "", "started": "", "ended": "", "seconds": 0} == {
        "job_id": f"{group['name']}_1",
        "index": 1,
        "name": f"{group['name']}_1",
        "state": "SUCCEEDED",
        "args": ["--n", "1"],
        "created": "",
        "started": "",
        "ended": "",
        "url": None,
        "exit_code": 0,
        "seconds": 0,
        "metrics": {"n": 1.0},
        "error": None,
        "gone": False,
        "command": None,
    }
    printed = caliban("logs", f"{group['name']}/3", folder=project).stdout
    assert sorted(printed.splitlines()) == ["aside", "job 3 is up", '{"n": 3}']
    assert json.loads(caliban("logs", f"{group['name']}_3", "--json", folder=project).stdout) == {
        "job": f"{group['name']}_3",
        "text": printed,
        "offset": len(printed),
    }
    several = caliban("logs", group["name"], folder=project)
    assert (several.returncode, "has 4 jobs" in several.stderr) == (2, True)
    assert f"{group['name']}/1" in several.stderr
    logs = project.parent / "state/logs" / group["name"]
    assert (logs.stat().st_mode & 0o777, (logs / "1.log").stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_log_is_followed_from_another_process_to_its_end(project: Path) -> None:
    with begin(project, "run", "--name", "one", "--", "--n", "7", "--stay") as running:
        wait_until(lambda: groups(project) and states(project) == ["RUNNING"])
        with begin(project, "logs", "-f", "one") as following:
            assert following.stdout is not None
            assert {following.stdout.readline() for _ in range(2)} == {"job 7 is up\n", "aside\n"}
            caliban("stop", "one", folder=project)
            assert following.stdout.read() == ""
            assert following.wait(PATIENCE) == 0
        assert running.wait(PATIENCE) != 0
    assert states(project) == ["CANCELLED"]


def test_following_ends_with_ctrl_c_and_the_job_goes_on(project: Path) -> None:
    caliban("run", "--detach", "--name", "one", "--", "--stay", folder=project)
    with begin(project, "logs", "--follow", "one") as following:
        assert following.stdout is not None
        following.stdout.readline()
        following.send_signal(signal.SIGINT)
        assert following.wait(PATIENCE) == 130
    assert states(project) == ["RUNNING"]


def test_a_stopped_sweep_starts_nothing_more(project: Path) -> None:
    with begin(project, "run", "--experiment_config", "stay.json", "--name", "g", "--jobs", "2") as running:
        wait_until(lambda: len(containers_of(project)) == 2)
        wait_until(lambda: states(project) == ["RUNNING", "RUNNING", "QUEUED", "QUEUED"])
        one = groups(project)[0]["jobs"][0]["job_id"]
        answer = caliban("stop", one, folder=project)
        assert answer.stdout == f"stopped {one}\n"
        # Its place is taken by the next one.
        wait_until(lambda: states(project) == ["CANCELLED", "RUNNING", "RUNNING", "QUEUED"])
        assert len(caliban("stop", "g", folder=project).stdout.splitlines()) == 4
        out, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert states(project) == ["CANCELLED"] * 4
    assert out.count("is up") == 3
    assert containers_of(project) == []
    again = caliban("stop", "g", folder=project)
    assert (again.returncode, again.stdout.count("had ended already")) == (0, 4)


def test_what_is_to_be_stopped_must_exist(project: Path) -> None:
    answer = caliban("stop", "nothing", folder=project)
    assert (answer.returncode, "no container nothing" in answer.stderr) == (2, True)
    assert caliban("stop", folder=project).returncode == 2
    assert caliban("logs", "nothing", folder=project).returncode == 2


def test_only_what_failed_runs_again(project: Path) -> None:
    caliban("run", "--experiment_config", "mixed.json", folder=project)
    plant(project, {"train.py": TRAIN.replace("3 if options.fail else 0", "3 if options.n == 4 else 0")})
    answer = caliban("run", "--rerun_failed", "--experiment_config", "mixed.json", "--json", folder=project)
    assert answer.returncode == 1
    assert [(job["args"], job["state"]) for job in json.loads(answer.stdout)["jobs"]] == [
        (["--n", "3", "--fail"], "SUCCEEDED"),
        (["--n", "4", "--fail"], "FAILED"),
    ]
    plant(project, {"train.py": TRAIN.replace("3 if options.fail else 0", "0")})
    answer = caliban("run", "--rerun_failed", "--json", folder=project)
    assert answer.returncode == 0
    assert [job["args"] for job in json.loads(answer.stdout)["jobs"]] == [["--n", "4", "--fail"]]
    answer = caliban("run", "--rerun_failed", folder=project)
    assert (answer.returncode, answer.stdout) == (0, "")
    assert "there is nothing to run again" in answer.stderr
    assert len(groups(project)) == 3


def test_one_job_of_the_history_runs_once_more(project: Path) -> None:
    plant(project, {".calibanconfig.json": json.dumps({"base_image": BASE_IMAGE, "default_mode": "CPU"})})
    caliban("run", "--name", "g", "--experiment_config", "mixed.json", "train.py", folder=project)
    # From anywhere: the history knows the folder and the module.
    answer = caliban("run", "--job", "g/3", "--json", folder=project.parent, home=project.parent / "state")
    assert answer.returncode == 3, answer.stderr
    (job,) = json.loads(answer.stdout)["jobs"]
    assert (job["args"], job["state"]) == (["--n", "3", "--fail"], "FAILED")
    (told,) = json.loads(caliban("status", "--json", "g/1", folder=project).stdout)["groups"]
    assert told["jobs"][0]["command"] == "caliban run --name=g train.py -- --n 3 --fail"
    refused = caliban("run", "--job", "nothing", folder=project)
    assert (refused.returncode, "no job or group nothing" in refused.stderr) == (2, True)
    refused = caliban("run", "--job", "g/1", "--rerun_failed", folder=project)
    assert refused.returncode == 2
    (project / "gone").mkdir()
    plant(
        project / "gone", {"train.py": TRAIN, ".calibanconfig.json": json.dumps({"base_image": BASE_IMAGE})}
    )
    caliban("run", "--name", "h", "train.py", folder=project / "gone", home=project.parent / "state")
    (project / "gone").rename(project / "away")
    refused = caliban("run", "--job", "h", folder=project)
    assert (refused.returncode, "is gone" in refused.stderr) == (3, True)


def test_secrets_are_not_run_again_from_the_history(project: Path) -> None:
    caliban("run", "--", "--fail", "--token", "hush", folder=project)
    answer = caliban("run", "--rerun_failed", folder=project)
    assert answer.returncode == 2
    assert "The history masks arguments" in answer.stderr
    answer = caliban("run", "--job", PROJECT_NAME, folder=project)
    assert (answer.returncode, "look like credentials" in answer.stderr) == (2, True)
    answer = caliban("run", "--rerun_failed", folder=project.parent)
    assert "Nothing has been run in this folder" in answer.stderr


def test_a_run_in_the_background(project: Path) -> None:
    answer = caliban("run", "--detach", "--experiment_config", "experiment.json", "--json", folder=project)
    assert answer.returncode == 0, answer.stderr
    launched = json.loads(answer.stdout)
    assert [job["state"] for job in launched["jobs"]] == ["QUEUED"] * 3
    wait_until(lambda: states(project) == ["SUCCEEDED"] * 3)
    (group,) = groups(project)
    assert (group["name"], [job["job_id"] for job in group["jobs"]]) == (
        launched["group"],
        [job["job_id"] for job in launched["jobs"]],
    )
    assert "job 2 is up" in caliban("logs", f"{group['name']}/2", folder=project).stdout


def test_a_background_with_wrong_flags_never_begins(project: Path) -> None:
    answer = caliban("run", "--detach", "--jobs", "0", folder=project)
    assert answer.returncode == 2


def test_a_job_whose_process_was_killed(project: Path) -> None:
    running = begin(project, "run", "--", "--stay")
    with running:
        wait_until(
            lambda: groups(project) and states(project) == ["RUNNING"] and len(containers_of(project)) == 1
        )
        running.kill()
    (group,) = groups(project)
    (job,) = group["jobs"]
    assert (job["state"], job["error"]) == ("UNKNOWN", "The process that ran it was killed")
    assert "job 0 is up" in caliban("logs", f"{group['name']}/1", folder=project).stdout
    assert len(containers_of(project)) == 1, "to look removes nothing"
    assert caliban("run", folder=project).returncode == 0
    assert containers_of(project) == []
    assert states(project, group["name"]) == ["UNKNOWN"]


def test_fifty_jobs_four_at_once_and_not_a_line_is_lost(project: Path) -> None:
    lines = 2000
    program = f"""
import sys, time
from pathlib import Path
n = sys.argv[2]
here = Path("/shared") / n
here.touch()
print("together", len(list(Path("/shared").iterdir())), flush=True)
for line in range({lines}):
    print(n, line)
here.unlink()
"""
    shared = project.parent / "shared"
    shared.mkdir()
    plant(project, {"count.py": program, "fifty.json": json.dumps({"n": list(range(50))})})
    flags = ["--jobs", "4", "--experiment_config", "fifty.json", f"--docker_run_args=-v '{shared}:/shared'"]
    answer = caliban("run", *flags, "count.py", folder=project)
    assert answer.returncode == 0, answer.stderr[-2000:]
    shown: dict[str, list[str]] = {}
    together = []
    for line in answer.stdout.splitlines():
        job, _, text = line.partition("] ")
        if text.startswith("together "):
            together.append(int(text.split()[1]))
        elif job.startswith("["):
            shown.setdefault(text.split()[0], []).append(text)
    assert 1 < max(together) <= 4
    for n in range(50):
        lost = {f"{n} {line}" for line in range(lines)} - set(shown[str(n)])
        assert not lost, f"job {n} lost {len(lost)} lines, among them {min(lost)!r} and {max(lost)!r}"
    assert shown == {str(n): [f"{n} {line}" for line in range(lines)] for n in range(50)}
    group = groups(project)[0]["name"]
    kept = (project.parent / "state/logs" / group).glob("*.log")
    assert sum(len(file.read_bytes().splitlines()) for file in kept) == 50 * (lines + 1)
    assert "50 of 50 jobs done, 0 running, 0 failed" in answer.stderr


HARD = {
    "prints 100 MB": ("print(('x' * 99 + '\\n') * 1_000_000, end='')", "", 0, "SUCCEEDED"),
    "forks 200 processes": (
        "import subprocess; [p.wait() for p in [subprocess.Popen(['sleep', '1']) for _ in range(200)]]",
        "",
        0,
        "SUCCEEDED",
    ),
    "leaves processes behind": ("import subprocess; subprocess.Popen(['sleep', '600'])", "", 0, "SUCCEEDED"),
    "takes too much memory": (
        "x = bytearray(300_000_000); print(len(x))",
        "--memory 100m --memory-swap 100m",
        137,
        "FAILED",
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_jobs_that_are_hard_to_run(project: Path, name: str) -> None:
    program, flags, code, state = HARD[name]
    plant(project, {"hard.py": program})
    answer = caliban("run", f"--docker_run_args={flags}", "hard.py", folder=project)
    assert answer.returncode == code, answer.stderr[-2000:]
    assert states(project) == [state]
    group = groups(project)[0]["name"]
    log = (project.parent / f"state/logs/{group}/1.log").read_bytes()
    assert len(log) == len(answer.stdout)
    assert ("out of memory" in answer.stderr) == (code == 137)
    assert containers_of(project) == []


def test_a_job_that_ignores_sigterm_is_stopped(project: Path) -> None:
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    plant(project, {"deaf.py": program})
    with begin(project, "run", "--name", "deaf", "deaf.py") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "deaf\n"
        caliban("stop", "deaf", folder=project)
        assert running.wait(PATIENCE) == 137
    assert states(project) == ["CANCELLED"]


def test_an_editor_follows_and_stops(project: Path) -> None:
    environment = {"CALIBAN_HOME": str(project.parent / "state")}
    with Client("-m", "caliban_ls", "serve", environment=environment) as client:
        client.initialize(options={"trusted": True}, folders=(project,))

        def result(name: str, argument: Any) -> Any:
            answer = client.answer(client.command(name, argument))
            assert "error" not in answer, answer
            return answer["result"]

        launched = result("run", {"detach": True, "args": ["--n", "5", "--stay"]})
        (job,) = launched["jobs"]
        following = client.command("logs", {"job": job["job_id"], "follow": True})
        client.notification(
            "caliban-ls/log", lambda log: log["job"] == job["job_id"] and "job 5 is up" in log["text"]
        )
        assert result("status", {})["groups"][0]["jobs"][0]["state"] == "RUNNING"
        assert result("stop", {"references": [launched["group"]]}) == {
            "stopped": [job["job_id"]],
            "ended": [],
            "failed": [],
        }
        assert client.answer(following)["result"]["offset"] > 0
        text = result("logs", {"job": job["job_id"]})["text"]
        assert "job 5 is up" in text.splitlines()
        assert client.quit() == 0

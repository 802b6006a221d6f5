"""`caliban build` and `caliban run` as a user types them, against the real engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.program import BASE_IMAGE, caliban

TRAIN = """
import argparse, json, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.0)
parser.add_argument("--fail", action="store_true")
options, rest = parser.parse_known_args()
print("args", json.dumps(sys.argv[1:]))
print("where", os.getcwd(), "uid", os.getuid())
print("warning", file=sys.stderr)
open("written.json", "w").write("{}")
print(json.dumps({"score": options.lr * 2}))
sys.exit(7 if options.fail else 0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a package, a root script and a shell script."""
    folder = tmp_path / PROJECT_NAME  # the history lies beside it
    folder.mkdir()
    (folder / ".calibanconfig.json").write_text(json.dumps({"base_image": BASE_IMAGE}))
    (folder / "trainer").mkdir()
    (folder / "trainer" / "__init__.py").write_text("")
    (folder / "trainer" / "train.py").write_text(TRAIN)
    (folder / "train.py").write_text(TRAIN)
    (folder / "script.sh").write_text('echo "script $*"\n')
    return folder


@pytest.mark.parametrize("module", ["trainer.train", "trainer/train.py", "train.py", "train"])
def test_every_form_of_a_module_runs_with_its_arguments(project: Path, module: str) -> None:
    answer = caliban("run", module, "--", "--lr", "0.5", "--", "a b", folder=project)
    assert answer.returncode == 0, answer.stderr
    assert 'args ["--lr", "0.5", "--", "a b"]' in answer.stdout
    assert f"uid {os.getuid()}" in answer.stdout
    assert "warning" in answer.stderr
    assert "warning" not in answer.stdout
    assert not (project / "written.json").exists()


def test_a_script_runs(project: Path) -> None:
    answer = caliban("run", "script.sh", "--", "one", "two", folder=project)
    assert (answer.returncode, answer.stdout) == (0, "script one two\n")


def test_one_job_ends_as_its_process_did(project: Path) -> None:
    assert caliban("run", "train.py", "--", "--fail", folder=project).returncode == 7


def test_a_sweep_ends_with_a_table_and_its_metrics(project: Path) -> None:
    (project / "experiment.json").write_text('{"lr": [0.5, 1, 2], "fail": [false, true]}')
    answer = caliban(
        "run",
        "--experiment_config",
        "experiment.json",
        "--jobs",
        "3",
        "--json",
        "trainer.train",
        folder=project,
    )
    assert answer.returncode == 1, answer.stderr
    result = json.loads(answer.stdout)
    assert [job["index"] for job in result["jobs"]] == [1, 2, 3, 4, 5, 6]
    assert [job["state"] for job in result["jobs"]] == ["SUCCEEDED", "FAILED"] * 3
    assert [job["exit_code"] for job in result["jobs"]] == [0, 7] * 3
    assert [job["metrics"] for job in result["jobs"]] == [{"score": score} for score in (1, 1, 2, 2, 4, 4)]
    table = caliban(
        "run", "--experiment_config", "experiment.json", "--index", "5", "trainer.train", folder=project
    )
    assert table.returncode == 0
    assert containers_of(project) == []


def test_a_dry_run_touches_nothing(project: Path) -> None:
    (project / "experiment.json").write_text('{"lr": [0.5, 1]}')
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "caliban_ls",
            "run",
            "--experiment_config",
            "experiment.json",
            "--dry_run",
            "train",
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "DOCKER_HOST": "tcp://127.0.0.1:9", "CALIBAN_HOME": str(project.parent / "state")},
    )
    assert "--lr 0.5" in answer.stdout
    assert "2 PLANNED" in answer.stdout
    assert not (project.parent / "state").exists()


@pytest.mark.parametrize("uid", [12345, 1], ids=["one that the image lacks", "one that the image has"])
def test_an_ordinary_user(project: Path, uid: int) -> None:
    """Root becomes the user, but may still read a Python that lies in root's own folder."""
    become: list[str] = []
    if os.getuid() == 0:
        capability = "+dac_read_search"
        group = Path("/var/run/docker.sock").stat().st_gid
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={group}"]
        become += [f"--inh-caps={capability}", f"--ambient-caps={capability}"]
        subprocess.run(["chown", "--recursive", f"{uid}:{uid}", project.parent], check=True)
    else:
        uid = os.getuid()
    answer = subprocess.run(
        [*become, sys.executable, "-m", "caliban_ls", "run", "train.py"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(project), "CALIBAN_HOME": str(project.parent / "state")},
    )
    assert answer.returncode == 0, answer.stderr
    assert f"uid {uid}" in answer.stdout


def test_an_unchanged_build_asks_the_engine_for_nothing_but_the_image(project: Path) -> None:
    # An image of its own, so that what others do to theirs meanwhile can be told apart.
    (project / "trainer" / "train.py").write_text(f"print('{uuid.uuid4()}')")
    first = json.loads(caliban("build", "trainer.train", "--json", folder=project).stdout)
    assert first["tag"].startswith("caliban/")
    since = time.time()
    second = json.loads(caliban("build", "trainer.train", "--json", folder=project).stdout)
    until = time.time() + 1
    assert (second["cached"], second["image_id"], second["tag"]) == (True, first["image_id"], first["tag"])
    events = subprocess.run(
        ["docker", "events", "--since", f"{since:.3f}", "--until", f"{until:.3f}", "--filter", "type=image"],
        capture_output=True,
        text=True,
        check=True,
    )
    # Whoever else tests on this engine makes images too.
    assert [line for line in events.stdout.splitlines() if first["tag"] in line] == []


def test_only_the_package_travels(project: Path) -> None:
    (project / "data").mkdir()
    with (project / "data" / "big.bin").open("wb") as file:
        file.truncate(200 * 2**20)
    answer = caliban("run", "trainer.train", folder=project)
    assert answer.returncode == 0
    assert "200" not in answer.stderr
    (project / ".dockerignore").write_text("")
    answer = caliban("build", "train.py", "--json", folder=project)
    assert "data" in answer.stderr
    assert "MB" in answer.stderr
    (project / ".dockerignore").write_text("data\n")
    assert "MB" not in caliban("build", "train.py", "--json", folder=project).stderr


def test_requirements_are_installed_and_a_code_change_keeps_their_layer(project: Path) -> None:
    (project / "requirements.txt").write_text("iniconfig==2.1.0\n")
    (project / "trainer" / "train.py").write_text("import iniconfig; print('has', iniconfig.__name__)")
    assert "has iniconfig" in caliban("run", "trainer.train", folder=project).stdout
    (project / "trainer" / "train.py").write_text("import iniconfig; print('still', iniconfig.__name__)")
    answer = caliban("run", "trainer.train", folder=project)
    assert "still iniconfig" in answer.stdout
    assert "Collecting iniconfig" not in answer.stderr


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sweep_leaves_no_container(project: Path, interruption: signal.Signals) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    (project / "experiment.json").write_text('{"lr": [1, 2, 3, 4]}')
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "caliban_ls",
            "run",
            "--experiment_config",
            "experiment.json",
            "--jobs",
            "2",
            "train",
        ],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CALIBAN_HOME": str(project.parent / "state")},
    )
    assert process.stdout is not None
    assert {process.stdout.readline(), process.stdout.readline()} == {"[1] up\n", "[2] up\n"}
    process.send_signal(interruption)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert containers_of(project) == []


def test_what_a_killed_run_left_is_removed_by_the_next(project: Path) -> None:
    (project / "train.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    process = subprocess.Popen(
        [sys.executable, "-m", "caliban_ls", "run", "train"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "CALIBAN_HOME": str(project.parent / "state")},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert len(containers_of(project)) == 1
    (project / "train.py").write_text("print('next')")
    assert caliban("run", "train", folder=project, home=project.parent / "state").stdout == "next\n"
    assert containers_of(project) == []


def test_a_build_that_fails_says_which_step(project: Path) -> None:
    (project / "requirements.txt").write_text("surely-no-such-package-on-earth==1\n")
    answer = caliban("build", "train", folder=project)
    assert answer.returncode == 1
    assert "error[build-failed]" in answer.stderr
    assert "surely-no-such-package-on-earth" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_gpus_that_the_engine_cannot_give_are_explained(project: Path) -> None:
    answer = caliban("run", "--gpu", "train.py", folder=project)
    assert answer.returncode == 3
    assert "GPU" in answer.stderr
    assert "--nogpu" in answer.stderr
    assert "Traceback" not in answer.stderr

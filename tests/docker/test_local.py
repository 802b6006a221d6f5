"""Local sweeps, on a real engine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from support.engine_contract import WAIT
from support.sweep_contract import PROJECT, SweepContract

from caliban_ls.runtime.docker.engine import DockerEngine
from caliban_ls.runtime.engine import ContainerInfo
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState
from caliban_ls.runtime.local import owner
from caliban_ls.runtime.local.orphans import Orphan, sweep_orphans


class TestDockerSweeps(SweepContract):
    """The contract, in containers."""


PROGRAM = """
import os, sys
from pathlib import Path
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.runtime.engine import ContainerSpec
from caliban_ls.runtime.jobs import JobSpec
from caliban_ls.runtime.docker.engine import open_engine
from caliban_ls.runtime.docker.endpoint import configuration_folder, resolve_endpoint
from caliban_ls.runtime.history.records import job_id_of, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.local.runner import Sweep, run_jobs
from caliban_ls.runtime.local.owner import OWNER, PROJECT, this_owner
from caliban_ls.runtime.history.recorder import Recorder

class Watcher(Recorder):
    def started(self, job):
        pass

    def output(self, job, stream, chunk):
        print(job.job_id, flush=True)

folder, project, image, *scripts = sys.argv[1:]
engine = open_engine(resolve_endpoint(os.environ, configuration_folder(os.environ, Path.home()), sys.platform))
watcher = Watcher(lambda: History(Path(folder), warn=print, clock=utc_now), warn=print, clock=utc_now)
group = watcher.begin(title="caliban ls test", folder=Path(folder), image=image, owner=this_owner())
jobs = [
    JobSpec(index=index, job_id=job_id_of(group, index), args=(script,))
    for index, script in enumerate(scripts, start=1)
]
watcher.planned(group, jobs)
labels = {OWNER: this_owner(), PROJECT: project}
sweep = Sweep(group=group, container=ContainerSpec(image=image, args=(), name="", labels=labels))
run_jobs(jobs, sweep, engine=engine, at_once=2, watcher=watcher, cancel=CancelToken())
"""


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path, warn=print, clock=utc_now)
    yield history
    history.close()


class OwnContainers(DockerEngine):
    """Sees the containers of these tests only, and leaves those of others alone."""

    def containers(self, labels: Mapping[str, str]) -> list[ContainerInfo]:
        return super().containers({**labels, owner.PROJECT: PROJECT})


def test_a_killed_process_leaves_nothing_for_long(
    engine: DockerEngine, image: str, history: History, tmp_path: Path
) -> None:
    own = OwnContainers(engine.endpoint)
    until_told = f"trap 'exit 7' USR1; {WAIT}"
    argv = [sys.executable, "-c", PROGRAM, str(tmp_path), PROJECT, image, until_told, WAIT, "exit 0"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ended, running = sorted(process.stdout.readline().strip() for _ in range(2))
        group = ended.rpartition("_")[0]
        assert sweep_orphans(own, history) == [], "its owner lives"
        process.kill()
    with engine._client() as client:
        client.kill(ended, "USR1")
        client.wait(ended)
    assert sorted(sweep_orphans(own, history), key=lambda orphan: orphan.name) == [
        Orphan(name=ended, job=True, state=JobState.FAILED, exit_code=7),
        Orphan(name=running, job=True, state=JobState.UNKNOWN, exit_code=None),
    ]
    assert engine.containers({owner.GROUP: group}) == []
    assert [(job.state, job.exit_code, job.error) for job in history.jobs.of(group)] == [
        (JobState.FAILED, 7, "Exit code 7"),
        (JobState.UNKNOWN, None, "The process that ran it was killed"),
        (JobState.CANCELLED, None, "The process that ran it was killed"),
    ]


def test_an_ended_container_tells_its_code(engine: DockerEngine, image: str) -> None:
    labels = {owner.GROUP: f"ended_{PROJECT}", owner.JOB: f"ended_{PROJECT}_1"}
    name = f"caliban-ls-test-ended-{PROJECT}"
    with engine._client() as client:
        created = client.create_container(image, ["exit 9"], name=name, labels=labels)["Id"]
        try:
            never_started = engine.containers(labels)
            client.start(created)
            client.wait(created)
            ended = engine.containers(labels)
        finally:
            client.remove_container(created, force=True)
    environment = {"PATH": "/bin"}
    expected = ContainerInfo(
        id=created,
        name=name,
        labels=labels,
        running=False,
        exit_code=None,
        environment=environment,
        image=image,
    )
    assert never_started == [expected]
    (started,) = (one.started for one in ended)
    assert abs(datetime.fromisoformat(started).timestamp() - time.time()) < 3600
    assert ended == [replace(expected, exit_code=9, started=started)]

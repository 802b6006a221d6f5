"""What is sent is what Google's services take, for any hardware that the catalogue calls possible."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from cloud.emulator.server import Emulator
from support.cloud_project import Desk

from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.hardware import Request, check_request, resolve
from caliban_ls.analysis.hardware.catalog import Accelerator, Service, catalog
from caliban_ls.operations.cloud import plan as cloud_plan
from caliban_ls.operations.cloud import plan_view
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.ai_platform import AiPlatformJobs
from caliban_ls.runtime.backends.backend import JobRequest, Scheduling
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.backends.vertex import VertexJobs
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.local_identity import Claims
from caliban_ls.runtime.jobs import JobSpec

BACKENDS: tuple[BackendName, ...] = ("vertex", "ai-platform")
ODD = ["", "a", "Große Größe", "--x", "-1e-4", "a=b,c", "x" * 300, "\u2028", "😀", "*.json", "None"]


def flags_of(dice: random.Random, backend: str, service: Service) -> dict[str, Any]:
    """Flags for some hardware that goes together."""
    machine, accelerator = dice.choice(service.pairs)
    regions = [region for region in service.regions if service.has((machine, accelerator), region)]
    flags: dict[str, Any] = {
        "backend": backend,
        "region": dice.choice(regions),
        "machine_type": machine.name,
        "nogpu": accelerator is None,
        # The catalogue warns that the older service is closed; those who use it know.
        "force": backend == "ai-platform",
    }
    if accelerator is not None:
        flags[f"{accelerator.kind}_spec"] = str(accelerator)
    if backend == "vertex":
        single = machine.machines(accelerator) == 1
        flags["spot"] = single and dice.random() < 0.3
        flexible = accelerator is not None and catalog().accelerators[accelerator.type].flex_start
        flags["flex_start"] = flexible and not flags["spot"] and dice.random() < 0.5
        flags["max_wait"] = "2d" if flags["flex_start"] else None
        flags["restart"] = dice.random() < 0.3
    flags["timeout"] = dice.choice([None, "90m", "7d"])
    flags["service_account"] = dice.choice([None, "other@my-project.iam.gserviceaccount.com"])
    flags["label"] = tuple(
        f"{dice.choice(ODD) or 'k'}{n}={dice.choice(ODD)}" for n in range(dice.randrange(5))
    )
    return flags


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_request_of_random_plans_is_taken(
    desk: Desk, emulator: Emulator, google: Google, backend: BackendName
) -> None:
    dice = random.Random(f"plans of {backend}")
    known = catalog().services[backend]
    for number in range(100):
        flags = flags_of(dice, backend, known)
        (desk.folder / "experiment.json").write_text(
            json.dumps(
                {
                    f"flag_{n}" if dice.random() < 0.9 else f"Flag.{n}!": dice.choice(
                        [
                            dice.choice(ODD),
                            dice.random(),
                            True,
                            False,
                            *([ODD[:2], ODD[4:7]] if n < 3 else []),
                        ]
                    )
                    for n in range(dice.choice([0, 1, 3, 80]))
                }
            )
        )
        title = dice.choice(["sweep", "Größe 7", "7", "x" * 200])
        arguments = desk.arguments(args=tuple(dice.sample(ODD, dice.randrange(3))), name=title, **flags)
        plan = cloud_plan.make_plan(arguments, Project(), Claims(project="my-project"), desk.context())
        service: Any = (
            VertexJobs(google, plan.project_id, plan.choice.region)
            if backend == "vertex"
            else AiPlatformJobs(google, plan.project_id)
        )
        bodies = [body for _, body in plan.jobs()]
        for body in {body["labels"][labels.JOB]: body for body in (bodies[0], bodies[-1])}.values():
            made = service.create(body)
            assert service.args(made.name) == bodies_args(body), (number, flags)
    assert not emulator.refused


def bodies_args(body: dict[str, Any]) -> tuple[str, ...]:
    if "trainingInput" in body:
        return tuple(body["trainingInput"].get("args", ()))
    return tuple(body["jobSpec"]["workerPoolSpecs"][0]["containerSpec"].get("args", ()))


def body(backend: BackendName, scheduling: Scheduling | None = None, **asked: Any) -> dict[str, Any]:
    request = Request(backend=backend, **asked)
    job = JobRequest(
        job_id="j_1",
        image="r/i:t",
        args=("--a", "1"),
        labels={"k": "v"},
        choice=resolve(request),
        scheduling=scheduling or Scheduling(),
        service_account="a@b.c",
    )
    return backend_of(backend).body(job)


def test_a_request_to_vertex_ai() -> None:
    assert body("vertex", Scheduling(timeout=3600, restart=True), spot=True) == {
        "displayName": "j_1",
        "labels": {"k": "v"},
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": {
                        "machineType": "n1-standard-8",
                        "acceleratorType": "NVIDIA_TESLA_T4",
                        "acceleratorCount": 1,
                    },
                    "replicaCount": "1",
                    "containerSpec": {"imageUri": "r/i:t", "args": ["--a", "1"]},
                }
            ],
            "scheduling": {"strategy": "SPOT", "timeout": "3600s", "restartJobOnWorkerRestart": True},
            "serviceAccount": "a@b.c",
        },
    }


@pytest.mark.parametrize(
    ("asked", "machine"),
    [
        (
            {"tpu_spec": Accelerator("V3", 8, "tpu")},
            {"machineType": "cloud-tpu", "acceleratorType": "TPU_V3", "acceleratorCount": 8},
        ),
        (
            {"tpu_spec": Accelerator("V5E", 4, "tpu"), "region": "us-west1"},
            {"machineType": "ct5lp-hightpu-4t", "tpuTopology": "2x2"},
        ),
        ({"mode": "cpu"}, {"machineType": "e2-standard-4"}),
    ],
)
def test_machines_of_vertex_ai(asked: dict[str, Any], machine: dict[str, Any]) -> None:
    found = body("vertex", **asked)["jobSpec"]["workerPoolSpecs"][0]["machineSpec"]
    if asked.get("mode") == "cpu":
        machine = {"machineType": catalog().default_machines["cpu"]}
    assert found == machine


def test_flex_start() -> None:
    asked = body("vertex", Scheduling(max_wait=7200), gpu_spec=Accelerator("L4", 1), flex_start=True)
    assert asked["jobSpec"]["scheduling"] == {"strategy": "FLEX_START", "maxWaitDuration": "7200s"}


def test_a_request_to_ai_platform_training() -> None:
    assert body("ai-platform", Scheduling(timeout=60, max_wait=1800)) == {
        "jobId": "j_1",
        "labels": {"k": "v"},
        "trainingInput": {
            "scaleTier": "CUSTOM",
            "region": "us-central1",
            "masterType": "n1-standard-8",
            "masterConfig": {
                "imageUri": "r/i:t",
                "acceleratorConfig": {"type": "NVIDIA_TESLA_P100", "count": "1"},
            },
            "args": ["--a", "1"],
            "scheduling": {"maxRunningTime": "60s", "maxWaitTime": "1800s"},
            "serviceAccount": "a@b.c",
        },
    }


def test_a_tpu_of_ai_platform_training_is_a_worker() -> None:
    training = body("ai-platform", tpu_spec=Accelerator("V2", 8, "tpu"))["trainingInput"]
    assert training["workerType"] == "cloud_tpu"
    assert training["workerConfig"]["acceleratorConfig"] == {"type": "TPU_V2", "count": "8"}
    assert "acceleratorConfig" not in training["masterConfig"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"gpu_spec": "1xT4", "flex_start": True}, "Flex-start is for"),
        ({"flex_start": True, "spot": True}, "exclude each other"),
        ({"gpu_spec": "1xL4", "flex_start": True, "timeout": "8d"}, "7 days"),
        ({"max_wait": "2d"}, "only flex-start"),
        ({"timeout": "soon"}, "no duration"),
        ({"gpu_spec": "3xT4"}, "T4"),
        ({"gpu_spec": "T4"}, "NUMxTYPE"),
        ({"gpu": True, "nogpu": True}, "exclude each other"),
        ({"backend": "ai-platform", "force": True, "restart": True}, "doesn't restart"),
        ({"backend": "ai-platform", "force": True, "max_wait": "10m"}, "30m"),
        ({"backend": "aws"}, "no backend"),
        ({"label": ("novalue",)}, "KEY=VALUE"),
    ],
    ids=str,
)
def test_what_cannot_be_had_is_said_before_anything_happens(
    desk: Desk, flags: dict[str, Any], words: str
) -> None:
    flagged = [
        f"--{name}" if value is True else f"--{name}={value[0] if isinstance(value, tuple) else value}"
        for name, value in flags.items()
    ]
    answer = desk.caliban("cloud", "--yes", "--image_tag=r/i:t", *flagged, "train.py")
    assert answer.returncode == 2, answer.stderr
    assert words in answer.stderr
    assert not desk.emulator.calls


def plan_of(desk: Desk, project: Project | None = None, **flags: Any) -> cloud_plan.Plan:
    arguments: CloudArguments = desk.arguments(**flags)
    return cloud_plan.make_plan(arguments, project or Project(), Claims(project="my-project"), desk.context())


def first_job(plan: cloud_plan.Plan) -> tuple[JobSpec, dict[str, Any]]:
    return next(plan.jobs())


def test_labels_are_the_flags_and_the_users_own_win(desk: Desk) -> None:
    (desk.folder / "experiment.json").write_text(
        '{"Learning.Rate": 0.1, "learning_rate": 0.2, "api_key": "x", "job_name": "flag", "verbose": true}'
    )
    plan = plan_of(
        desk, name="My sweep", args=("--epochs", "3", "--dry"), label=("Team=Vision!", "gpu_enabled=x")
    )
    _, request = first_job(plan)
    own = {key: value for key, value in request["labels"].items() if not key.startswith("caliban_")}
    assert own == {
        "job_name": "my_sweep",
        "tpu_enabled": "false",
        "docker_image": "image_tag",
        "team": "vision_",
        "gpu_enabled": "x",
        "epochs": "3",
        "dry": "true",
        "learning_rate": "0_1",
        "learning_rate_2": "0_2",
        "job_name_2": "flag",
        "verbose": "true",
    }
    assert request["labels"][labels.GROUP] == labels.group_value(plan.group)
    assert request["labels"][labels.JOB] == f"{plan.key}-1"


def test_the_label_of_a_job_is_nobodys_to_take(desk: Desk) -> None:
    plan = plan_of(desk, label=(f"{labels.JOB}=mine", f"{labels.GROUP}=mine"))
    _, request = first_job(plan)
    assert request["labels"][labels.JOB] == f"{plan.key}-1"
    assert request["labels"][labels.GROUP] == labels.group_value(plan.group)


def test_what_finds_no_room_is_named(desk: Desk) -> None:
    blocks = [{"a": 1}, {f"flag{number}": number for number in range(70)}]
    (desk.folder / "experiment.json").write_text(json.dumps(blocks))
    plan = plan_of(desk, label=("mine=1",))
    assert [len(request["labels"]) for _, request in plan.jobs()] == [8, 64]
    dropped = ", ".join(f"flag{number}" for number in range(57, 70))
    assert any(note.endswith(f"these found no room: {dropped}") for note in plan.notes)


def test_ids_are_name_timestamp_index(desk: Desk) -> None:
    desk.sweep(12)
    plan = plan_of(desk, name="Größe 7")
    assert re.fullmatch(r"Gr_e_7_\d{8}_\d{6}_\d{6}", plan.group)
    assert [job.job_id for job, _ in plan.jobs()] == [f"{plan.group}_{index}" for index in range(1, 13)]


def test_who_says_first_what_jobs_run_on(desk: Desk) -> None:
    project = desk.project('{"cloud": {"region": "europe-west4", "machine_type": "n1-standard-16"}}')
    assert plan_of(desk).choice.region == "us-central1"
    assert plan_of(desk, project).choice.region == "europe-west4"
    desk.environment["REGION"] = "us-central1"
    assert plan_of(desk, project).choice.region == "us-central1"
    flagged = plan_of(desk, project, region="us-west1").choice
    assert (flagged.region, flagged.machine_type) == ("us-west1", "n1-standard-16")
    assert plan_of(desk, desk.project('{"default_mode": "CPU"}')).choice.accelerator is None
    assert plan_of(desk, desk.project('{"default_mode": "CPU"}'), gpu=True).choice.accelerator is not None
    tpu = plan_of(desk, desk.project('{"cloud": {"gpu_spec": "1xT4"}}'), tpu_spec="8xV3").choice
    assert str(tpu.accelerator) == "8xV3"


def test_a_plan_says_what_it_costs_and_takes(desk: Desk) -> None:
    desk.sweep(120)
    result = plan_view.result_of(plan_of(desk))
    assert result.cost is not None
    assert result.cost.per_job_hour == pytest.approx(0.8663, abs=1e-4)
    assert result.cost.all_jobs_hour == pytest.approx(120 * 0.8663, abs=1e-2)
    assert result.seconds > 60
    shown = plan_view.described(result)
    for words in (
        "120 jobs on",
        "0.87 USD an hour each",
        "prices of 20",
        "120 T4; a new project",
        "takes about 1m",
    ):
        assert words in shown
    assert "60 jobs a minute" in shown


def test_a_plan_says_which_parameters_jobs_stand_for_and_which_jobs_are_the_same(desk: Desk) -> None:
    blocks = [{"[a,b]": [[1, "x"], [2, "y"]], "bare": True, "off": False, "my_token": "t0p"}, {"a": [2, 1.5]}]
    blocks += [{"my_token": "t0p", "bare": True, "b": "y", "a": 2}]
    (desk.folder / "experiment.json").write_text(json.dumps(blocks))
    jobs = plan_view.result_of(plan_of(desk)).jobs
    assert [job.same_as for job in jobs] == [None, None, None, None, 2]
    assert jobs[1].parameters == {"a": 2, "b": "y", "bare": True, "off": False, "my_token": "***"}
    assert [job.parameters["a"] for job in jobs] == [1, 2, 2, 1.5, 2]


def test_without_a_project_the_way_to_name_one_is_told(desk: Desk, tmp_path: Any) -> None:
    del desk.environment["GOOGLE_APPLICATION_CREDENTIALS"]
    answer = desk.caliban("cloud", "--dry_run", "--image_tag=r/i:t", "train.py", HOME=str(tmp_path))
    assert answer.returncode == 3
    assert "--project_id" in answer.stderr


def test_judging_says_the_same_as_the_editor(desk: Desk) -> None:
    answer = desk.caliban("cloud", "--dry_run", "--image_tag=r/i:t", "--gpu_spec=3xT4", "train.py")
    (problem,) = check_request(Request(gpu_spec=Accelerator("T4", 3)))
    assert f"{problem.message} ({problem.code})" in answer.stderr
    forced = desk.caliban(
        "cloud", "--dry_run", "--json", "--force", "--image_tag=r/i:t", "--gpu_spec=3xT4", "train.py"
    )
    assert forced.returncode == 0, forced.stderr
    machine = json.loads(forced.stdout)["jobs"][0]["request"]["jobSpec"]["workerPoolSpecs"][0]["machineSpec"]
    assert machine["acceleratorCount"] == 3


@pytest.mark.parametrize("host", ["gcr.io", "eu.gcr.io"])
def test_container_registry_is_explained(desk: Desk, host: str) -> None:
    assert any("shut down on 2025-03-18" in note for note in plan_of(desk, image_tag=f"{host}/p/i:t").notes)

"""What is known to be wrong is refused before anything is built or asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloud.test_editor import opened, refusal, result
from support.cloud_project import Desk

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.google.hosts import regional_address

NOWHERE = {"DOCKER_HOST": "tcp://127.0.0.1:1"}

SCRIPT = """\
import argparse

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int)
parser.add_argument("--optimizer", choices=["adam", "sgd"])
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--data", required=True)
either = parser.add_mutually_exclusive_group()
either.add_argument("--warm", type=int)
either.add_argument("--cold", type=int)
if __name__ == "__main__":
    parser.parse_args()
"""

WRONG = {
    "an unknown flag": ({"lrr": 1, "data": "x"}, "CAL501"),
    "an unknown flag of a compound": ({"[lr,epcohs]": [[1, 2]], "data": "x"}, "CAL501"),
    "a word for a number": ({"lr": "fast", "data": "x"}, "CAL502"),
    "a fraction for a whole number": ({"epochs": [1, 2.5], "data": "x"}, "CAL502"),
    "no choice": ({"optimizer": "Adam", "data": "x"}, "CAL503"),
    "a value for a switch": ({"verbose": "no", "data": "x"}, "CAL505"),
    "a required flag left out": ({"data": False}, "CAL504"),
    "a required flag that is nowhere": ({"lr": 1}, "CAL504"),
    "one of several blocks": ([{"data": "x"}, {"data": "x", "lrr": 1}], "CAL501"),
    "flags that exclude each other": ({"warm": 1, "cold": 2, "data": "x"}, "CAL511"),
}

RIGHT: dict[str, Any] = {
    "numbers": {"lr": [0.1, 0.2], "data": "x"},
    "a choice": {"optimizer": ["adam", "sgd"], "data": "x"},
    "a switch": {"verbose": [True, False], "data": "x"},
    "a compound": {"[lr,epochs]": [[1, 2]], "data": "x"},
}


@pytest.fixture
def scripted(desk: Desk) -> Desk:
    (desk.folder / "train.py").write_text(SCRIPT)
    (desk.folder / "lax.py").write_text("import sys; print(sys.argv)")
    return desk


def cloud(desk: Desk, sweep: Any, *flags: str, module: str = "train.py", rest: tuple[str, ...] = ()) -> Any:
    (desk.folder / "experiment.json").write_text(json.dumps(sweep))
    words = ("cloud", "--yes", "--project_id=p-1234567", "--experiment_config=experiment.json")
    return desk.caliban(*words, *flags, module, *(("--", *rest) if rest else ()), **NOWHERE)


def untouched(desk: Desk) -> bool:
    return not desk.emulator.calls and not desk.emulator.tokens.given


@pytest.mark.parametrize("name", WRONG)
def test_a_sweep_that_its_script_would_stop_at_is_refused(scripted: Desk, name: str) -> None:
    sweep, code = WRONG[name]
    refused = cloud(scripted, sweep)
    assert refused.returncode == 2, refused.stdout
    assert code in refused.stderr
    assert "experiment.json:1:" in refused.stderr
    assert f"`--force {code}`" in refused.stderr
    assert untouched(scripted)
    if code == "CAL504":
        assert cloud(scripted, sweep, "--dry_run", rest=("--data=x",)).returncode == 0
    forced = cloud(scripted, sweep, f"--force={code}", "--dry_run")
    assert forced.returncode == 0, forced.stderr
    assert f"overridden: {code} " in forced.stdout
    everything = cloud(scripted, sweep, "--dry_run", "--force")
    assert everything.returncode == 0, everything.stderr
    run = scripted.caliban("run", "--experiment_config=experiment.json", "train.py", **NOWHERE)
    assert (run.returncode, code in run.stderr) == (2, True)
    assert cloud(scripted, sweep, "--dry_run", module="lax.py").returncode == 0


@pytest.mark.parametrize("name", RIGHT)
def test_a_sweep_that_its_script_takes_is_planned(scripted: Desk, name: str) -> None:
    planned = cloud(scripted, RIGHT[name], "--dry_run")
    assert planned.returncode == 0, planned.stderr
    assert untouched(scripted)


def test_what_stands_behind_the_dashes_counts(scripted: Desk) -> None:
    left_out = {"lr": 1, "data": False}
    assert cloud(scripted, left_out, "--dry_run").returncode == 2
    assert cloud(scripted, left_out, "--dry_run", rest=("--data", "x")).returncode == 0
    assert cloud(scripted, left_out, "--dry_run", rest=("--data=x",)).returncode == 0
    assert cloud(scripted, {"lr": 1}, "--dry_run", rest=("--data=x",)).returncode == 0


def test_the_first_findings_are_shown_and_the_rest_counted(scripted: Desk) -> None:
    refused = cloud(scripted, [{"data": "x", f"zzz{number}": 1} for number in range(5)])
    assert refused.stderr.count("experiment.json:1:") == 3
    assert "and 2 more" in refused.stderr


def test_a_silenced_finding_is_not_refused(scripted: Desk) -> None:
    (scripted.folder / "experiment.json").write_text('{"data": "x",\n "lrr": 1 // caliban: ignore CAL501\n}')
    words = (
        "cloud",
        "--dry_run",
        "--project_id=p-1234567",
        "--experiment_config=experiment.json",
        "train.py",
    )
    assert scripted.caliban(*words, **NOWHERE).returncode == 0


def test_only_the_block_that_is_sent_is_judged(scripted: Desk) -> None:
    sweep = [{"data": "x", "lr": 1}, {"data": "x", "lrr": 1}]
    assert cloud(scripted, sweep, "--index=1", "--dry_run").returncode == 0
    assert cloud(scripted, sweep, "--index=2", "--dry_run").returncode == 2
    assert cloud(scripted, sweep, "--block=/0", "--dry_run").returncode == 0
    assert cloud(scripted, sweep, "--block=/1", "--dry_run").returncode == 2


@pytest.mark.parametrize(
    ("force", "why"),
    [("CAL999", "no such rule"), ("CAL401", "nothing overrides"), ("CAL603", "nothing overrides")],
)
def test_force_takes_codes_that_can_be_overridden(scripted: Desk, force: str, why: str) -> None:
    refused = cloud(scripted, {"data": "x"}, "--force", force, "--dry_run")
    assert (refused.returncode, why in refused.stderr) == (2, True)


@pytest.mark.parametrize("name", ["an unknown flag", "no choice", "flags that exclude each other"])
def test_an_editors_plan_is_refused_alike(scripted: Desk, name: str) -> None:
    sweep, code = WRONG[name]
    (scripted.folder / "experiment.json").write_text(json.dumps(sweep))
    argument = {
        "module": "train.py",
        "project_id": "p-1234567",
        "uri": (scripted.folder / "experiment.json").as_uri(),
    }
    with opened(scripted, trusted=True) as client:
        refused = refusal(client, "plan", argument)
        assert refused["data"]["code"] == "script-refuses"
        assert code in refused["message"]
        assert f"--force {code}" in refused["data"]["hint"]
        planned = result(client, "plan", {**argument, "force": [code]})
        assert any(note.startswith(f"overridden: {code}") for note in planned["notes"])
        assert result(client, "plan", {**argument, "force": True})["count"] == planned["count"]
        assert "error" in client.answer(client.command("planAndSubmit", argument))
    assert untouched(scripted)


def test_nogpu_beats_the_gpu_of_the_config(scripted: Desk) -> None:
    scripted.config(cloud={"gpu_spec": "1xT4"})
    planned = cloud(scripted, {"data": "x"}, "--dry_run", "--json", "--nogpu")
    plan = json.loads(planned.stdout)
    assert (plan["accelerator"], plan["machine_type"]) == (None, "n1-highcpu-32")
    assert "GPU mode" not in planned.stdout
    assert not any("accelerator" in json.dumps(job["request"]) for job in plan["jobs"])


@pytest.mark.parametrize(
    ("config", "flags", "code"),
    [
        ({}, ("--nogpu", "--gpu_spec=1xT4"), 2),
        ({}, ("--nogpu", "--gpu"), 2),
        ({"cloud": {"machine_type": "a2-highgpu-1g"}}, ("--nogpu",), 2),
        ({"cloud": {"machine_type": "a2-highgpu-1g"}}, (), 0),
        ({"cloud": {"tpu_spec": "8xV3", "region": "europe-west4"}}, ("--gpu_spec=1xT4",), 0),
        ({"default_mode": "CPU"}, ("--gpu_spec=1xT4",), 0),
        ({"default_mode": "CPU"}, ("--gpu",), 0),
    ],
)
def test_flags_of_the_mode_beat_the_config(
    scripted: Desk, config: dict[str, Any], flags: tuple[str, ...], code: int
) -> None:
    scripted.config(**config)
    planned = cloud(scripted, {"data": "x"}, "--dry_run", *flags)
    assert planned.returncode == code, planned.stderr
    assert "CAL417" not in planned.stdout


NAMES = {
    "a region with a letter lost": (("--region=us-cental1",), "CAL402"),
    "a region with a letter more": (("--region=us-centrall1",), "CAL402"),
    "a region that isn't there": (("--region=mars-north1",), "CAL402"),
    "a region without training": (("--region=us-central2",), "CAL405"),
    "a machine without a dash": (("--machine_type=n1-standard8",), "CAL403"),
    "a machine with letters swapped": (("--machine_type=n1-standrad-8",), "CAL403"),
    "a family that isn't there": (("--machine_type=q9-standard-8",), "CAL403"),
    "a machine in capitals": (("--machine_type=N1-STANDARD-8",), "CAL403"),
    "a machine without training": (("--machine_type=n1-standard-2",), "CAL406"),
    "a GPU with a digit more": (("--gpu_spec=1xT44",), "CAL404"),
    "a GPU to come": (("--gpu_spec=8xB300",), "CAL404"),
    "a TPU as a GPU": (("--gpu_spec=4xV5P",), "CAL404"),
    "a TPU that isn't there": (("--tpu_spec=8xV99",), "CAL404"),
    "a GPU that is gone": (("--gpu_spec=1xK80",), "CAL407"),
    "a GPU where it isn't": (("--region=africa-south1", "--gpu_spec=1xT4"), "CAL409"),
    "a GPU on a wrong machine": (("--machine_type=e2-standard-8", "--gpu_spec=1xT4"), "CAL410"),
    "three of them": (("--gpu_spec=3xT4",), "CAL411"),
    "flex-start for T4": (("--gpu_spec=1xT4", "--flex_start"), "CAL421"),
}

NEVER = {
    "a host": ("--region=evil.example/",),
    "a host and more": ("--region=x@evil.example:1#",),
    "a zone": ("--region=us-central1-a",),
    "capitals": ("--region=US-CENTRAL1",),
    "a continent": ("--region=us",),
    "the globe": ("--region=global",),
    "an end of line": ("--region=us-central1\n",),
    "a GPU that Google has no name for": ("--gpu_spec=1xT44",),
    "a TPU that Google has no name for": ("--tpu_spec=8xV99",),
    "no spec": ("--gpu_spec=T4",),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_wrong_is_refused(scripted: Desk, name: str) -> None:
    flags, code = NAMES[name]
    refused = cloud(scripted, RIGHT["numbers"], *flags)
    assert (refused.returncode, code in refused.stderr) == (2, True), refused.stderr
    assert "--force " in refused.stderr
    assert untouched(scripted)


@pytest.mark.parametrize("name", NEVER)
def test_some_names_are_refused_always(scripted: Desk, name: str) -> None:
    refused = cloud(scripted, RIGHT["numbers"], *NEVER[name], "--force")
    assert refused.returncode == 2, refused.stdout
    assert untouched(scripted)


@pytest.mark.parametrize(
    "region", ["evil.example/", "x@evil.example:1#", "us-central1\n", "US-CENTRAL1", "us", ""]
)
def test_no_address_is_made_of_what_is_no_region(region: str) -> None:
    assert regional_address("us-central1", "aiplatform") == "https://us-central1-aiplatform.googleapis.com/"
    with pytest.raises(UsageError, match="no region"):
        regional_address(region, "aiplatform")


def test_a_region_is_held_to_its_spelling_wherever_it_comes_from(scripted: Desk) -> None:
    bad = "evil.example/"
    words = ("cloud", "--yes", "--force", "--project_id=p-1234567", "train.py")
    assert scripted.caliban(*words, **NOWHERE, REGION=bad).returncode == 2
    scripted.config(cloud={"region": bad, "force": True})
    assert scripted.caliban(*words, **NOWHERE).returncode == 2
    scripted.config()
    scripted.state.mkdir()
    (scripted.state / "config.json").write_text(json.dumps({"defaults": {"region": bad}}))
    assert scripted.caliban(*words, **NOWHERE).returncode == 2
    assert untouched(scripted)


@pytest.mark.parametrize("code", ["CAL402", "CAL403"])
def test_what_only_the_catalogue_does_not_know_can_be_forced(scripted: Desk, code: str) -> None:
    flags = {"CAL402": "--region=mars-north1", "CAL403": "--machine_type=q9-standard-8"}[code]
    planned = cloud(scripted, RIGHT["numbers"], flags, "--dry_run", "--force", code)
    assert planned.returncode == 0, planned.stderr
    assert f"overridden: {code} " in planned.stdout
    scripted.config(cloud={"force": True})
    assert cloud(scripted, RIGHT["numbers"], flags, "--dry_run").returncode == 0

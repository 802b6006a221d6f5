"""A headless Neovim with the very settings that its page gives.

A finding is seen and mended, a command is run, lenses are chosen, and a submission is planned.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.server import Emulator
from support.documented_settings import neovim_settings
from support.folders import plant
from support.requirements import lacking

PERSON = Path(__file__).with_name("person.lua")


@pytest.fixture(scope="module")
def saw(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a person saw who opened a broken sweep, took the first fix, expanded it, chose two lenses and planned it."""
    if shutil.which("nvim") is None:
        lacking("there is no Neovim here")
    folder = tmp_path_factory.mktemp("neovim")
    (folder / "init.lua").write_text(neovim_settings())
    config = {"module": "train.py", "gcloud": {"project_id": "my-project"}, "cloud": {"gpu_spec": "1xT4"}}
    files = {
        "experiment.json": '{"lr": [0.1, 0.2] "epochs": [1, 5, 25]}\n',
        ".calibanconfig.json": json.dumps(config),
        "train.py": "",
    }
    project = plant(folder / "digits", files)
    with Emulator() as google:
        done = subprocess.run(
            ["nvim", "--headless", "-u", str(folder / "init.lua"), "experiment.json", "-S", str(PERSON)],
            cwd=project,
            env={
                **os.environ,
                **google.environment(),
                "GOOGLE_APPLICATION_CREDENTIALS": str(google.service_account(folder / "key.json")),
                "HOME": str(folder),
                "XDG_STATE_HOME": str(folder / "nvim"),
                "CALIBAN_HOME": str(folder / "state"),
                "PERSON_SAW": str(folder / "saw.json"),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert not google.calls, "a plan sends nothing"
    return json.loads((folder / "saw.json").read_text())


def test_what_is_wrong_is_shown(saw: Any) -> None:
    (found,) = saw["before"]
    assert (found["code"], found["line"]) == ("CAL106", 0)


def test_a_fix_is_offered_and_mends_the_text(saw: Any) -> None:
    assert saw["offered"][0] == "Insert `,`"
    assert saw["text"] == '{"lr": [0.1, 0.2], "epochs": [1, 5, 25]}'


def test_a_command_answers_for_the_text_as_it_is_on_the_screen(saw: Any) -> None:
    (note,) = saw["notes"]
    assert note.startswith("Caliban: ")
    assert "count = 6" in note


def test_lenses_are_shown_and_do_what_they_say(saw: Any) -> None:
    run, submit, *rest = saw["lenses"]
    assert run == "▷ Run 6 jobs locally"
    assert submit.startswith("☁ Submit 6 jobs ≈ $")
    assert rest == ["Dry run", "Expand"]
    expanded, planned = saw["shown"]
    assert expanded.startswith("6 jobs\n1: --lr 0.1 --epochs 1\n2: --lr 0.1 --epochs 5\n")
    assert planned.startswith("6 jobs on n1-standard-8 with 1xT4")
    assert planned.endswith("Nothing was built or sent.")


def test_a_plan_has_the_numbers_of_the_lens_and_every_request(saw: Any) -> None:
    plan = saw["plan"]
    assert (plan["count"], plan["project_id"]) == (6, "my-project")
    assert saw["lenses"][1] == f"☁ Submit 6 jobs ≈ ${plan['cost']['all_jobs_hour']:.2f}/h"
    assert plan["accelerator"]["count"] == 1
    assert {job["state"] for job in plan["jobs"]} == {"PLANNED"}
    arguments = [
        job["request"]["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"] for job in plan["jobs"]
    ]
    assert arguments == [
        ["--lr", str(rate), "--epochs", str(epochs)] for rate in (0.1, 0.2) for epochs in (1, 5, 25)
    ]
    assert all(job["request"]["labels"]["by"] == "person" for job in plan["jobs"])

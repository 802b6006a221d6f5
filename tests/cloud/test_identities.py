"""Jobs are sent by every kind of credential, by the program as a user starts it, at Google's hosts by their names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from cloud.broken_credentials import BROKEN
from cloud.credential_kinds import KINDS, Laid, key_by_project, secrets_of, surroundings
from cloud.emulator.server import Emulator
from support.folders import plant


def caliban(*argv: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one command in the folder's project, with these variables and no others."""
    return subprocess.run(
        [sys.executable, "-m", "caliban_ls", *argv],
        cwd=folder / "project",
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def submitted(
    emulator: Emulator, folder: Path, laid: Laid, *more: str, agreed: bool = True
) -> subprocess.CompletedProcess[str]:
    """Submit, and see to it that no credential got anywhere, neither shown nor kept."""
    environment = surroundings(emulator, folder, laid)
    if laid.config and agreed:
        assert caliban("trust", folder=folder, environment=environment).returncode == 0
    words = (
        "cloud",
        "--image_tag",
        "r.example/i:t",
        "--project_id",
        "my-project",
        "--nogpu",
        "--yes",
        "--json",
    )
    done = caliban(*words, *laid.flags, *more, "train.py", folder=folder, environment=environment)
    kept = b"".join(file.read_bytes() for file in (folder / "state").rglob("*") if file.is_file())
    said = (done.stdout + done.stderr).encode() + kept
    assert [secret for secret in secrets_of(emulator) if secret.encode() in said] == []
    assert "Traceback" not in done.stderr
    assert emulator.strangers == []
    return done


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_credential_submits(emulator: Emulator, tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    done = submitted(emulator, tmp_path, kind.lay(emulator, tmp_path))
    assert done.returncode == 0, done.stderr
    (job,) = emulator.jobs()
    assert job["jobSpec"].get("serviceAccount") == kind.account
    assert tuple(emulator.tokens.grants) == kind.grants
    (shown,) = json.loads(done.stdout)["jobs"]
    assert (shown["name"], shown["state"]) == (job["name"], "QUEUED")


@pytest.mark.parametrize("name", [name for name in KINDS if "impersonati" not in name])
def test_a_token_that_isnt_taken_any_more_is_renewed_in_the_middle(
    emulator: Emulator, tmp_path: Path, name: str
) -> None:
    kind = KINDS[name]
    laid = kind.lay(emulator, tmp_path)
    plant(tmp_path, {"project/experiment.json": json.dumps({"n": list(range(40))})})
    emulator.tokens.spoil_at = 20
    done = submitted(emulator, tmp_path, laid, "--experiment_config", "experiment.json")
    assert done.returncode == 0, done.stderr
    assert sorted(job["displayName"].rpartition("_")[2] for job in emulator.jobs()) == sorted(
        map(str, range(1, 41))
    )
    assert tuple(emulator.tokens.grants) == 2 * kind.grants
    assert all(refused.startswith("401 ") for refused in emulator.refused)


def test_a_projects_key_isnt_touched_before_somebody_agreed(emulator: Emulator, tmp_path: Path) -> None:
    laid = key_by_project(emulator, tmp_path)
    done = submitted(emulator, tmp_path, laid, agreed=False)
    assert done.returncode == 2
    assert 'gcloud.cloud_key: "keys/key.json"' in done.stderr
    assert "caliban trust" in done.stderr
    assert emulator.tokens.grants == []


@pytest.mark.parametrize("name", BROKEN)
def test_credentials_that_give_no_access_are_told_with_their_mend(
    emulator: Emulator, tmp_path: Path, name: str
) -> None:
    broken = BROKEN[name]
    done = submitted(emulator, tmp_path, broken.lay(emulator, tmp_path))
    assert done.returncode == 3, done.stderr
    error = " ".join(done.stderr[done.stderr.index("error[") :].split())
    assert error.startswith("error[missing]: ")
    assert broken.message in error
    assert broken.mend in error
    assert emulator.jobs() == []


@pytest.mark.parametrize("name", KINDS)
def test_tokens_that_google_doesnt_take_are_told_as_the_credentials_fault(
    emulator: Emulator, tmp_path: Path, name: str
) -> None:
    emulator.tokens.worthless = True
    done = submitted(emulator, tmp_path, KINDS[name].lay(emulator, tmp_path))
    assert done.returncode == 3, done.stderr
    assert "give no access: " in done.stderr
    assert emulator.jobs() == []
    # It is tried once more with a fresh token, and then no more.
    assert len(emulator.tokens.grants) <= 2 * len(KINDS[name].grants)

"""What `doctor` says of a machine, line by line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from support.fake_engine import FakeEngine
from support.folders import plant

from caliban_ls.analysis.config.project import Project
from caliban_ls.core.errors import EngineUnavailable, MissingError
from caliban_ls.operations import doctor
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.clients import find_identity_of
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.schemas.setup import DoctorCheck
from caliban_ls.runtime.engine import Engine

PERSON = json.dumps(
    {
        "type": "authorized_user",
        "client_id": "a-client",
        "client_secret": "a-secret",
        "refresh_token": "a-token",
        "quota_project_id": "of-the-key",
    }
)
"""Credentials as `gcloud auth application-default login` writes them."""


def service_account_key() -> str:
    """Return the key of a service account, as the console gives it."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "robot@p.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.googleapis.com/token",
            "private_key": pem,
        }
    )


def context_of(folder: Path, config: Any = None, engine: Engine | None = None, **environment: str) -> Context:
    plant(folder, {"p/.calibanconfig.json": json.dumps(config or {})})

    def absent() -> NoReturn:
        raise EngineUnavailable("No Docker engine answers")

    return Context(
        folder=folder / "p",
        engine=absent if engine is None else lambda: engine,
        environment={"CALIBAN_HOME": str(folder / "state"), "DOCKER_CONFIG": str(folder), **environment},
    )


def check(context: Context, name: str) -> DoctorCheck:
    (found,) = [check for check in doctor.checks(context) if check.name == name]
    return found


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_nothing_raises_without_an_engine(tmp_path: Path) -> None:
    checks = list(doctor.checks(context_of(tmp_path)))
    assert [found.name for found in checks if found.status == "failure"] == ["Docker engine"]
    assert {"Python", "Editor", "Project config", "Credentials", "Cloud project", "Registry"} <= {
        found.name for found in checks
    }


def test_every_line_that_is_not_well_says_how_to_mend_it(tmp_path: Path) -> None:
    context = context_of(tmp_path, {"nonsense": 1}, GOOGLE_APPLICATION_CREDENTIALS="/nowhere")
    assert [found.name for found in doctor.checks(context) if found.status != "ok" and not found.hint] == []
    assert check(context, "Project config").status == "failure"


def test_an_editor_that_asks_has_found_its_server(tmp_path: Path) -> None:
    asking = replace(context_of(tmp_path, PATH="/nowhere"), opens_terminals=True)
    assert check(asking, "Editor").status == "ok"
    assert "started this server" in check(asking, "Editor").message


def test_an_engine_with_all_that_is_on_it(tmp_path: Path) -> None:
    context = context_of(tmp_path, {"base_image": "mine"}, FakeEngine("mine"))
    assert check(context, "Base image").message == "mine, which the engine has"
    assert check(context, "Builder") == DoctorCheck(
        name="Builder", status="warning", message="the fake's own", hint=check(context, "Builder").hint
    )
    assert check(context, "Docker engine").status == "ok"
    assert "pulled by the first build" in check(context_of(tmp_path, {}, FakeEngine()), "Base image").message


def test_credentials_and_where_they_are_from(tmp_path: Path, home: Path) -> None:
    plant(tmp_path, {"key.json": PERSON, "p/own.json": service_account_key()})
    assert check(context_of(tmp_path), "Credentials").status == "warning"
    named = context_of(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "key.json"))
    assert check(named, "Credentials").message.endswith("from the variable GOOGLE_APPLICATION_CREDENTIALS")
    gone = context_of(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "gone.json"))
    assert check(gone, "Credentials").status == "failure"
    configured = context_of(tmp_path, {"gcloud": {"cloud_key": "own.json"}})
    assert check(configured, "Credentials").status == "warning", "nobody has agreed to it"
    trust.agree(trust.demands(read_project(configured), configured.folder), configured)
    assert "p/own.json, from gcloud.cloud_key" in check(configured, "Credentials").message
    plant(home, {".config/gcloud/application_default_credentials.json": PERSON})
    assert "application-default login" in check(context_of(tmp_path), "Credentials").message


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"type": "service_account"}', "no JSON"])
def test_a_file_that_holds_no_credentials_is_refused_as_cloud_refuses_it(tmp_path: Path, text: str) -> None:
    plant(tmp_path, {"key.json": text})
    context = context_of(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "key.json"))
    with pytest.raises(MissingError) as refused:
        find_identity_of(None, Project(), context)
    found = check(context, "Credentials")
    assert (found.status, found.message, found.hint) == ("failure", str(refused.value), refused.value.hint)


def test_the_project_that_a_key_names(tmp_path: Path) -> None:
    plant(tmp_path, {"key.json": PERSON})
    context = context_of(tmp_path, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "key.json"))
    assert check(context, "Cloud project").message == "of-the-key"
    assert (
        check(
            replace(context, environment={**context.environment, "GOOGLE_CLOUD_PROJECT": "named"}),
            "Cloud project",
        ).message
        == "named"
    )
    assert check(context_of(tmp_path), "Cloud project").status == "warning"


def test_a_registry_that_needs_agreement(tmp_path: Path) -> None:
    plant(tmp_path, {"config.json": json.dumps({"auths": {"registry.example": {}}})})
    context = context_of(tmp_path, {"cloud": {"repository": "registry.example/r"}})
    found = check(context, "Registry")
    assert (found.status, "caliban trust" in found.hint) == ("warning", True)
    trust.agree(trust.demands(read_project(context), context.folder), context)
    assert check(context, "Registry").status == "ok"


def test_doctor_sends_nobody_to_the_doctor(tmp_path: Path) -> None:
    assert [found for found in doctor.checks(context_of(tmp_path)) if "doctor" in found.hint] == []


def test_the_project_and_its_registry(tmp_path: Path) -> None:
    config = {"cloud": {"repository": "us-docker.pkg.dev/p/r"}, "gcloud": {"project_id": "my-project"}}
    context = context_of(tmp_path, config)
    assert check(context, "Cloud project").message == "my-project"
    assert (
        check(context_of(tmp_path, config, PROJECT_ID="other-project"), "Cloud project").message
        == "other-project"
    )
    assert "configure-docker us-docker.pkg.dev" in check(context, "Registry").hint
    plant(tmp_path, {"config.json": json.dumps({"credHelpers": {"us-docker.pkg.dev": "gcloud"}})})
    assert check(context, "Registry").status == "ok"
    plant(tmp_path, {"config.json": "damaged"})
    assert check(context, "Registry").status == "warning"


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "caliban_ls", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/no.sock", "CALIBAN_HOME": "/proc/caliban"},
    )
    assert answer.returncode == 3
    checks = {check["name"]: check for check in json.loads(answer.stdout)["checks"]}
    assert checks["Docker engine"]["status"] == "failure"
    assert checks["History"]["status"] == "warning"
    assert all(check["hint"] for check in checks.values() if check["status"] != "ok")

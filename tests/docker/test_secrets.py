"""No key and no password is in an image, in its history, in a log or in the state folder, byte by byte."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.docker_queries import PROJECT_NAME
from support.folders import plant
from support.package_index import NAME, USER, private_index
from support.program import BASE_IMAGE, caliban
from support.pseudo_terminal import PseudoTerminal

SECRETS = {
    name: f"secret-of-{name}-7f3a9c"
    for name in ("index", "netrc", "key", "cloud_key", "dotenv", "authorities", "proxy", "argument")
}

TRAIN = """
import os, sys
import caliban_private_probe
print(open(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).read()[:20].strip())
"""


def service_account(secret: str) -> str:
    return json.dumps({"type": "service_account", "private_key": f"-----BEGIN PRIVATE KEY-----\n{secret}\n"})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    config = {
        "base_image": BASE_IMAGE,
        "build_time_credentials": True,
        "gcloud": {"cloud_key": "keys/service.json"},
    }
    tree = {
        ".calibanconfig.json": json.dumps(config),
        "train.py": TRAIN,
        "keys/service.json": service_account(SECRETS["cloud_key"]),
        ".env": f"TOKEN={SECRETS['dotenv']}\n",
        "experiment.json": '{"lr": [1, 2]}',
    }
    return plant(tmp_path / PROJECT_NAME, tree)


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """Every kind of credential that a user's machine may have."""
    bundle = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")).read_text()
    (tmp_path / "home").mkdir()
    (tmp_path / "bundle.pem").write_text(f"{bundle}\n# {SECRETS['authorities']}\n")
    (tmp_path / "key.json").write_text(service_account(SECRETS["key"]))
    return {
        "HOME": str(tmp_path / "home"),
        "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json"),
        "SSL_CERT_FILE": str(tmp_path / "bundle.pem"),
        "PIP_CERT": str(tmp_path / "bundle.pem"),
        "FTP_PROXY": f"http://me:{SECRETS['proxy']}@proxy.example:1",
        "DOCKER_BUILDKIT": "1",
    }


def test_no_credential_gets_anywhere(project: Path, tmp_path: Path, surroundings: dict[str, str]) -> None:
    assert caliban("trust", folder=project, environment=surroundings).returncode == 0
    with private_index(SECRETS["index"]) as address:
        plant(project, {"requirements.txt": NAME})
        surroundings["PIP_EXTRA_INDEX_URL"] = f"http://{USER}:{SECRETS['index']}@{address}/simple"
        # The build runs the project's code, so its user is asked before it gets the password.
        refused = caliban("build", "--nogpu", "train.py", folder=project, environment=surroundings)
        assert (refused.returncode, address.partition(":")[0] in refused.stderr) == (2, True), refused.stderr
        assert SECRETS["index"] not in refused.stderr
        assert caliban("trust", folder=project, environment=surroundings).returncode == 0
        by_variable = built_and_run(project, surroundings)
    del surroundings["PIP_EXTRA_INDEX_URL"]
    with private_index(SECRETS["netrc"]) as address:
        host = address.partition(":")[0]
        netrc = f"machine {host} login {USER} password {SECRETS['netrc']}\n"
        (tmp_path / "home/.netrc").write_text(netrc)
        (tmp_path / "home/.netrc").chmod(0o600)
        plant(project, {"requirements.txt": f"--extra-index-url http://{address}/simple\n{NAME}\n"})
        # Its user agreed to passwords for this host before.
        by_netrc = built_and_run(project, surroundings)
    for image, said in (by_variable, by_netrc):
        history = subprocess.run(
            ["docker", "history", "--no-trunc", image], capture_output=True, text=True, check=True
        ).stdout
        assert leaks(image) == set()
        assert [secret for secret in SECRETS.values() if secret in history + said] == []
    state = [file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert state
    assert [secret for secret in SECRETS.values() if any(secret.encode() in data for data in state)] == []


def built_and_run(project: Path, surroundings: dict[str, str]) -> tuple[str, str]:
    """Build and run a sweep; return the image and all that was said."""
    argv = ["run", "--nogpu", "--json", "--experiment_config", "experiment.json", "train.py"]
    answer = caliban(*argv, "--", "--api_key", SECRETS["argument"], folder=project, environment=surroundings)
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert [job["state"] for job in result["jobs"]] == ["SUCCEEDED", "SUCCEEDED"]
    # What the user typed is told back to the user; nobody else reads it.
    said = answer.stderr + answer.stdout.replace(SECRETS["argument"], "")
    return result["image"], said.replace(SECRETS["argument"], "")


def test_the_search_finds_what_is_there(project: Path, surroundings: dict[str, str]) -> None:
    (project / ".calibanconfig.json").write_text(json.dumps({"base_image": BASE_IMAGE}))
    plant(project, {"train.py": "", "planted.pem": f"-----BEGIN PRIVATE KEY-----\n{SECRETS['key']}\n"})
    refused = caliban("build", "train.py", folder=project, environment=surroundings)
    assert refused.returncode == 2
    assert "planted.pem: a private key" in refused.stderr
    assert "keys/service.json: the key of a Google service account" in refused.stderr
    (project / ".calibanignore").write_text("!planted.pem\nkeys\n!.env\n")
    assert caliban("trust", folder=project, environment=surroundings).returncode == 0
    built = caliban("build", "train.py", "--json", folder=project, environment=surroundings)
    assert built.returncode == 0, built.stderr
    assert leaks(json.loads(built.stdout)["tag"]) == {"key", "dotenv"}


def leaks(image: str) -> set[str]:
    """Return the names of the secrets that are anywhere in an image."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    texts = [saved, *unpacked(saved)]
    return {name for name, secret in SECRETS.items() if any(secret.encode() in text for text in texts)}


def unpacked(archive: bytes) -> Iterator[bytes]:
    """Yield the layers of a saved image that are compressed, unpacked."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() else None
            if file is not None and file.read(2) == b"\x1f\x8b":
                file.seek(0)
                yield gzip.decompress(file.read())


@pytest.mark.parametrize(("typed", "code"), [("\x03", 130), ("\x03y\n", 130), ("\x04", 2)])
def test_a_key_that_is_asked_about_is_in_no_image_after_ctrl_c(tmp_path: Path, typed: str, code: int) -> None:
    config = json.dumps({"base_image": BASE_IMAGE, "default_mode": "CPU"})
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"
    folder = plant(tmp_path / PROJECT_NAME, {".calibanconfig.json": config, "train.py": "", "id_rsa": key})
    environment = {"CALIBAN_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    with PseudoTerminal("run", "train.py", folder=folder, environment=environment) as terminal:
        terminal.wait_for("Leave them out by .calibanignore? [y/N] ")
        terminal.type(typed)
        assert terminal.exit_code() == code, terminal.seen
        assert "Traceback" not in terminal.seen
    assert not (folder / ".calibanignore").exists()

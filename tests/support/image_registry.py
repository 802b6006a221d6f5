"""A registry of images on this machine's loopback, which lets nobody in without a password."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.requirements import lacking

USER, PASSWORD = "trainer", "only for tests"

# What `htpasswd -nbBC 5` makes of the two.
_LINE = "trainer:$2y$05$TJe17wmvMkWR8GwLfuqT8.IE5Vrop5P4lqi.ZuuoWcwyRjdIgIHf.\n"


@dataclass(frozen=True)
class Registry:
    """Where it is, and what it was sent so far."""

    host: str
    log: Path

    def docker_config(self, folder: Path, password: str = PASSWORD) -> Path:
        """Make a folder of Docker's configuration in which somebody is logged in."""
        folder.mkdir()
        login = base64.b64encode(f"{USER}:{password}".encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {self.host: {"auth": login}}}))
        return folder

    def manifests(self) -> int:
        """How many images were sent, or got another tag."""
        return len(re.findall(r'"PUT /v2/\S+/manifests/\S+ HTTP/1\.1" 201', self.log.read_text()))


@contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """Run a registry with its data in a folder; after the block, the engine has no image of it."""
    if shutil.which("docker-registry") is None:
        lacking("there is no docker-registry; scripts/registry.sh installs it")
    (folder / "passwords").write_text(_LINE)
    config = {
        "version": "0.1",
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": "127.0.0.1:0"},
        "auth": {"htpasswd": {"realm": "tests", "path": str(folder / "passwords")}},
    }
    (folder / "config.yml").write_text(json.dumps(config))  # JSON is YAML
    log = folder / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            ["docker-registry", "serve", str(folder / "config.yml")],
            stdout=written,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "OTEL_TRACES_EXPORTER": "none"},
        )
    host = ""
    try:
        host = _address(process, log)
        yield Registry(host, log)
    finally:
        process.terminate()
        process.wait(30)
        if host:
            _forget(host)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return where a registry listens, once it does."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if match := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text()):
            return match[1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _forget(host: str) -> None:
    """Remove the engine's images of a registry that is no more."""
    listed = subprocess.run(
        ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}@{{.Digest}}", f"{host}/*/*"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    names = {
        name.partition("@")[0] if ":<none>" not in name else name.replace(":<none>", "") for name in listed
    }
    if names:
        subprocess.run(["docker", "rmi", "--force", *names], capture_output=True, check=True)

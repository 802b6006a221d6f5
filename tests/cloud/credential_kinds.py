"""Every kind of credential that a person or a machine can have, laid out as it is found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cloud.emulator import credentials
from cloud.emulator.credentials import write
from cloud.emulator.server import Emulator
from cloud.emulator.tokens import (
    ACCOUNT,
    FEDERATION,
    IMPERSONATION,
    KEY,
    METADATA,
    PERSON,
    REFRESH_TOKEN,
    SUBJECT_TOKEN,
)
from support.folders import plant

DEFAULTS = ".config/gcloud/application_default_credentials.json"


@dataclass(frozen=True, kw_only=True)
class Laid:
    """What was laid out for one kind.

    Attributes:
        flags: of the command.
        environment: variables beside those of the stand-in.
        config: of the project.
        path: more folders to find programs in.
    """

    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)
    path: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of credential.

    Attributes:
        lay: puts it where it belongs under a folder, whose `home` is the user's and `project` the project.
        grants: what tokens are given in return for, in order.
        account: what the jobs run as; None where Google's own agent runs them.
    """

    lay: Callable[[Emulator, Path], Laid]
    grants: tuple[str, ...]
    account: str | None


def key_by_flag(emulator: Emulator, folder: Path) -> Laid:
    """`--cloud_key`, relative to the project."""
    _key(emulator, folder / "keys/key.json")
    return Laid(flags=("--cloud_key", "../keys/key.json"))


def key_by_variable(emulator: Emulator, folder: Path) -> Laid:
    """GOOGLE_APPLICATION_CREDENTIALS."""
    key = _key(emulator, folder / "keys/key.json")
    return Laid(environment={"GOOGLE_APPLICATION_CREDENTIALS": str(key)})


def key_by_project(emulator: Emulator, folder: Path) -> Laid:
    """`gcloud.cloud_key` of the project's config."""
    _key(emulator, folder / "project/keys/key.json")
    return Laid(config={"gcloud": {"cloud_key": "keys/key.json"}})


def application_default(_emulator: Emulator, folder: Path) -> Laid:
    """`gcloud auth application-default login`."""
    write(folder / "home" / DEFAULTS, credentials.person())
    return Laid()


def gcloud(_emulator: Emulator, folder: Path) -> Laid:
    """`gcloud auth login`."""
    return Laid(path=(credentials.gcloud(folder / "gcloud/bin"),))


def impersonation(_emulator: Emulator, folder: Path) -> Laid:
    """`gcloud auth application-default login --impersonate-service-account`."""
    write(folder / "home" / DEFAULTS, credentials.impersonation())
    return Laid()


def workload_identity(_emulator: Emulator, folder: Path) -> Laid:
    """Another cloud's word for who runs there."""
    subject = credentials.subject_token(folder / "subject-token")
    file = write(folder / "workload.json", credentials.workload(subject))
    return Laid(environment={"GOOGLE_APPLICATION_CREDENTIALS": str(file)})


def workload_impersonating(_emulator: Emulator, folder: Path) -> Laid:
    """Another cloud's word, in return for a service account's token."""
    subject = credentials.subject_token(folder / "subject-token")
    file = write(folder / "workload.json", credentials.workload(subject, impersonating=True))
    return Laid(environment={"GOOGLE_APPLICATION_CREDENTIALS": str(file)})


def machine(emulator: Emulator, _folder: Path) -> Laid:
    """A machine of Google's."""
    return Laid(environment=emulator.machine_environment())


KINDS = {
    "key by flag": Kind(lay=key_by_flag, grants=(KEY,), account=ACCOUNT),
    "key by variable": Kind(lay=key_by_variable, grants=(KEY,), account=ACCOUNT),
    "key by project": Kind(lay=key_by_project, grants=(KEY,), account=ACCOUNT),
    "application default": Kind(lay=application_default, grants=(PERSON,), account=None),
    "gcloud": Kind(lay=gcloud, grants=(PERSON,), account=None),
    "impersonation": Kind(lay=impersonation, grants=(PERSON, IMPERSONATION), account=ACCOUNT),
    "workload identity": Kind(lay=workload_identity, grants=(FEDERATION,), account=None),
    "workload identity, impersonating": Kind(
        lay=workload_impersonating, grants=(FEDERATION, IMPERSONATION), account=ACCOUNT
    ),
    "machine": Kind(lay=machine, grants=(METADATA,), account=None),
}


def secrets_of(emulator: Emulator) -> list[str]:
    """Return every secret text, also as a file would have it."""
    key = emulator.tokens.private_key()
    lines = [line for line in key.splitlines() if "PRIVATE KEY" not in line]
    return [
        *emulator.tokens.given,
        *lines,
        REFRESH_TOKEN,
        SUBJECT_TOKEN,
        credentials.person()["client_secret"],
    ]


def surroundings(emulator: Emulator, folder: Path, laid: Laid) -> dict[str, str]:
    """Return all variables of a process for which there is nothing but what was laid out; make its folders."""
    plant(folder, {"project/train.py": "", "project/.calibanconfig.json": json.dumps(laid.config)})
    (folder / "home").mkdir(exist_ok=True)
    path = os.pathsep.join([*map(str, laid.path), "/usr/bin", "/bin"])
    nowhere = {"GCE_METADATA_IP": "127.0.0.1:1", "GCE_METADATA_HOST": "127.0.0.1:1"}
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "PATH": path,
        "HOME": str(folder / "home"),
        "CALIBAN_HOME": str(folder / "state"),
        **nowhere,
        **emulator.proxied_environment(folder),
        **laid.environment,
    }


def _key(emulator: Emulator, path: Path) -> Path:
    return write(path, credentials.service_account(emulator.tokens.private_key()))

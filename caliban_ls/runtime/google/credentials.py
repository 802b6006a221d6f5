"""The Google credentials of this machine, as files: found, and handed to containers by a read-only mount.

Knows no Google SDK and reads no key; what is in the files is for the programs that use them. The order is
that of Google's own libraries (cloud.google.com/docs/authentication/application-default-credentials), with the
key of the project's config between the variable and gcloud's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from caliban_ls.runtime.engine import Mount

VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"

PROJECT_KEY = "gcloud.cloud_key in .calibanconfig.json"
"""The source of credentials that the project names."""

TARGET = "/run/caliban/credentials.json"
"""Where a container finds them."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A file of credentials.

    Attributes:
        path: absolute.
        source: who named it, in words.
        readable: whether it is there for us.
    """

    path: Path
    source: str
    readable: bool

    def mount(self) -> Mount:
        """Return how a container sees them."""
        return Mount(source=str(self.path), target=TARGET, read_only=True)


def find_credentials(
    environment: Mapping[str, str], home: Path, folder: Path, cloud_key: str | None
) -> Credentials | None:
    """Return the credentials that programs would use, None when there are none.

    Args:
        environment: the process's variables.
        home: the user's home folder.
        folder: the project.
        cloud_key: of the project's config, to which the user has agreed; None for none.
    """
    if named := environment.get(VARIABLE):
        return _found(folder / Path(named).expanduser(), f"the variable {VARIABLE}")
    if cloud_key is not None:
        return _found(folder / Path(cloud_key).expanduser(), PROJECT_KEY)
    defaults = gcloud_folder(environment, home) / "application_default_credentials.json"
    return _found(defaults, "gcloud auth application-default login") if defaults.is_file() else None


def gcloud_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Return where gcloud keeps its configuration."""
    if chosen := environment.get("CLOUDSDK_CONFIG"):
        return Path(chosen)
    if os.name == "nt":
        return Path(environment.get("APPDATA") or home / "AppData" / "Roaming") / "gcloud"
    return home / ".config" / "gcloud"


def _found(path: Path, source: str) -> Credentials:
    real = Path(os.path.realpath(path))
    return Credentials(real, source, real.is_file() and os.access(real, os.R_OK))

"""Find the files with this machine's Google credentials, and mount them into containers, read-only.

Uses no Google SDK and doesn't read the files. Looks in the order of Google's own libraries
(cloud.google.com/docs/authentication/application-default-credentials), with the key of the project's config between
the variable and gcloud's login.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from caliban_ls.runtime.engine import Mount

VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"

PROJECT_KEY = "gcloud.cloud_key in .calibanconfig.json"
"""The source of credentials that the project's config names."""

TARGET = "/run/caliban/credentials.json"
"""The path of the credentials in a container."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A file of credentials.

    Attributes:
        path: absolute.
        source: what names it, for messages.
        readable: whether this process can read it.
    """

    path: Path
    source: str
    readable: bool

    def mount(self) -> Mount:
        """Return the mount that gives a container the file."""
        return Mount(source=str(self.path), target=TARGET, read_only=True)


def find_credentials(
    environment: Mapping[str, str], home: Path, folder: Path, cloud_key: str | None
) -> Credentials | None:
    """Return the credentials file that programs would use, None without one.

    Args:
        environment: the process's variables.
        home: the user's home folder.
        folder: the project.
        cloud_key: the file that the project's config names, to which the user has agreed; None for none.
    """
    if named := environment.get(VARIABLE):
        return _found(folder / Path(named).expanduser(), f"the variable {VARIABLE}")
    if cloud_key is not None:
        return _found(folder / Path(cloud_key).expanduser(), PROJECT_KEY)
    defaults = gcloud_folder(environment, home) / "application_default_credentials.json"
    return _found(defaults, "gcloud auth application-default login") if defaults.is_file() else None


def gcloud_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder of gcloud's configuration."""
    if chosen := environment.get("CLOUDSDK_CONFIG"):
        return Path(chosen)
    if os.name == "nt":
        return Path(environment.get("APPDATA") or home / "AppData" / "Roaming") / "gcloud"
    return home / ".config" / "gcloud"


def _found(path: Path, source: str) -> Credentials:
    real = Path(os.path.realpath(path))
    return Credentials(real, source, real.is_file() and os.access(real, os.R_OK))

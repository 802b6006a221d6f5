"""Read the account and the project from files on this machine, without any request.

Planning uses them, so that it needs no token and no network. Only using the credentials shows whether they are valid;
see `auth`.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caliban_ls.runtime.google.credentials import find_credentials, gcloud_folder


@dataclass(frozen=True, slots=True)
class Claims:
    """The account and project that files claim.

    Attributes:
        account: the service account whose key is used or which is impersonated; None for a user.
        project: Google's, None where no file names one.
    """

    account: str | None = None
    project: str | None = None


def read_claims(
    environment: Mapping[str, str],
    home: Path,
    folder: Path,
    *,
    cloud_key: str | None,
    project_key: str | None,
) -> Claims:
    """Return the account and project, skipping files that can't be read; in the order of `auth.find_identity`.

    Args:
        environment: the process's variables.
        home: the user's home folder.
        folder: the project.
        cloud_key: the file that a flag names, None for none.
        project_key: the file that the project's config names, to which the user has agreed.
    """
    gcloud = _of_gcloud(environment, home)
    if cloud_key is not None:
        path = folder / Path(cloud_key).expanduser()
    else:
        found = find_credentials(environment, home, folder, project_key)
        if found is None:
            return gcloud
        path = found.path
    read = _json(path)
    project = read.get("project_id") or read.get("quota_project_id") or gcloud.project
    return Claims(_account_of(read), _text(project))


def _account_of(read: Mapping[str, Any]) -> str | None:
    """Return the service account of a credentials file: the key's, or the impersonated one."""
    if read.get("type") == "service_account":
        return _text(read.get("client_email"))
    address = _text(read.get("service_account_impersonation_url")) or ""
    found = re.search(r"/serviceAccounts/([^/:]+@[^/:]+):", address)
    return found[1] if found else None


def _of_gcloud(environment: Mapping[str, str], home: Path) -> Claims:
    """Return the account and project of gcloud's active configuration."""
    folder = gcloud_folder(environment, home)
    active = environment.get("CLOUDSDK_ACTIVE_CONFIG_NAME")
    with suppress(OSError, UnicodeDecodeError):
        active = active or (folder / "active_config").read_text(encoding="utf-8").strip()
    parser = configparser.ConfigParser(interpolation=None)
    with suppress(OSError, UnicodeDecodeError, configparser.Error):
        parser.read(folder / "configurations" / f"config_{active or 'default'}", encoding="utf-8")
    account = environment.get("CLOUDSDK_CORE_ACCOUNT") or parser.get("core", "account", fallback=None)
    project = environment.get("CLOUDSDK_CORE_PROJECT") or parser.get("core", "project", fallback=None)
    is_service = account is not None and account.endswith(".gserviceaccount.com")
    return Claims(account if is_service else None, project)


def _json(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):  # the last of arrays in arrays in arrays
        read = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(read, dict):
            return read
    return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

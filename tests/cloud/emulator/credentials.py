"""Credentials of every kind, as files and programs that lead to the stand-in's tokens."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloud.emulator.tokens import ACCOUNT, REFRESH_TOKEN, SUBJECT_TOKEN

GOOGLES = "https://oauth2.googleapis.com/token"
"""The token endpoint, which google-auth knows by heart where a file names none."""

_IAM = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"

_POOL = (
    "//iam.googleapis.com/projects/1234/locations/global/workloadIdentityPools/others/providers/other-cloud"
)


def service_account(private_key: str, token_uri: str = GOOGLES) -> dict[str, Any]:
    """A service account's key, as the console gives it."""
    return {
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "1",
        "private_key": private_key,
        "client_email": ACCOUNT,
        "client_id": "1",
        "token_uri": token_uri,
    }


def person() -> dict[str, Any]:
    """What `gcloud auth application-default login` writes."""
    return {
        "account": "",
        "client_id": "1.apps.googleusercontent.com",
        "client_secret": "a-clients-secret",
        "quota_project_id": "my-project",
        "refresh_token": REFRESH_TOKEN,
        "type": "authorized_user",
        "universe_domain": "googleapis.com",
    }


def impersonation(account: str = ACCOUNT) -> dict[str, Any]:
    """What `gcloud auth application-default login --impersonate-service-account` writes."""
    source = {name: value for name, value in person().items() if name != "quota_project_id"}
    return {
        "delegates": [],
        "service_account_impersonation_url": f"{_IAM}/{account}:generateAccessToken",
        "source_credentials": source,
        "type": "impersonated_service_account",
    }


def workload(subject: Path, *, impersonating: bool = False) -> dict[str, Any]:
    """What `gcloud iam workload-identity-pools create-cred-config` writes, for a token in a file."""
    made: dict[str, Any] = {
        "type": "external_account",
        "audience": _POOL,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(subject), "format": {"type": "text"}},
        "universe_domain": "googleapis.com",
    }
    if impersonating:
        made["service_account_impersonation_url"] = f"{_IAM}/{ACCOUNT}:generateAccessToken"
    return made


def subject_token(path: Path) -> Path:
    """Write what another cloud says of who runs there."""
    path.write_text(SUBJECT_TOKEN)
    return path


def gcloud(folder: Path, *, account: str = "me@example.com") -> Path:
    """Make a folder with a `gcloud` that has a login."""
    folder.mkdir(parents=True)
    program = folder / "gcloud"
    code = Path(__file__).parents[1] / "data" / "gcloud.py"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{code}" "{account}" "{REFRESH_TOKEN}" "$@"\n')
    program.chmod(0o755)
    return folder


def write(path: Path, credentials: Mapping[str, Any]) -> Path:
    """Write a file of credentials, with the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(credentials))
    return path

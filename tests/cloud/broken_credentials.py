"""Credentials of every kind that give no access, each for a reason of its own, with the message for the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud import credential_kinds
from cloud.credential_kinds import DEFAULTS, Laid
from cloud.emulator import credentials
from cloud.emulator.credentials import write
from cloud.emulator.server import Emulator
from cloud.emulator.tokens import IMPERSONATION, KEY, METADATA, PERSON

Lay = Callable[[Emulator, Path], Laid]

RENEW = "Log in again: gcloud auth application-default login"
CREATOR = "You need roles/iam.serviceAccountTokenCreator on {}@my-project.iam.gserviceaccount.com"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """What is laid out, and parts of what is said about it."""

    lay: Lay
    message: str
    mend: str


def named(content: str | bytes) -> Lay:
    """A file that --cloud_key names."""

    def lay(_emulator: Emulator, folder: Path) -> Laid:
        data = content if isinstance(content, bytes) else content.encode()
        (folder / "key.json").write_bytes(data)
        return Laid(flags=("--cloud_key", str(folder / "key.json")))

    return lay


def altered(**values: Any) -> Lay:
    """A key of which something is otherwise; None for what is missing."""

    def lay(emulator: Emulator, folder: Path) -> Laid:
        key = credentials.service_account(emulator.tokens.private_key()) | values
        write(folder / "key.json", {name: value for name, value in key.items() if value is not None})
        return Laid(flags=("--cloud_key", str(folder / "key.json")))

    return lay


def revoked(lay: Lay, grant: str) -> Lay:
    """Credentials for which no token is given any more."""

    def lay_revoked(emulator: Emulator, folder: Path) -> Laid:
        emulator.tokens.revoked.add(grant)
        return lay(emulator, folder)

    return lay_revoked


def defaults(content: Mapping[str, Any]) -> Lay:
    """What gcloud is said to have written."""

    def lay(_emulator: Emulator, folder: Path) -> Laid:
        write(folder / "home" / DEFAULTS, content)
        return Laid()

    return lay


def persons_file_as_the_projects(_emulator: Emulator, folder: Path) -> Laid:
    """A project that names other credentials than a key: they could send us anywhere."""
    write(folder / "project/keys/key.json", credentials.person())
    return Laid(config={"gcloud": {"cloud_key": "keys/key.json"}})


def subject(text: str | None) -> Lay:
    """Another cloud that says something else, or nothing."""

    def lay(emulator: Emulator, folder: Path) -> Laid:
        laid = credential_kinds.workload_identity(emulator, folder)
        (folder / "subject-token").unlink()
        if text is not None:
            (folder / "subject-token").write_text(text)
        return laid

    return lay


def elsewhere(laid: Laid) -> Lay:
    """Nothing but words."""
    return lambda _emulator, _folder: laid


NO_CREDENTIALS = "doesn't hold credentials of Google's"
SHOULD_BE = "It should be a service account's key as JSON, or what gcloud writes."
CORRECT = "Correct the path, or run `gcloud auth application-default login`."
NEW_KEY = (
    "gcloud iam service-accounts keys create FILE --iam-account=trainer@my-project.iam.gserviceaccount.com"
)
BAD_PEM = "-----BEGIN PRIVATE KEY-----\nbm8ga2V5IGF0IGFsbA==\n-----END PRIVATE KEY-----\n"

BROKEN = {
    "a key that isn't there": Broken(
        lay=elsewhere(Laid(flags=("--cloud_key", "gone.json"))),
        message="gone.json (from --cloud_key) can't be read: No such file or directory",
        mend=CORRECT,
    ),
    "a folder for a key": Broken(
        lay=elsewhere(Laid(flags=("--cloud_key", "."))),
        message="(from --cloud_key) can't be read: Is a directory",
        mend=CORRECT,
    ),
    "a key that isn't there, by the variable": Broken(
        lay=elsewhere(Laid(environment={"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere/key.json"})),
        message="/nowhere/key.json (from the variable GOOGLE_APPLICATION_CREDENTIALS) can't be read",
        mend=CORRECT,
    ),
    "no JSON": Broken(lay=named("{no JSON"), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "no text": Broken(lay=named(b"\xff\xfe\x00"), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "no object": Broken(lay=named("[1]"), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "no type": Broken(lay=named("{}"), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "deep JSON": Broken(lay=named("[" * 100_000), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "a source that is a list": Broken(
        lay=named('{"type": "external_account", "credential_source": []}'),
        message=NO_CREDENTIALS,
        mend=SHOULD_BE,
    ),
    "a key without its key": Broken(lay=altered(private_key=None), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "a key that is none": Broken(lay=altered(private_key=BAD_PEM), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "a key that names no one": Broken(lay=altered(client_email=None), message=NO_CREDENTIALS, mend=SHOULD_BE),
    "a key that was deleted": Broken(
        lay=revoked(credential_kinds.key_by_flag, KEY),
        message="invalid_grant: Invalid JWT Signature.",
        mend=NEW_KEY,
    ),
    "a key of an account that was deleted": Broken(
        lay=altered(client_email="trainer@other.iam.gserviceaccount.com"),
        message="invalid_grant: Invalid grant: account not found",
        mend="--iam-account=trainer@other.iam.gserviceaccount.com",
    ),
    "a person, named by the project": Broken(
        lay=persons_file_as_the_projects, message="doesn't hold a service account's key", mend=SHOULD_BE
    ),
    "a person who has to log in again": Broken(
        lay=revoked(credential_kinds.application_default, PERSON),
        message="invalid_grant: Token has been expired or revoked.",
        mend=RENEW,
    ),
    "a person whose file lost its token": Broken(
        lay=defaults(credentials.person() | {"refresh_token": None}), message="give no access", mend=RENEW
    ),
    "gcloud, logged out": Broken(
        lay=revoked(credential_kinds.gcloud, PERSON),
        message="gcloud gives no token: There was a problem refreshing your current auth tokens: invalid_grant",
        mend="Log in again: gcloud auth login",
    ),
    "impersonation by a person who has to log in again": Broken(
        lay=revoked(credential_kinds.impersonation, PERSON),
        message="invalid_grant: Token has been expired or revoked.",
        mend=RENEW.removeprefix("Log in again: "),
    ),
    "impersonation that isn't allowed": Broken(
        lay=revoked(credential_kinds.impersonation, IMPERSONATION),
        message="Permission 'iam.serviceAccounts.getAccessToken' denied on resource",
        mend=CREATOR.format("trainer"),
    ),
    "impersonation of an account that isn't there": Broken(
        lay=defaults(credentials.impersonation("other@my-project.iam.gserviceaccount.com")),
        message="Permission 'iam.serviceAccounts.getAccessToken' denied on resource",
        mend=CREATOR.format("other"),
    ),
    "another cloud that says nothing": Broken(
        lay=subject(None), message="subject-token' was not found", mend="its credential_source names"
    ),
    "another cloud whose word isn't taken": Broken(
        lay=subject("of a stranger"),
        message="invalid_grant: The given credential is rejected",
        mend="does the pool's provider take it?",
    ),
    "a machine without an account": Broken(
        lay=revoked(credential_kinds.machine, METADATA),
        message="Failed to retrieve http://127.0.0.1",
        mend="Give this machine a service account with the scope cloud-platform",
    ),
    "nothing at all": Broken(
        lay=elsewhere(Laid()),
        message="There are no Google credentials here",
        mend="Run `gcloud auth application-default login`, or name a service account's key with --cloud_key.",
    ),
}

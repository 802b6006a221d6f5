"""What an error of a Google service means: wait, give up, or nobody knows; and what would mend it. Pure.

Source: the errors that users of these services have reported, and google.rpc's codes as HTTP has them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from caliban_ls.errors import ServiceError
from caliban_ls.text import shortened


class NoAnswer(ServiceError):
    """Nothing came back.

    Attributes:
        sent: whether the request may have reached the service, so that it may have been carried out.
    """

    code = "no-answer"
    hint = "Is this machine online? `caliban resume` goes on where this stopped."

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(f"Google didn't answer: {reason}")
        self.sent = sent


class Busy(ServiceError):
    """The service asks for patience; nothing was carried out.

    Attributes:
        wait: seconds that it asked for, None when it named none.
    """

    code = "busy"

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class OverQuota(ServiceError):
    """A quota that doesn't refill by waiting is used up or too small; nothing was carried out.

    Attributes:
        metrics: the quotas' full names.
    """

    code = "quota"

    def __init__(
        self, message: str, metrics: tuple[str, ...], limit: str = "", instead: tuple[str, ...] = ()
    ) -> None:
        names = ", ".join(metrics)
        others = "; ".join(instead) or "choose other hardware"
        ask = f"Ask for more of {names} in the console under IAM & Admin > Quotas, or {others}."
        super().__init__(message, hint=f"{limit}. {ask}" if limit else ask)
        self.metrics = metrics


class Refused(ServiceError):
    """The service won't do it, however often it is asked.

    Attributes:
        status: of HTTP.
    """

    code = "refused"

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


def translated(status: int, headers: Mapping[str, str], content: bytes) -> ServiceError:
    """Return what an error of a service means."""
    message, details = _error_of(content)
    metrics = re.findall(r"[a-z0-9.-]+\.googleapis\.com/[a-z0-9_]+", message)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if "exceed quota limits" in message or "exceeds the allowed maximum" in message:
            return OverQuota(message, tuple(metrics) or ("the accelerator",))
        return Busy(message or "Too many requests", _retry_after(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NoAnswer(f"{status}, {message or 'no reason given'}", sent=True)
    return Refused(status, message or f"Google answered {status}", _mend(status, message, details))


def _error_of(content: bytes) -> tuple[str, list[Any]]:
    """Return the message and the details of an error's body."""
    with suppress(ValueError, AttributeError, TypeError):
        error = json.loads(content)["error"]
        return re.sub(r"\s+", " ", str(error["message"])).strip(), list(error.get("details") or ())
    with suppress(KeyError):
        return shortened(content.decode(errors="replace"), 200), []
    return "", []


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After, which may be a date."""
    said = headers.get("retry-after", "")
    with suppress(ValueError):
        return max(0.0, float(said))
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    return None


def _mend(status: int, message: str, details: list[Any]) -> str:
    """Return what to do about a refusal, as far as it says; the cases are those that users meet."""
    if "permission to act as service_account" in message:
        account = message.partition(":")[2].strip().split(" ")[0].rstrip(".")
        return (
            f"Give yourself roles/iam.serviceAccountUser on {account}, even if you are that account,"
            " or name another with --service_account."
        )
    metadata: Mapping[str, str] = next(
        (detail.get("metadata", {}) for detail in details if isinstance(detail, dict)), {}
    )
    reason = next((detail.get("reason") for detail in details if isinstance(detail, dict)), None)
    if reason == "CONSUMER_INVALID" or "Permission denied on resource project" in message:
        return "--project_id takes a project's id, which isn't always its name; `gcloud projects list` shows both."
    if reason == "SERVICE_DISABLED":
        return f"Switch it on: gcloud services enable {metadata.get('service', 'aiplatform.googleapis.com')}"
    if status == HTTPStatus.FORBIDDEN:
        permission = metadata.get("permission") or next(
            iter(re.findall(r"Permission '([\w.]+)'", message)), ""
        )
        role = _ROLES.get(permission.partition(".")[0], "")
        return f"You lack {permission}; {role} has it." if permission and role else ""
    return ""


_ROLES = {
    "aiplatform": "roles/aiplatform.user",
    "ml": "roles/ml.developer",
    "artifactregistry": "roles/artifactregistry.admin",
    "logging": "roles/logging.viewer",
    "iam": "roles/iam.serviceAccountUser",
}

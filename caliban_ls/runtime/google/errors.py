"""Explain an error of a Google service: wait, give up, or unknown; with a hint. Pure.

Source: the errors that users of these services have reported, and google.rpc's codes as HTTP has them.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from html import unescape
from http import HTTPStatus
from typing import Any, TypeVar

from caliban_ls.core.errors import ServiceError
from caliban_ls.core.text import shortened

Field = TypeVar("Field")

PROXY_LOGIN = (
    "Write the login into the variable that names the proxy: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
)


class NoAnswer(ServiceError):
    """No answer came, or none that makes sense.

    Attributes:
        reason: for messages, without the subject.
        sent: whether the request may have reached the service, and so may have been carried out.
        passing: whether the same request may succeed a moment later.
    """

    code = "no-answer"
    hint = "Try again in a few minutes."
    passing = True

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(f"Google didn't answer: {reason}")
        self.reason = reason
        self.sent = sent


class Unreachable(NoAnswer):
    """The request didn't leave this machine, or got no further than a proxy, so it was certainly not carried out.

    Attributes:
        passing: whether the cause may pass, as a lost network does and a wrong certificate doesn't.
    """

    code = "unreachable"
    exit_code = 3

    def __init__(self, reason: str, *, hint: str, passing: bool = True) -> None:
        super().__init__(reason, sent=False)
        self.args = (f"Google can't be reached: {reason}",)
        self.hint = hint
        self.passing = passing


class Busy(ServiceError):
    """The service asks to wait; the request wasn't carried out.

    Attributes:
        wait: seconds that it asked for, None if it gave no number.
    """

    code = "busy"
    hint = "Try again in a few minutes."

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class OverQuota(ServiceError):
    """A quota is used up or too small, and waiting doesn't help; the request wasn't carried out.

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
    """The service refuses the request for good.

    Attributes:
        status: of HTTP.
    """

    code = "refused"

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


def translated(status: int, headers: Mapping[str, str], content: bytes) -> ServiceError:
    """Return the exception for an error of a service, or of a proxy on the way to it."""
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return Unreachable("a proxy wants a login (407)", hint=PROXY_LOGIN, passing=False)
    if status == HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED:
        hint = "Open any page in a browser, log in there, and try again."
        return Unreachable("this network wants a login first (511)", hint=hint, passing=False)
    message, details = _error_of(content)
    metrics = re.findall(r"[a-z0-9.-]+\.googleapis\.com/[a-z0-9_]+", message)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        if "exceed quota limits" in message or "exceeds the allowed maximum" in message:
            return OverQuota(message, tuple(metrics) or ("the accelerator",))
        return Busy(message or "Too many requests", _retry_after(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return NoAnswer(f"{status}, {message or 'no reason given'}", sent=True)
    if not message or web_page(content) or status < HTTPStatus.BAD_REQUEST:
        message = f"Google answered {status}{f' with {message}' if message else ''}"
    return Refused(status, message, _mend(status, message, details))


def object_of(content: bytes) -> dict[str, Any]:
    """Return the JSON object of a successful answer.

    Raises:
        NoAnswer: the content isn't one. Another program may have answered, or the request may have been carried out.
    """
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        what = web_page(content) or ("no JSON" if content.strip() else "nothing")
        raise NoAnswer(f"{what} came in place of its answer", sent=True) from error
    if not isinstance(found, dict):
        raise NoAnswer(f"{_kind_of(found)} came in place of its answer", sent=True)
    return found


def field_of(answer: Any, key: str, kind: type[Field], default: Field | None = None) -> Field:  # noqa: ANN401 - JSON
    """Return a field of an answer's object, or the default if it is missing.

    Raises:
        NoAnswer: the field is missing without a default, or has another type.
    """
    found = answer.get(key) if isinstance(answer, dict) else None
    found = default if found is None else found
    if not isinstance(found, kind) or (default is None and found == ""):
        raise NoAnswer(f"its answer has no {key} as it should", sent=True)
    return found


def web_page(content: bytes) -> str | None:
    """Return a description of a body that is a web page, None for other bodies."""
    if not content.lstrip().startswith(b"<"):
        return None
    title = re.search(rb"<title[^>]*>(.*?)</title", content, re.IGNORECASE | re.DOTALL)
    named = " ".join(unescape(title[1].decode(errors="replace")).split()) if title else ""
    return f'a web page ("{shortened(named, 80)}")' if named else "a web page"


def _kind_of(found: object) -> str:
    kinds: dict[type, str] = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return kinds.get(type(found), "a number")


def _error_of(content: bytes) -> tuple[str, list[Any]]:
    """Return the message and the details of an error's body."""
    with suppress(ValueError, LookupError, AttributeError, TypeError, RecursionError):
        error = json.loads(content)["error"]
        details = error.get("details")
        return (
            re.sub(r"\s+", " ", str(error["message"])).strip(),
            [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else [],
        )
    return web_page(content) or shortened(" ".join(content.decode(errors="replace").split()), 200), []


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After, which may be a date."""
    said = headers.get("retry-after", "")
    with suppress(ValueError):
        return max(0.0, float(said))
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    return None


def _mend(status: int, message: str, details: list[Any]) -> str:
    """Return the hint for a refusal, empty for unknown ones; has the cases that users meet."""
    if "permission to act as service_account" in message:
        account = message.partition(":")[2].strip().split(" ")[0].rstrip(".")
        return (
            f"Give yourself roles/iam.serviceAccountUser on {account}, even if you are that account,"
            " or name another with --service_account."
        )
    first: Mapping[str, Any] = details[0] if details else {}
    reason = first.get("reason")
    found = first.get("metadata")
    metadata: Mapping[str, Any] = found if isinstance(found, dict) else {}
    if reason == "CONSUMER_INVALID" or "Permission denied on resource project" in message:
        return "--project_id takes a project's id, which isn't always its name; `gcloud projects list` shows both."
    if reason == "SERVICE_DISABLED":
        return f"Switch it on: gcloud services enable {metadata.get('service', 'aiplatform.googleapis.com')}"
    if status == HTTPStatus.FORBIDDEN:
        permission = str(
            metadata.get("permission") or next(iter(re.findall(r"Permission '([\w.]+)'", message)), "")
        )
        role = _ROLES.get(permission.partition(".")[0], "")
        if permission and role:
            return f"You lack {permission}; {role} has it."
        return (
            "The account of your credentials lacks a permission, which an owner of the project can give it."
        )
    if status == HTTPStatus.NOT_FOUND:
        return "Are the project's id and the region right?"
    if status < HTTPStatus.BAD_REQUEST:
        return "Something answers in Google's place, as a login page or a proxy does; is the address right?"
    return ""


_ROLES = {
    "aiplatform": "roles/aiplatform.user",
    "ml": "roles/ml.developer",
    "artifactregistry": "roles/artifactregistry.admin",
    "logging": "roles/logging.viewer",
    "iam": "roles/iam.serviceAccountUser",
}

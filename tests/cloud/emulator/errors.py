"""Refusals, as Google words them on the wire."""

from __future__ import annotations

import json
from typing import Any

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(
        self, code: int, message: str, *, headers: dict[str, str] | None = None, details: Any = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.headers = headers or {}
        self.details = details

    def body(self) -> bytes:
        """The JSON that Google's services send."""
        error = {"code": self.code, "message": str(self), "status": STATUS[self.code]}
        if self.details is not None:
            error["details"] = self.details
        return json.dumps({"error": error}).encode()


def invalid(field: str, message: str) -> Refusal:
    """A 400 about one field, in the form of Vertex AI."""
    return Refusal(400, f"List of found errors:\t1.Field: {field}; Message: {message}\t")


class Grant(Exception):
    """A refusal of a token endpoint, in the form of OAuth, RFC 6749."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description

    def body(self) -> bytes:
        """The JSON that Google's token endpoints send."""
        return json.dumps({"error": self.error, "error_description": self.description}).encode()

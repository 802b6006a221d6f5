"""What surrounds the two services: tokens, Cloud Logging's entries, Artifact Registry's repositories."""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from cloud.emulator.errors import Refusal
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ACCOUNT = "trainer@my-project.iam.gserviceaccount.com"
REFRESH_TOKEN = "1//refresh-of-a-person"
SUBJECT_TOKEN = "token-of-another-cloud"


class Tokens:
    """Gives out bearer tokens for every kind of credential, and knows which are good."""

    def __init__(self) -> None:
        self.seconds = 3600.0
        self.given: list[str] = []
        self.grants: list[str] = []
        self._good: dict[str, float] = {}
        self._lock = threading.Lock()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def private_key(self) -> str:
        """The key of the service account, PEM."""
        form = serialization.PrivateFormat.PKCS8
        pem = self._key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        return pem.decode()

    def issue(self) -> str:
        """A new token, good for a while."""
        token = f"ya29.{secrets.token_urlsafe(24)}"
        with self._lock:
            self.given.append(token)
            self._good[token] = time.monotonic() + self.seconds
        return token

    def expire(self) -> None:
        """No token is good any more."""
        with self._lock:
            self._good.clear()

    def check(self, header: str | None) -> None:
        """Refuse a request without a good token."""
        token = (header or "").removeprefix("Bearer ")
        with self._lock:
            good = self._good.get(token, 0) > time.monotonic()
        if not good:
            raise Refusal(401, "Request had invalid authentication credentials.")

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token endpoint."""
        grant = form.get("grant_type", "")
        self.grants.append(grant)
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            self._check_assertion(form["assertion"])
        elif grant == "refresh_token":
            if form.get("refresh_token") != REFRESH_TOKEN:
                raise Refusal(400, "invalid_grant: Token has been expired or revoked.")
        elif grant == "urn:ietf:params:oauth:grant-type:token-exchange":
            if form.get("subject_token") != SUBJECT_TOKEN:
                raise Refusal(400, "invalid_grant")
        else:
            raise Refusal(400, f"unsupported_grant_type {grant}")
        return {
            "access_token": self.issue(),
            "expires_in": int(self.seconds),
            "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }

    def impersonate(self) -> dict[str, Any]:
        """Answer IAM's generateAccessToken."""
        self.grants.append("generateAccessToken")
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
        return {"accessToken": self.issue(), "expireTime": end}

    def _check_assertion(self, assertion: str) -> None:
        signed, _, signature = assertion.rpartition(".")
        padded = signature + "=" * (-len(signature) % 4)
        try:
            self._key.public_key().verify(
                base64.urlsafe_b64decode(padded), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature as error:
            raise Refusal(400, "invalid_grant: Invalid JWT Signature.") from error
        claims = signed.partition(".")[2]
        read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        if read["iss"] != ACCOUNT or "cloud-platform" not in read["scope"]:
            raise Refusal(400, "invalid_grant: Invalid account or scope.")


class Logging:
    """The log entries of jobs: logging.googleapis.com, v2."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def write(self, job: str, text: str, *, severity: str = "INFO") -> None:
        """Take a line that a job printed."""
        with self._lock:
            now = time.time()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e9):09d}Z"
            self.entries.append(
                {
                    "insertId": f"{len(self.entries):012d}",
                    "logName": "projects/my-project/logs/workerpool0-0",
                    "resource": {"type": "ml_job", "labels": {"job_id": job, "project_id": "my-project"}},
                    "timestamp": stamp,
                    "receiveTimestamp": stamp,
                    "severity": severity,
                    "textPayload": text,
                }
            )

    def list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer entries.list."""
        if not body.get("resourceNames"):
            raise Refusal(400, "resource_names must be set")
        wanted = body.get("filter", "")
        found = [entry for entry in self.entries if self._is_meant(entry, wanted)]
        found.sort(key=lambda entry: (entry["timestamp"], entry["insertId"]))
        if body.get("orderBy", "timestamp asc") == "timestamp desc":
            found.reverse()
        size, start = int(body.get("pageSize") or 50), int(body.get("pageToken") or 0)
        rest = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        return {**({"entries": found[start : start + size]} if found else {}), **rest}

    def _is_meant(self, entry: Mapping[str, Any], wanted: str) -> bool:
        for term in filter(None, re.split(r"\s+AND\s+|\n", wanted)):
            match = re.fullmatch(r'([\w.]+)\s*(>=|>|=)\s*"([^"]*)"', term.strip())
            if match is None:
                raise Refusal(400, f"Unparseable filter: {term}")
            value: Any = entry
            for step in match[1].split("."):
                value = value.get(step, "") if isinstance(value, dict) else ""
            operator, right = match[2], match[3]
            if not {"=": value == right, ">": value > right, ">=": value >= right}[operator]:
                return False
        return True


class Repositories:
    """Artifact Registry's repositories: artifactregistry.googleapis.com, v1."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> dict[str, Any]:
        """A repository."""
        if name not in self.known:
            raise Refusal(404, f"Requested entity was not found: {name}")
        return self.known[name]

    def create(self, parent: str, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a repository; the answer is an operation that is done."""
        identifier = query.get("repositoryId", "")
        if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", identifier):
            raise Refusal(400, f"Invalid repository id {identifier!r}")
        if body.get("format") != "DOCKER":
            raise Refusal(400, "format must be set")
        name = f"{parent}/repositories/{identifier}"
        if name in self.known:
            raise Refusal(409, "the repository already exists")
        self.known[name] = {**body, "name": name}
        return {"name": f"{parent}/operations/1", "done": True, "response": self.known[name]}

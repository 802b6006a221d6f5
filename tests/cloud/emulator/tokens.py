"""Who may ask: bearer tokens for every kind of credential, and the metadata server of Google's machines."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any

from cloud.emulator.errors import Grant, Refusal
from cloud.emulator.listener import Answer, Asked
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ACCOUNT = "trainer@my-project.iam.gserviceaccount.com"
MACHINE = "1234-compute@developer.gserviceaccount.com"
REFRESH_TOKEN = "1//refresh-of-a-person"
SUBJECT_TOKEN = "token-of-another-cloud"

KEY = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PERSON = "refresh_token"
FEDERATION = "urn:ietf:params:oauth:grant-type:token-exchange"
IMPERSONATION = "generateAccessToken"
METADATA = "metadata"

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class Tokens:
    """Gives out bearer tokens, and knows which are good.

    Attributes:
        seconds: how long a token is good, as is said with it.
        worthless: whether no token is taken by anybody, however fresh.
        spoil_at: with which request every token that was given so far stops being good, unsaid; None for never.
        given: every token there ever was.
        grants: in return for what, in order.
        revoked: what no token is given for any more.
    """

    def __init__(self) -> None:
        self.seconds = 3600.0
        self.worthless = False
        self.spoil_at: int | None = None
        self.given: list[str] = []
        self.grants: list[str] = []
        self.revoked: set[str] = set()
        self._ends: dict[str, float] = {}
        self._checked = 0
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
            self._ends[token] = time.monotonic() + self.seconds
        return token

    def expire(self) -> None:
        """No token is good any more."""
        with self._lock:
            self._ends.clear()

    def check(self, token: str) -> None:
        """Refuse a request without a good token."""
        with self._lock:
            self._checked += 1
            if self._checked == self.spoil_at:
                self._ends.clear()
            good = self._ends.get(token, 0) > time.monotonic() and not self.worthless
        if not good:
            message = (
                "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or"
                " other valid authentication credential."
            )
            raise Refusal(401, message)

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token endpoint of OAuth's, for keys, persons and other clouds."""
        grant = form.get("grant_type", "")
        self.grants.append(grant)
        if grant == KEY:
            self._check_assertion(form.get("assertion", ""))
        elif grant == PERSON:
            if form.get("refresh_token") != REFRESH_TOKEN or grant in self.revoked:
                raise Grant("invalid_grant", "Token has been expired or revoked.")
        elif grant == FEDERATION:
            if form.get("subject_token") != SUBJECT_TOKEN or grant in self.revoked:
                raise Grant("invalid_grant", "The given credential is rejected by the attribute condition.")
        else:
            raise Grant("unsupported_grant_type", f"Invalid grant_type: {grant}")
        return {
            "access_token": self.issue(),
            "expires_in": int(self.seconds),
            "token_type": "Bearer",
            "scope": _SCOPE,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        }

    def impersonate(self, account: str) -> dict[str, Any]:
        """Answer IAM's generateAccessToken, after the caller's own token was checked."""
        self.grants.append(IMPERSONATION)
        if account != ACCOUNT or IMPERSONATION in self.revoked:
            message = (
                "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
            )
            raise Refusal(403, message)
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.seconds))
        return {"accessToken": self.issue(), "expireTime": end}

    def metadata(self, asked: Asked) -> Answer:
        """Answer as the metadata server of a machine."""
        if asked.headers.get("metadata-flavor") != "Google":
            return Answer(403, b"Missing Metadata-Flavor:Google header.", {})
        path = asked.path.removeprefix("/computeMetadata/v1/").strip("/")
        account = "instance/service-accounts"
        flavor = {"Metadata-Flavor": "Google"}
        json_too = {**flavor, "Content-Type": "application/json"}
        text_too = {**flavor, "Content-Type": "application/text"}
        if path == "":
            return Answer(200, b"computeMetadata/\n", text_too)
        if path == "project/project-id":
            return Answer(200, b"my-project", text_too)
        if METADATA in self.revoked:
            return Answer(404, b"", flavor)  # a machine without an account
        if path in (f"{account}/default", f"{account}/{MACHINE}"):
            found: dict[str, Any] = {"aliases": ["default"], "email": MACHINE, "scopes": [_SCOPE]}
            return Answer(200, json.dumps(found).encode(), json_too)
        if path in (f"{account}/default/token", f"{account}/{MACHINE}/token"):
            self.grants.append(METADATA)
            found = {
                "access_token": self.issue(),
                "expires_in": int(self.seconds),
                "token_type": "Bearer",
            }
            return Answer(200, json.dumps(found).encode(), json_too)
        return Answer(404, b"", flavor)

    def _check_assertion(self, assertion: str) -> None:
        signed, _, signature = assertion.rpartition(".")
        if KEY in self.revoked:  # The key was deleted.
            raise Grant("invalid_grant", "Invalid JWT Signature.")
        try:
            self._key.public_key().verify(
                _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, binascii.Error) as error:
            raise Grant("invalid_grant", "Invalid JWT Signature.") from error
        read = json.loads(_decoded(signed.partition(".")[2]))
        if read["iss"] != ACCOUNT:
            raise Grant("invalid_grant", "Invalid grant: account not found")
        if _SCOPE not in read["scope"]:
            raise Grant("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        if read["exp"] <= time.time():
            message = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
            )
            raise Grant("invalid_grant", message)


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

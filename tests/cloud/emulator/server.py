"""The stand-in as a server: which request is for what, and which of them go wrong."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from cloud.emulator import credentials, schema
from cloud.emulator.ai_platform import AiPlatform
from cloud.emulator.certificates import DOMAIN, Authority
from cloud.emulator.errors import Grant, Refusal
from cloud.emulator.faults import Faults
from cloud.emulator.listener import Answer, Asked, HangUp, listen
from cloud.emulator.middleboxes import Between
from cloud.emulator.other_services import Logging, Repositories
from cloud.emulator.tokens import Tokens
from cloud.emulator.vertex import Vertex

_HOSTS = {
    "aiplatform.v1": rf"[a-z0-9-]+-aiplatform\.{DOMAIN}",
    "ml.v1": rf"ml\.{DOMAIN}",
    "logging.v2": rf"logging\.{DOMAIN}",
    "artifactregistry.v1": rf"artifactregistry\.{DOMAIN}",
}
"""The services, and their real hosts."""


class Emulator:
    """Google, on a port of the loopback: led here by addresses, or by a proxy for its real hosts' names.

    Leaving the block ends it.

    Attributes:
        calls: how often each method was asked, by who may ask.
        refused: each error that was answered.
        strangers: hosts that weren't Google's and were asked for by the proxy.
        denied: which permission is missing, by method.
        most_at_once: requests that were under way together.
    """

    def __init__(self) -> None:
        self.vertex = Vertex()
        self.ai_platform = AiPlatform()
        self.tokens = Tokens()
        self.logging = Logging()
        self.repositories = Repositories()
        self.faults = Faults()
        self.authority = Authority()
        self.between = Between()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self.calls: Counter[str] = Counter()
        self.refused: list[str] = []
        self.strangers: list[str] = []
        self.denied: dict[str, str] = {}
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._server = listen(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Emulator:  # noqa: PYI034 - Self came with Python 3.11
        for service in _HOSTS:
            schema.methods(service)  # now, and not with the first request
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/"

    def environment(self) -> dict[str, str]:
        """The variables that lead a program here instead of to Google."""
        services = ("AIPLATFORM", "ML", "LOGGING", "ARTIFACTREGISTRY", "IAMCREDENTIALS")
        return {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}": self.url for service in services}

    def proxied_environment(self, folder: Path) -> dict[str, str]:
        """The variables by which a program reaches Google's real hosts' names, and nothing else, through here.

        Args:
            folder: where the certificate of the stand-in's authority is written.
        """
        bundle = folder / "authority.pem"
        bundle.write_text(self.authority.certificate)
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), self.url)
        # None of what the machine itself uses may stand beside it.
        direct = dict.fromkeys(("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"), "")
        trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(bundle))
        return {**proxy, **direct, **trust}

    def machine_environment(self) -> dict[str, str]:
        """The variables that make a program believe that it's on a machine of Google's."""
        here = f"127.0.0.1:{self.port}"
        return {"GCE_METADATA_HOST": here, "GCE_METADATA_IP": here}

    def service_account(self, path: Path, *, token_uri: str | None = None) -> Path:
        """Write a service account's key."""
        key = credentials.service_account(self.tokens.private_key(), token_uri or f"{self.url}token")
        return credentials.write(path, key)

    def jobs(self) -> list[dict[str, Any]]:
        """Every job of Vertex AI."""
        return list(self.vertex.jobs.values())

    def pause(self) -> float:
        """See `Behind.pause`."""
        return self.faults.slow_body

    def answer(self, asked: Asked) -> Answer:
        """Answer one request; raises `HangUp` where there is to be no answer."""
        return self.between.answered(asked, lambda: self._answer(asked))

    def open_tunnel(self, host: str) -> int:
        """See `Behind.open_tunnel`."""
        return self.between.open_tunnel(host)

    def context(self, host: str) -> ssl.SSLContext:
        """See `Behind.context`."""
        kind = self.between.shown_by(host)
        with self._lock:
            if kind not in self._contexts:
                self._contexts[kind] = self.authority.context(kind)
            return self._contexts[kind]

    def _answer(self, asked: Asked) -> Answer:
        if asked.path == "/" or asked.path.startswith("/computeMetadata/"):
            return self.tokens.metadata(asked)
        if asked.host == f"oauth2.{DOMAIN}" or asked.path == "/token":
            return self._said(lambda: self.tokens.exchange(asked.form))
        if asked.host == f"sts.{DOMAIN}" and asked.path == "/v1/token":
            return self._said(lambda: self.tokens.exchange(asked.form))
        if asked.path.endswith(":generateAccessToken"):
            return self._said(lambda: self._impersonated(asked))
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            time.sleep(self.faults.latency)
            return self._said(lambda: self._dispatch(asked))
        finally:
            with self._lock:
                self.at_once -= 1

    def _impersonated(self, asked: Asked) -> dict[str, Any]:
        self.tokens.check(asked.token)
        return self.tokens.impersonate(asked.path.rpartition("/")[2].partition(":")[0])

    def _said(self, ask: Callable[[], Any]) -> Answer:
        """Put what there is to say into the words of the wire."""
        kind = {"Content-Type": "application/json; charset=UTF-8"}
        try:
            return Answer(200, json.dumps(ask()).encode(), kind)
        except Grant as grant:
            code, body, headers = 400, grant.body(), {}
            refused = str(grant)
        except Refusal as refusal:
            code, body, headers = refusal.code, refusal.body(), refusal.headers
            refused = str(refusal)
        with self._lock:
            self.refused.append(f"{code} {refused}")
        return Answer(code, body, {**kind, **headers})

    def _dispatch(self, asked: Asked) -> Any:
        method, path = _method(asked)
        self.tokens.check(asked.token)
        with self._lock:
            self.calls[method.id] += 1
        schema.check_query(method, asked.query)
        content = _content(asked)
        schema.check_body(method, content)
        _check_region(asked)
        if method.id in self.denied:
            raise _denied(self.denied[method.id], asked.path.removeprefix("/v1/"))
        answers = self._answers(asked, path, content)
        if method.id not in answers:
            raise Refusal(501, f"{method.id} isn't stood in for")
        return answers[method.id]()

    def _answers(self, asked: Asked, path: dict[str, str], body: Any) -> dict[str, Callable[[], Any]]:
        """What each method does with a request; the schema has looked at it, and no more is known here."""
        hidden, query = self.faults.hidden, asked.query
        parent, name = path.get("parent", ""), path.get("name", "")
        custom, training = "aiplatform.projects.locations.customJobs", "ml.projects.jobs"
        repositories = "artifactregistry.projects.locations.repositories"

        def create_custom() -> Any:
            self.vertex.check(body)
            return self._create(lambda: self.vertex.create(parent, body))

        def create_training() -> Any:
            self.ai_platform.check(body)
            return self._create(lambda: self.ai_platform.create(parent, body))

        return {
            f"{custom}.create": create_custom,
            f"{custom}.get": lambda: self.vertex.get(name),
            f"{custom}.list": lambda: self.vertex.list(parent, query, hidden),
            f"{custom}.cancel": lambda: self.vertex.cancel(name),
            f"{training}.create": create_training,
            f"{training}.get": lambda: self.ai_platform.get(name),
            f"{training}.list": lambda: self.ai_platform.list(parent, query, hidden),
            f"{training}.cancel": lambda: self.ai_platform.cancel(name),
            "logging.entries.list": lambda: self.logging.list(body or {}),
            f"{repositories}.get": lambda: self.repositories.get(name),
            f"{repositories}.create": lambda: self.repositories.create(parent, query, body or {}),
            # Both services have operations; if the host doesn't distinguish them, the first is found.
            "aiplatform.projects.locations.operations.get": lambda: self.repositories.operation(name),
            "artifactregistry.projects.locations.operations.get": lambda: self.repositories.operation(name),
        }

    def _create(self, make: Callable[[], Any]) -> Any:
        """Make a job, or go wrong as it was asked for."""
        fault = self.faults.throw()
        if fault == "busy":
            wait = self.faults.retry_after
            headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
            raise Refusal(429, "Quota exceeded for quota metric 'Job submissions'.", headers=headers)
        if fault == "unavailable":
            raise Refusal(503, "The service is currently unavailable.")
        if fault == "reset":
            raise HangUp
        if fault == "lost" and self.faults.late:
            timer = threading.Timer(self.faults.late, self._make_quietly, [make])
            timer.daemon = True
            timer.start()
            raise HangUp
        made = make()
        if fault == "lost":
            raise HangUp
        if fault == "unavailable after":
            raise Refusal(503, "The service is currently unavailable.")
        return made

    def _make_quietly(self, make: Callable[[], Any]) -> None:
        with suppress(Refusal):  # The client is gone.
            make()


def _method(asked: Asked) -> tuple[schema.Method, dict[str, str]]:
    """The method that a request is for. One of Google's hosts has its own service only."""
    for service, host in _HOSTS.items():
        if asked.host.endswith(DOMAIN) and not re.fullmatch(host, asked.host):
            continue
        with suppress(Refusal):
            return schema.find(service, asked.verb, asked.path)
    raise Refusal(404, f"The requested URL {asked.path} was not found on this server.")


def _check_region(asked: Asked) -> None:
    """Refuse what is asked of another region's host: each knows its own jobs alone."""
    host = re.fullmatch(_HOSTS["aiplatform.v1"], asked.host)
    region = re.search(r"/locations/([^/]+)", asked.path)
    if host and region and not asked.host.startswith(f"{region[1]}-aiplatform."):
        raise Refusal(
            400, f"The location {region[1]} of the resource doesn't match that of the endpoint {asked.host}."
        )


def _content(asked: Asked) -> Any:
    try:
        return json.loads(asked.body) if asked.body else None
    except ValueError as error:
        raise Refusal(400, "Invalid JSON payload received. Unable to parse.") from error


def _denied(permission: str, resource: str) -> Refusal:
    details = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "IAM_PERMISSION_DENIED",
            "domain": "aiplatform.googleapis.com",
            "metadata": {"permission": permission, "resource": resource},
        }
    ]
    where = f"//aiplatform.googleapis.com/{resource}"
    return Refusal(
        403, f"Permission '{permission}' denied on resource '{where}' (or it may not exist).", details=details
    )

"""The adapter without an engine: what a builder's events mean, and what is said when nothing answers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingMixIn, UnixStreamServer
from typing import Any

import pytest
from support.image_plans import plan_of

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import BuildFailed, EngineUnavailable
from caliban_ls.runtime.docker import api
from caliban_ls.runtime.docker.classic_builder import BuildLog
from caliban_ls.runtime.docker.endpoint import Endpoint, Tls
from caliban_ls.runtime.docker.engine import open_engine
from caliban_ls.runtime.docker.errors import unavailable
from caliban_ls.runtime.docker.payloads import container_config
from caliban_ls.runtime.engine import ContainerSpec, Exit
from caliban_ls.runtime.jobs import Stream

PLAN = plan_of("python:3.11-slim", "")
ENDPOINT = Endpoint(address="unix:///run/x.sock", source="DOCKER_HOST")


class UnixServer(ThreadingMixIn, UnixStreamServer):
    """Serves each connection on a thread of its own."""

    daemon_threads = True


def follow(*events: dict[str, Any]) -> tuple[BuildLog, list[tuple[str, float | None]]]:
    """The log after some events, and what it reported."""
    reported: list[tuple[str, float | None]] = []
    log = BuildLog(PLAN, lambda message, fraction: reported.append((message, fraction)))
    for event in events:
        log.add(event)
    return log, reported


def check_report(*streams: str, reported: list[tuple[str, float | None]]) -> None:
    log, said = follow(*({"stream": stream} for stream in streams), {"aux": {"ID": "sha256:1"}})
    assert log.result(ENDPOINT) == "sha256:1"
    assert said == reported


def test_steps_and_their_output() -> None:
    check_report(
        "Step 1/4 : FROM python:3.11-slim\n",
        " ---> 0a1b\n",
        "Step 2/4 : RUN pip install x\n",
        " ---> Running in 77\n",
        "Collecting x\n",
        "Removing intermediate container 77\n",
        "Successfully built 0a1b\n",
        reported=[
            ("Step 1/4 : FROM python:3.11-slim", 0.0),
            ("Step 2/4 : RUN pip install x", 0.25),
            ("Collecting x", 0.25),
        ],
    )


@pytest.mark.parametrize(
    ("streams", "lines"),
    [
        (["Col", "lecting ", "x\nDone\n"], ["Collecting x", "Done"]),
        (["a\r\nb\n\n\nc"], ["a", "b", "c"]),
        (["10%\r50%\r", "100%\n"], ["10%", "50%", "100%"]),
        (["\x1b[91mWARNING: root\n\x1b[0m"], ["WARNING: root"]),
        (["x" * 5000 + "\n"], ["x" * 2000]),
    ],
)
def test_output_becomes_lines(streams: list[str], lines: list[str]) -> None:
    check_report(*streams, reported=[(line, None) for line in lines])


def test_layers_are_pulled_together() -> None:
    def layer(name: str, current: int, total: int) -> dict[str, Any]:
        return {
            "status": "Downloading",
            "id": name,
            "progressDetail": {"current": current * 10**6, "total": total * 10**6},
        }

    _, reported = follow(
        {"status": "Pulling from library/python", "id": "3.11-slim"},
        {"status": "Pulling fs layer", "id": "a", "progressDetail": {}},
        layer("a", 1, 10),
        layer("a", 1, 10),
        layer("b", 5, 20),
        layer("a", 12, 10),
        {"status": "Pull complete", "id": "a"},
    )
    assert [message.removeprefix("Pulling python:3.11-slim: ") for message, _ in reported] == [
        "1 of 10 MB",
        "6 of 30 MB",
        "15 of 30 MB",
    ]


def check_failure(error: str, *streams: str) -> BuildFailed:
    log, _ = follow(*({"stream": stream} for stream in streams), {"error": error})
    with pytest.raises(BuildFailed) as caught:
        log.result(ENDPOINT)
    return caught.value


def test_a_failed_step_is_named_with_its_last_words() -> None:
    failure = check_failure(
        "The command '/bin/sh -c pip install x' returned a non-zero code: 1",
        "Step 1/3 : FROM python:3.11-slim\n",
        "Step 2/3 : RUN pip install x\n",
        *(f"line {number}\n" for number in range(100)),
        "ERROR: no matching distribution",
    )
    head, *output = str(failure).splitlines()
    assert head == "The build stopped at step 2 of 3 (RUN pip install x): the command exited with code 1"
    assert output[-1] == "    ERROR: no matching distribution"
    assert len(output) == 12


def test_the_last_words_of_earlier_steps_are_left_out() -> None:
    failure = check_failure("no", "Step 1/2 : RUN a\n", "earlier\n", "Step 2/2 : RUN b\n", "later\n")
    assert str(failure) == "The build stopped at step 2 of 2 (RUN b): no\n    later"


def test_a_base_image_that_cannot_be_had() -> None:
    failure = check_failure("pull access denied for python", "Step 1/3 : FROM python:3.11-slim\n")
    assert str(failure) == "The base image python:3.11-slim can't be had: pull access denied for python"
    assert "`base_image`" in failure.hint


def test_a_failure_before_the_first_step() -> None:
    assert str(check_failure("no space left")) == "The build stopped at the start: no space left"


def test_events_that_end_too_early() -> None:
    log, _ = follow({"stream": "Step 1/3 : FROM python:3.11-slim\n"})
    with pytest.raises(EngineUnavailable, match=r"x\.sock stopped answering"):
        log.result(ENDPOINT)


def nobody() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("unix:///no/such.sock", "No such file or directory"),
        (nobody(), "Connection refused"),
        ("tcp://127.0.0.1", "port is required"),
        ("tcp://127.0.0.1:http", "Port could not be cast"),
        ("tcp://[::1", "Invalid IPv6"),
        ("ftp://127.0.0.1:1", "Invalid bind address protocol"),
        ("ssh://me@127.0.0.1", "paramiko"),
    ],
    ids=["no socket", "nobody listens", "no port", "no number", "no address", "no scheme", "ssh"],
)
def test_nothing_answers(address: str, reason: str) -> None:
    with pytest.raises(EngineUnavailable, match=reason) as caught:
        open_engine(Endpoint(address=address, source="DOCKER_HOST"))
    assert str(caught.value).startswith(f"No Docker engine answers at {address} (from DOCKER_HOST): ")
    assert caught.value.hint


def test_a_socket_that_others_may_use() -> None:
    wrapped = OSError("Connection aborted.", PermissionError(13, "Permission denied"))
    error = unavailable(ENDPOINT, wrapped)
    assert str(error).endswith(": permission denied")
    assert "usermod -aG docker" in error.hint


class Refusing(BaseHTTPRequestHandler):
    """A web server that never heard of Docker."""

    def do_GET(self) -> None:
        self.send_error(404, "File not found")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web_server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_something_else_answers(web_server: str) -> None:
    with pytest.raises(EngineUnavailable, match="404"):
        open_engine(Endpoint(address=web_server, source="DOCKER_HOST"))


def test_a_listener_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PROBE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(EngineUnavailable, match="timed out"):
            open_engine(Endpoint(address=address, source="DOCKER_HOST"))


def test_certificates_that_are_not_there(tmp_path: Path) -> None:
    tls = Tls(authority=tmp_path / "ca.pem", certificate=None, key=None, verify=True)
    with pytest.raises(EngineUnavailable):
        open_engine(Endpoint(address="tcp://127.0.0.1:1", source="DOCKER_HOST", tls=tls))


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    loaded = "{'docker', 'requests', 'urllib3'} & set(sys.modules)"
    code = f"import sys, caliban_ls.runtime.docker.engine; assert not {loaded}"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("gpus", "request_"),
    [
        (True, {"Count": -1, "Capabilities": [["gpu"]]}),
        (("0", "3"), {"DeviceIDs": ["0", "3"], "Capabilities": [["gpu"]]}),
        (("nvidia.com/gpu=1",), {"DeviceIDs": ["nvidia.com/gpu=1"], "Driver": "cdi"}),
    ],
)
def test_how_gpus_are_asked_for(*, gpus: bool | tuple[str, ...], request_: dict[str, Any]) -> None:
    spec = ContainerSpec(image="x", args=(), name="n", labels={}, gpus=gpus)
    assert container_config(spec, "json-file")["HostConfig"]["DeviceRequests"] == [request_]


def test_what_an_engine_says_in_one_breath_with_its_head(tmp_path: Path) -> None:
    """The SDK reads more than the head of the response, and gives away a socket without the rest."""
    said = b"\x01\0\0\0\0\0\0\x06hello\n" + b"\x02\0\0\0\0\0\0\x04bye\n"
    nothing = b"HTTP/1.1 204 No Content\r\n\r\n"
    head = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    answers = {
        "GET /_ping": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK",
        "GET /version": _json({"ApiVersion": "1.41"}),
        "GET /v1.41/info": _json({"LoggingDriver": "json-file"}),
        "POST /v1.41/containers/create": _json({"Id": "one"}),
        "POST /v1.41/containers/one/attach": head + said,
        "POST /v1.41/containers/one/start": nothing,
        "DELETE /v1.41/containers/one": nothing,
        "POST /v1.41/containers/one/wait": _json({"StatusCode": 0}),
        "GET /v1.41/containers/one/json": _json({"State": {"Running": False, "ExitCode": 7}}),
    }

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while request := self.rfile.readline().decode().split():
                length = 0
                while line := self.rfile.readline().decode().strip().lower():
                    length = int(line.partition(":")[2]) if line.startswith("content-length:") else length
                self.rfile.read(length)
                self.wfile.write(answers[f"{request[0]} {request[1].partition('?')[0]}"])
                if request[1].partition("?")[0].endswith("/attach"):
                    return

    taken: list[tuple[Stream, bytes]] = []
    with UnixServer(str(tmp_path / "s"), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        engine = open_engine(Endpoint(address=f"unix://{tmp_path}/s", source="the test"))
        spec = ContainerSpec(image="i", args=(), name="one", labels={})
        end = engine.run(spec, output=lambda *frame: taken.append(frame), cancel=CancelToken())
        server.shutdown()
    assert (end, taken) == (Exit(7), [("stdout", b"hello\n"), ("stderr", b"bye\n")])


def _json(answer: dict[str, Any]) -> bytes:
    body = json.dumps(answer).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        len(body),
        body,
    )

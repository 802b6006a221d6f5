"""Which engine is meant, for every way of saying it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.docker.endpoint import Endpoint, configuration_folder, resolve_endpoint

SOCKET = "unix:///var/run/docker.sock"


def add_context(folder: Path, name: str, engine: object, *certificates: str) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": engine}}))
    for certificate in certificates:
        file = folder / "contexts" / "tls" / digest / "docker" / certificate
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration folder whose current context is `lab`."""
    (tmp_path / "config.json").write_text('{"auths": {}, "currentContext": "lab"}')
    add_context(tmp_path, "lab", {"Host": "tcp://lab:2376", "SkipTLSVerify": False}, "ca.pem", "key.pem")
    add_context(tmp_path, "far", {"Host": "ssh://me@far"})
    add_context(tmp_path, "loose", {"Host": "tcp://loose:2376", "SkipTLSVerify": True}, "ca.pem")
    add_context(tmp_path, "empty", {})
    add_context(tmp_path, "odd", "not an object")
    return tmp_path


def check(folder: Path, environment: Mapping[str, str], address: str, source: str) -> Endpoint:
    endpoint = resolve_endpoint(environment, folder, "linux")
    assert (endpoint.address, endpoint.source) == (address, source)
    return endpoint


@pytest.mark.parametrize(
    ("environment", "address", "source"),
    [
        ({}, "tcp://lab:2376", "the docker context `lab`"),
        ({"DOCKER_CONTEXT": "far"}, "ssh://me@far", "the docker context `far`"),
        ({"DOCKER_CONTEXT": ""}, "tcp://lab:2376", "the docker context `lab`"),
        ({"DOCKER_CONTEXT": "default"}, SOCKET, "the default"),
        ({"DOCKER_HOST": "unix:///run/x.sock"}, "unix:///run/x.sock", "DOCKER_HOST"),
        ({"DOCKER_HOST": " "}, "tcp://lab:2376", "the docker context `lab`"),
        ({"DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": "far"}, "tcp://a:1", "DOCKER_HOST"),
    ],
)
def test_host_beats_context_beats_config(
    folder: Path, environment: Mapping[str, str], address: str, source: str
) -> None:
    check(folder, environment, address, source)


@pytest.mark.parametrize(
    "config", [None, "{}", "[]", '{"currentContext": 3}', '{"currentContext": "default"}']
)
def test_nothing_chosen_is_the_default_socket(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    check(tmp_path, {}, SOCKET, "the default")


def test_default_on_windows_is_a_pipe(tmp_path: Path) -> None:
    assert resolve_endpoint({}, tmp_path, "win32").address == "npipe:////./pipe/docker_engine"


def test_certificates_of_a_context(folder: Path) -> None:
    tls = check(folder, {}, "tcp://lab:2376", "the docker context `lab`").tls
    assert tls is not None
    assert tls.authority is not None
    assert tls.authority.name == "ca.pem"
    assert tls.certificate is None
    assert tls.verify


def test_a_context_may_leave_the_engine_unchecked(folder: Path) -> None:
    tls = check(folder, {"DOCKER_CONTEXT": "loose"}, "tcp://loose:2376", "the docker context `loose`").tls
    assert tls is not None
    assert not tls.verify
    assert check(folder, {"DOCKER_CONTEXT": "far"}, "ssh://me@far", "the docker context `far`").tls is None


@pytest.mark.parametrize(
    ("variables", "verify"),
    [
        ({"DOCKER_TLS_VERIFY": "1"}, True),
        ({"DOCKER_TLS": "1"}, False),
        ({}, None),
        ({"DOCKER_TLS": ""}, None),
    ],
)
def test_certificates_of_the_environment(
    tmp_path: Path, variables: Mapping[str, str], verify: object
) -> None:
    (tmp_path / "key.pem").touch()
    environment = {"DOCKER_HOST": "tcp://a:1", "DOCKER_CERT_PATH": str(tmp_path), **variables}
    tls = check(tmp_path / "elsewhere", environment, "tcp://a:1", "DOCKER_HOST").tls
    assert (tls and tls.verify) == verify
    assert tls is None or tls.key == tmp_path / "key.pem"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("gone", "no docker context `gone`, which DOCKER_CONTEXT names"),
        ("empty", "`empty` names no engine"),
        ("odd", "`odd` names no engine"),
    ],
)
def test_a_context_that_leads_nowhere(folder: Path, context: str, message: str) -> None:
    with pytest.raises(MissingError, match=message) as caught:
        resolve_endpoint({"DOCKER_CONTEXT": context}, folder, "linux")
    assert "docker context" in caught.value.hint


@pytest.mark.parametrize("config", ["{", "\udcff", "[" * 100_000])
def test_a_damaged_config_is_no_reason_to_take_another_engine(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_bytes(config.encode(errors="surrogateescape"))
    with pytest.raises(MissingError, match=r"config\.json can't be read"):
        resolve_endpoint({}, tmp_path, "linux")


def test_the_folder_may_be_named() -> None:
    home = Path("/home/me")
    assert configuration_folder({}, home) == Path("/home/me/.docker")
    assert configuration_folder({"DOCKER_CONFIG": ""}, home) == Path("/home/me/.docker")
    assert configuration_folder({"DOCKER_CONFIG": "/etc/d"}, home) == Path("/etc/d")

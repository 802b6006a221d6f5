"""What a build is given of the user's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from caliban_ls.runtime.engine import BuildInputs
from caliban_ls.runtime.images.build_secrets import build_inputs, lent_network, lent_passwords


def inputs(home: Path, *addresses: str, key: Path | None = None, **environment: str) -> BuildInputs:
    return build_inputs(environment, home, addresses, key)


def test_nothing(tmp_path: Path) -> None:
    assert inputs(tmp_path, HOME="/x", PIP_TIMEOUT="9") == BuildInputs()


def test_indexes_are_needed_and_uv_gets_those_of_pip(tmp_path: Path) -> None:
    given = inputs(
        tmp_path, PIP_INDEX_URL="https://me:pa'ss@a.example/simple", PIP_EXTRA_INDEX_URL="https://b.example"
    )
    assert given.secrets["settings"].decode().splitlines() == [
        "export PIP_EXTRA_INDEX_URL=https://b.example",
        """export PIP_INDEX_URL='https://me:pa'"'"'ss@a.example/simple'""",
        """export UV_DEFAULT_INDEX='https://me:pa'"'"'ss@a.example/simple'""",
        "export UV_INDEX=https://b.example",
    ]
    assert given.needed == ("PIP_EXTRA_INDEX_URL of your environment", "PIP_INDEX_URL of your environment")


def test_indexes_of_uv_stand_by_themselves(tmp_path: Path) -> None:
    given = inputs(
        tmp_path, PIP_INDEX_URL="https://a.example", UV_INDEX_URL="https://b.example", UV_INDEX_B_PASSWORD="x"
    )
    names = [
        line.split("=")[0].removeprefix("export ") for line in given.secrets["settings"].decode().splitlines()
    ]
    assert names == ["PIP_INDEX_URL", "UV_INDEX_B_PASSWORD", "UV_INDEX_URL"]


def test_only_passwords_of_indexes_leave_the_netrc(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(
        "machine api.wandb.ai login u password w\nmachine a.example login me password p\n"
    )
    (tmp_path / ".netrc").chmod(0o600)
    assert inputs(tmp_path) == BuildInputs()
    given = inputs(tmp_path, "https://a.example/simple")
    assert given.secrets["netrc"] == b"machine a.example login me password p\n"
    assert given.secrets["settings"] == b"export NETRC=/run/caliban/netrc\n"
    assert given.needed == ("a password of your .netrc",)
    assert b"machine a.example" in inputs(tmp_path, PIP_INDEX_URL="https://a.example/simple").secrets["netrc"]


def test_passwords_that_only_the_project_asks_for(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine a.example login me password p\ndefault login me password q\n")
    (tmp_path / ".netrc").chmod(0o600)
    named = ("https://a.example/simple", "https://other.example", "https://default/simple")
    assert lent_passwords({}, tmp_path, named) == ("a.example",)
    assert lent_passwords({"PIP_INDEX_URL": "https://a.example/x"}, tmp_path, ()) == ("a.example",)
    assert "netrc" not in inputs(tmp_path, "https://default/simple").secrets


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ({"PIP_INDEX_URL": "https://a.example/simple"}, ()),
        ({"PIP_INDEX_URL": "https://me:p@a.example/simple"}, ("a.example",)),
        ({"PIP_EXTRA_INDEX_URL": "https://a.example/x https://t@B.example:8/y"}, ("b.example",)),
        ({"UV_INDEX": "b=https://u:p@b.example/simple"}, ("b.example",)),
        ({"UV_INDEX_B_PASSWORD": "p"}, ("UV_INDEX_B_PASSWORD",)),
        ({"https_proxy": "http://u:p@proxy.example:1"}, ("proxy.example",)),
        ({"ALL_PROXY": "u:p@proxy.example:1"}, ("proxy.example",)),
        ({"NO_PROXY": "u:p@proxy.example"}, ()),
    ],
)
def test_passwords_of_the_environment_need_agreement(
    tmp_path: Path, environment: dict[str, str], hosts: tuple[str, ...]
) -> None:
    assert lent_passwords(environment, tmp_path, ()) == hosts


def test_certificates_reach_the_build_and_are_not_insisted_on(tmp_path: Path) -> None:
    (tmp_path / "bundle.pem").write_text("certificates")
    given = inputs(tmp_path, SSL_CERT_FILE=str(tmp_path / "bundle.pem"), PIP_CERT="/nowhere")
    assert given.secrets["authorities"] == b"certificates"
    assert b"export REQUESTS_CA_BUNDLE=/run/caliban/authorities\n" in given.secrets["settings"]
    assert given.needed == ()


def test_a_key(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("key")
    given = inputs(tmp_path, key=tmp_path / "key.json")
    assert given.secrets["key"] == b"key"
    assert given.secrets["settings"] == b"export GOOGLE_APPLICATION_CREDENTIALS=/run/caliban/key\n"
    assert len(given.needed) == 1


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:3128", "http://u:p@localhost:3128", "socks5://[::1]:1"])
def test_a_proxy_on_loopback_is_found_on_this_machines_network_only(tmp_path: Path, proxy: str) -> None:
    assert inputs(tmp_path, https_proxy=proxy).host_network
    assert inputs(tmp_path, PIP_INDEX_URL="http://127.1.2.3/simple").host_network
    assert inputs(tmp_path, ALL_PROXY=proxy.rpartition("/")[2]).host_network
    assert not inputs(tmp_path, NO_PROXY="localhost", HTTP_PROXY="http://far.example").host_network
    assert not inputs(tmp_path, proxy).host_network, "a project chooses no network"
    assert lent_network({"https_proxy": proxy}) == (proxy.rpartition("@")[2].rpartition("/")[2],)


def test_proxies_in_both_spellings(tmp_path: Path) -> None:
    given = inputs(tmp_path, HTTPS_PROXY="http://p", no_proxy="localhost", http_proxy="")
    assert given == BuildInputs(proxies={"HTTPS_PROXY": "http://p", "no_proxy": "localhost"})

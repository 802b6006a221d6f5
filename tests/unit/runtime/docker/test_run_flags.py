"""Flags of `docker run` in the words of the engine's API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.docker.run_flags import merge, parse, split


@pytest.mark.parametrize(
    ("flags", "host"),
    [
        ("--memory 2g", {"Memory": 2 * 2**30}),
        ("-m=512MiB", {"Memory": 512 * 2**20}),
        ("-m 1.5k", {"Memory": 1536}),
        ("--memory-swap -1", {"MemorySwap": -1}),
        ("--cpus 1.5", {"NanoCpus": 1_500_000_000}),
        ("-v /a:/b:ro -v name:/c", {"Binds": ["/a:/b:ro", "name:/c"]}),
        (
            "--mount type=bind,source=/a,target=/b,readonly",
            {"Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b", "ReadOnly": True}]},
        ),
        ("--tmpfs /x:size=1m", {"Tmpfs": {"/x": "size=1m"}}),
        (
            "--ulimit nofile=1:2 --ulimit core=0",
            {
                "Ulimits": [
                    {"Name": "nofile", "Soft": 1, "Hard": 2},
                    {"Name": "core", "Soft": 0, "Hard": 0},
                ]
            },
        ),
        ("--gpus all", {"DeviceRequests": [{"Capabilities": [["gpu"]], "Count": -1}]}),
        ("--gpus 2", {"DeviceRequests": [{"Capabilities": [["gpu"]], "Count": 2}]}),
        (
            "--gpus '\"device=0,1\"'",
            {"DeviceRequests": [{"Capabilities": [["gpu"]], "DeviceIDs": ["0", "1"]}]},
        ),
        (
            "--device /dev/fuse",
            {
                "Devices": [
                    {"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}
                ]
            },
        ),
        ("--net host", {"NetworkMode": "host"}),
        ("-p 8080:80", {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}}),
        (
            "-p 10.0.0.1:8080:80/udp",
            {"PortBindings": {"80/udp": [{"HostIp": "10.0.0.1", "HostPort": "8080"}]}},
        ),
        ("-p 80", {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}}),
        ("--privileged", {"Privileged": True}),
        ("--privileged=false", {"Privileged": False}),
        ("--cap-add SYS_PTRACE --cap-add NET_ADMIN", {"CapAdd": ["SYS_PTRACE", "NET_ADMIN"]}),
        ("--sysctl a=1 --sysctl b=2", {"Sysctls": {"a": "1", "b": "2"}}),
        ("--shm-size 1g --shm-size 2g", {"ShmSize": 2 * 2**30}),
        ("-it --rm --init", {}),
    ],
)
def test_fields_of_the_host(flags: str, host: dict[str, Any]) -> None:
    parsed = parse(split(flags))
    assert (parsed.host, parsed.config) == (host, {})


def test_fields_of_the_container() -> None:
    words = split("-e A=1 --env B -e GONE -u 1000:1000 -w '/a b' -h box -l x=y")
    assert parse(words, {"B": "2"}).config == {
        "Env": ["A=1", "B=2"],
        "User": "1000:1000",
        "WorkingDir": "/a b",
        "Hostname": "box",
        "Labels": {"x": "y"},
    }


def test_a_file_of_variables(tmp_path: Path) -> None:
    (tmp_path / "vars").write_text("# comment\nA=1\n\nB\n")
    assert parse(["--env-file", str(tmp_path / "vars")], {"B": "2"}).config == {"Env": ["A=1", "B=2"]}
    with pytest.raises(UsageError, match="can't be read"):
        parse(["--env-file", str(tmp_path / "nowhere")])


@pytest.mark.parametrize("source", ["here", "~/here"])
def test_sources_are_made_absolute(source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    given = source if source.startswith("~") else f"./{source}"
    assert parse(["-v", f"{given}:/x"]).host == {"Binds": [f"{tmp_path}/here:/x"]}


@pytest.mark.parametrize(
    ("flags", "message", "hint"),
    [
        ("--name x", "--name can't be given", "Names are caliban's"),
        ("--entrypoint sh", "--entrypoint can't be given", "MODULE"),
        ("-d", "-d can't be given", "--detach to caliban"),
        ("--restart=always", "--restart can't be given", "twice"),
        ("--surely-not", "--surely-not isn't one that caliban knows", "Only flags"),
        ("image command", "image isn't one that caliban knows", "Only flags"),
        ("--memory much", "--memory can't be 'much'", "512m"),
        ("--cpus 0", "--cpus can't be '0'", "processors"),
        ("--pids-limit many", "--pids-limit can't be 'many'", ""),
        ("-v nothing", "--volume can't be 'nothing'", "SOURCE:TARGET"),
        ("--mount type=bind,target=/x", "--mount can't be", "source"),
        ("--mount type=bind,source=/x", "--mount can't be", "target"),
        ("--ulimit core", "--ulimit can't be 'core'", "NAME=SOFT"),
        ("--gpus some", "--gpus can't be 'some'", "all"),
        ("-p x:y", "--publish can't be 'x:y'", "OUTSIDE"),
        ("--privileged=maybe", "--privileged can't be 'maybe'", ""),
        ("-l caliban.owner=me", "caliban.owner is caliban's own", ""),
        ("--memory", "expected one argument", ""),
    ],
)
def test_what_is_refused(flags: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(split(flags))
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_quotes_that_stay_open() -> None:
    with pytest.raises(UsageError, match="can't be split"):
        split("-e 'A=1")


def test_fields_are_laid_over_others() -> None:
    base: dict[str, Any] = {"Env": ["A=1"], "Labels": {"a": "1"}, "Memory": 1}
    merge(base, {"Env": ["B=2"], "Labels": {"b": "2"}, "Memory": 2, "New": []})
    assert base == {"Env": ["A=1", "B=2"], "Labels": {"a": "1", "b": "2"}, "Memory": 2, "New": []}

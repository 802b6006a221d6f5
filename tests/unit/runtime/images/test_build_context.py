"""What of a folder travels, and the tar stream that it travels in."""

from __future__ import annotations

import io
import os
import socket
import stat
import tarfile
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import Cancelled, FailedError, UsageError
from caliban_ls.core.project_files import printable
from caliban_ls.runtime.images.build_context import (
    Entry,
    digest,
    project_path,
    read_entries,
    tar_stream,
    walk,
)
from caliban_ls.runtime.images.ignore_rules import read_rules

NOT_UTF8 = os.fsdecode(b"caf\xe9 \xff.txt")


def walked(folder: Path, root: str = "", ignore: str = "") -> list[str]:
    return sorted(walk(folder, root, read_rules([(".dockerignore", ignore)])))


def entries(folder: Path, root: str = "", ignore: str = "") -> dict[str, Entry]:
    return read_entries(folder, walked(folder, root, ignore), CancelToken())


def tar(folder: Path, found: dict[str, Entry]) -> bytes:
    return b"".join(tar_stream(folder, [], found.items()))


def unpacked(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: member for member in archive}


# What travels


def test_a_tree(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b/c": "", "a/d": "", "empty": None, "e": ""})
    assert walked(tmp_path) == ["", "a", "a/b", "a/b/c", "a/d", "e", "empty"]
    assert walked(tmp_path, "a/b") == ["a/b", "a/b/c"]
    assert walked(tmp_path, "a/d") == ["a/d"]


def test_folders_above_come_along(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b/c": "", "a/x": ""})
    assert list(entries(tmp_path, "a/b")) == ["", "a", "a/b", "a/b/c"]
    assert list(entries(tmp_path, ignore="*\n!a/b/c")) == ["", "a", "a/b", "a/b/c"]


def test_ignore_rules_hold_in_every_root(tmp_path: Path) -> None:
    plant(tmp_path, {"a/b/c.log": "", "a/b/d": "", "a/e": ""})
    assert walked(tmp_path, "a/b", "**/*.log") == ["a/b", "a/b/d"]
    assert walked(tmp_path, "a/b", "a") == []
    assert walked(tmp_path, "a/e", "a") == []
    assert walked(tmp_path, "a", "a\n!a/b") == ["a/b", "a/b/c.log", "a/b/d"]


def test_ignored_folders_are_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"data/raw/x": "", "src/y": ""})
    entered: list[Path] = []
    scan = os.scandir

    def watched(path: int) -> object:
        entered.append(Path(f"/proc/self/fd/{path}").readlink())
        return scan(path)

    monkeypatch.setattr(os, "scandir", watched)
    walked(tmp_path, ignore="data\n!src/*")
    assert entered == [tmp_path, tmp_path / "src"]


def test_virtual_environments_stay(tmp_path: Path) -> None:
    plant(tmp_path, {"env/pyvenv.cfg": "", "env/bin/python": "", "a/my/pyvenv.cfg": "", ".venv/x": ""})
    assert walked(tmp_path) == ["", ".venv", ".venv/x", "a"]
    assert walked(tmp_path, ignore="!env") == ["", ".venv", ".venv/x", "a"]


def test_a_project_that_is_an_environment_travels(tmp_path: Path) -> None:
    plant(tmp_path, {"pyvenv.cfg": "", "train.py": ""})
    assert "train.py" in walked(tmp_path)


def test_what_is_no_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert walked(tmp_path) == [""]


def test_folders_as_deep_as_the_system_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    depth = 1010  # more than what recursion allows
    for _ in range(depth):
        os.mkdir("d")  # noqa: PTH102 - one step at a time, as nobody takes them all by name
        os.chdir("d")
    try:
        assert len(walked(tmp_path)) == depth + 1
    finally:  # pytest's own cleaning is recursive
        for _ in range(depth):
            os.chdir("..")
            os.rmdir("d")  # noqa: PTH106 - as above


# What an entry says


def test_modes_are_those_of_git(tmp_path: Path) -> None:
    plant(tmp_path, {"plain": "", "run": "#!/bin/sh", "folder": None, "link": "-> plain"})
    (tmp_path / "plain").chmod(0o600)
    (tmp_path / "run").chmod(0o700)
    (tmp_path / "folder").chmod(0o700)
    modes = {path: oct(entry.mode) for path, entry in entries(tmp_path).items()}
    assert modes == {"": "0o777", "folder": "0o777", "link": "0o777", "plain": "0o644", "run": "0o755"}


def check_link(folder: Path, said: str, expected: str) -> None:
    """Hold what a link at `a/link`, in a project with `a/x` and `b/y`, says in the image."""
    plant(folder, {"a/x": "", "b/y": "", "a/link": f"-> {said}"})
    assert entries(folder)["a/link"] == Entry(path="a/link", kind="link", content=expected)


@pytest.mark.parametrize("said", ["x", "../b", "../b/y", "nowhere", "link", "..", "./x"])
def test_links_inside_stay_as_they_are(tmp_path: Path, said: str) -> None:
    check_link(tmp_path, said, said)


def test_links_that_only_this_machine_explains(tmp_path: Path) -> None:
    check_link(tmp_path / "absolute", f"{tmp_path}/absolute/b/y", "../b/y")
    check_link(tmp_path / "by-name", "../../by-name/b", "../b")


@pytest.mark.parametrize("said", ["/etc/passwd", "../../outside", "../..", "escape"])
def test_links_that_leave_are_refused(tmp_path: Path, said: str) -> None:
    plant(tmp_path / "outside", {"x": ""})
    project = plant(tmp_path / "project", {"a/escape": "-> ../../outside", "a/data": f"-> {said}"})
    with pytest.raises(UsageError, match=r"^a/data is a link that leads out of the project, to /"):
        read_entries(project, ["a/data"], CancelToken())
    assert walked(project, ignore="a/data\na/escape") == ["", "a"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, {"a/x": "", "b": "-> a", "ring": "-> ."})
    assert walked(tmp_path) == ["", "a", "a/x", "b", "ring"]
    assert walked(tmp_path, "b") == ["b"]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up the powers of root, if we have them, to be told what we may not read."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("name", ["secret", "closed"])
def test_what_cannot_be_read_is_named(name: str) -> None:
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = plant(Path(name_of_folder), {name: ""} if name == "secret" else {f"{name}/x": ""})
        folder.chmod(0o755)
        (folder / name).chmod(0)
        with as_nobody(), pytest.raises(UsageError) as caught:
            entries(folder)
        assert str(caught.value) == f"{name} can't be read: Permission denied"
        (folder / name).chmod(0o755)


def test_reading_can_be_cancelled(tmp_path: Path) -> None:
    plant(tmp_path, {"x": "text"})
    cancel = CancelToken()
    cancel.set()
    with pytest.raises(Cancelled):
        read_entries(tmp_path, ["x"], cancel)


# The stream


def test_the_tar_equals_the_tree(tmp_path: Path) -> None:
    long = "n" * 120
    tree: dict[str, str | None] = {
        "a/b.py": "print()\n" * 1000,
        "a/run": "#!/bin/sh\n",
        "a/link": "-> ../e",
        f"{long}/{long}/{long}": "long",
        f"long-link-{long}": f"-> {long}/{long}/{long}",
        NOT_UTF8: "bytes",
        "ünïcödé 'q\" $HOME [1]*\n": "odd",
        "e": "",
        "exactly": "x" * 512,
        "empty": None,
    }
    plant(tmp_path, tree)
    found = entries(tmp_path)
    members = unpacked(tar(tmp_path, {path or "root": entry for path, entry in found.items()}))
    assert set(members) == {path or "root" for path in found}
    assert list(members) == sorted(members, key=lambda name: os.fsencode(name if name != "root" else ""))
    with tempfile.TemporaryDirectory() as out:
        target = Path(out)
        with tarfile.open(fileobj=io.BytesIO(tar(tmp_path, found))) as archive:
            # Pythons before 3.11.4 have no filters, and trust every archive.
            archive.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
            for member in archive:
                if member.name:
                    archive.extract(member, target)
        assert walked(target) == walked(tmp_path)
        for path in found:
            original, copy = tmp_path / path, target / path
            assert copy.is_symlink() == original.is_symlink()
            if original.is_symlink():
                assert copy.readlink() == original.readlink()
            elif original.is_file():
                assert copy.read_bytes() == original.read_bytes()
                assert stat.S_IMODE(copy.stat().st_mode) == stat.S_IMODE(original.stat().st_mode)


def test_headers_say_nothing_of_here_and_now(tmp_path: Path) -> None:
    plant(tmp_path, {"x": "text"})
    member = unpacked(b"".join(tar_stream(tmp_path, [], [("x", entries(tmp_path)["x"])])))["x"]
    assert (member.uid, member.gid, member.uname, member.gname, member.mtime) == (0, 0, "", "", 0)


def test_equal_trees_give_equal_bytes(tmp_path: Path) -> None:
    tree: dict[str, str | None] = {"b/x": "1", "a": "2", "c": "-> a"}
    one = plant(tmp_path / "one", tree)
    two = plant(tmp_path / "elsewhere/two", dict(reversed(tree.items())))
    os.utime(two / "a", (1, 1))
    (two / "a").chmod(0o664)
    assert tar(one, entries(one)) == tar(two, entries(two))


def test_an_archive_ends_as_archives_do(tmp_path: Path) -> None:
    assert tar(tmp_path, {}) == bytes(1024)
    plant(tmp_path, {"x": "text"})
    assert len(tar(tmp_path, {"x": entries(tmp_path)["x"]})) == 512 + 512 + 1024


def test_texts_stand_first(tmp_path: Path) -> None:
    data = b"".join(tar_stream(tmp_path, [("Dockerfile", "FROM ü\n")], []))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile("Dockerfile")
        assert file is not None
        assert file.read().decode() == "FROM ü\n"
        assert archive.getmember("Dockerfile").mode == 0o644


def test_a_file_that_grows_is_sent_as_it_was(tmp_path: Path) -> None:
    plant(tmp_path, {"log": "first\n", "z": "last"})
    found = entries(tmp_path)
    before = tar(tmp_path, found)
    with (tmp_path / "log").open("a") as log:
        log.write("more\n")
    assert tar(tmp_path, found) == before


@pytest.mark.parametrize("change", ["shorter", "rewritten", "gone", "link", "folder"])
def test_a_file_that_changes_stops_the_stream(tmp_path: Path, change: str) -> None:
    plant(tmp_path, {"x": "some text"})
    found = entries(tmp_path)
    path = tmp_path / "x"
    path.unlink()
    match change:
        case "shorter":
            path.write_text("some")
        case "rewritten":
            path.write_text("same size")
        case "link":
            path.symlink_to("/etc/passwd")
        case "folder":
            path.mkdir()
    with pytest.raises(FailedError, match=r"^x changed while the image was being made$"):
        tar(tmp_path, found)


def test_memory_stays_flat(tmp_path: Path) -> None:
    megabyte = 1024 * 1024
    with (tmp_path / "big").open("wb") as file:
        file.truncate(40 * megabyte)
    tracemalloc.start()
    try:
        size = sum(len(chunk) for chunk in tar_stream(tmp_path, [], [("big", entries(tmp_path)["big"])]))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 40 * megabyte
    assert peak < 4 * megabyte


# Small things


def test_the_digest_tells_neighbours_apart() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest(["a", ""]) != digest(["a"])
    assert digest([NOT_UTF8]) != digest([""])


def test_names_for_people() -> None:
    assert printable(NOT_UTF8) == "caf\\xe9 \\xff.txt"
    assert printable("ü") == "ü"


@pytest.mark.parametrize(
    ("given", "path"), [("a/./b//", "a/b"), (".", ""), ("/p/x", "x"), ("/p", ""), ("..a", "..a")]
)
def test_paths_of_the_project(given: str, path: str) -> None:
    assert project_path(Path("/p"), given, "It") == path


def test_absolute_paths_through_a_link(tmp_path: Path) -> None:
    plant(tmp_path, {"real/a/x": "", "link": "-> real"})
    assert project_path(tmp_path / "real", f"{tmp_path}/link/a/x", "It") == "a/x"
    assert project_path(tmp_path / "link", f"{tmp_path}/real/a", "It") == "a"


@pytest.mark.parametrize("given", ["..", "a/../../b", "a/..", "/", "/px", "/p/../q", "", " "])
def test_paths_that_leave(given: str) -> None:
    with pytest.raises(UsageError, match=r"^It .*(lies outside of the project /p|is empty)"):
        project_path(Path("/p"), given, "It")

"""Open the files of a project: the one door to its paths.

A cloned repository chooses the names and the links in its folder. So a path is opened component by component from
the project's folder, and a link is followed only while it stays inside. What is read comes from the descriptor that
was checked; no path is looked up twice. Writing follows no link at all.

The project's folder is the user's choice and may be reached by links.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Literal

from caliban_ls.core.errors import UsageError

Kind = Literal["file", "folder", "link", "other"]


class LeavesProject(UsageError):
    """A path of the project leads out of it."""


@dataclass(frozen=True, slots=True)
class Child:
    """A name in a folder, and what it stands for; a link isn't followed."""

    name: str
    kind: Kind


def open_file(root: Path, path: str) -> FileIO:
    """Open a regular file of a project for reading, without waiting for a pipe.

    Args:
        root: the project's folder.
        path: the file, relative to it.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
        OSError: there is no such file, or it is something else or can't be read.
    """
    with _parent(root, path) as (folder, name):
        return FileIO(_open_regular(name, folder), "rb")


def open_unlinked(root: Path, path: str) -> FileIO:
    """Open a regular file as `open_file` does, but refuse a link as its last component.

    Raises:
        LeavesProject: a folder on the way leads out of the project.
        OSError: as for `open_file`.
    """
    with _parent(root, path, follow=False) as (folder, name):
        return FileIO(_open_regular(name, folder), "rb")


def open_named(root: Path, path: Path) -> FileIO:
    """Open a regular file that a person named: by the rules of the project inside it, and plainly elsewhere.

    Raises:
        LeavesProject: the file is named inside the project, and a link leads out.
        OSError: as for `open_file`.
    """
    inside = relative(root, path)
    return FileIO(_open_regular(str(path), None), "rb") if inside is None else open_file(root, inside)


def read_bytes(root: Path, path: str, most: int = 64 * 2**20) -> bytes:
    """Return what a regular file of a project holds.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
        OSError: as for `open_file`; it is longer than `most` bytes.
    """
    with open_file(root, path) as file:
        return read_some(file, most)


def read_some(file: FileIO, most: int) -> bytes:
    """Return all bytes of an open file.

    Raises:
        OSError: they are more than `most`.
    """
    parts = []
    left = most + 1
    while left > 0 and (part := file.read(min(left, 2**20))):
        parts.append(part)
        left -= len(part)
    if left <= 0:
        raise OSError(errno.EFBIG, f"it has more than {most // 2**20} MiB")
    return b"".join(parts)


def is_file(root: Path, path: str) -> bool:
    """Return whether a path is a regular file of the project.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
    """
    found = status(root, path)
    return found is not None and stat.S_ISREG(found.st_mode)


def is_folder(root: Path, path: str) -> bool:
    """Return whether a path is a folder of the project.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
    """
    found = status(root, path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def status(root: Path, path: str, *, follow: bool = True) -> os.stat_result | None:
    """Return what the system says of a path, None where there is nothing.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
    """
    try:
        with _parent(root, path, follow=follow) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (OSError, ValueError):  # ValueError: the name has a zero byte
        return None


def link_target(root: Path, path: str) -> str:
    """Return what a link says.

    Raises:
        LeavesProject: a folder on the way leads out of the project.
        OSError: it is no link.
    """
    with _parent(root, path, follow=False) as (folder, name):
        return os.readlink(name, dir_fd=folder)


def resolved(root: Path, path: str) -> str:
    """Return a path of the project without any link in it, relative to the project; "" for its folder.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
        OSError: a folder on the way is missing.
    """
    with _walked(root, path) as walk:
        return "/".join(part for part in (*walk.names, walk.name) if part != ".")


def children(root: Path, path: str) -> list[Child]:
    """Return what is in a folder of a project, in the order of the disk.

    Raises:
        LeavesProject: a link or `..` leads out of the project.
        OSError: it can't be read.
    """
    with _parent(root, path) as (parent, name):
        folder = os.open(name, _FOLDER, dir_fd=parent)
        try:
            with os.scandir(folder) as found:
                return [Child(entry.name, _kind(entry)) for entry in found]
        finally:
            os.close(folder)


def write_new(root: Path, path: str, text: str) -> None:
    """Write a file that isn't there yet, following no link.

    Raises:
        FileExistsError: something has that name, a link among others.
        LeavesProject: the path leads out of the project.
        OSError: it can't be written.
    """
    with _parent(root, path, links=False) as (folder, name):
        _write(name, folder, text.encode("utf-8", "surrogateescape"), None)


def replace(root: Path, path: str, text: str) -> None:
    """Write a file in place of the one that has its name, whole or not at all, following no link.

    Raises:
        LeavesProject: the path leads out of the project.
        OSError: it can't be written; something other than a regular file has that name.
    """
    with _parent(root, path, links=False) as (folder, name):
        mode: int | None = None
        with suppress(FileNotFoundError):
            before = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(before.st_mode):
                raise OSError(errno.ELOOP, "it is a link, or no file")
            mode = stat.S_IMODE(before.st_mode)
        fresh = f".{name}.{os.urandom(8).hex()}"
        try:
            _write(fresh, folder, text.encode("utf-8", "surrogateescape"), mode)
            os.replace(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=folder)
            raise


def relative(root: Path, path: Path) -> str | None:
    """Return a path as the project names it, by its words alone; None where it is outside or has `..` in it."""
    if not path.is_absolute():
        path = root / path
    if ".." in path.parts or not path.is_relative_to(root):
        return None
    return path.relative_to(root).as_posix()


def printable(path: str) -> str:
    """Return a path for people; bytes that aren't UTF-8 and characters that don't print are spelled out."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


_MOST_LINKS = 40  # as Linux counts them
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)


class _Walk:
    """A way down from a project's folder: descriptors of the folders on it, and the last name.

    While the way is above the project, as after `..` or an absolute link, `above` has its components. Nothing up
    there is opened: it has to lead back by the words alone.
    """

    def __init__(self, root: Path, path: str, *, links: bool, follow: bool) -> None:
        self.names: list[str] = []
        self.name = "."
        self._root = root
        self._given = path
        self._links = links
        self._follow = follow
        self._above: list[str] | None = None
        self._followed = 0
        self._folders = [os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]

    @property
    def folder(self) -> int:
        return self._folders[-1]

    def close(self) -> None:
        for folder in self._folders:
            os.close(folder)

    def go(self) -> None:
        """Open every folder of the way; stop before the last name, which is no link then."""
        pending = deque(self._given.split("/"))
        if self._given.startswith("/"):
            self._above = []
        while pending:
            part = pending.popleft()
            if part in {"", "."}:
                continue
            if self._above is not None or (part == ".." and not self.names):
                self._go_above(part)
            elif part == "..":
                self.names.pop()
                os.close(self._folders.pop())
            elif any(other not in {"", "."} for other in pending):
                self._enter(part, pending)
            elif self._is_link(part) and self._follow:
                self._turn(part, pending)
            else:
                self.name = part
                return
        if self._above is not None:
            raise self._leaves()

    def _go_above(self, part: str) -> None:
        homes = [os.path.realpath(self._root), os.path.abspath(self._root)]  # noqa: PTH100 - nothing is opened
        above = [one for one in homes[0].split("/")[1:] if one] if self._above is None else self._above
        above = above[:-1] if part == ".." else [*above, part]
        if "/" + "/".join(above) in homes:
            self._restart()
            self._above = None
            return
        self._above = above

    def _restart(self) -> None:
        for folder in self._folders[1:]:
            os.close(folder)
        del self._folders[1:]
        self.names.clear()

    def _enter(self, part: str, pending: deque[str]) -> None:
        try:
            self._folders.append(os.open(part, _FOLDER, dir_fd=self.folder))
        except OSError:
            if not self._is_link(part):
                raise
            self._turn(part, pending)
        else:
            self.names.append(part)

    def _is_link(self, part: str) -> bool:
        try:
            return stat.S_ISLNK(os.stat(part, dir_fd=self.folder, follow_symlinks=False).st_mode)
        except FileNotFoundError:
            return False

    def _turn(self, part: str, pending: deque[str]) -> None:
        """Follow a link: its target's components come next."""
        self._followed += 1
        if not self._links or self._followed > _MOST_LINKS:
            raise OSError(
                errno.ELOOP, "a link is on the way" if not self._links else "its links go in circles"
            )
        target = os.readlink(part, dir_fd=self.folder)
        if target.startswith("/"):
            self._above = []
        pending.extendleft(reversed(target.split("/")))

    def _leaves(self) -> LeavesProject:
        above = printable("/" + "/".join(self._above or ()))
        if self._followed:
            return LeavesProject(
                f"{printable(self._given)} is a link that leads out of the project, to {above}",
                hint="Put what it points to into the project, or leave the link out in .calibanignore.",
            )
        return LeavesProject(
            f"{printable(self._given)} lies outside of the project {printable(str(self._root))}",
            hint="Name something in the project's folder.",
        )


@contextmanager
def _walked(root: Path, path: str, *, links: bool = True, follow: bool = True) -> Iterator[_Walk]:
    if "\0" in path:
        raise OSError(errno.EINVAL, "its name has a zero byte")
    walk = _Walk(root, path, links=links, follow=follow)
    try:
        walk.go()
        yield walk
    finally:
        walk.close()


@contextmanager
def _parent(root: Path, path: str, *, links: bool = True, follow: bool = True) -> Iterator[tuple[int, str]]:
    """Give the descriptor of the folder that a path is in, and its name there."""
    with _walked(root, path, links=links, follow=follow and links) as walk:
        yield walk.folder, walk.name


def _open_regular(name: str, folder: int | None) -> int:
    # A device isn't even opened: some do something when they are.
    if not stat.S_ISREG(_known(os.stat(name, dir_fd=folder, follow_symlinks=folder is None))):
        raise OSError(errno.EINVAL, "it isn't a file")
    flags = _FILE if folder is not None else _FILE & ~os.O_NOFOLLOW
    file = os.open(name, flags, dir_fd=folder)
    try:
        if not stat.S_ISREG(_known(os.fstat(file))):
            raise OSError(errno.EINVAL, "it isn't a file")  # noqa: TRY301 - the descriptor is closed below
    except BaseException:
        os.close(file)
        raise
    return file


def _known(found: os.stat_result) -> int:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return found.st_mode


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _write(name: str, folder: int, data: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o666, dir_fd=folder), "wb") as file:  # noqa: PTH123 - a descriptor
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)

"""The files that go into an image: found, hashed, and packed into a tar stream.

Owns what a file, a link and a folder become in an image and what makes two of them equal. Knows neither
which files an image needs nor what is done with them there. Nothing is staged: files are read where they
are, once to know their bytes and once to send them.

Paths are relative to the project, with `/`; the project folder itself is "".
"""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
import sys
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from caliban_ls.core import project_files
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import FailedError, UsageError
from caliban_ls.core.project_files import Child, LeavesProject, printable
from caliban_ls.runtime.images.ignore_rules import IgnoreRules, Verdict
from caliban_ls.runtime.images.secret_files import key_like

Kind = Literal["file", "link", "folder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What an image gets to see of a path; equal on every machine that has the same project.

    Attributes:
        path: where it is in the project.
        kind: what it is. Sockets, pipes and devices never travel.
        executable: whether a file's owner may run it.
        size: bytes of a file, else 0.
        content: SHA-256 of a file's bytes, or where a link points.
        secret: what the file holds that should be in no image, in words; "" for nothing of the kind.
    """

    path: str
    kind: Kind
    executable: bool = False
    size: int = 0
    content: str = ""
    secret: str = ""

    @property
    def mode(self) -> int:
        """The permissions in the image.

        A container runs with the caller's uid, which owns nothing in there. So every user may read every
        file and write into every folder: results go beside the program. Only the executable bit of a file's own
        mode is kept, as in git; the rest is the umask of the user who made the clone.
        """
        if self.kind == "file":
            return 0o755 if self.executable else 0o644
        return 0o777


def project_path(folder: Path, given: str, what: str) -> str:
    """Return a path that a person gave, as `what`, as one relative to the project.

    Raises:
        UsageError: it is empty or leaves the project.
    """
    if not given.strip():
        raise UsageError(f"{what} is empty", hint="Name something in the project's folder.")
    path = given
    if posixpath.isabs(given):  # the project's folder may be reached by a link, too
        parent, name = posixpath.split(given)
        path = os.path.relpath(posixpath.join(os.path.realpath(parent), name), os.path.realpath(folder))
    if ".." in path.split("/"):
        raise UsageError(
            f"{what} {printable(given)} lies outside of the project {printable(str(folder))}",
            hint="Only what lies in the project's folder can travel into its image.",
        )
    cleaned = posixpath.normpath(path)
    return "" if cleaned == "." else cleaned


def walk(folder: Path, root: str, rules: IgnoreRules) -> Iterator[str]:
    """Yield the paths of a root that travel, itself included, in the order of the disk.

    Links aren't followed. Virtual environments never travel: they name this machine's Python.

    Args:
        folder: the project, absolute.
        root: a file, link or folder that exists.
        rules: what stays at home.

    Raises:
        UsageError: a folder can't be read.
    """
    verdict = rules.top()
    for path in (*_parents(root), root):
        verdict = rules.judge(path, verdict) if path else verdict
    found = project_files.status(folder, root, follow=False)
    if found is None or not stat.S_ISDIR(found.st_mode):
        yield from () if verdict.ignored else (root,)
        return
    pending: list[tuple[str, Verdict]] = [(root, verdict)]
    while pending:
        path, verdict = pending.pop()
        if verdict.ignored and not rules.may_spare_below(path):
            continue
        inside = children(folder, path)
        if path and any(child.name == "pyvenv.cfg" for child in inside):
            continue
        if not verdict.ignored:
            yield path
        for child in inside:
            below = f"{path}/{child.name}" if path else child.name
            judged = rules.judge(below, verdict)
            if child.kind == "folder":
                pending.append((below, judged))
            elif not judged.ignored and child.kind != "other":
                yield below


def children(folder: Path, path: str) -> list[Child]:
    """Return what is in a folder, in the order of the disk.

    Raises:
        UsageError: it can't be read.
    """
    try:
        return project_files.children(folder, path)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_entries(folder: Path, paths: Iterable[str], cancel: CancelToken) -> dict[str, Entry]:
    """Return the entries of some paths and of the folders above them, by path, parents before children.

    Raises:
        UsageError: a file can't be read, or a link leads out of the project; the message names it.
        Cancelled: the token was set.
    """
    entries: dict[str, Entry] = {}
    for path in paths:
        cancel.check()
        if path in entries:
            continue
        entries[path] = _read_entry(folder, path, cancel)
        for parent in reversed(("", *_parents(path))):
            if parent in entries:
                break
            entries[parent] = Entry(path=parent, kind="folder")
    return dict(sorted(entries.items(), key=lambda item: os.fsencode(item[0])))


def digest(parts: Iterable[str]) -> str:
    """Return the SHA-256 of a sequence of texts, with their boundaries, in hexadecimal."""
    summary = hashlib.sha256()
    for part in parts:
        data = os.fsencode(part)
        summary.update(b"%d:" % len(data) + data)
    return summary.hexdigest()


def tar_stream(
    folder: Path, texts: Iterable[tuple[str, str]], entries: Iterable[tuple[str, Entry]]
) -> Iterator[bytes]:
    """Yield a tar archive in chunks: texts, then entries, each under the name given with it.

    Equal input gives equal bytes. A file that grows meanwhile is sent as it was.

    Raises:
        FailedError: a file isn't any more what its entry says; sending it would make another image.
    """
    buffer = bytearray()
    for piece in _tar_pieces(folder, texts, entries):
        buffer += piece
        if len(buffer) >= _CHUNK:
            yield bytes(buffer)
            buffer.clear()
    yield bytes(buffer) + bytes(2 * tarfile.BLOCKSIZE)


_CHUNK = 256 * 1024  # bytes: large enough that calls don't count, small enough that memory doesn't

_TAR_TYPES = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "folder": tarfile.DIRTYPE}


def _parents(path: str) -> list[str]:
    """Return the folders above a path, the outermost first, without the project folder."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _read_entry(folder: Path, path: str, cancel: CancelToken) -> Entry:
    try:
        found = project_files.status(folder, path, follow=False)
        if found is not None and stat.S_ISDIR(found.st_mode):
            return Entry(path=path, kind="folder")
        if found is not None and stat.S_ISLNK(found.st_mode):
            return Entry(path=path, kind="link", content=_link_target(folder, path))
        summary = hashlib.sha256()
        size = 0
        secret = ""
        with project_files.open_unlinked(folder, path) as file:
            mode = os.fstat(file.fileno()).st_mode
            while chunk := file.read(_CHUNK):
                cancel.check()
                secret = secret or (key_like(path, chunk) if size == 0 else "")
                summary.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    executable = bool(mode & stat.S_IXUSR)
    return Entry(
        path=path, kind="file", executable=executable, size=size, content=summary.hexdigest(), secret=secret
    )


def _link_target(folder: Path, path: str) -> str:
    """Return where a link points in the image: what it says, unless only this machine's folders explain it.

    Raises:
        UsageError: the link leads out of the project, by itself or through another one.
    """
    said = project_files.link_target(folder, path)
    try:
        target = project_files.resolved(folder, path)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ELOOP}:
            raise
        target = None  # It leads nowhere, here as in the image.
    plainly = posixpath.normpath(posixpath.join(posixpath.dirname(path), said))
    if posixpath.isabs(plainly) or plainly.split("/")[0] == "..":
        if target is None:
            raise UsageError(
                f"{printable(path)} is a link that leads nowhere",
                hint="Remove it, or leave it out in .calibanignore.",
            )
        return posixpath.relpath(
            target or ".", project_files.resolved(folder, posixpath.dirname(path)) or "."
        )
    return said


def _unreadable(path: str, error: OSError) -> UsageError:
    return UsageError(
        f"{printable(path) or 'The project folder'} can't be read: {error.strerror or error}",
        hint="Check its permissions, or leave it out in .calibanignore.",
    )


def _tar_pieces(
    folder: Path, texts: Iterable[tuple[str, str]], entries: Iterable[tuple[str, Entry]]
) -> Iterator[bytes]:
    for name, text in texts:
        data = text.encode()
        yield _tar_header(name, Entry(path=name, kind="file", size=len(data)))
        yield data + _padding(len(data))
    for name, entry in entries:
        yield _tar_header(name, entry)
        if entry.kind == "file":
            yield from _planned_bytes(folder, entry)
            yield _padding(entry.size)


def _tar_header(name: str, entry: Entry) -> bytes:
    """Return a header that says nothing of who sent the file from where and when: owner 0:0, time 0."""
    header = tarfile.TarInfo(name)
    header.type = _TAR_TYPES[entry.kind]
    header.mode = entry.mode
    header.size = entry.size
    header.linkname = entry.content if entry.kind == "link" else ""
    # GNU's format takes names of any length and of any bytes.
    return header.tobuf(tarfile.GNU_FORMAT, sys.getfilesystemencoding(), "surrogateescape")


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def _planned_bytes(folder: Path, entry: Entry) -> Iterator[bytes]:
    summary = hashlib.sha256()
    missing = entry.size
    try:
        with project_files.open_unlinked(folder, entry.path) as file:
            while chunk := file.read(min(missing, _CHUNK)):
                summary.update(chunk)
                missing -= len(chunk)
                yield chunk
    except (LeavesProject, OSError) as error:
        raise _changed(entry) from error
    if summary.hexdigest() != entry.content:
        raise _changed(entry)


def _changed(entry: Entry) -> FailedError:
    return FailedError(
        f"{printable(entry.path)} changed while the image was being made",
        hint="Build again; a file that a program keeps writing to can be left out in .calibanignore.",
    )

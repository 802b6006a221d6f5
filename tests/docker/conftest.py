"""A real engine, an image made from tools of this machine, and the check that nothing stays behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.docker_queries import remove_images
from support.engine_contract import LABELS
from support.requirements import lacking

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.docker.endpoint import configuration_folder, resolve_endpoint
from caliban_ls.runtime.docker.engine import DockerEngine, open_engine
from caliban_ls.runtime.local.owner import PROJECT

IMAGE = "caliban-ls-test:tools"
TOOLS = ("sh", "cat", "dd", "env", "grep", "head", "id", "ls", "seq", "sleep", "tail", "touch", "yes")


@pytest.fixture(scope="session")
def engine() -> DockerEngine:
    """The engine that this machine's settings name. Where CALIBAN_REQUIRE_ENGINE is set, there must be one."""
    folder = configuration_folder(os.environ, Path.home())
    try:
        return open_engine(resolve_endpoint(os.environ, folder, sys.platform))
    except MissingError as error:
        lacking(str(error))


@pytest.fixture(scope="session")
def image(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image of a shell and a few tools, made without a registry."""
    if engine.image_id(IMAGE) is None:
        import_image(engine, IMAGE, tmp_path_factory.mktemp("image") / "tools.tar")
    return IMAGE


@pytest.fixture(scope="session", autouse=True)
def nothing_stays(engine: DockerEngine) -> Iterator[None]:
    """After all tests, no container of theirs is left, and of their images only the tools, for next time.

    Nor is there anything before them, which a run that was killed may have left behind.
    """
    remove_images()
    yield
    remove_images()
    assert engine.containers(LABELS) == []
    assert engine.containers({PROJECT: LABELS["caliban.test"]}) == []


def import_image(engine: DockerEngine, tag: str, archive: Path) -> None:
    """Import a root file system that holds the tools and the libraries they load."""
    if sys.platform != "linux":
        lacking("the test image is made of this machine's own tools, which must be Linux's")
    with tarfile.open(archive, "w", dereference=True) as tar:
        for folder in ("tmp", "proc", "dev", "sys"):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(member)
        libraries = set()
        for tool in TOOLS:
            path = shutil.which(tool)
            assert path is not None, tool
            tar.add(path, f"bin/{tool}")
            loaded = subprocess.run(["ldd", path], check=False, capture_output=True, text=True).stdout
            libraries.update(re.findall(r"(/\S+) \(0x", loaded))
        for library in sorted(libraries):
            tar.add(library)
    repository, _, name = tag.partition(":")
    with engine._client() as client:
        client.import_image_from_file(
            str(archive), repository, name, changes=['ENTRYPOINT ["/bin/sh", "-c"]', "ENV PATH=/bin"]
        )

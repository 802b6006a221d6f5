"""A Docker engine of a test's own, which may be killed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.requirements import lacking

from caliban_ls.core.errors import EngineUnavailable
from caliban_ls.runtime.docker.endpoint import Endpoint
from caliban_ls.runtime.docker.engine import DockerEngine, open_engine

START_SECONDS = 60

# Namespaces of its own are no nicety: an engine deletes and renames bridges, mounts and firewall rules of
# the one that the machine already has. `/run` is empty for it, so that it finds no other's containerd.
ALONE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


class SecondEngine:
    """A `dockerd` with its data in one folder; its containers are its children and die with it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "log"
        self.start()

    def start(self) -> None:
        """Start the program, on the data that it had before if it was killed."""
        folder = self._folder
        # Process numbers of the killed one would be taken for those of others.
        (folder / "pid").unlink(missing_ok=True)
        shutil.rmtree(folder / "exec", ignore_errors=True)
        self.address = address = f"unix://{folder}/docker.sock"
        argv = [
            "dockerd",
            f"--host={address}",
            f"--data-root={folder}/data",
            f"--exec-root={folder}/exec",
            f"--pidfile={folder}/pid",
            "--bridge=none",
            "--iptables=false",
        ]
        script = f"mount -t tmpfs none /run && exec {shlex.join(argv)}"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([*ALONE, "sh", "-c", script], stdout=log, stderr=log)
        try:
            self.engine: DockerEngine = self._wait(Endpoint(address=address, source="the test"))
        except BaseException:
            self.kill()
            raise

    def start_if_ended(self) -> None:
        """Start the program unless it runs."""
        if self._process.poll() is not None:
            self.start()

    def kill(self) -> None:
        """End the program and all its children as a crash would. A second time does nothing."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the program as a service manager does: it takes its containers down first."""
        pid = int((self._folder / "pid").read_text())  # of its own namespace
        program = ["nsenter", f"--target={self._child()}", "--pid", "--mount", "kill", str(pid)]
        subprocess.run(program, check=True)
        self._process.wait()

    def _child(self) -> int:
        """Return the number of the process that has the namespaces: `unshare` has forked it."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return int(children.split()[0])

    def _wait(self, endpoint: Endpoint) -> DockerEngine:
        """Return the engine as soon as it answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return open_engine(endpoint)
            except EngineUnavailable:
                assert self._process.poll() is None, self._log.read_text()
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.05)  # between two looks: there is nothing to wait on


@contextmanager
def second_engine(folder: Path, *, copy_of: str, taken_from: DockerEngine) -> Iterator[SecondEngine]:
    """An engine that has a copy of one image. Skips where none can be started apart from the machine's own."""
    works = ["sh", "-c", "mount -t tmpfs none /run"]
    if sys.platform != "linux" or shutil.which("dockerd") is None or shutil.which("unshare") is None:
        lacking("an engine of the test's own needs Linux, dockerd and unshare")
    if subprocess.run([*ALONE, *works], check=False, capture_output=True).returncode != 0:
        lacking("an engine of the test's own needs the right to make namespaces")
    second = SecondEngine(folder)
    try:
        with taken_from._client() as source, second.engine._client() as target:
            target.load_image(b"".join(source.get_image(copy_of)))  # type: ignore[no-untyped-call]  # so in its stubs
        yield second
    finally:
        second.kill()

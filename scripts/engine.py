"""Find a container engine that answers, or start one: `python -m scripts.engine while COMMAND …`.

Looks where caliban looks, then at the sockets of a rootless engine. On Debian, as root, where there is no
engine at all, Docker is installed and started, and each of it said before. Stops only what it started.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caliban_ls.core.errors import CalibanError, MissingError
from caliban_ls.runtime.docker.endpoint import DEFAULT_ADDRESS, configuration_folder, resolve_endpoint
from caliban_ls.runtime.docker.engine import open_local_engine

BUILD = Path(__file__).parent.parent / "build"
LOG = BUILD / "dockerd.log"
START_SECONDS = 60
STOP_SECONDS = 30

Environment = dict[str, str]


def main(arguments: list[str]) -> int:
    if len(arguments) < 2 or arguments[0] != "while":  # noqa: PLR2004 - the word and a command
        say("usage: python -m scripts.engine while COMMAND …")
        return 2
    try:
        with engine() as environment:
            return subprocess.run(arguments[1:], env=environment, check=False).returncode
    except CalibanError as error:
        say(f"{error}. {error.hint}")
        return error.exit_code
    except KeyboardInterrupt:
        return 130  # the command was interrupted by the same key and has said so


@contextmanager
def engine() -> Iterator[Environment]:
    """Give the environment in which an engine answers; one that is started for it ends with the body."""
    environment, daemon = find_or_start()
    try:
        yield environment
    finally:
        if daemon is not None:
            say("stopping the engine that was started for this")
            stop(daemon)


def find_or_start() -> tuple[Environment, subprocess.Popen[bytes] | None]:
    """Return an environment in which an engine answers, and the daemon if one had to be started.

    Raises:
        CalibanError: there is none, and it isn't ours to install or start one.
    """
    environment = dict(os.environ)
    try:
        open_local_engine(environment)
    except CalibanError as error:
        # Whoever chose an engine wants that one, and no other in its place.
        chosen = resolve_endpoint(environment, configuration_folder(environment, Path.home()), sys.platform)
        if chosen.address != DEFAULT_ADDRESS:
            raise
        if (found := rootless(environment)) is not None:
            return found, None
        if not can_install():
            raise
        say(str(error))
        return environment, install_and_start(environment)
    return environment, None


def answers(environment: Environment) -> bool:
    try:
        open_local_engine(environment)
    except CalibanError:
        return False
    return True


def rootless(environment: Environment) -> Environment | None:
    """Return an environment that names the user's own engine, if that one answers."""
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    for socket in (Path(runtime, "docker.sock"), Path.home() / ".docker/run/docker.sock"):
        found = {**environment, "DOCKER_HOST": f"unix://{socket}"}
        if socket.exists() and answers(found):
            say(f"using the engine at {socket}; to do the same: export DOCKER_HOST=unix://{socket}")
            return found
    return None


def can_install() -> bool:
    return platform.system() == "Linux" and os.getuid() == 0 and shutil.which("apt-get") is not None


def install_and_start(environment: Environment) -> subprocess.Popen[bytes] | None:
    """Install Docker if it isn't there, start it, and wait until it answers."""
    if shutil.which("dockerd") is None:
        apt = {**environment, "DEBIAN_FRONTEND": "noninteractive"}
        do("apt-get", "update", "-qq", environment=apt)
        # Debian 13 has the command line, and its builder, in packages of their own.
        packages = ["docker.io", *filter(is_in_debian, ("docker-cli", "docker-buildx"))]
        say(f"there is no Docker here; since you are root on Debian: apt-get install {' '.join(packages)}")
        do("apt-get", "install", "-qq", *packages, environment=apt)
        if answers(environment):
            return None
    if Path("/run/systemd/system").exists():
        say("starting Docker: systemctl start docker")
        do("systemctl", "start", "docker", environment=environment)
        wait_until_it_answers(environment, None)
        return None
    BUILD.mkdir(exist_ok=True)
    say(f"starting dockerd; it logs to {LOG}")
    with LOG.open("wb") as log:
        daemon = subprocess.Popen(
            ["dockerd"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_until_it_answers(environment, daemon)
    except BaseException:
        stop(daemon)
        raise
    return daemon


def is_in_debian(package: str) -> bool:
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


def do(*command: str, environment: Environment) -> None:
    done = subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise MissingError(f"`{' '.join(command)}` failed", hint="What it wrote above says why.")


def wait_until_it_answers(environment: Environment, daemon: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers(environment):
        ended = daemon is not None and daemon.poll() is not None
        if ended or time.monotonic() > deadline:
            where = "`journalctl -u docker`" if daemon is None else str(LOG)
            raise MissingError("Docker was started and doesn't answer", hint=f"{where} may say why.")
        time.sleep(0.2)


def stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def say(message: str) -> None:
    print(f"engine: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

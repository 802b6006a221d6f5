"""Show all that caliban does on the example project: check it, expand it, build it, run its eight jobs.

Works on a copy in build/demo/digits, so that the example stays as it is. Ends with 0 only if every job
succeeded.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from caliban_ls.core.errors import CalibanError
from scripts.engine import find_or_start

CHECKOUT = Path(__file__).parent.parent
PROJECT = CHECKOUT / "build" / "demo" / "digits"
PUBLIC_IMAGE = "python:3.12-slim"
HOME_MADE_IMAGE = "caliban-ls-base:bookworm"
PROBE_SECONDS = 20

COMMANDS = (
    "caliban check",
    "caliban expand experiment.json",
    "caliban run --experiment_config experiment.json --dry_run trainer.train",
    "caliban build trainer.train",
    "caliban run --experiment_config experiment.json --jobs 2 trainer.train",
)


def main() -> int:
    try:
        environment, started = find_or_start()
    except CalibanError as error:
        say(f"{error}. {error.hint}")
        return error.exit_code
    if started is not None:
        say(f"dockerd stays, for you to go on with; to stop it: kill {started.pid}")
    copy_example()
    if not can_pull(environment):
        say(
            f"no registry gives {PUBLIC_IMAGE} here; the demo builds on a home-made {HOME_MADE_IMAGE} instead"
        )
        made = subprocess.run([CHECKOUT / "scripts" / "base-image.sh"], env=environment, check=False)
        if made.returncode:
            return made.returncode
        name_base_image()
    # The commands are found where this Python has them, as after activating its environment.
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    show(f"cd {PROJECT.relative_to(CHECKOUT)}")
    for command in COMMANDS:
        show(command)
        code = subprocess.run(shlex.split(command), cwd=PROJECT, env=environment, check=False).returncode
        if code:
            say(f"that ended with exit code {code}")
            return code
    say(f"it all worked; the project lies in {PROJECT.relative_to(CHECKOUT)}, change it and run it again")
    return 0


def copy_example() -> None:
    shutil.rmtree(PROJECT, ignore_errors=True)
    shutil.copytree(CHECKOUT / "examples" / "digits", PROJECT, ignore=shutil.ignore_patterns("__pycache__"))


def can_pull(environment: dict[str, str]) -> bool:
    """Return whether the engine has the public base image or gets it from a registry.

    A registry has some seconds to say that it knows the image; the download itself may take its time.
    """
    if shutil.which("docker") is None:
        return True  # without Docker's command line nothing can be found out before the build
    known = ["docker", "image", "inspect", PUBLIC_IMAGE]
    if subprocess.run(known, env=environment, check=False, capture_output=True).returncode == 0:
        return True
    say(f"asking for {PUBLIC_IMAGE}, for {PROBE_SECONDS} s at most")
    pull = subprocess.Popen(
        ["docker", "pull", PUBLIC_IMAGE], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert pull.stdout is not None  # noqa: S101 - for the type checker
    answered, _, _ = select.select([pull.stdout], [], [], PROBE_SECONDS)
    if not answered:
        pull.kill()
    pull.communicate()
    return pull.returncode == 0


def name_base_image() -> None:
    """Write the home-made image into the copy's config."""
    config = PROJECT / ".calibanconfig.json"
    text = config.read_text(encoding="utf-8")
    written = text.replace("{\n", f'{{\n  "base_image": "{HOME_MADE_IMAGE}",\n', 1)
    config.write_text(written, encoding="utf-8")
    say(f'wrote "base_image": "{HOME_MADE_IMAGE}" into {config.relative_to(CHECKOUT)}')


def show(command: str) -> None:
    print(f"\n$ {command}", flush=True)


def say(message: str) -> None:
    print(f"demo: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Builds images with BuildKit, through Docker's command line: caches that outlive a build, and secrets.

Owns how the command line is found, called, followed and stopped. The engine's API has no way of its own to
give a build a secret.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from caliban_ls.core import processes
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import BuildFailed
from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker.endpoint import Endpoint
from caliban_ls.runtime.engine import BuildInputs, ImagePlan
from caliban_ls.runtime.images.dockerfile import reasons
from caliban_ls.runtime.jobs import Report

_TAIL_LINES = 12

_LONGEST_LINE = 2_000

_LONGEST_NAME = 100

_PROBE_SECONDS = 10

_QUICKLY_SENT = 20  # megabytes that are gone before anybody could read it

_BUILDKIT = {
    "DOCKER_BUILDKIT": "1",
    # The engine's own builder: another one couldn't see the engine's images, nor leave its own there.
    "BUILDX_BUILDER": "default",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}


def find_docker(environment: Mapping[str, str]) -> str | None:
    """Return the path of a command line that can drive BuildKit, None when there is none.

    Since 23.0 the command line builds through its plugin buildx and by the classic builder without it; before
    that, BuildKit was part of it. Every `docker` of the search path is looked at.

    Args:
        environment: the process's variables; `DOCKER_BUILDKIT=0` says that BuildKit isn't wanted.
    """
    if environment.get("DOCKER_BUILDKIT", "").lower() in {"0", "false"}:
        return None
    found = processes.find_programs("docker", environment)
    return next((path for path in found if _drives_buildkit(path, environment)), None)


def build(
    docker: str,
    endpoint: Endpoint,
    plan: ImagePlan,
    inputs: BuildInputs,
    *,
    no_cache: bool,
    pull: bool,
    report: Report,
    cancel: CancelToken,
    environment: Mapping[str, str],
) -> str:
    """Build an image and return its id.

    Args:
        docker: the command line, see `find_docker`.
        endpoint: the engine.
        plan: what to build.
        inputs: mounted while packages are installed, and gone afterwards.
        no_cache: run every step.
        pull: ask the registry for a newer base image.
        report: gets each line, and the fraction done.
        cancel: kills the command line, on which the engine drops the build.
        environment: of the command line.

    Raises:
        NoBaseImage: the base image can't be had.
        BuildFailed: a step failed, or the files can't be read.
        Cancelled: the token was set.
    """
    log = _BuildkitLog(plan, report)
    # Only this user may look into the folder; the secrets are there only while the build runs.
    with tempfile.TemporaryDirectory(prefix="caliban-build-") as private:
        folder = Path(private)
        identity = folder / "image"
        command = [docker, *_connection(endpoint), "build", "--progress=plain", f"--iidfile={identity}"]
        command += [f"--tag={plan.tag}", f"--file={plan.dockerfile_name}"]
        command += ["--no-cache"] * no_cache + ["--pull"] * pull
        command += [f"--platform={plan.platform}"] if plan.platform else []
        command += ["--network=host"] * inputs.host_network
        command += [f"--build-arg={name}={value}" for name, value in plan.build_args.items()]
        # Without a value the command line takes it from its environment, where no list of processes shows it.
        command += [f"--build-arg={name}" for name in inputs.proxies]
        for name, content in inputs.secrets.items():
            file = folder / name
            file.touch(mode=0o600)
            file.write_bytes(content)
            command.append(f"--secret=id={name},src={file}")
        _run([*command, "-"], plan, log, cancel, {**environment, **inputs.proxies, **_BUILDKIT})
        with suppress(OSError):
            return identity.read_text().strip()
    raise log.failure()


def sending(plan: ImagePlan, dockerfile: str, report: Report, cancel: CancelToken) -> Iterator[bytes]:
    """Yield the context of a build, and tell how much of it has gone where that takes a while.

    Raises:
        Cancelled: the token was set.
    """
    whole = plan.size // 10**6
    sent = reported = 0
    for chunk in plan.context(dockerfile):
        cancel.check()
        yield chunk
        sent += len(chunk)
        here = min(sent // 10**6, whole)
        if whole > _QUICKLY_SENT and here >= reported + whole // 10:
            reported = here
            report(f"Sending the project's files: {here} of {whole} MB", 0.0)


class NoBaseImage(BuildFailed):
    """The image of FROM is neither here nor in a registry that answers."""

    code = "no-base-image"
    exit_code = 3


def no_base_image(image: str, reason: str) -> NoBaseImage:
    """Return the failure to get a base image."""
    return NoBaseImage(
        f"The base image {image} can't be had: {reason}",
        hint=(
            f"Try `docker pull {image}`, or set `base_image` in .calibanconfig.json to "
            "an image that the engine has or can pull."
        ),
    )


def _drives_buildkit(docker: str, environment: Mapping[str, str]) -> bool:
    version = _ask([docker, "--version"], environment)
    number = re.search(r"version (\d+)\.(\d+)", version or "")
    if number is None:
        return False
    if int(number[1]) < 23:  # noqa: PLR2004  # see `find_docker`
        return (int(number[1]), int(number[2])) >= (18, 9)
    return _ask([docker, "buildx", "version"], environment) is not None


def _ask(command: list[str], environment: Mapping[str, str]) -> str | None:
    with suppress(OSError, subprocess.SubprocessError):
        done = processes.run(command, environment, _PROBE_SECONDS)
        return done.stdout if done.returncode == 0 else None
    return None


def _connection(endpoint: Endpoint) -> Iterator[str]:
    """Yield the flags that lead the command line to the engine that we speak with."""
    yield f"--host={endpoint.address}"
    if endpoint.tls is not None:
        yield "--tlsverify" if endpoint.tls.verify else "--tls"
        for flag, path in (
            ("tlscacert", endpoint.tls.authority),
            ("tlscert", endpoint.tls.certificate),
            ("tlskey", endpoint.tls.key),
        ):
            if path is not None:
                yield f"--{flag}={os.path.abspath(path)}"  # noqa: PTH100 - a link's name is its user's


def _run(
    command: list[str],
    plan: ImagePlan,
    log: _BuildkitLog,
    cancel: CancelToken,
    environment: Mapping[str, str],
) -> None:
    """Run the command line to its end, feeding it the context and telling the log what it says."""
    process = processes.start(command, environment)
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    feeder = _Feeder(process, sending(plan, plan.buildkit, log.report, cancel))
    # It ignores requests to end while it builds.
    with process.stdout, cancel.on_set(process.kill):
        feeder.start()
        try:
            for line in process.stdout:
                log.add(line.decode(errors="replace").rstrip())
        finally:
            if process.poll() is None and not cancel.is_set():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_PROBE_SECONDS)
            process.kill()
            process.wait()
            feeder.join()
    cancel.check()
    if feeder.failure is not None:
        raise feeder.failure


class _Feeder(threading.Thread):
    """Sends the context to the command line while its output is read."""

    def __init__(self, process: subprocess.Popen[bytes], context: Iterator[bytes]) -> None:
        super().__init__(name="build-context", daemon=True)
        self.failure: Exception | None = None
        self._process = process
        self._context = context

    def run(self) -> None:
        """Send everything; when a file can't be read, end the build."""
        assert self._process.stdin is not None  # noqa: S101  # a pipe was asked for
        try:
            for chunk in self._context:
                self._process.stdin.write(chunk)
        except BrokenPipeError:
            pass  # The build ended first; it says why.
        except OSError as error:
            self.failure = BuildFailed(f"The files of the image can't be read: {error}")
            self._process.kill()
        except Exception as error:  # noqa: BLE001  # raised again on the thread that waits
            self.failure = error
            self._process.kill()
        finally:
            with suppress(OSError):
                self._process.stdin.close()


@dataclass(slots=True)
class _BuildkitLog:
    """What BuildKit has said so far, in its plain form: `#STEP text`, lines of steps mixed with each other."""

    plan: ImagePlan
    report: Report
    step: str = ""
    fraction: float | None = None
    error: str = ""
    _names: dict[str, str] = field(default_factory=dict)
    _tails: dict[str, deque[str]] = field(default_factory=dict)
    _failed: str = ""
    _last: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))

    def add(self, line: str) -> None:
        """Take one line."""
        line = re.sub("\x1b\\[[0-9;]*m", "", line)[:_LONGEST_LINE]
        numbered = re.match(r"#(\d+) (.*)", line)
        if numbered is None:
            self._add_summary(line)
            return
        number, text = numbered[1], numbered[2]
        if head := re.match(r"\[(?:\S+ )?(\d+)/(\d+)\] (.*)", text):
            what = reasons(self.plan.buildkit).get(head[3]) or _plain(head[3])
            self._names[number] = f"step {int(head[1])} of {head[2]} ({what})"
            # BuildKit reports cached steps in any order.
            self.fraction = max(self.fraction or 0.0, (int(head[1]) - 1) / int(head[2]))
            self.report(f"Step {int(head[1])}/{head[2]} : {what}", self.fraction)
        elif text.startswith("["):
            self._names[number] = text
            if text.startswith("[internal] load metadata"):
                self.report(f"Looking for {text.rpartition(' ')[2]}", self.fraction)
        elif text.startswith("ERROR"):
            self._failed = number
            self.error = text.removeprefix("ERROR:").strip()
        elif output := re.match(r"\d+\.\d+ (.*)", text):
            # A program that draws its progress over and over says it all in one line.
            said = output[1].rpartition("\r")[2]
            self._tails.setdefault(number, deque(maxlen=_TAIL_LINES)).append(said)
            self.report(said, self.fraction)
        elif pulled := re.match(r"sha256:\w+ (\S+) / (\S+)", text):
            self.report(f"Pulling: {pulled[1]} of {pulled[2]}", self.fraction)

    def failure(self) -> BuildFailed:
        """Return what an unsuccessful end means for a person."""
        name = self._names.get(self._failed, "")
        reason = self.error or (self._last[-1] if self._last else "the command line ended without a word")
        if name.startswith("[internal] load metadata") or "failed to resolve source metadata" in reason:
            image = name.rpartition(" ")[2].removeprefix("docker.io/library/").removesuffix(":latest")
            return no_base_image(
                self.plan.base_image if image in {"", self.plan.base_image} else image, reason
            )
        if code := re.search(r"exit code: (\d+)", reason):
            reason = f"the command exited with code {code[1]}"
        output = "".join(f"\n    {line}" for line in self._tails.get(self._failed, ()))
        return BuildFailed(f"The build stopped at {name or 'the start'}: {reason}{output}")

    def _add_summary(self, line: str) -> None:
        if line and not line.startswith(("---", " > ", ">>>", "time=")):
            self._last.append(line)


def _plain(instruction: str) -> str:
    """Return an instruction without its mounts, which the project didn't write, cut where it gets long."""
    return shortened(re.sub(r"--mount=\S+ ", "", instruction), _LONGEST_NAME)

"""What BuildKit says in its plain form, told to people."""

from __future__ import annotations

import pytest
from support.image_plans import plan_of

from caliban_ls.core.errors import BuildFailed
from caliban_ls.runtime.docker.buildkit import NoBaseImage, _BuildkitLog

RUN = 'RUN ["/bin/sh", "-c", "make"]'


class Heard:
    """A log, and what it reported."""

    def __init__(self, *lines: str) -> None:
        self.messages: list[tuple[str, float | None]] = []
        self.log = _BuildkitLog(
            plan_of("debian:12", f"{RUN}\n"), lambda text, share: self.messages.append((text, share))
        )
        for line in lines:
            self.log.add(line)


def test_steps_and_their_output() -> None:
    heard = Heard(
        "#1 [internal] load build definition from Dockerfile",
        "#1 transferring dockerfile: 93B done",
        "#3 [internal] load metadata for docker.io/library/debian:12",
        "#4 [1/2] FROM docker.io/library/debian:12",
        "#4 sha256:0cca 5.24MB / 30.10MB 0.5s",
        f"#5 [2/2] {RUN}",
        "#5 0.312 10%\r50%\r100%",
        "#5 0.400 \x1b[31mred\x1b[0m",
        "#5 DONE 0.5s",
    )
    assert heard.messages == [
        ("Looking for docker.io/library/debian:12", None),
        ("Step 1/2 : FROM docker.io/library/debian:12", 0.0),
        ("Pulling: 5.24MB of 30.10MB", 0.0),
        (f"Step 2/2 : {RUN}", 0.5),
        ("100%", 0.5),
        ("red", 0.5),
    ]


def test_newer_versions_name_the_stage() -> None:
    heard = Heard("#5 [stage-0 2/4] RUN --mount=type=cache,id=x,target=/y true")
    assert heard.messages == [("Step 2/4 : RUN true", 0.25)]


def test_a_step_that_fails_ends_with_its_last_words() -> None:
    heard = Heard(
        f"#5 [2/2] {RUN}",
        *(f"#5 0.1 line {number}" for number in range(20)),
        "#6 0.1 of another step",
        "#5 ERROR: process did not complete successfully: exit code: 2",
        "------",
        " > [2/2]:",
    )
    failure = heard.log.failure()
    assert type(failure) is BuildFailed
    first, *rest = str(failure).splitlines()
    assert first == f"The build stopped at step 2 of 2 ({RUN}): the command exited with code 2"
    assert [line.strip() for line in rest] == [f"line {number}" for number in range(8, 20)]


@pytest.mark.parametrize(
    "line", ["#3 ERROR: pull access denied", "#3 ERROR: failed to resolve source metadata: no such host"]
)
def test_a_base_image_that_cannot_be_had(line: str) -> None:
    failure = Heard("#3 [internal] load metadata for docker.io/library/debian:12", line).log.failure()
    assert type(failure) is NoBaseImage
    assert "The base image debian:12 can't be had" in str(failure)
    assert "docker pull debian:12" in failure.hint


def test_an_end_without_a_step() -> None:
    assert "unknown flag" in str(Heard("unknown flag: --progress").log.failure())
    assert "without a word" in str(Heard().log.failure())

"""The text of a Dockerfile."""

from __future__ import annotations

import json

from caliban_ls.runtime.images.dockerfile import (
    Layer,
    Recipe,
    apt_layer,
    folders_layer,
    gcloud_layer,
    render,
    uv_layer,
    venv_layer,
)


def test_the_whole_text() -> None:
    recipe = Recipe(
        base="FROM python:3.12-slim",
        layers=(
            Layer(why="Files first.", copy="one", run="make it", environment={"A": "1", "B": "$A/x"}),
            Layer(why="Only files.", copy="two"),
        ),
        command=("python", "-m", "trainer.train"),
    )
    assert (
        render(recipe)
        == """\
FROM python:3.12-slim

USER root
WORKDIR /usr/app

# Files first.
COPY ["one/", "./"]
RUN make it
ENV A=1
ENV B=$A/x

# Only files.
COPY ["two/", "./"]

ENTRYPOINT ["python", "-m", "trainer.train"]
CMD []
"""
    )


def test_a_command_is_one_line_of_json() -> None:
    command = ("python", 'a "b"\n$HOME/ü\\', "[x]")
    *_, last, _ = render(Recipe(base="FROM x", layers=(), command=command)).splitlines()
    assert tuple(json.loads(last.removeprefix("ENTRYPOINT "))) == command
    assert "ü" in last


def test_packages_are_quoted() -> None:
    run = apt_layer(["git", "g++", "x;reboot"]).run
    assert run is not None
    assert run.endswith(" install --yes --no-install-recommends git g++ 'x;reboot'")


def test_nothing_that_an_old_builder_refuses() -> None:
    layers = (
        folders_layer(),
        apt_layer(["git"]),
        venv_layer(),
        uv_layer(required=False),
        gcloud_layer("sdk"),
        Layer(why="Files.", copy="x", run="install", installs="python"),
    )
    text = render(Recipe(base="FROM x", layers=layers, command=("x",)))
    for word in ("# syntax", "<<", "--mount", "--link", "--chmod", "ARG", "VOLUME"):
        assert word not in text
    instructions = [line.split()[0] for line in text.splitlines() if line and not line.startswith("#")]
    assert set(instructions) == {"FROM", "USER", "WORKDIR", "RUN", "ENV", "COPY", "ENTRYPOINT", "CMD"}


def test_buildkit_gets_caches_and_secrets_and_no_other_steps() -> None:
    layers = (apt_layer(["git"]), Layer(why="Files.", copy="x", run="install", installs="python"))
    recipe = Recipe(base="FROM x", layers=layers, command=("x",))
    apt, install = (line for line in render(recipe, buildkit=True).splitlines() if line.startswith("RUN"))
    assert apt.count("--mount=type=cache") == 2
    assert "rm -rf" not in apt, "it would empty the cache"
    assert install.count("--mount=type=cache") == 2
    assert install.count("--mount=type=secret") == 4
    assert install.endswith(". /run/caliban/settings; fi; install")
    other = [line for line in render(recipe, buildkit=True).splitlines() if not line.startswith("RUN")]
    assert other == [line for line in render(recipe).splitlines() if not line.startswith("RUN")]
    for word in ("# syntax", "<<", "--link", "ARG"):
        assert word not in render(recipe, buildkit=True)

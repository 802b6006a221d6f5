"""What a project says of itself as a package."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.images.package_metadata import Metadata, python_for, read_metadata


@pytest.mark.parametrize(
    ("requirement", "running", "expected"),
    [
        ("", "3.12", "3.12"),
        (">=3.9", "3.12", "3.12"),
        (">=3.13", "3.12", "3.13"),
        (">=3.9,<3.12", "3.13", "3.11"),
        (">=3.9,<3.12", "3.10", "3.10"),
        ("<=3.11", "3.13", "3.11"),
        ("~=3.10.4", "3.9", "3.10"),
        ("==3.10.*", "3.13", "3.10"),
        (">=3,<4", "3.12", "3.12"),
        ("whatever", "3.12", "3.12"),
    ],
)
def test_the_nearest_python(requirement: str, running: str, expected: str) -> None:
    assert python_for(requirement, running) == expected


def test_a_pyproject(tmp_path: Path) -> None:
    text = """
    [project]
    name = "p"
    requires-python = ">=3.11"
    [project.optional-dependencies]
    gpu = ["jax[cuda]"]
    [[tool.uv.index]]
    url = "https://index.example/simple"
    """
    plant(tmp_path, {"pyproject.toml": text})
    assert read_metadata(tmp_path) == Metadata(
        declared=True,
        extras=("gpu",),
        static=True,
        python=">=3.11",
        addresses=("https://index.example/simple",),
    )


def test_what_only_a_build_would_tell_is_not_known(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"pyproject.toml": '[project]\nname = "p"\ndynamic = ["dependencies", "optional-dependencies"]'},
    )
    found = read_metadata(tmp_path)
    assert (found.extras, found.static) == (None, False)


def test_a_pyproject_for_tools_alone_is_no_package(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[tool.ruff]\nline-length = 100"})
    assert not read_metadata(tmp_path).declared


@pytest.mark.parametrize(
    "text", ["project = 3", "[project]\noptional-dependencies = 3\nrequires-python = 3\nname = 4"]
)
def test_shapes_that_no_standard_has(tmp_path: Path, text: str) -> None:
    plant(tmp_path, {"pyproject.toml": text})
    assert not read_metadata(tmp_path).extras


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    plant(tmp_path, {"pyproject.toml": "[project"})
    with pytest.raises(UsageError, match=r"pyproject\.toml isn't TOML"):
        read_metadata(tmp_path)

"""What is installed, and what that takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.images.dependencies import Dependencies, find_dependencies


def find(folder: Path, tree: dict[str, str | None], *extras: str) -> tuple[Dependencies, ...]:
    return find_dependencies(plant(folder, tree), extras, "gpu")


def test_nothing_to_install(tmp_path: Path) -> None:
    assert find(tmp_path, {"pyproject.toml": "[tool.ruff]", "setup.py/x": ""}) == ()


def test_requirements_are_enough(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"requirements.txt": "numpy\n", "setup.py": ""})
    assert found.files == ("requirements.txt",)
    assert found.roots == ()
    assert found.command == (
        "if [ -x /opt/uv/bin/uv ]; then /opt/uv/bin/uv pip install --index-strategy unsafe-best-match"
        " -r requirements.txt; else python -m pip install -r requirements.txt; fi"
    )


def test_setup_where_there_are_no_requirements(tmp_path: Path) -> None:
    tree = {
        "setup.py": "",
        "setup.cfg": "",
        "README.md": "",
        "version": "",
        "notes.txt": "",
        "pkg/LICENSE": "",
    }
    (found,) = find(tmp_path, {**tree, "dev-requirements.txt": "", "pyproject.toml": ""})
    assert found.files == (
        "README.md",
        "dev-requirements.txt",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "version",
    )
    assert found.command.count(" pip install '.[gpu]'; ") == 2
    assert found.command.endswith("fi && rm -rf build *.egg-info")


def test_extras_ask_for_both(tmp_path: Path) -> None:
    setup, requirements = find(tmp_path, {"requirements.txt": "", "setup.py": ""}, "dev", "gpu", "a.b")
    assert "'.[gpu,dev,a.b]'" in setup.command
    assert requirements.files == ("requirements.txt",)


def check(folder: Path, text: str, *, files: str = "", roots: str = "") -> None:
    """Hold which other files a requirements.txt takes along, and what it installs from the project."""
    tree = {
        "a.txt": "",
        "reqs/b.txt": "",
        "reqs/c d.txt": "",
        "wheels/x.whl": "",
        "libs/one/setup.py": "",
        "numpy/x": "",
    }
    (found,) = find(folder, {**tree, "requirements.txt": text})
    assert sorted(found.files) == sorted(
        ["requirements.txt", *files.split(",")] if files else ["requirements.txt"]
    )
    assert sorted(found.roots) == sorted(roots.split(",") if roots else [])


@pytest.mark.parametrize(
    "line",
    [
        "-r a.txt",
        "-ra.txt",
        "-c a.txt",
        "--requirement a.txt",
        "--requirement=a.txt",
        "--constraint  a.txt",
        "  -r ./a.txt  # comment",
        "-r \\\n a.txt",
        '-r "a.txt"',
        "\ufeff-r a.txt\r\n",
    ],
)
def test_other_files(tmp_path: Path, line: str) -> None:
    check(tmp_path, line, files="a.txt")


def test_files_with_blanks(tmp_path: Path) -> None:
    check(tmp_path, "-r reqs/c d.txt", files="reqs/c d.txt")


def test_chains_and_rings(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "-r reqs/base.txt",
        "reqs/base.txt": "-r ../common/all.txt\n-c pins.txt",
        "common/all.txt": "-r ../requirements.txt",
        "reqs/pins.txt": "numpy==2",
    }
    (found,) = find(tmp_path, dict(tree))
    assert sorted(found.files) == sorted(tree)


@pytest.mark.parametrize(
    ("line", "roots"),
    [
        ("libs/one", "libs/one"),
        ("-e ./libs/one", "libs/one"),
        ("./libs/one[a,b]", "libs/one"),
        ("wheels/x.whl", "wheels/x.whl"),
        ("-f wheels/", "wheels"),
        ("--find-links wheels/", "wheels"),
    ],
)
def test_paths_to_install(tmp_path: Path, line: str, roots: str) -> None:
    check(tmp_path, line, roots=roots)


@pytest.mark.parametrize("line", ["-e .", "-e .[dev]", "--editable=.", ". ; python_version > '3'"])
def test_the_project_itself(tmp_path: Path, line: str) -> None:
    (found,) = find(tmp_path, {"requirements.txt": line})
    assert found.roots == ("",)


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=1.20 ; python_version < '3.12'",
        "# -r a.txt",
        "-r https://example.org/a.txt",
        "--index-url https://example.org/simple",
        "-i https://example.org/simple",
        "git+https://example.org/x.git@main#egg=x",
        "x @ https://example.org/x.whl",
        "--pre",
        "-e git+https://example.org/x.git",
        "''' ((( \\",
        "-r",
        "./nowhere",
    ],
)
def test_what_takes_nothing_along(tmp_path: Path, line: str) -> None:
    check(tmp_path, f"{line}\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-r b.txt", "b.txt can't be read: No such file or directory"),
        ("-r numpy", "numpy can't be read: Is a directory"),
        ("-r ../b.txt", "A file that requirements.txt names, ../b.txt lies outside of the project"),
        ("-e ../", "A path that requirements.txt names, ../ lies outside of the project"),
    ],
)
def test_what_is_wrong(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(tmp_path, {"requirements.txt": line, "numpy/x": ""})
    assert message in str(caught.value)


PROJECT = "[project]\nname='x'\nversion='1'\n[project.optional-dependencies]\ndev=['ruff']\ngpu=['jax']\n"


def test_a_package_without_setup(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"pyproject.toml": PROJECT, "README.md": ""}, "Dev")
    assert found.command == "/opt/uv/bin/uv pip install -r pyproject.toml --extra gpu --extra dev"
    assert (found.files, found.tool) == (("pyproject.toml",), "uv")


def test_what_a_backend_computes_takes_more_files(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"pyproject.toml": "[project]\ndynamic=['dependencies']\n", "README.md": ""})
    assert found.files == ("README.md", "pyproject.toml")


def test_requirements_beside_a_package(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"pyproject.toml": PROJECT, "requirements.txt": ""})
    assert found.files == ("requirements.txt",)
    package, requirements = find(tmp_path, {}, "dev")
    assert "--extra dev" in package.command
    assert requirements.files == ("requirements.txt",)


def test_an_extra_that_the_package_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no extra test") as caught:
        find(tmp_path, {"pyproject.toml": PROJECT}, "test")
    assert caught.value.hint == "It has dev, gpu."


def test_a_setup_cfg_alone(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"setup.cfg": "[metadata]\nname=x\n[options.extras_require]\ngpu = jax\n"})
    assert found.command == "/opt/uv/bin/uv pip install -r setup.cfg --extra gpu"


def test_a_lock_of_uv(tmp_path: Path) -> None:
    lock = """\
version = 1
[[package]]
name = "x"
source = { virtual = "." }
[[package]]
name = "one"
source = { editable = "libs/one" }
[[package]]
name = "two"
source = { path = "wheels/two.whl" }
[[package]]
name = "six"
source = { registry = "https://example.org/simple" }
"""
    (found,) = find(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": lock, "requirements.txt": ""}, "dev")
    assert (
        found.command == "/opt/uv/bin/uv sync --frozen --no-dev --no-install-project --extra gpu --extra dev"
    )
    assert found.files == ("pyproject.toml", "uv.lock")
    assert found.roots == ("libs/one", "wheels/two.whl")


def test_a_lock_by_the_standard(tmp_path: Path) -> None:
    lock = '[[packages]]\nname = "one"\ndirectory = { path = "libs/one" }\n'
    (found,) = find(tmp_path, {"pylock.toml": lock, "requirements.txt": ""})
    assert found.command.endswith("-r pylock.toml")
    assert found.roots == ("libs/one",)


def test_a_conda_environment_and_what_is_installed_in_it(tmp_path: Path) -> None:
    text = "dependencies:\n  - python=3.11\n  - pip:\n    - -r reqs/all.txt\n    - six\n"
    conda, pip = find(tmp_path, {"environment.yaml": text, "reqs/all.txt": "", "requirements.txt": ""})
    assert sorted(conda.files) == ["environment.yaml", "reqs/all.txt"]
    assert (conda.tool, pip.tool) == ("conda", "pip")


def test_hashes_are_insisted_on(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"requirements.txt": "six==1.17.0 \\\n  --hash=sha256:00\n"})
    assert "--require-hashes -r requirements.txt" in found.command


def test_the_indexes_that_files_name(tmp_path: Path) -> None:
    tool = "[[tool.uv.index]]\nname='a'\nurl='https://a.example/simple'\n"
    package, requirements = find(
        tmp_path,
        {
            "pyproject.toml": PROJECT + tool,
            "requirements.txt": "--extra-index-url https://b.example/simple\n",
        },
        "dev",
    )
    assert package.addresses == ("https://a.example/simple",)
    assert requirements.addresses == ("https://b.example/simple",)


@pytest.mark.parametrize(
    ("file", "text", "addresses"),
    [
        ("requirements.txt", "six @ https://a.example/six.whl\n", ("https://a.example/six.whl",)),
        ("requirements.txt", "six @ git+https://a.example/six.git  # https://b.example\n", ()),
        (
            "pylock.toml",
            "[[packages]]\nname='x'\nindex='https://a.example/simple'\nwheels=[{url='https://b.example/1'}, {url='https://b.example/2'}]",
            ("https://a.example", "https://b.example"),
        ),
        (
            "environment.yml",
            "channels: [https://a.example/conda]\ndependencies:\n- pip:\n  - --index-url=https://b.example/simple\n",
            ("https://a.example/conda", "https://b.example/simple"),
        ),
        ("environment.yml", "- pip:\n  - -r more.txt\n", ("https://c.example/simple",)),
    ],
)
def test_hosts_that_may_want_a_password(
    tmp_path: Path, file: str, text: str, addresses: tuple[str, ...]
) -> None:
    (found,) = find(tmp_path, {file: text, "more.txt": "-i https://c.example/simple"})
    assert found.addresses == addresses


def test_the_hosts_of_a_lock_of_uv(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "x"\nsource = { registry = "https://a.example/simple" }\n'
    (found,) = find(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": lock})
    assert found.addresses == ("https://a.example",)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="pipe can't be read: it isn't a file"):
        find(tmp_path, {"requirements.txt": "-r pipe"})


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"pyproject.toml": "[project"}, "pyproject.toml isn't TOML"),
        ({"pyproject.toml": "", "uv.lock": "= 1"}, "uv.lock isn't TOML"),
        ({"uv.lock": ""}, "uv.lock has no pyproject.toml"),
        ({"pylock.toml": "[[packages]]\nname='x'\narchive={path='../x.whl'}"}, "../x.whl lies outside"),
        ({"environment.yml": "- pip:\n  - -r ../x.txt"}, "../x.txt lies outside"),
    ],
)
def test_files_that_are_wrong(tmp_path: Path, tree: dict[str, str | None], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(tmp_path, tree)
    assert message in str(caught.value)

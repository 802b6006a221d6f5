"""Every kind of dependencies, built for real: what is asked for can be imported, in its very version."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.conda_image import build_conda_image
from support.docker_queries import PROJECT_NAME, REPOSITORY
from support.folders import plant
from support.program import BASE_IMAGE, caliban

from caliban_ls.runtime.docker.buildkit import find_docker

TRAIN = "import importlib.metadata as m, sys; print(*(f'{n}=={m.version(n)}' for n in sys.argv[1:]))\n"

PYPROJECT = """\
[project]
name = "trainer"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["six==1.16.0"]
[project.optional-dependencies]
cpu = ["toolz==0.12.0"]
gpu = ["surely-no-such-package-on-earth"]
extra = ["attrs==23.1.0"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    config = json.dumps({"base_image": BASE_IMAGE})
    return plant(tmp_path / PROJECT_NAME, {".calibanconfig.json": config, "trainer/train.py": TRAIN})


def installed(project: Path, *flags: str, names: str) -> str:
    """Return the versions of packages in the project's image."""
    answer = caliban("run", *flags, "trainer/train.py", "--", *names.split(), folder=project)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def in_image(project: Path, command: str) -> None:
    """Run a command in the project's image, in the project's folder itself, as uv's users do on their machine."""
    image = json.loads(caliban("build", "trainer/train.py", "--json", folder=project).stdout)["tag"]
    mount = ["--volume", f"{project}:/usr/app", "--entrypoint", "/bin/sh"]
    subprocess.run(["docker", "run", "--rm", *mount, image, "-c", command], check=True, capture_output=True)


@pytest.mark.parametrize("buildkit", ["0", "1"])
def test_requirements_with_others_constraints_and_hashes(
    project: Path, monkeypatch: pytest.MonkeyPatch, buildkit: str
) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", buildkit)
    files = {
        "requirements.txt": "-r more/all.txt\n",
        "more/all.txt": "-c pins.txt\nsix\n",
        "more/pins.txt": "six==1.15.0",
    }
    assert installed(plant(project, dict(files)), names="six") == "six==1.15.0"
    plant(project, {"requirements.txt": f"six==1.16.0 --hash=sha256:{'0' * 64}\n"})
    answer = caliban("build", "trainer/train.py", folder=project)
    assert answer.returncode == 1
    assert "ash" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_package_with_the_extra_of_the_mode_and_one_more(project: Path) -> None:
    plant(project, {"pyproject.toml": PYPROJECT})
    assert installed(project, "--nogpu", names="six toolz") == "six==1.16.0 toolz==0.12.0"
    assert installed(project, "--nogpu", "-e", "extra", names="toolz attrs") == "toolz==0.12.0 attrs==23.1.0"
    answer = caliban("run", "-e", "nothing", "trainer/train.py", folder=project)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "no extra nothing" in answer.stderr


def test_a_setup_py(project: Path) -> None:
    text = "from setuptools import setup\nsetup(name='x', install_requires=['six==1.16.0'], extras_require={'cpu': ['toolz==0.12.0']})"
    plant(project, {"setup.py": text})
    assert installed(project, "--nogpu", names="six toolz") == "six==1.16.0 toolz==0.12.0"


def test_a_setup_cfg(project: Path) -> None:
    text = "[metadata]\nname = x\n[options]\ninstall_requires =\n  six==1.16.0\n[options.extras_require]\ncpu = toolz==0.12.0\n"
    plant(
        project,
        {
            "setup.cfg": text,
            "pyproject.toml": "[build-system]\nrequires=['setuptools']\nbuild-backend='setuptools.build_meta'\n",
        },
    )
    assert installed(project, "--nogpu", names="six toolz") == "six==1.16.0 toolz==0.12.0"


def test_locks_are_obeyed_to_the_letter(project: Path) -> None:
    loose = PYPROJECT.replace("==0.12.0", ">=0.12").replace("surely-no-such-package-on-earth", "toolz")
    plant(project, {"pyproject.toml": loose})
    in_image(project, "/opt/uv/bin/uv lock --upgrade-package toolz==0.12.1")
    lock = (project / "uv.lock").read_text()
    assert installed(project, "--nogpu", names="six toolz") == "six==1.16.0 toolz==0.12.1"
    # The lock wins over a newer pyproject.toml, and over requirements.
    plant(project, {"requirements.txt": "six==1.15.0\n"})
    assert installed(project, "--nogpu", names="six") == "six==1.16.0"
    in_image(
        project,
        "/opt/uv/bin/uv export --frozen --extra cpu --no-emit-project --format pylock.toml --output-file pylock.toml",
    )
    (project / "uv.lock").unlink()
    (project / "pyproject.toml").unlink()
    assert installed(project, names="six toolz") == "six==1.16.0 toolz==0.12.1"
    assert "toolz" in lock


def test_what_the_base_image_has_is_not_installed_again(project: Path, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    text = f"FROM {BASE_IMAGE}\nRUN python3 -m pip install --break-system-packages six==1.14.0\n"
    (tmp_path / "base/Dockerfile").write_text(text)
    tag = f"{REPOSITORY}:with-six"
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    build = [str(find_docker(os.environ)), "build", "--quiet", "--tag", tag, str(tmp_path / "base")]
    subprocess.run(build, check=True, capture_output=True, env=environment)
    plant(
        project,
        {
            ".calibanconfig.json": json.dumps({"base_image": tag}),
            "requirements.txt": "six>=1\ntoolz==0.12.0\n",
        },
    )
    assert installed(project, names="six toolz") == "six==1.14.0 toolz==0.12.0"


@pytest.mark.parametrize("buildkit", ["0", "1"])
def test_debian_packages_by_mode(project: Path, monkeypatch: pytest.MonkeyPatch, buildkit: str) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", buildkit)
    config = {"base_image": BASE_IMAGE, "apt_packages": {"cpu": ["hello"], "gpu": ["surely-no-such-package"]}}
    plant(project, {".calibanconfig.json": json.dumps(config), "greet.sh": "hello\nls /var/lib/apt/lists\n"})
    answer = caliban("run", "--nogpu", "greet.sh", folder=project)
    assert answer.stdout == "Hello, world!\n", "and nothing that only installing needed"
    answer = caliban("build", "--gpu", "greet.sh", folder=project)
    assert answer.returncode == 1
    assert "Unable to locate package surely-no-such-package" in answer.stderr


@pytest.fixture(scope="module")
def conda_image(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build_conda_image(tmp_path_factory.mktemp("conda"))


def test_a_conda_environment(project: Path, conda_image: str) -> None:
    plant(
        project,
        {
            ".calibanconfig.json": json.dumps({"base_image": conda_image}),
            "environment.yml": "channels: [file:///channel]\ndependencies: [caliban-probe=1.0]\n",
            "script.sh": "caliban-probe",
        },
    )
    answer = caliban("run", "script.sh", folder=project)
    assert (answer.stdout, answer.returncode) == ("the probe of conda\n", 0), answer.stderr

"""The plan of an image: its base, its steps, its files, and the tag that all of that makes."""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.folders import plant

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import Cancelled, UsageError
from caliban_ls.runtime.engine import ImagePlan
from caliban_ls.runtime.images.dockerfile import apt_layer, uv_layer
from caliban_ls.runtime.images.plan import ImageOptions, Mode, plan_image

OPTIONS = ImageOptions(python_version="3.11.7")

PACKAGE: Mapping[str, str | None] = {
    "trainer/train.py": "import os\n",
    "trainer/__init__.py": "",
    "requirements.txt": "numpy\n",
    "experiment.json": '{"lr": [1, 2]}',
    ".calibanconfig.json": "{}",
    "README.md": "read me",
}

SCRIPT: Mapping[str, str | None] = {
    "train.py": "import os\n",
    "lib/model.py": "",
    "experiment.json": '{"lr": [1, 2]}',
    ".git/HEAD": "main",
    "lib/__pycache__/model.pyc": "",
}


def plan(
    folder: Path, module: str = "trainer.train", options: ImageOptions = OPTIONS, mode: Mode = "cpu"
) -> ImagePlan:
    return plan_image(folder=folder, module=module, mode=mode, options=options)


def digest_of(folder: Path, module: str = "trainer.train", options: ImageOptions = OPTIONS) -> str:
    return plan(folder, module, options).tag.partition(":")[2]


def content(planned: ImagePlan) -> bytes:
    return b"".join(planned.context(planned.dockerfile))


def files(planned: ImagePlan) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content(planned))) as archive:
        opened = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: file.read() for name, file in opened.items() if file is not None}


def names(planned: ImagePlan) -> list[str]:
    """Return what the context holds, folders with a slash behind."""
    with tarfile.open(fileobj=io.BytesIO(content(planned))) as archive:
        return [f"{member.name}/" if member.isdir() else member.name for member in archive]


# What travels


def test_a_module_takes_its_package_along(tmp_path: Path) -> None:
    planned = plan(plant(tmp_path, PACKAGE))
    assert names(planned) == [
        "Dockerfile",
        "dependencies1/",
        "dependencies1/requirements.txt",
        "program/",
        "program/trainer/",
        "program/trainer/__init__.py",
        "program/trainer/train.py",
    ]
    assert planned.dockerfile_name == "Dockerfile"
    assert planned.size == len("import os\n" + "numpy\n")


def test_a_script_takes_the_project_along(tmp_path: Path) -> None:
    planned = plan(plant(tmp_path, SCRIPT), "train.py")
    assert names(planned) == [
        "Dockerfile",
        "program/",
        "program/lib/",
        "program/lib/model.py",
        "program/train.py",
    ]


def test_the_whole_dockerfile(tmp_path: Path) -> None:
    plant(tmp_path, {**PACKAGE, "data/x": ""})
    planned = plan(tmp_path, options=replace(OPTIONS, apt_packages=("git",), dirs=("data",)))
    settings = "export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1; "
    assert (
        planned.dockerfile
        == f"""\
FROM python:3.11-slim

USER root
WORKDIR /usr/app

# Any user of the container may write here; output is not buffered.
RUN mkdir -p /home/caliban && chmod 1777 /home/caliban && chmod 0777 /usr/app
ENV HOME=/home/caliban
ENV PYTHONUNBUFFERED=1

# Debian packages.
RUN {apt_layer(["git"]).run} && {apt_layer(["git"]).clean}

# Packages go on top of the base image's own, which stay importable.
RUN python3 -m venv --system-site-packages --without-pip /opt/venv
ENV VIRTUAL_ENV=/opt/venv
ENV UV_PROJECT_ENVIRONMENT=/opt/venv
ENV PATH=/opt/venv/bin:$PATH

# uv installs, unless the base image has packages that only pip counts.
RUN {settings}{uv_layer(required=False).run}

# What the project needs installed, before the code, which changes more often.
COPY ["dependencies1/", "./"]
RUN {settings}if [ -x /opt/uv/bin/uv ]; then /opt/uv/bin/uv pip install --index-strategy unsafe-best-match -r requirements.txt; else python -m pip install -r requirements.txt; fi

# An extra folder.
COPY ["folder1/", "./"]

# The program.
COPY ["program/", "./"]

ENTRYPOINT ["python", "-m", "trainer.train"]
CMD []
"""
    )


def test_a_shell_script_needs_no_python(tmp_path: Path) -> None:
    planned = plan(plant(tmp_path, {"go.sh": "true"}), "go.sh")
    assert "venv" not in planned.dockerfile
    assert planned.dockerfile.endswith('ENTRYPOINT ["/bin/bash", "go.sh"]\nCMD []\n')


def test_extra_folders_in_their_order(tmp_path: Path) -> None:
    plant(tmp_path, {**PACKAGE, "b/x": "", "a/c/y": "", "a/z": ""})
    planned = plan(tmp_path, options=replace(OPTIONS, dirs=("b", "a/c", "trainer")))
    assert names(planned)[3:] == [
        "folder1/",
        "folder1/b/",
        "folder1/b/x",
        "folder2/",
        "folder2/a/",
        "folder2/a/c/",
        "folder2/a/c/y",
        "folder3/",
        "folder3/trainer/",
        "folder3/trainer/__init__.py",
        "folder3/trainer/train.py",
    ]
    assert "program/" not in planned.dockerfile, "all of it has travelled"


def test_project_files_travel_with_a_package(tmp_path: Path) -> None:
    planned = plan(plant(tmp_path, {**PACKAGE, "pyproject.toml": "", "setup.py": "", "tox.ini": ""}))
    assert [name for name in names(planned) if name.startswith("program/") and name.count("/") == 1] == [
        "program/",
        "program/pyproject.toml",
        "program/setup.py",
    ]


def test_dependencies_travel_whatever_is_ignored(tmp_path: Path) -> None:
    tree = {
        **PACKAGE,
        "requirements.txt": "-r req/base.txt\n./lib",
        "req/base.txt": "",
        "lib/a.py": "",
        "lib/b.log": "",
    }
    planned = plan(plant(tmp_path, {**tree, ".dockerignore": "*\n!trainer\n!lib\n**/*.log"}))
    assert names(planned)[1:7] == [
        "dependencies1/",
        "dependencies1/lib/",
        "dependencies1/lib/a.py",
        "dependencies1/req/",
        "dependencies1/req/base.txt",
        "dependencies1/requirements.txt",
    ]


def test_a_linked_requirements_file_brings_its_target(tmp_path: Path) -> None:
    planned = plan(
        plant(tmp_path, {"t.py": "", "requirements.txt": "-> req/base.txt", "req/base.txt": ""}), "t"
    )
    assert {"dependencies1/requirements.txt", "dependencies1/req/base.txt"} <= set(names(planned))


def test_both_ignore_files_count(tmp_path: Path) -> None:
    plant(tmp_path, {**SCRIPT, "a": "", "b": "", ".dockerignore": "a\nb", ".calibanignore": "!b"})
    found = names(plan(tmp_path, "train.py"))
    assert "program/b" in found
    assert "program/a" not in found


def test_what_is_left_out_stays(tmp_path: Path) -> None:
    plant(tmp_path, {**SCRIPT, "key.json": "secret", ".env": "SECRET=1"})
    planned = plan(tmp_path, "train.py", replace(OPTIONS, left_out=("key.json",)))
    assert b"secret" not in content(planned).lower()


def test_data_beside_a_package_stays_and_beside_a_script_travels(tmp_path: Path) -> None:
    size = 200 * 1024 * 1024
    plant(tmp_path, {**PACKAGE, "train.py": "", "data/small": "x"})
    with (tmp_path / "data/images.bin").open("wb") as file:
        file.truncate(size)
    assert len(content(plan(tmp_path))) < 100_000
    whole = plan(tmp_path, "train.py")
    assert whole.size > size
    assert whole.largest[0] == ("data/images.bin", size)
    (tmp_path / ".calibanignore").write_text("data/*.bin\n")
    assert plan(tmp_path, "train.py").size < 100_000


def test_the_largest_parts(tmp_path: Path) -> None:
    tree = {
        "train.py": "",
        "runs/a/1": "x" * 30,
        "runs/a/2": "x" * 30,
        "runs/b": "x" * 50,
        "deep/er/one": "x" * 99,
    }
    planned = plan(plant(tmp_path, {**tree, **{f"f{n:02}": "x" * n for n in range(20)}}), "train.py")
    assert planned.largest[:3] == (("deep/er/one", 99), ("runs/a", 60), ("runs/b", 50))
    assert len(planned.largest) == 10
    assert planned.size == 99 + 60 + 50 + sum(range(20))


def test_nothing_is_written_into_the_project(tmp_path: Path) -> None:
    plant(tmp_path, PACKAGE)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path, *tmp_path.rglob("*"))}
    content(plan(tmp_path))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path, *tmp_path.rglob("*"))} == before


# What makes a tag


def test_two_clones_have_one_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = plant(tmp_path / "one", PACKAGE)
    two = plant(tmp_path / "else/where", {name: PACKAGE[name] for name in sorted(PACKAGE)})
    for path in two.rglob("*"):
        path.chmod(0o775 if path.is_dir() else 0o600)
        os.utime(path, (1, 1))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    assert digest_of(one) == digest_of(two)
    assert content(plan(one)) == content(plan(two))
    assert plan(one).tag.startswith("caliban/one:")


def test_a_folder_reached_by_a_link_has_the_same_digest(tmp_path: Path) -> None:
    plant(tmp_path / "real", PACKAGE)
    (tmp_path / "link").symlink_to("real")
    assert digest_of(tmp_path / "link") == digest_of(tmp_path / "real")


@pytest.mark.parametrize(
    "path",
    [
        "experiment.json",
        "experiment-new.json",
        ".calibanconfig.json",
        ".calibanignore",
        "trainer/__pycache__/x.pyc",
        "data/x",
        ".git/index",
    ],
)
def test_what_changes_no_image(tmp_path: Path, path: str) -> None:
    plant(tmp_path, PACKAGE)
    before = digest_of(tmp_path)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("# other\n")
    assert digest_of(tmp_path) == before


@pytest.mark.parametrize("path", ["trainer/train.py", "requirements.txt", "trainer/new.py", "setup.cfg"])
def test_what_changes_the_image(tmp_path: Path, path: str) -> None:
    plant(tmp_path, PACKAGE)
    before = digest_of(tmp_path)
    (tmp_path / path).write_text("other\n")
    assert digest_of(tmp_path) != before


def test_modes_names_kinds_and_empty_folders_count(tmp_path: Path) -> None:
    plant(tmp_path, PACKAGE)
    seen = [digest_of(tmp_path)]
    (tmp_path / "trainer/train.py").chmod(0o755)
    seen.append(digest_of(tmp_path))
    (tmp_path / "trainer/__init__.py").rename(tmp_path / "trainer/init.py")
    seen.append(digest_of(tmp_path))
    (tmp_path / "trainer/empty").mkdir()
    seen.append(digest_of(tmp_path))
    (tmp_path / "trainer/init.py").unlink()
    (tmp_path / "trainer/init.py").symlink_to("train.py")
    seen.append(digest_of(tmp_path))
    (tmp_path / "trainer/init.py").unlink()
    (tmp_path / "trainer/init.py").symlink_to("empty")
    seen.append(digest_of(tmp_path))
    assert len(set(seen)) == len(seen)


def test_options_count(tmp_path: Path) -> None:
    plant(tmp_path, PACKAGE)
    options = [
        OPTIONS,
        replace(OPTIONS, platform="linux/amd64"),
        replace(OPTIONS, platform="linux/arm64"),
        replace(OPTIONS, base_image="debian"),
        replace(OPTIONS, python_version="3.12"),
        replace(OPTIONS, apt_packages=("git",)),
    ]
    assert len({digest_of(tmp_path, options=chosen) for chosen in options}) == len(options)
    assert digest_of(tmp_path) != digest_of(tmp_path, "trainer/train.py")
    assert digest_of(tmp_path) == digest_of(tmp_path, options=replace(OPTIONS, python_version="3.11.9"))


def test_a_sweep_that_the_program_reads_can_travel(tmp_path: Path) -> None:
    plant(tmp_path, {**SCRIPT, ".calibanignore": "!experiment.json"})
    before = digest_of(tmp_path, "train.py")
    (tmp_path / "experiment.json").write_text("{}")
    assert digest_of(tmp_path, "train.py") != before


@pytest.mark.parametrize(
    ("folder", "slug"),
    [
        ("digits", "digits"),
        ("My Project_2.0", "my-project-2-0"),
        ("Größe", "grosse"),
        ("--x--", "x"),
        ("実験", "project"),
        (os.fsdecode(b"\xff\xfe"), "project"),
        ("n" * 200, "n" * 60),
    ],
)
def test_tags(tmp_path: Path, folder: str, slug: str) -> None:
    tag = plan(plant(tmp_path / folder, PACKAGE)).tag
    assert re.fullmatch(rf"caliban/{slug}:[0-9a-f]{{20}}", tag)


# The base image


def check_base(
    folder: Path, expected: str, *, said: str | None = None, mode: Mode = "cpu", **options: Any
) -> None:
    """Hold which base image a project gets whose .python-version says something."""
    plant(folder, {"t.py": "", **({} if said is None else {".python-version": said})})
    chosen = replace(OPTIONS, **options)
    assert plan(folder, "t.py", chosen, mode).base_image == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, "3.11"),
        ("3.12", "3.12"),
        ("3.10.4\n", "3.10"),
        ("# ours\ncpython-3.13.1", "3.13"),
        ("pypy3.9-7.3\n3.12.1", "3.12"),
        ("system", "3.11"),
        ("3.1234567", "3.1234567"),
        ("", "3.11"),
    ],
)
def test_the_python_of_the_project(tmp_path: Path, said: str | None, expected: str) -> None:
    check_base(tmp_path, f"python:{expected}-slim", said=said)


@pytest.mark.parametrize(
    ("base_image", "mode", "expected"),
    [
        ("debian", "cpu", "debian"),
        ("me/x-{}:{}", "gpu", "me/x-gpu:gpu"),
        ("{other}", None, None),
        ({"gpu": "cuda:12", "cpu": "debian"}, "gpu", "cuda:12"),
        ({"gpu": "cuda:12"}, "cpu", "python:3.11-slim"),
        ("localhost:5000/a/b@sha256:00ff", "cpu", "localhost:5000/a/b@sha256:00ff"),
        ("dlvm:pytorch-{}-1.4", "gpu", "gcr.io/deeplearning-platform-release/pytorch-gpu.1-4"),
        ("dlvm:tf2-cpu-2.2", "gpu", "gcr.io/deeplearning-platform-release/tf2-cpu.2-2"),
        ("dlvm:tf-gpu", "gpu", "gcr.io/deeplearning-platform-release/tf-gpu"),
    ],
)
def test_the_base_image(tmp_path: Path, base_image: object, mode: Mode | None, expected: str | None) -> None:
    if expected is None or mode is None:
        with pytest.raises(UsageError):
            check_base(tmp_path, "", base_image=base_image)
    else:
        check_base(tmp_path, expected, mode=mode, base_image=base_image)


def test_a_platform_is_named_where_there_is_but_one(tmp_path: Path) -> None:
    plant(tmp_path, {"t.py": ""})
    assert plan(tmp_path, "t.py").platform is None
    chosen = replace(OPTIONS, base_image="dlvm:tf2-cpu")
    assert plan(tmp_path, "t.py", chosen).platform == "linux/amd64"


# What can't be planned


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            {"base_image": "gcr.io/blueshift-playground/blueshift:gpu"},
            "can't be pulled any more",
            "python:3.12-slim",
        ),
        ({"base_image": "debian\nRUN evil"}, "isn't the name of an image", "base_image"),
        ({"base_image": "debian AS x"}, "isn't the name of an image", "base_image"),
        ({"base_image": ""}, "'' isn't the name of an image", "base_image"),
        ({"base_image": "dlvm:jax-gpu"}, "dlvm:jax-gpu isn't a Deep Learning image", "dlvm:tf2-cpu"),
        ({"apt_packages": ("git\nUSER x",)}, "isn't the name of a Debian package", "apt_packages"),
        ({"apt_packages": ("--option",)}, "'--option' isn't the name of a Debian package", "apt_packages"),
        ({"dirs": ("nowhere",)}, "There is no folder nowhere to take along", "relative"),
        ({"dirs": ("train.py",)}, "There is no folder train.py to take along", "relative"),
        ({"dirs": ("x" * 5000,)}, "There is no folder x", "relative"),
        ({"dirs": ("../x",)}, "The extra folder ../x lies outside of the project", "project"),
        ({"dirs": ("away",)}, "away is a link that leads out of the project, to /usr", "into the project"),
        ({"dirs": (".git",)}, "The ignore rules leave nothing of the extra folder .git", "`!.git`"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], message: str, hint: str) -> None:
    plant(tmp_path, {**SCRIPT, "away": "-> /usr"})
    with pytest.raises(UsageError) as caught:
        plan(tmp_path, "train.py", replace(OPTIONS, **options))
    assert message in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize("package", ["g++", "libssl-dev:arm64", "git=1:2.39.5-0+deb12u2", "python3/bookworm"])
def test_packages_as_apt_takes_them(tmp_path: Path, package: str) -> None:
    by_mode = replace(OPTIONS, apt_packages={"cpu": (package,), "gpu": ("nvtop",)})
    text = plan(plant(tmp_path, PACKAGE), options=by_mode).dockerfile
    assert f"--no-install-recommends {package} &&" in text
    assert "nvtop" not in text


@pytest.mark.parametrize("name", [".dockerignore", ".calibanignore"])
def test_a_wrong_ignore_file_is_named(tmp_path: Path, name: str) -> None:
    plant(tmp_path, {**PACKAGE, name: "ok\n[wrong"})
    with pytest.raises(UsageError, match=rf"^\{name}, line 2: a bracket is wrong in"):
        plan(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match=rf"^\{name} can't be read: Is a directory"):
        plan(tmp_path)


@pytest.mark.parametrize(
    ("ignore", "file"), [("trainer", "trainer/train.py"), ("trainer/t*", "trainer/train.py")]
)
def test_an_ignored_program_is_no_image(tmp_path: Path, ignore: str, file: str) -> None:
    plant(tmp_path, {**PACKAGE, ".dockerignore": ignore})
    with pytest.raises(UsageError, match=f"The program wouldn't be in its image: {file} doesn't travel"):
        plan(tmp_path)


def test_a_linked_program_needs_its_target(tmp_path: Path) -> None:
    plant(tmp_path, {"a/train.py": "-> ../b/train.py", "b/train.py": ""})
    with pytest.raises(UsageError, match=r"b/train\.py doesn't travel"):
        plan(tmp_path, "a.train")
    assert "folder1/b/train.py" in names(plan(tmp_path, "a.train", replace(OPTIONS, dirs=("b",))))


def test_a_linked_extra_folder_brings_its_target(tmp_path: Path) -> None:
    plant(tmp_path, {**PACKAGE, "data": "-> common/data", "common/data/x": "", "common/y": ""})
    found = names(plan(tmp_path, options=replace(OPTIONS, dirs=("data",))))
    assert [name for name in found if name.startswith("folder1/")] == [
        "folder1/",
        "folder1/common/",
        "folder1/common/data/",
        "folder1/common/data/x",
        "folder1/data",
    ]


def test_planning_can_be_cancelled(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.set()
    with pytest.raises(Cancelled):
        plan_image(
            folder=plant(tmp_path, PACKAGE),
            module="trainer.train",
            mode="cpu",
            options=OPTIONS,
            cancel=cancel,
        )


# Kinds of dependencies


KINDS: Mapping[str, Mapping[str, str | None]] = {
    "uv.lock": {"pyproject.toml": "[project]\nname='x'\nversion='1'\n", "uv.lock": "version = 1\n"},
    "pylock.toml": {"pylock.toml": 'lock-version = "1.0"\n'},
    "pyproject.toml": {"pyproject.toml": "[project]\nname='x'\nversion='1'\n"},
    "setup.py": {"setup.py": "from setuptools import setup; setup()"},
    "requirements.txt": {"requirements.txt": "numpy\n"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_the_code_reinstalls_nothing(tmp_path: Path, kind: str) -> None:
    plant(tmp_path, {"trainer/train.py": "1", **KINDS[kind]})
    before = plan(tmp_path)
    held = files(before)
    (tmp_path / "trainer/train.py").write_text("2")
    after = plan(tmp_path)
    assert before.tag != after.tag
    assert before.dockerfile == after.dockerfile
    changed = {name: data for name, data in files(after).items() if held[name] != data}
    assert changed == {"program/trainer/train.py": b"2"}
    assert f"dependencies1/{kind}" in files(after)


def test_without_a_program_there_is_what_is_needed(tmp_path: Path) -> None:
    plant(tmp_path, PACKAGE)
    planned = plan_image(folder=tmp_path, module=None, mode="cpu", options=OPTIONS)
    assert names(planned) == ["Dockerfile", "dependencies1/", "dependencies1/requirements.txt"]
    assert "ENTRYPOINT" not in planned.dockerfile
    # Both images share all steps but the last.
    assert plan(tmp_path).dockerfile.startswith(planned.dockerfile)


def test_a_conda_environment_takes_the_place_of_the_venv(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {"trainer/train.py": "", "environment.yml": "dependencies: [numpy]", "requirements.txt": "six"},
    )
    planned = plan(tmp_path)
    assert planned.base_image.startswith("mambaorg/micromamba:")
    assert "-m venv" not in planned.dockerfile
    conda, pip = (
        planned.dockerfile.index("micromamba create"),
        planned.dockerfile.index("-r requirements.txt"),
    )
    assert conda < planned.dockerfile.index("ENV CONDA_PREFIX=/opt/venv") < pip
    assert plan(tmp_path, options=replace(OPTIONS, base_image="mine")).base_image == "mine"


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        (">=3.9", "3.11"),
        (">=3.12", "3.12"),
        ("<3.10", "3.9"),
        ("~=3.10.1", "3.11"),
        ("==3.8.*", "3.8"),
        ("odd", "3.11"),
    ],
)
def test_the_python_that_the_package_takes(tmp_path: Path, requires: str, expected: str) -> None:
    plant(
        tmp_path, {"train.py": "", "pyproject.toml": f"[project]\nname='x'\nrequires-python='{requires}'\n"}
    )
    assert plan(tmp_path, "train.py").base_image == f"python:{expected}-slim"


# The user's own Dockerfile


def test_an_own_dockerfile_sees_the_project_as_it_is(tmp_path: Path) -> None:
    own = "FROM debian AS first\nFROM --platform=linux/amd64 nvidia/cuda\nCOPY . /all\nUSER me\n"
    plant(
        tmp_path,
        {"trainer/train.py": "", "docker/Dockerfile": own, "data/x": "", "requirements.txt": "numpy"},
    )
    plant(tmp_path, {".dockerignore": "*\n!trainer\n!data\n!docker\n", "trainer/.caliban": ""})
    planned = plan(tmp_path, options=replace(OPTIONS, dockerfile="docker/Dockerfile"))
    assert planned.base_image == "nvidia/cuda"
    assert planned.dockerfile.startswith(own + "\nUSER root\n")
    assert "pip" not in planned.dockerfile
    assert planned.dockerfile_name == ".caliban/Dockerfile"
    assert [name for name in names(planned) if not name.endswith("/")] == [
        ".caliban/Dockerfile",
        "data/x",
        "docker/Dockerfile",
        "trainer/.caliban",
        "trainer/train.py",
        ".caliban/program/trainer/.caliban",
        ".caliban/program/trainer/train.py",
    ]


def test_build_arguments_make_another_image(tmp_path: Path) -> None:
    plant(tmp_path, {"train.py": "", "Dockerfile": "FROM debian\nARG A\n"})
    one = replace(OPTIONS, dockerfile="Dockerfile", build_args={"A": "1"})
    assert plan(tmp_path, "train.py", one).build_args == {"A": "1"}
    two = replace(one, build_args={"A": "2"})
    assert digest_of(tmp_path, "train.py", one) != digest_of(tmp_path, "train.py", two)


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        ("nowhere", "nowhere can't be read: No such file"),
        ("empty", "empty has no FROM"),
        ("../Dockerfile", "docker.dockerfile ../Dockerfile lies outside of the project"),
    ],
)
def test_own_dockerfiles_that_are_none(tmp_path: Path, dockerfile: str, message: str) -> None:
    plant(tmp_path, {"train.py": "", "empty": "# FROM nothing\n"})
    with pytest.raises(UsageError) as caught:
        plan(tmp_path, "train.py", replace(OPTIONS, dockerfile=dockerfile))
    assert message in str(caught.value)


# gcloud


def test_gcloud_is_a_step_before_the_code(tmp_path: Path) -> None:
    plant(tmp_path, PACKAGE)
    text = plan(tmp_path, options=replace(OPTIONS, gcloud_image="sdk:1")).dockerfile
    step = 'COPY --from=sdk:1 ["/google-cloud-sdk", "/google-cloud-sdk"]'
    assert text.index("requirements.txt") < text.index(step) < text.index('COPY ["program/"')
    with pytest.raises(UsageError, match="isn't the name of an image") as caught:
        plan(tmp_path, options=replace(OPTIONS, gcloud_image="sdk\nRUN evil"))
    assert "gcloud.image" in caught.value.hint


# Keys


def test_keys_are_named_unless_somebody_wants_just_that_file(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----\n"
    plant(tmp_path, {"train.py": "", "a/key.pem": key, "b/key.pem": key, "b/notes.txt": f"see {key}"})
    assert plan(tmp_path, "train.py").secrets == (
        ("a/key.pem", "a private key"),
        ("b/key.pem", "a private key"),
    )
    (tmp_path / ".calibanignore").write_text("/a/key.pem\n!/b/key.pem\n")
    assert plan(tmp_path, "train.py").secrets == ()
    (tmp_path / ".calibanignore").write_text("/a/key.pem\n!b\n!*/*.pem\n")
    assert [path for path, _ in plan(tmp_path, "train.py").secrets] == ["a/key.pem", "b/key.pem"]

"""The command line as a user meets it: words in, text or JSON out, exit codes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest


def caliban(*argv: str, folder: Path, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the real program in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "caliban_ls", *argv],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "100", **variables},
    )


def test_help_names_every_command(tmp_path: Path) -> None:
    answer = caliban("--help", folder=tmp_path)
    assert answer.returncode == 0
    for word in ("check", "expand", "rule", "catalog", "build", "run", "serve", "doctor", "init"):
        assert f"\n    {word} " in answer.stdout
    assert caliban("--helpfull", folder=tmp_path).stdout == answer.stdout
    assert (
        caliban("run", "--helpfull", folder=tmp_path).stdout
        == caliban("run", "--help", folder=tmp_path).stdout
    )


def test_version(tmp_path: Path) -> None:
    assert caliban("--version", folder=tmp_path).stdout.startswith("caliban 0.")


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["run", "--nonsense", "m"],
        ["expand"],
        ["expand", "a", "b"],
        ["expand", "x.json", "--", "y"],
        [],
    ],
)
def test_wrong_usage_is_2_without_a_traceback(argv: list[str], tmp_path: Path) -> None:
    answer = caliban(*argv, folder=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_check_finds_our_files_and_fails_on_errors(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "experiment.json").write_text('{"lr": null}')
    (tmp_path / "package.json").write_text('{"lr": null,}')
    (tmp_path / "marked.json").write_text('// caliban: experiment\n{"lr": []}')
    answer = caliban("check", folder=tmp_path)
    assert answer.returncode == 1
    assert "deep/experiment.json:1:8: error[CAL203]" in answer.stdout
    assert "marked.json:2:8: error[CAL202]" in answer.stdout
    assert "2 errors in 2 files" in answer.stdout
    assert answer.stderr == ""


def test_check_json_counts_utf16_and_carries_fixes(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"\U0001f40d a": 1}', encoding="utf-8")
    answer = caliban("check", "--json", folder=tmp_path)
    (item,) = json.loads(answer.stdout)
    assert item["path"] == "experiment.json"
    assert item["code"] == "CAL205"
    assert item["range"] == {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 7}}
    assert item["fixes"][0]["edits"] == [{"range": item["range"], "newText": '"\U0001f40d_a"'}]
    assert caliban("check", "--format", "json", folder=tmp_path).stdout == answer.stdout


def test_check_reads_stdin_and_honours_as(tmp_path: Path) -> None:
    assert caliban("check", "-", folder=tmp_path, stdin='{"a": null}').returncode == 1
    answer = caliban(
        "check", "-", "--stdin_filename", ".calibanconfig.json", folder=tmp_path, stdin='{"xyz": 1}'
    )
    assert "CAL302" in answer.stdout
    (tmp_path / "sweep.json").write_text('{"a": null}')
    foreign = caliban("check", "sweep.json", folder=tmp_path)
    assert (foreign.returncode, foreign.stdout) == (2, "")
    assert "sweep.json is neither an experiment nor a project config" in foreign.stderr
    assert "`caliban check --as experiment sweep.json`" in foreign.stderr
    assert caliban("check", "--as", "experiment", "sweep.json", folder=tmp_path).returncode == 1


def test_check_reads_the_script_that_stands_beside(tmp_path: Path) -> None:
    script = (
        'import argparse\np = argparse.ArgumentParser()\np.add_argument("--lr", type=float)\n'
        'if __name__ == "__main__":\n    p.parse_args()\n    raise RuntimeError("a script is never run")\n'
    )
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "train.py").write_text(script)
    (tmp_path / "sweeps" / "experiment.json").write_text('{"rate": 1, "lr": "fast"}')

    def codes(**options: str) -> list[str]:
        answer = caliban("check", "--json", folder=tmp_path, **options)
        return [found["code"] for found in json.loads(answer.stdout)]

    assert codes() == ["CAL501", "CAL502"]
    (tmp_path / "sweeps" / "other.py").write_text(script)
    assert codes() == []  # nobody knows which
    (tmp_path / ".calibanconfig.json").write_text('{"module": "sweeps.other"}')
    (tmp_path / "sweeps" / "other.py").write_text(script.replace("--lr", "--rate"))
    assert codes() == ["CAL501"]
    (tmp_path / ".calibanconfig.json").write_text('{"script": "gone.py"}')
    assert codes() == []
    (tmp_path / ".calibanconfig.json").unlink()
    (tmp_path / "sweeps" / "experiment.json").write_text(
        '// caliban: script=other.py\n{"rate": 1, "lr": "fast"}'
    )
    assert codes() == ["CAL501"]


def test_check_holds_sweeps_against_the_config_around_them(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    for folder in (inner, tmp_path):
        (folder / "experiment.json").write_text('{"lr": [1, 2]}')
    answer = caliban("check", "--format", "json", ".", folder=tmp_path)
    assert [(found["path"], found["code"]) for found in json.loads(answer.stdout)] == [
        ("a/b/experiment.json", "CAL601")
    ]
    state = tmp_path / "state"
    state.mkdir()
    (state / "config.json").write_text('{"limits": {"maxJobs": 1}}')
    answer = caliban(
        "check",
        "--format",
        "json",
        "experiment.json",
        folder=tmp_path,
        CALIBAN_HOME=str(state),
    )
    assert [found["code"] for found in json.loads(answer.stdout)] == ["CAL601"]


def test_check_carries_only_fixes_that_bring_no_other_finding(tmp_path: Path) -> None:
    (tmp_path / ".calibanconfig.json").write_text('{"modul: "train.py", "extras": "x"}')
    answer = caliban("check", "--format", "json", ".calibanconfig.json", folder=tmp_path)
    fixes = {found["code"]: [fix["title"] for fix in found["fixes"]] for found in json.loads(answer.stdout)}
    # With its quote the key would be one that isn't known.
    assert fixes["CAL303"] == ["Make it a list"]
    assert [titles for code, titles in fixes.items() if code.startswith("CAL1")] == [[]]


def test_fail_on_warning(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text("[]")
    assert caliban("check", folder=tmp_path).returncode == 0
    assert caliban("check", "--fail_on", "warning", folder=tmp_path).returncode == 1
    assert caliban("check", "--fail-on=warning", folder=tmp_path).returncode == 1


def test_check_for_github_and_sarif(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{\n  "a": null\n}')
    github = caliban("check", "--format", "github", folder=tmp_path).stdout
    assert github.startswith(
        "::error file=experiment.json,line=2,endLine=2,col=8,endColumn=11,title=CAL203::"
    )
    sarif = json.loads(caliban("check", "--format", "sarif", folder=tmp_path).stdout)
    (result,) = sarif["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert (result["ruleId"], region["startLine"], region["startColumn"]) == ("CAL203", 2, 8)


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    answer = caliban("check", "nowhere.json", folder=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("error[usage]: There is no file")
    (tmp_path / "experiment.json").write_bytes(b'{"a": "\xff"}')
    answer = caliban("check", "experiment.json", folder=tmp_path)
    assert answer.returncode == 2
    assert "isn't UTF-8" in answer.stderr


def test_expand_prints_what_a_shell_needs(tmp_path: Path) -> None:
    text = '// two\n{"name": ["a b", "c"], "debug": true}'
    (tmp_path / "experiment.json").write_text(text)
    answer = caliban("expand", "experiment.json", folder=tmp_path)
    assert answer.stdout == "--name 'a b' --debug\n--name c --debug\n"
    assert caliban("expand", "stdin", folder=tmp_path, stdin=text).stdout == answer.stdout
    assert (
        caliban("expand", "experiment.json", "--limit", "1", folder=tmp_path).stdout
        == "--name 'a b' --debug\n"
    )
    assert caliban("expand", "experiment.json", "--count", folder=tmp_path).stdout == "2\n"
    listed = json.loads(caliban("expand", "experiment.json", "--format", "json", folder=tmp_path).stdout)
    assert listed == {
        "count": 2,
        "jobs": [
            {"index": 1, "args": ["--name", "a b", "--debug"], "parameters": {"name": "a b", "debug": True}},
            {"index": 2, "args": ["--name", "c", "--debug"], "parameters": {"name": "c", "debug": True}},
        ],
    }


def test_expand_of_a_broken_config_shows_its_errors(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"a": null}')
    answer = caliban("expand", "experiment.json", folder=tmp_path)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "experiment.json:1:7: error[CAL203]" in answer.stderr


def test_expand_of_a_huge_sweep_streams(tmp_path: Path) -> None:
    axis = json.dumps(list(range(1000)))
    text = "{" + ",".join(f'"k{number}": {axis}' for number in range(5)) + "}"
    (tmp_path / "experiment.json").write_text(text)
    assert caliban("expand", "experiment.json", "--count", folder=tmp_path).stdout == f"{10**15}\n"
    assert len(caliban("expand", "experiment.json", "--limit", "5", folder=tmp_path).stdout.splitlines()) == 5
    pipe = f"{shlex.quote(sys.executable)} -m caliban_ls expand experiment.json | head -n 2"
    head = subprocess.run(
        ["sh", "-c", pipe], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert (len(head.stdout.splitlines()), head.stderr) == (2, "")


def test_expand_finds_jobs_by_a_part_of_their_arguments(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"rate": [1, 2, 20], "say": ["a b", "C"]}')

    def found(*flags: str) -> list[str]:
        return caliban("expand", "experiment.json", *flags, folder=tmp_path).stdout.splitlines()

    assert found("--text", "--rate 2", "--limit", "3") == [
        "--rate 2 --say 'a b'",
        "--rate 2 --say C",
        "--rate 20 --say 'a b'",
    ]
    assert found("--text", "2 --say 'A B'") == ["--rate 2 --say 'a b'"]
    assert found("--text", "a b", "--at", "1:11") == ["--rate 1 --say 'a b'"]
    assert found("--text", "say c", "--count") == ["3"]
    assert found("--text", "nowhere") == []


def test_expand_looks_for_no_text_in_more_jobs_than_it_lists(tmp_path: Path) -> None:
    axis = json.dumps(list(range(1000)))
    (tmp_path / "experiment.json").write_text(f'{{"a": {axis}, "b": {axis}}}')
    answer = caliban("expand", "experiment.json", "--text", "1", folder=tmp_path)
    assert answer.returncode == 2
    assert "1,000,000 jobs are too many to look for a text in" in answer.stderr


def test_expand_one_block(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('[{"a": 1}, {"b": [1, 2]}]')
    assert caliban("expand", "experiment.json", "--block", "/1", folder=tmp_path).stdout == "--b 1\n--b 2\n"
    answer = caliban("expand", "experiment.json", "--block", "/7", folder=tmp_path)
    assert (answer.returncode, "'/0', '/1'" in answer.stderr) == (2, True)


def test_expand_what_a_place_is_part_of(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('[\n  {"é": [1, 2], "b": [3, 4]}\n]')
    answer = caliban("expand", "experiment.json", "--at", "2:13", "--format", "json", folder=tmp_path)
    assert [(job["index"], job["args"][1]) for job in json.loads(answer.stdout)["jobs"]] == [
        (3, "2"),
        (4, "2"),
    ]
    assert caliban("expand", "experiment.json", "--at", "9:9", "--count", folder=tmp_path).stdout == "4\n"
    answer = caliban("expand", "experiment.json", "--at", "0:1", folder=tmp_path)
    assert (answer.returncode, "--at takes LINE:COLUMN, not 0:1" in answer.stderr) == (2, True)


def test_rule(tmp_path: Path) -> None:
    assert "row-length" in caliban("rule", "cal207", folder=tmp_path).stdout
    assert json.loads(caliban("rule", "CAL207", "--json", folder=tmp_path).stdout)["name"] == "row-length"
    assert "CAL207  error        row-length\n" in caliban("rules", folder=tmp_path).stdout
    answer = caliban("rule", "CAL27", folder=tmp_path)
    assert (answer.returncode, "Did you mean CAL2" in answer.stderr) == (2, True)


def test_init_writes_files_that_are_sound_and_keeps_what_is_there(tmp_path: Path) -> None:
    assert "wrote experiment.json" in caliban("init", folder=tmp_path).stdout
    assert caliban("check", "--fail_on", "warning", folder=tmp_path).returncode == 0
    assert caliban("expand", "experiment.json", "--count", folder=tmp_path).stdout == "4\n"
    (tmp_path / "experiment.json").write_text("{}")
    assert "kept  experiment.json" in caliban("init", folder=tmp_path).stdout
    assert (tmp_path / "experiment.json").read_text() == "{}"


def test_init_asks_for_no_gpu(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("")
    assert caliban("init", folder=tmp_path).returncode == 0
    sending = ("--project_id", "ab-cdefg", "--dry_run", "--experiment_config", "experiment.json", "train.py")
    plan = caliban("cloud", *sending, folder=tmp_path)
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.splitlines()[0].startswith("4 jobs on n1-standard-8 in us-central1, project ab-cdefg")
    with_gpu = caliban("cloud", "--gpu_spec", "1xT4", *sending, folder=tmp_path)
    assert with_gpu.stdout.startswith("4 jobs on n1-standard-8 with 1xT4 in us-central1"), with_gpu.stderr
    insisting = caliban("cloud", "--gpu", *sending, folder=tmp_path)
    assert insisting.stdout.startswith("4 jobs on n1-standard-8 with 1xT4 in us-central1"), insisting.stderr
    # What the comment of the file says is so.
    config = tmp_path / ".calibanconfig.json"
    text = config.read_text().replace('"default_mode": "CPU"', '"default_mode": "GPU"')
    for written, gpu in (
        (text, "1xT4"),
        (text.replace('// "gpu_spec": "1xT4"', '"gpu_spec": "2xT4"'), "2xT4"),
    ):
        config.write_text(written)
        asked = caliban("cloud", *sending, folder=tmp_path)
        assert asked.stdout.startswith(f"4 jobs on n1-standard-8 with {gpu} in us-central1"), asked.stderr


def test_hardware_says_what_a_project_comes_to_and_could_be(tmp_path: Path) -> None:
    (tmp_path / ".calibanconfig.json").write_text('{"cloud": {"region": "us-west3", "gpu_spec": "1xT4"}}')
    answer = caliban("hardware", "region", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    first, *rest = answer.stdout.splitlines()
    assert first == "us-west3 · 1xT4 · can't be had"
    assert any("error[CAL409]" in line for line in rest)
    assert any(line.split()[:3] == ["*", "us-west3", "Salt"] for line in rest)
    assert json.loads(caliban("hardware", "--json", folder=tmp_path).stdout)["possible"] is False


def test_init_writes_further_experiments_by_name(tmp_path: Path) -> None:
    assert "wrote warm-up.experiment.json" in caliban("init", "--name", "warm-up", folder=tmp_path).stdout
    assert "caliban expand warm-up.experiment.json" in (tmp_path / "warm-up.experiment.json").read_text()
    assert not (tmp_path / "experiment.json").exists()
    assert caliban("check", folder=tmp_path).returncode == 0
    refused = caliban("init", "--name", "../up", folder=tmp_path)
    assert refused.returncode == 2
    assert "can't be called '../up'" in refused.stderr


def test_a_module_of_the_working_folder_is_never_imported(tmp_path: Path) -> None:
    for name in ("argparse", "json", "rich", "difflib", "shlex"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the project ran')")
    answer = caliban("rule", "CAL207", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_run_needs_a_module_and_an_engine_that_answers(tmp_path: Path) -> None:
    answer = caliban("run", folder=tmp_path)
    assert (answer.returncode, "MODULE" in answer.stderr) == (2, True)
    (tmp_path / "train.py").write_text("print('hello')")
    answer = subprocess.run(
        [sys.executable, "-m", "caliban_ls", "run", "train.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/no.sock"},
    )
    assert answer.returncode == 3
    assert "error[engine-unavailable]" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_what_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "experiment.json")
    nothing = caliban("check", folder=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (0, "Nothing was checked\n")
    assert f"no experiment and no project config in {tmp_path}" in nothing.stderr
    assert "experiment.json" in nothing.stderr
    answer = caliban("expand", "/dev/zero", folder=tmp_path)
    assert (answer.returncode, "it isn't a file" in answer.stderr) == (2, True)


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_mistake(tmp_path: Path, closed: str) -> None:
    (tmp_path / "experiment.json").write_text('{"a": 1}')
    command = f"{shlex.quote(sys.executable)} -m caliban_ls expand experiment.json {closed}>&-"
    answer = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_text_survives_an_environment_of_ascii(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"a": "\u00e9"}', encoding="utf-8")
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    answer = subprocess.run(
        [sys.executable, "-m", "caliban_ls", "expand", "experiment.json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ, **ascii_only},
    )
    assert answer.stdout.decode() == "--a 'é'\n"


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "caliban_ls", "doctor", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/no.sock", "CALIBAN_HOME": "/proc/caliban"},
    )
    assert answer.returncode == 3
    checks = {check["name"]: check for check in json.loads(answer.stdout)["checks"]}
    assert checks["Docker engine"]["status"] == "failure"
    assert checks["History"]["status"] == "warning"
    assert all(check["hint"] for check in checks.values() if check["status"] != "ok")


@pytest.mark.parametrize("words", [["--docker_run_args", "--memory 2g"], ["--docker-run-args=--memory 2g"]])
def test_flags_of_docker_run_may_begin_with_dashes(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "t.py").write_text("")
    answer = caliban("run", *words, "--dry_run", "t.py", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr

"""`caliban check`: files and folders in, findings in four formats out."""

from __future__ import annotations

import json
from pathlib import Path

from support.program import caliban


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
    assert (foreign.returncode, foreign.stdout) == (0, "Nothing was checked\n")
    assert "sweep.json isn't checked" in foreign.stderr
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

    def codes(home: Path | None = None) -> list[str]:
        answer = caliban("check", "--json", folder=tmp_path, home=home)
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
        home=state,
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

"""`caliban expand`: a config in, the arguments of its jobs out."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from support.program import caliban


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

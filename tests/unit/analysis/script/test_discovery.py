"""Find the script of an experiment."""

from __future__ import annotations

import pytest

from caliban_ls.analysis.script import candidate_paths, named_script, runnable_scripts, script_comment


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("// caliban: script=trainer/train.py\n{}", "trainer/train.py"),
        ("# caliban:script = a.py\n{}", "a.py"),
        ("/* caliban: script=a.py*/ {}", "a.py"),
        ('{"x": 1}', None),
    ],
)
def test_a_comment_names_the_script(text: str, wanted: str | None) -> None:
    found = script_comment(text)
    assert (found and found.path) == wanted
    assert found is None or text[found.start : found.end] == wanted
    assert named_script(script=None, module=None, text=text) == wanted
    assert named_script(script="s.py", module="m", text=text) == "s.py"
    assert named_script(script=None, module="m", text=text) == "m"


def test_where_a_script_may_be() -> None:
    assert candidate_paths("trainer.train", "") == ("trainer/train.py", "trainer/train/__main__.py")
    assert candidate_paths("./a/b.py", "c") == ("a/b.py", "c/a/b.py")
    for outside in ("../a.py", "/a.py", "~/a.py", "C:/a.py", "a/b.sh", "run.sh"):
        assert candidate_paths(outside, "c") == ()


def test_the_scripts_of_a_folder() -> None:
    script = "import argparse\nif __name__ == '__main__':\n    pass\n"
    files = {"a.py": script, "b.py": "import argparse\n", "c.py": "if __name__ == '__main__':\n    pass\n"}
    assert runnable_scripts(files, files.get) == ["a.py"]
    files["d.py"] = script
    assert runnable_scripts(files, files.get) == ["a.py", "d.py"]
    assert runnable_scripts({}, files.get) == []


@pytest.mark.parametrize(
    "call",
    [
        "args = parser.parse_args()",
        "args, rest = parser.parse_known_args()",
        "parser.parse_args()",
        "main()",
        "print(argparse.ArgumentParser().parse_args())",
    ],
)
def test_the_scripts_of_a_folder_that_runs_whenever_it_is_imported(call: str) -> None:
    files = {"a.py": f"import argparse\n{call}\n", "b.py": "import argparse\ndef f(p):\n    p.parse_args()\n"}
    assert runnable_scripts(files, files.get) == ["a.py"]
    files["c.py"] = files["a.py"]
    assert runnable_scripts(files, files.get) == ["a.py", "c.py"]
    files["d.py"] = "import argparse\nif __name__ == '__main__':\n    pass\n"
    assert runnable_scripts(files, files.get) == ["d.py"]

"""A project with a script and two experiments that set its flags."""

from __future__ import annotations

from pathlib import Path

TRAIN = """import argparse

parser = argparse.ArgumentParser()
# 😀
parser.add_argument("--lr", type=float, help="Step size")
parser.add_argument("--steps", type=int)
arguments = parser.parse_args()
"""


def script_project(folder: Path) -> None:
    """Write a script, two experiments of it, and one of another project."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    for name, text in {
        "a/.calibanconfig.json": '{"script": "train.py"}',
        "a/train.py": TRAIN,
        "a/experiment.json": '[{"lr": 1}, {"[steps,lr]": [[1, 2]]}]',
        "a/second.experiment.json": '{"é😀": 1, "lr": [1, 2]}',
        "b/.calibanconfig.json": "{}",
        "b/experiment.json": '{"lr": 3}',
    }.items():
        (folder / name).write_text(text)

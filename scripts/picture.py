"""Draw docs/images/demo.svg from what the commands really print: `.venv/bin/python -m scripts.picture`.

Needs the project and the image that `make demo` leaves behind.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from scripts.demo import CHECKOUT, PROJECT

PICTURE = CHECKOUT / "docs" / "images" / "demo.svg"
CONFIG = PROJECT / "experiment.json"
COLUMNS = 112
MISTAKE = ('["svc", 10]]', '["svc"]]')
JOB_LINES = 3  # lines of jobs that are shown before "…"; the table is what matters


def main() -> int:
    right = CONFIG.read_text(encoding="utf-8")
    try:
        CONFIG.write_text(right.replace(*MISTAKE), encoding="utf-8")
        scenes = [scene("caliban check")]
    finally:
        CONFIG.write_text(right, encoding="utf-8")
    scenes += [
        scene("caliban check"),
        scene("caliban run --experiment_config experiment.json --jobs 2 trainer.train"),
    ]
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(scenes), encoding="utf-8")
    return 0


def scene(command: str) -> tuple[str, str]:
    """Return a command and what it printed to stdout, most lines of jobs left out."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        shlex.split(command), cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    lines = done.stdout.splitlines()
    of_jobs = [number for number, line in enumerate(lines) if line.startswith("[")]
    for number in reversed(of_jobs[JOB_LINES:]):
        lines[number : number + 1] = ["…"] if number == of_jobs[JOB_LINES] else []
    return command, "\n".join(lines)


def draw(scenes: list[tuple[str, str]]) -> str:
    """Return the scenes as one terminal, in SVG without fonts from elsewhere."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command, output in scenes:
        console.print(Text.assemble(("$ ", "green"), (command, "bold")))
        console.print(Text(f"{output.strip(chr(10))}\n"))
    picture = console.export_svg(title="caliban", unique_id="demo")
    return re.sub(r"\s*@font-face \{[^}]*\}", "", picture)


if __name__ == "__main__":
    sys.exit(main())

"""README's first command, as a newcomer sees it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_the_demo_ends_with_eight_jobs_and_eight_scores(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.demo"],
        cwd=CHECKOUT,
        env={**os.environ, "CALIBAN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, table = done.stdout.partition(
        "$ caliban run --experiment_config experiment.json --jobs 2 trainer.train\n"
    )
    accuracies = re.findall(r"SUCCEEDED +[0-9.]+ +(0\.[0-9]+)", table)
    assert len(accuracies) == len(set(accuracies)) == 8, table

"""How long a sweep of 100 jobs takes on its way to Google, beside google/caliban 0.4.2: whole processes.

Both talk to the tests' stand-in for Google by its real host names, which answers each request after 50 ms. Then how
long planning and showing 10,000 jobs takes, and how much memory. Prints tables and keeps them; medians of some runs.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cloud.emulator.faults import Faults
from cloud.emulator.server import Emulator
from results import record

REFERENCE = Path(__file__).parent.parent / "build" / "bench-reference" / "bin" / "caliban"
OURS = Path(sys.executable).parent / "caliban"
RUNS = 5
LATENCY = 0.05  # seconds
IMAGE = ("--image_tag", "gcr.io/my-project/digits:1", "--experiment_config")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, Emulator() as emulator:
        folder = Path(name)
        emulator.faults = Faults(latency=LATENCY)
        environment = surroundings(emulator, folder)
        (folder / "train.py").write_text("print('nothing')\n", encoding="utf-8")
        write(folder / "experiment.json", 10, 10)
        write(folder / "large.json", 100, 100)
        sent = submissions(folder, environment)
        emulator.faults = Faults()
        record("Submissions, beside google/caliban", [sent, scale(folder, environment)])


def surroundings(emulator: Emulator, folder: Path) -> dict[str, str]:
    """The variables of a user whose way to Google leads to the stand-in."""
    key = emulator.service_account(folder / "key.json", token_uri="https://oauth2.googleapis.com/token")  # noqa: S106 - an address
    proxied = emulator.proxied_environment(folder)
    # A user's Python keeps its compiled files; measuring compilation would be measuring something else.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        **proxied,
        "HTTPLIB2_CA_CERTS": proxied["SSL_CERT_FILE"],
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        "CALIBAN_HOME": str(folder / "state"),
        "HOME": str(folder),
        "USER": "somebody",
    }


def write(path: Path, *lengths: int) -> None:
    sweep = {f"flag{number}": list(range(length)) for number, length in enumerate(lengths)}
    path.write_text(json.dumps(sweep), encoding="utf-8")


def submissions(folder: Path, environment: Mapping[str, str]) -> list[list[str]]:
    sweep = (*IMAGE, "experiment.json", "train.py")
    commands: dict[str, Sequence[str | Path]] = {
        "caliban-ls, Vertex AI": [OURS, "cloud", "--yes", *sweep],
        "caliban-ls, AI Platform": [OURS, "cloud", "--yes", "--backend=ai-platform", "--force", *sweep],
    }
    if REFERENCE.exists():
        where = ("--project_id=my-project", "--region=us-central1")
        commands["google/caliban 0.4.2"] = [REFERENCE, "cloud", *where, *sweep]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS + 1):
        for name, command in commands.items():  # in turns, so that a busy moment hits all of them
            times[name].append(timed(command, folder, environment))
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    slowest = max(medians.values())
    rows = [[name, f"{median:.2f}", f"{median / slowest:.3f}"] for name, median in medians.items()]
    return [["100 jobs, 50 ms an answer", "s", "ratio"], *rows]


def scale(folder: Path, environment: Mapping[str, str]) -> list[list[str]]:
    plan = [OURS, "cloud", *IMAGE, "large.json", "--dry_run", "--json", "train.py"]
    send = [OURS, "cloud", *IMAGE, "large.json", "--yes", "--max_jobs=10000", "train.py"]
    rows = [["10,000 jobs", "s", "MB"]]
    for name, command in (("plan", plan), ("submit", send), ("status", [OURS, "status"])):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if name == "plan" else 0
        seconds = timed(command, folder, environment)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        # The kernel keeps the largest child alone, so that only the first figure and larger ones are a command's own.
        rows.append([name, f"{seconds:.2f}", f"{memory:.0f}" if memory * 1024 > before else ""])
    return rows


def timed(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr[-2000:]}")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

"""How long a user waits for an answer: whole processes, from start to exit, beside a schema validator.

Prints a table of medians and minimums in milliseconds, and keeps it. The ratio is that of the minimums, to the
validator's for a file of the same size: the machine's other work only ever adds to a time. The validator checks a plain JSON sweep of the same size against
a schema that says no more than "an object, or a list of objects".
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import record

BIN = Path(sys.executable).parent
VALIDATOR = Path(__file__).parent.parent / "build" / "bench" / "bin" / "check-jsonschema"
RUNS = 11
BLOCKS = 200
LABELS = ("1 block", f"{BLOCKS} blocks")

SCHEMA = {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small, large = folder / "experiment.json", folder / "experiment_large.json"
        small.write_text(json.dumps(block(0), indent=2), encoding="utf-8")
        large.write_text(json.dumps([block(seed) for seed in range(BLOCKS)], indent=2), encoding="utf-8")
        schema = folder / "schema.json"
        schema.write_text(json.dumps(SCHEMA), encoding="utf-8")

        commands: dict[str, list[str | Path]] = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "caliban --help": [BIN / "caliban", "--help"],
        }
        for label, config in zip(LABELS, (small, large), strict=True):
            commands[f"caliban check, {label}"] = [BIN / "caliban", "check", config]
            commands[f"caliban expand --count, {label}"] = [BIN / "caliban", "expand", "--count", config]
            if VALIDATOR.exists():
                commands[f"check-jsonschema, {label}"] = [VALIDATOR, "--schemafile", schema, config]
        show(measure(commands))


def block(seed: int) -> dict[str, object]:
    """Return a block of 24 jobs."""
    return {
        "[model,C]": [["logistic", 0.01], ["svc", 10]],
        "lr": [0.1, 0.01, 0.001],
        "epochs": [1, 5, 25, 125],
        "standardize": True,
        "seed": seed,
    }


def measure(commands: dict[str, list[str | Path]]) -> dict[str, list[float]]:
    """Return each command's times in ms. They take turns, so that a busy moment hits all of them."""
    # A user's Python keeps its compiled files; measuring compilation would be measuring something else.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
            times[name].append((time.perf_counter() - start) * 1000)
    return {name: values[1:] for name, values in times.items()}


def show(times: dict[str, list[float]]) -> None:
    rows = []
    for name, values in times.items():
        size = next((label for label in LABELS if name.endswith(label)), LABELS[0])
        beside = times.get(f"check-jsonschema, {size}")
        ratio = "" if beside is None else f"{min(values) / min(beside):.2f}"
        rows.append([name, f"{statistics.median(values):.0f}", f"{min(values):.0f}", ratio])
    record("Whole commands, beside check-jsonschema", [[["command", "ms", "least", "ratio"], *rows]])


if __name__ == "__main__":
    main()

"""Random sweeps expand as google/caliban 0.4.2 itself expands them, in an environment of its own."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.experiment import sweep as sweeps

REFERENCE = Path(__file__).parents[2] / "build" / "reference" / "bin" / "python"

EXPAND = """
import json, sys
from caliban.config.experiment import expand_experiment_config, experiment_to_args, validate_experiment_config
print(json.dumps([
    [experiment_to_args(job) for job in expand_experiment_config(validate_experiment_config(config))]
    for config in json.load(sys.stdin)
]))
"""


def test_random_configs_expand_to_the_same_argument_vectors() -> None:
    source = random.Random(20200601)
    configs = [_random_config(source) for _ in range(500)]
    expected = _reference(configs)
    compared = 0
    for config, vectors in zip(configs, expected, strict=True):
        text = json.dumps(config, indent=source.choice([None, 2]))
        sweep = sweeps.read(jsondoc.parse(text))
        ours = [sweeps.arguments(job) for job in sweeps.expand(sweep)]
        assert len(ours) == sweep.count
        assert Counter(map(_canonical, ours)) == Counter(_canonical(tuple(vector)) for vector in vectors), (
            text
        )
        compared += len(ours)
    assert compared > 1000


def _reference(configs: list[Any]) -> list[list[list[str]]]:
    assert REFERENCE.exists(), "run scripts/reference.sh first; `make test` does"
    answer = subprocess.run(
        [REFERENCE, "-W", "ignore", "-c", EXPAND],
        input=json.dumps(configs),
        text=True,
        capture_output=True,
        check=True,
    )
    return list(json.loads(answer.stdout))


def _random_value(source: random.Random, depth: int = 0) -> Any:
    kind = source.randrange(7 if depth < 2 else 5)
    if kind >= 5:
        return [_random_value(source, depth + 1) for _ in range(source.randrange(1, 4))]
    return source.choice(
        [True, False, source.randrange(-5, 99), source.random() * 10 ** source.randrange(-6, 20), "x", "a b"]
    )


def _random_block(source: random.Random) -> dict[str, Any]:
    names = source.sample("abcdefgh", source.randrange(0, 6))
    block: dict[str, Any] = {}
    while names:
        width = source.randrange(1, min(3, len(names)) + 1)
        if width > 1 or source.random() < 0.2:
            flags = [names.pop() for _ in range(width)]
            rows = [[_random_value(source, 2) for _ in flags] for _ in range(source.randrange(1, 4))]
            block[f"[{source.choice([',', ', ']).join(flags)}]"] = rows[0] if source.random() < 0.3 else rows
        else:
            block[names.pop()] = _random_value(source)
    return block


def _random_config(source: random.Random, depth: int = 0) -> Any:
    if depth < 2 and source.random() < 0.4:
        return [_random_config(source, depth + 1) for _ in range(source.randrange(0, 4))]
    return _random_block(source)


def _canonical(vector: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the flags of a vector with their values, sorted: the reference reverses keys on newer Pythons."""
    flags: list[list[str]] = []
    for word in vector:
        if word.startswith("--"):
            flags.append([word])
        else:
            flags[-1].append(word)
    return tuple(sorted(map(tuple, flags)))

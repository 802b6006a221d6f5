"""Projects at random: configs of hardware that goes together, sweeps, and settings of their user."""

from __future__ import annotations

import random
from typing import Any

from caliban_ls.analysis.config.settings import Defaults, Settings, UserLimits
from caliban_ls.analysis.hardware.catalog import catalog


def some_config(dice: random.Random) -> dict[str, Any]:
    """Hardware that goes together, most of it left to defaults as often as not, and limits."""
    service = catalog().services["vertex"]
    machine, held = dice.choice(service.pairs)
    region = dice.choice([name for name in service.regions if service.has((machine, held), name)])
    cloud: dict[str, Any] = {"region": region}
    if dice.random() < 0.7:
        cloud["machine_type"] = machine.name
        if held is not None:
            cloud[f"{held.kind}_spec"] = str(held)
    if dice.random() < 0.3 and machine.machines(held) == 1:
        cloud["spot"] = True
    config: dict[str, Any] = {"cloud": cloud}
    if held is None or dice.random() < 0.2:
        config["default_mode"] = "CPU"
    if dice.random() < 0.5:
        config["limits"] = {"max_jobs": dice.randint(1, 30), "max_cost_per_hour": dice.choice([1, 20, 500])}
    return config


def some_sweep(dice: random.Random) -> list[dict[str, Any]]:
    return [
        {letter: list(range(dice.randint(1, 4))) for letter in dice.sample("abcdef", dice.randint(0, 3))}
        for _ in range(dice.randint(1, 3))
    ]


def some_settings(dice: random.Random) -> Settings:
    defaults = Defaults(
        region=dice.choice([None, "europe-west4"]),
        machine_type=dice.choice([None, None, "n1-standard-16"]),
        gpu_spec=dice.choice([None, "2xT4"]),
    )
    return Settings(defaults=defaults, limits=UserLimits(max_jobs=dice.choice([None, 10])))

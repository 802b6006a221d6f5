"""Whether an engine can give its containers a GPU, and why not; a pure judgement over what was seen.

Source: docs.docker.com/engine/containers/gpu and github.com/cncf-tags/container-device-interface.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caliban_ls.runtime.engine import EngineInfo

ALL_BY_CDI = "nvidia.com/gpu=all"
"""CDI's name for all GPUs together."""


@dataclass(frozen=True, slots=True)
class Gpus:
    """An engine's GPUs.

    Attributes:
        usable: whether a container that asks for them would start.
        ids: numbers or CDI's names of those that can be given out one by one, or CDI's name for all; empty where
            only "all" can be said.
        reason: one sentence for people: what is there, or what is missing.
        hint: how to mend it.
    """

    usable: bool
    ids: tuple[str, ...]
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """The device files of a machine that have to do with GPUs.

    Attributes:
        cards: names under /dev of NVIDIA cards, `nvidia0` and so on.
        control: whether the driver's own device is there.
        wsl: whether Windows passes its GPU into this Linux (/dev/dxg).
    """

    cards: tuple[str, ...] = ()
    control: bool = False
    wsl: bool = False


def judge(info: EngineInfo, devices: Devices | None) -> Gpus:
    """Say whether containers can have a GPU.

    Args:
        info: what the engine says of itself.
        devices: of the engine's machine; None when that isn't this one, so that only the engine is believed.
    """
    if info.system == "Docker Desktop" and (devices is None or not devices.wsl):
        return Gpus(
            False,
            (),
            "Docker Desktop gives its containers no GPU of a Mac",
            "Use a Linux machine with an NVIDIA card, or run the jobs on Google Cloud.",
        )
    if "nvidia" not in info.runtimes:  # which takes plain numbers, and is there on more engines
        named = _cdi_names(info.devices)
        if named:
            return Gpus(True, named, f"the engine offers {len(named)} GPUs by CDI")
        if ALL_BY_CDI in info.devices:
            return Gpus(True, (ALL_BY_CDI,), "the engine offers its GPUs by CDI")
    if devices is not None and not devices.cards and not devices.wsl:
        if devices.control:
            return Gpus(
                False, (), "the NVIDIA driver is loaded, but it shows no card", "`nvidia-smi` says more."
            )
        return Gpus(
            False,
            (),
            "this machine shows no NVIDIA GPU",
            "If it has one, install its driver; see `nvidia-smi`.",
        )
    if "nvidia" not in info.runtimes:
        return Gpus(
            False,
            (),
            "the engine can't pass a GPU on: it has neither an nvidia runtime nor a CDI device",
            "Install the NVIDIA Container Toolkit, run `sudo nvidia-ctk runtime configure`, and restart Docker.",
        )
    ids = tuple(card.removeprefix("nvidia") for card in devices.cards) if devices is not None else ()
    return Gpus(True, ids, "the engine has the nvidia runtime" + (f" and {len(ids)} cards" if ids else ""))


def devices_here() -> Devices:
    """Return the device files of this machine."""
    folder = Path("/dev")
    cards = sorted(
        (path.name for path in folder.glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)),
        key=lambda name: int(name.removeprefix("nvidia")),
    )
    return Devices(cards=tuple(cards), control=(folder / "nvidiactl").exists(), wsl=(folder / "dxg").exists())


def _cdi_names(devices: Sequence[str]) -> tuple[str, ...]:
    """Return the names of CDI's GPUs, each once: devices are also known by their UUID, and all together."""
    numbers = [match[1] for name in devices if (match := re.fullmatch(r"nvidia\.com/gpu=(\d+)", name))]
    return tuple(f"nvidia.com/gpu={number}" for number in sorted(numbers, key=int))

"""Whether an engine can give its containers a GPU: answers of engines and machines, as recorded or documented."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caliban_ls.runtime.docker.gpus import Devices, judge
from caliban_ls.runtime.engine import EngineInfo


def engine(
    *, system: str = "Ubuntu 22.04", runtimes: tuple[str, ...] = ("runc",), devices: tuple[str, ...] = ()
) -> EngineInfo:
    return EngineInfo(
        address="unix:///var/run/docker.sock",
        version="28.2.2",
        platform="linux/x86_64",
        root="",
        system=system,
        runtimes=runtimes,
        devices=devices,
    )


NVIDIA = engine(runtimes=("io.containerd.runc.v2", "nvidia", "runc"))
CDI = engine(
    devices=("nvidia.com/gpu=0", "nvidia.com/gpu=1", "nvidia.com/gpu=GPU-5c2f", "nvidia.com/gpu=all")
)
CARDS = Devices(cards=("nvidia0", "nvidia1"), control=True)


@pytest.mark.parametrize(
    ("info", "devices", "ids"),
    [
        pytest.param(NVIDIA, CARDS, ("0", "1"), id="the toolkit and two cards"),
        pytest.param(CDI, CARDS, ("nvidia.com/gpu=0", "nvidia.com/gpu=1"), id="CDI"),
        pytest.param(
            replace(CDI, runtimes=("nvidia",)), CARDS, ("0", "1"), id="CDI and the toolkit's runtime"
        ),
        pytest.param(
            engine(devices=("nvidia.com/gpu=GPU-5c2f", "nvidia.com/gpu=all")),
            CARDS,
            ("nvidia.com/gpu=all",),
            id="CDI without numbers",
        ),
        pytest.param(NVIDIA, Devices(wsl=True), (), id="WSL2"),
        pytest.param(NVIDIA, None, (), id="another machine"),
        pytest.param(
            engine(system="Docker Desktop", runtimes=("nvidia", "runc")),
            Devices(wsl=True),
            (),
            id="Docker Desktop on WSL2",
        ),
    ],
)
def test_usable(info: EngineInfo, devices: Devices | None, ids: tuple[str, ...]) -> None:
    found = judge(info, devices)
    assert found.usable
    assert found.ids == ids


@pytest.mark.parametrize(
    ("info", "devices", "reason", "hint"),
    [
        pytest.param(NVIDIA, Devices(), "shows no NVIDIA GPU", "driver", id="the toolkit and no card"),
        pytest.param(engine(), Devices(), "shows no NVIDIA GPU", "driver", id="neither"),
        pytest.param(
            engine(), CARDS, "neither an nvidia runtime nor a CDI", "Toolkit", id="a card and no toolkit"
        ),
        pytest.param(
            NVIDIA, Devices(control=True), "driver is loaded", "nvidia-smi", id="a driver and no card"
        ),
        pytest.param(engine(), None, "neither an nvidia runtime", "Toolkit", id="another machine without"),
        pytest.param(engine(system="Docker Desktop"), None, "of a Mac", "Google Cloud", id="a Mac"),
    ],
)
def test_unusable(info: EngineInfo, devices: Devices | None, reason: str, hint: str) -> None:
    found = judge(info, devices)
    assert not found.usable
    assert reason in found.reason
    assert hint in found.hint

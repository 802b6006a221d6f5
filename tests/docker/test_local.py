"""Local sweeps, on a real engine."""

from __future__ import annotations

from support.sweep_contract import SweepContract


class TestDockerSweeps(SweepContract):
    """The contract, in containers."""

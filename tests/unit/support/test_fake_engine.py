"""The fake engine keeps the promises of the real one."""

from __future__ import annotations

import pytest
from support.engine_contract import EngineContract
from support.fake_engine import FakeEngine


class TestFakeEngine(EngineContract):
    """The contract, in processes."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine("tools")

    @pytest.fixture
    def image(self) -> str:
        return "tools"

"""What a machine may lack: a reason to leave a test out at a desk, and to fail where everything is tested."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(reason: str) -> NoReturn:
    """Leave the test out; fail it instead where CALIBAN_REQUIRE_ENGINE says that all must run, as `make test` does."""
    if os.environ.get("CALIBAN_REQUIRE_ENGINE"):
        pytest.fail(reason)
    pytest.skip(reason)

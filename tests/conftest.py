"""What all tests share."""

from __future__ import annotations

import pytest

# Contracts live in modules that pytest doesn't collect; their assertions explain themselves all the same.
pytest.register_assert_rewrite("support")

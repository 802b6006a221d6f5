"""Versions of Jupyter, as people say them and as pip takes them."""

from __future__ import annotations

import pytest

from caliban_ls.operations.local.notebook import _pinned


@pytest.mark.parametrize(
    ("said", "expected"), [("7", "7.*"), ("7.2", "7.2.*"), ("7.2.1", "7.2.1"), ("4.5.0rc1", "4.5.0rc1")]
)
def test_a_version(said: str, expected: str) -> None:
    assert _pinned(said) == expected

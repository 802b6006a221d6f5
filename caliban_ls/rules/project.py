"""The rules of this family, with their explanations and examples."""

from __future__ import annotations

from caliban_ls.rules.base import Rule

RULES: tuple[Rule, ...] = ()

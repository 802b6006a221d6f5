"""Results of trust, doctor and init."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.setup import DoctorResult, InitResult, TrustResult


def show_trust(result: TrustResult, _options: argparse.Namespace) -> str:
    """Return the keys that the user agreed to, one on each line."""
    if not result.agreed:
        return "No setting of the project's config needs your agreement.\n"
    lines = (f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in result.agreed.items())
    return f"Agreed, until one of these changes:\n{''.join(lines)}"


def show_doctor(result: DoctorResult, _options: argparse.Namespace) -> str:
    """Return one line for each check, with the remedy of a problem below."""
    marks = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}
    lines = []
    for check in result.checks:
        lines.append(f"{marks[check.status]}  {check.name}: {check.message}")
        if check.hint:
            lines.append(f"         → {check.hint}")
    return "\n".join(lines) + "\n"


def show_init(result: InitResult, _options: argparse.Namespace) -> str:
    """Return the files that were written, and those that were left alone."""
    written = [f"wrote {name}" for name in result.written]
    kept = [f"kept  {name} (it was here already)" for name in result.kept]
    return "\n".join([*written, *kept]) + "\n"

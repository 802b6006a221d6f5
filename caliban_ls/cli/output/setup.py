"""Results of trust, doctor and init."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.setup import DoctorResult, InitResult, TrustResult


def show_trust(result: TrustResult, _options: argparse.Namespace) -> str:
    """Return what is agreed to, one line a key."""
    if not result.agreed:
        return "The project's config wants nothing that needs agreement.\n"
    lines = (f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in result.agreed.items())
    return f"Agreed, until one of these changes:\n{''.join(lines)}"


def show_doctor(result: DoctorResult, _options: argparse.Namespace) -> str:
    """Return one line for each thing that was looked at, with its mend beneath."""
    marks = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}
    lines = []
    for check in result.checks:
        lines.append(f"{marks[check.status]}  {check.name}: {check.message}")
        if check.hint:
            lines.append(f"         → {check.hint}")
    return "\n".join(lines) + "\n"


def show_init(result: InitResult, _options: argparse.Namespace) -> str:
    """Return what was written and what was left alone."""
    written = [f"wrote {name}" for name in result.written]
    kept = [f"kept  {name} (it was here already)" for name in result.kept]
    return "\n".join([*written, *kept]) + "\n"

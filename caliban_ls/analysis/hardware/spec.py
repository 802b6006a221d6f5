"""Read the text of a spec, `NUMxTYPE`: its meaning, the place of each half, and its mistakes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caliban_ls.analysis.hardware.catalog import Accelerator, Kind, catalog
from caliban_ls.analysis.hardware.request import Alternative, Field, alternative, spec_field
from caliban_ls.core.text import Span


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec without mistakes.

    Attributes:
        accelerator: its meaning; `str()` of it is the canonical spelling.
        count: the number's place in the text.
        type: the type's place in the text.
    """

    accelerator: Accelerator
    count: Span
    type: Span


@dataclass(frozen=True, slots=True)
class SpecProblem:
    """A mistake in the text of a spec, always an error of the rule `code`.

    Attributes:
        code: of the rule.
        span: its place in the text.
        message: the mistake and its correction, without a full stop.
        alternatives: best first; empty if the meaning can't be guessed.
    """

    code: str
    span: Span
    message: str
    alternatives: tuple[Alternative, ...] = ()


def parse_spec(text: str, kind: Kind) -> Spec | SpecProblem:
    """Read a spec; case and the API's spellings of the type don't matter.

    A type that the catalogue doesn't know is accepted here: `check_request` warns of it.
    """
    field = spec_field(kind)
    match = re.fullmatch(r"([0-9]+)[xX]([A-Za-z0-9]\S*)", text)
    if match is None:
        guess = _guess(text)
        example = guess or (Accelerator("T4", 1) if kind == "gpu" else Accelerator("V3", 8, "tpu"))
        message = f"A spec is a number, x and a type, such as {example}"
        fixes = (alternative(_moved(guess, kind)),) if guess else ()
        return SpecProblem("CAL401", Span(0, len(text)), message, fixes)
    count, type_ = Span(*match.span(1)), Span(*match.span(2))
    digits, name = match[1].lstrip("0"), catalog().accelerator_name(match[2])
    known = catalog().accelerators.get(name)
    if len(digits) > _MOST_DIGITS:
        return SpecProblem("CAL401", count, "No machine type has that many")
    accelerator = Accelerator(name, int(digits or _fewest(name)), known.kind if known else kind)
    fixes = (alternative(_moved(accelerator, kind)),)
    if accelerator.kind != kind:
        message = f"{name} is a {accelerator.kind.upper()}: write it as {spec_field(accelerator.kind)}"
        return SpecProblem("CAL401", type_, message, fixes)
    if not digits:
        return SpecProblem("CAL401", count, f"{field} asks for at least 1: use {accelerator}", fixes)
    return Spec(accelerator, count, type_)


_MOST_DIGITS = 6


def _moved(accelerator: Accelerator, kind: Kind) -> dict[Field, Accelerator | None]:
    """Return the change that writes an accelerator under its own key, and removes it from the key of `kind`."""
    right: dict[Field, Accelerator | None] = {spec_field(accelerator.kind): accelerator}
    return right if accelerator.kind == kind else {**right, spec_field(kind): None}


def _guess(text: str) -> Accelerator | None:
    """Return the probable meaning of a text such as `T4`, `T4 x 2` or `2*T4`."""
    between = r"[\s*xX\u00d7:,-]"
    shapes = (
        "(?P<type>.+)",
        rf"(?P<count>\d*){between}*(?P<type>.+)",
        rf"(?P<type>.+?){between}+(?P<count>\d+)",
    )
    for shape in shapes:
        match = re.fullmatch(shape, text.strip(), re.ASCII)
        known = catalog().accelerators.get(catalog().accelerator_name(match["type"])) if match else None
        if match and known:
            digits = match.groupdict().get("count", "").lstrip("0")
            return Accelerator(known.name, int(digits[:_MOST_DIGITS] or _fewest(known.name)), known.kind)
    return None


def _fewest(accelerator_type: str) -> int:
    """Return the smallest number of a type that any machine has."""
    counts = [count for machine in catalog().machines.values() for count in machine.counts(accelerator_type)]
    return min(counts, default=1)

"""The hardware of a project: its price, its alternatives, and the edits that change it.

Reads the project's config alone and asks no service. Returns edits, since an editor may have the config open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caliban_ls.analysis import hardware, jsondoc
from caliban_ls.analysis.checks.hardware import changed
from caliban_ls.analysis.config import project
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.findings import Edit, Severity
from caliban_ls.analysis.jsondoc import Kind, quote
from caliban_ls.core import project_files
from caliban_ls.core.errors import InvalidDocument, UsageError
from caliban_ls.core.text import LineIndex, Span
from caliban_ls.ide import phrases
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.state import settings_of
from caliban_ls.operations.schemas.file_edit import FileEdit
from caliban_ls.operations.schemas.hardware import (
    AS_IT_IS,
    HardwareArguments,
    HardwareCost,
    HardwareFinding,
    HardwareOption,
    HardwareResult,
    SetHardwareArguments,
)
from caliban_ls.validation import validate
from caliban_ls.workspace.files import read_text
from caliban_ls.workspace.projects import project_folder

if TYPE_CHECKING:
    from caliban_ls.analysis.hardware import Field, HardwareChoice, MenuField, Option, Price, Request
    from caliban_ls.analysis.hardware import Kind as HardwareKind


def describe(arguments: HardwareArguments, context: Context) -> HardwareResult:
    """Return the hardware and price of a job, and the possible values of one part of it.

    Raises:
        UsageError: there is no such part, or the config can't be read.
    """
    part = next((field for field in hardware.MENU_FIELDS if field == arguments.part), None)
    if arguments.part is not None and part is None:
        known = ", ".join(hardware.MENU_FIELDS)
        raise UsageError(f"There is no part {arguments.part} to choose", hint=f"The parts are {known}.")
    path = _config(arguments.file, context)
    text = _text(path, context)
    document = jsondoc.parse(text or "")
    read = project.read(document)
    estimate = CostEstimate(read, settings_of(context), context.environment)
    request = estimate.request or _readable(estimate)
    findings = [] if text is None else validate(document, "project")
    choice = hardware.resolve(request)
    wrong = any(problem.severity is Severity.ERROR for problem in hardware.check_request(request))
    possible = estimate.request is not None and not wrong
    cost = hardware.price(choice) if possible else None
    lines = LineIndex(document.text)
    return HardwareResult(
        config=str(path),
        exists=text is not None,
        backend=choice.backend,
        region=choice.region,
        machine_type=choice.machine_type,
        accelerator=None if choice.accelerator is None else str(choice.accelerator),
        spot=choice.spot,
        flex_start=choice.flex_start,
        possible=possible,
        cost=_cost(cost),
        text=_text_of(choice, cost, possible=possible),
        notes=tuple(_notes(choice, cost, context.environment)),
        findings=tuple(
            HardwareFinding(
                code=found.code,
                severity=found.severity.value,
                message=found.message,
                line=lines.line_col(found.span.start)[0],
            )
            for found in findings
        ),
        options=() if part is None else tuple(_options(estimate, request, part, choice)),
    )


def change(arguments: SetHardwareArguments, context: Context) -> FileEdit:
    """Return the edits that write hardware into the project's config, keeping the rest as its author wrote it.

    Raises:
        UsageError: a value can't be read, or the config can't.
        InvalidDocument: the config has errors of syntax, so the place of a value is unknown.
    """
    names: tuple[Field, ...] = ("region", "machine_type", "gpu_spec", "tpu_spec")
    values: dict[Field, str | None] = {name: getattr(arguments, name) for name in names}
    changes = {name: value for name, value in values.items() if value != AS_IT_IS}
    specs: tuple[tuple[Field, HardwareKind], ...] = (("gpu_spec", "gpu"), ("tpu_spec", "tpu"))
    for name, kind in specs:
        spec = changes.get(name)
        read = None if spec is None else hardware.parse_spec(spec, kind)
        if isinstance(read, hardware.SpecProblem):
            raise UsageError(read.message, hint="Write NUMxTYPE, such as 2xT4 or 8xV3.")
    path = _config(arguments.file, context)
    text = _text(path, context)
    return FileEdit(path=path, text=text, edits=_edits(text, changes))


def _edits(text: str | None, changes: Mapping[Field, str | None]) -> tuple[Edit, ...]:
    document = jsondoc.parse(text or "")
    root = document.root
    if root is None:
        return _first_section(text or "", changes)
    section = root.member("cloud") if root.kind is Kind.OBJECT else None
    fits = section is None or (section.value is not None and section.value.kind is Kind.OBJECT)
    broken = any(found.severity is Severity.ERROR for found in document.findings)
    if root.kind is not Kind.OBJECT or not fits or broken:
        raise InvalidDocument(
            f"{PROJECT_FILE} has errors, so nothing can be written into it", hint="Correct them first."
        )
    return changed(document, "cloud", changes)


def _first_section(text: str, changes: Mapping[Field, str | None]) -> tuple[Edit, ...]:
    """Return the edit that writes a whole config below the comments, if there are any."""
    members = [f"    {quote(name)}: {quote(value)}" for name, value in changes.items() if value is not None]
    if not members:
        return ()
    gap = "\n" if text and not text.endswith("\n") else ""
    listed = ",\n".join(members)
    return (Edit(Span(len(text), len(text)), f'{gap}{{\n  "cloud": {{\n{listed}\n  }}\n}}\n'),)


def _config(file: str | None, context: Context) -> Path:
    """Return the path of the config that holds for a file, or for the folder."""
    if file is None:
        return context.folder / PROJECT_FILE
    return project_folder(context.folder / file, [context.folder]) / PROJECT_FILE


def _text(path: Path, context: Context) -> str | None:
    if context.buffer(path) is None and project_files.status(path.parent, path.name, follow=False) is None:
        return None
    return read_text(path, context.buffer, context.folder)


def _readable(estimate: CostEstimate) -> Request:
    """Return the requested hardware without accelerators, one of which can't be read."""
    cloud = replace(estimate.project.cloud, gpu_spec=None, tpu_spec=None)
    defaults = replace(estimate.settings.defaults, gpu_spec=None)
    legible = CostEstimate(
        replace(estimate.project, cloud=cloud),
        replace(estimate.settings, defaults=defaults),
        estimate.environment,
    ).request
    assert legible is not None  # noqa: S101 - nothing else of a request is spelled in a way that must be read
    return legible


def _options(
    estimate: CostEstimate, request: Request, part: MenuField, choice: HardwareChoice
) -> Iterator[HardwareOption]:
    cloud = estimate.project.cloud
    unwritten = None
    if getattr(cloud, part) is not None:
        without: dict[str, Any] = {part: None}
        bare = replace(estimate.project, cloud=replace(cloud, **without))
        fewer = CostEstimate(bare, estimate.settings, estimate.environment)
        unwritten = fewer.request or _readable(fewer)
    held = str(choice.accelerator) if part == "gpu_spec" else getattr(choice, part)
    for option in hardware.menu(request, part, unwritten):
        yield _shown(option, current=option.value == held)


def _shown(option: Option, *, current: bool) -> HardwareOption:
    changes: dict[str, str | None] | None = None
    if option.changes is not None:
        changes = {name: None if new is None else str(new) for name, new in option.changes.items()}
    return HardwareOption(
        value=option.value,
        label=option.value or "Default",
        detail=option.detail,
        cost=_cost(option.price),
        price=_price_text(option.price),
        current=current,
        possible=option.possible,
        reason=option.reason,
        changes=changes,
    )


def _cost(price: Price | None) -> HardwareCost | None:
    if price is None:
        return None
    return HardwareCost(
        currency=price.currency,
        on_demand=round(price.on_demand.total, 4),
        spot=None if price.spot is None else round(price.spot.total, 4),
        effective=None if price.effective is None else round(price.effective.total, 4),
        as_of=price.as_of,
    )


def _price_text(price: Price | None) -> str:
    if price is None or price.effective is None:
        return "price not known"
    return phrases.money(price.effective.total)


def _text_of(choice: HardwareChoice, price: Price | None, *, possible: bool) -> str:
    """Return a project's hardware in a few words."""
    held = choice.machine_type if choice.accelerator is None else str(choice.accelerator)
    kind = ["spot"] if choice.spot else ["flex-start"] if choice.flex_start else []
    return " · ".join([choice.region, held, *kind, _price_text(price) if possible else "can't be had"])


def _notes(choice: HardwareChoice, price: Price | None, environment: Mapping[str, str]) -> Iterator[str]:
    yield f"Each job: {phrases.hardware_of(choice)}."
    if price is not None:
        spot = phrases.each_hour(price, spot=True)
        kinds = [
            f"{phrases.each_hour(price, spot=False)} on demand",
            *([f"{spot} on spot machines"] if spot else []),
        ]
        yield f"{' · '.join(kinds)}, by prices of {price.as_of}."
    if environment.get("REGION"):
        yield "REGION is set in the environment and overrides the config's region."
    if choice.gave_way is not None:
        yield f"{choice.gave_way.message}."

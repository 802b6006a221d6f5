"""Check the hardware that a project config asks for, and point at each mistake in the file.

`hardware` knows which combinations exist; this module finds where each part is written, and writes changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from caliban_ls.analysis import hardware, jsondoc
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.findings import Edit, Finding, Fix, apply_edits
from caliban_ls.analysis.hardware import (
    Accelerator,
    Alternative,
    Changes,
    Field,
    HardwareProblem,
    Part,
    Request,
    Spec,
    SpecProblem,
)
from caliban_ls.analysis.hardware.alternatives import completed
from caliban_ls.analysis.hardware.catalog import Kind
from caliban_ls.analysis.hardware.request import alternative
from caliban_ls.analysis.jsondoc import JsonDocument, Node, inner_span, quote
from caliban_ls.analysis.jsondoc.edits import difference, remove_member, set_member
from caliban_ls.analysis.rules import finding


def hardware_findings(document: JsonDocument, project: Project) -> list[Finding]:
    """Check the section `cloud` of a project config as a whole.

    Args:
        document: the project config.
        project: what was read from it.
    """
    member = document.root.member("cloud") if document.root is not None else None
    section = member.value if member is not None else None
    cloud = project.cloud
    values = {field: getattr(cloud, field) for field in _ASKS if getattr(cloud, field) is not None}
    if section is None or section.damaged or not values:
        return []
    read = {
        field: hardware.parse_spec(values[field], kind) for field, kind in _SPECS.items() if field in values
    }
    specs: dict[str, Spec] = {field: spec for field, spec in read.items() if isinstance(spec, Spec)}
    for field, kind in _SPECS.items():
        spec = read.get(field)
        if isinstance(spec, SpecProblem):
            problem = replace(spec, alternatives=_readable(spec, field, kind, _request(project, specs)))
            return [_spec_finding(document, section, field, problem)]
    request = _request(project, specs)
    return [_finding(document, section, problem, specs) for problem in hardware.check_request(request)]


def _request(project: Project, specs: Mapping[str, Spec]) -> Request:
    cloud = project.cloud
    return Request(
        backend=cloud.backend,
        region=cloud.region,
        machine_type=cloud.machine_type,
        gpu_spec=specs["gpu_spec"].accelerator if "gpu_spec" in specs else None,
        tpu_spec=specs["tpu_spec"].accelerator if "tpu_spec" in specs else None,
        spot=cloud.spot,
        flex_start=cloud.flex_start,
        mode=project.default_mode,
        force=cloud.force,
    )


def _readable(problem: SpecProblem, field: Field, kind: Kind, rest: Request) -> tuple[Alternative, ...]:
    """Return alternatives to a spec that can't be read, each one completed so that all parts go together.

    A spec without a likely meaning gets two: the accelerator that jobs have by default, and none.
    """
    changes = [found.changes for found in problem.alternatives]
    if not changes:
        accelerator = hardware.resolve(rest).accelerator
        if accelerator is not None and accelerator.kind == kind:
            changes.append({field: accelerator})
        changes.append({field: None})
    return tuple(alternative(completed(rest, change)) for change in changes)


def changed(document: JsonDocument, section: str, changes: Changes) -> tuple[Edit, ...]:
    """Return the edit that writes new values into a section of a config, leaving the rest as it is.

    Args:
        document: the project config, an object whose syntax is sound where the section stands.
        section: the key that holds the section; written with the first value if it is missing.
        changes: key to value; None removes the key.
    """
    text = document.text
    for key, value in changes.items():
        text = _with_change(text, section, key, value)
    return difference(document.text, text)


def _with_change(text: str, section: str, key: str, value: str | bool | Accelerator | None) -> str:  # noqa: FBT001 - JSON
    document = jsondoc.parse(text)
    root = document.root
    if root is None:
        return text
    spelling = str(value).lower() if isinstance(value, bool) else quote(str(value))
    member = root.member(section)
    if member is None or member.value is None:
        edits = (
            set_member(document, root, section, f"{{{quote(key)}: {spelling}}}") if value is not None else ()
        )
        return apply_edits(text, edits)
    inner = member.value.member(key)
    if value is not None:
        return apply_edits(text, set_member(document, member.value, key, spelling))
    return apply_edits(text, remove_member(document, member.value, inner)) if inner is not None else text


_SPECS: Mapping[Field, Kind] = {"gpu_spec": "gpu", "tpu_spec": "tpu"}
_ASKS = ("backend", "region", "machine_type", "gpu_spec", "tpu_spec", "spot", "flex_start")


def _spec_finding(document: JsonDocument, section: Node, field: str, problem: SpecProblem) -> Finding:
    value = _value(section, field)
    span = inner_span(document, value, problem.span.start, problem.span.end)
    return finding(problem.code, span, problem.message, *_fixes(document, section, problem.alternatives))


def _finding(
    document: JsonDocument, section: Node, problem: HardwareProblem, specs: Mapping[str, Spec]
) -> Finding:
    value = _value(section, problem.field)
    span = value.span
    spec = specs.get(problem.field)
    if spec is not None and problem.part in (Part.COUNT, Part.ACCELERATOR):
        inside = spec.count if problem.part is Part.COUNT else spec.type
        span = inner_span(document, value, inside.start, inside.end)
    fixes = _fixes(document, section, problem.alternatives)
    return finding(problem.code, span, problem.message, *fixes, severity=problem.severity)


def _fixes(document: JsonDocument, section: Node, alternatives: tuple[Alternative, ...]) -> list[Fix]:
    if any(member.value is None for member in section.members):
        return []  # a value is being typed, and a fix might change just that
    return [Fix(found.title, changed(document, "cloud", found.changes)) for found in alternatives]


def _value(section: Node, field: str) -> Node:
    member = section.member(field)
    assert member is not None  # noqa: S101 - a problem is about a key that is written
    assert member.value is not None  # noqa: S101 - and whose value was read
    return member.value

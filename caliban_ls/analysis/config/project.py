"""Read the project config, `.calibanconfig.json`: values and findings.

Reads a parsed text and no file, so a file that the config names may be missing. Every key is one row of `KEYS`, which
also is the source of its documentation.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.config.keys import GCLOUD_IMAGE, KEYS, documented, gone_image, leaves_project
from caliban_ls.analysis.config.shapes import (
    Anything,
    Boolean,
    ByMode,
    Key,
    Keys,
    ListOf,
    Number,
    ObjectOf,
    Shape,
    Text,
    describe,
)
from caliban_ls.analysis.findings import Edit, Finding, Fix
from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Member, Node, quote
from caliban_ls.analysis.jsondoc.edits import remove_member
from caliban_ls.analysis.rules import finding

if TYPE_CHECKING:
    from caliban_ls.analysis.hardware import Mode


@dataclass(frozen=True, slots=True)
class Cloud:
    """The section `cloud`; None for a key without a valid value."""

    backend: BackendName | None = None
    region: str | None = None
    machine_type: str | None = None
    gpu_spec: str | None = None
    tpu_spec: str | None = None
    spot: bool | None = None
    flex_start: bool | None = None
    timeout: str | None = None
    max_wait: str | None = None
    restart: bool | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    service_account: str | None = None
    repository: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The section `limits`: jobs, and US dollars an hour."""

    max_jobs: int | None = None
    max_cost_per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Docker:
    """The section `docker`; it takes effect once the user has agreed."""

    run_args: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A project config. A wrong value counts as absent; `findings` name it."""

    module: str | None = None
    script: str | None = None
    default_mode: Mode | None = None
    base_image: str | Mapping[Mode, str] | None = None
    apt_packages: tuple[str, ...] | Mapping[Mode, tuple[str, ...]] = ()
    extras: tuple[str, ...] = ()
    dirs: tuple[str, ...] = ()
    project_id: str | None = None
    cloud_key: str | None = None
    gcloud_image: str | None = None
    build_time_credentials: bool = False
    docker: Docker = field(default_factory=Docker)
    cloud: Cloud = field(default_factory=Cloud)
    limits: Limits = field(default_factory=Limits)
    findings: tuple[Finding, ...] = ()


def read(document: JsonDocument) -> Project:
    """Read a project config. Broken input gives findings of family CAL3, never an exception.

    `checks.hardware` checks whether the service has the hardware.
    """
    root = document.root
    if root is None or root.kind is Kind.INVALID:
        return Project()
    if root.kind is not Kind.OBJECT:
        message = 'A project config is an object such as {"base_image": "python:3.12-slim"}'
        return Project(findings=(finding("CAL301", root.span, message),))
    findings: list[Finding] = []
    values = _read_keys(document, root, KEYS, findings)
    cloud = Cloud(**values.pop("cloud", {}))
    limits = Limits(**values.pop("limits", {}))
    docker = Docker(**values.pop("docker", {}))
    gcloud = values.pop("gcloud", {})
    image = gcloud.pop("image", GCLOUD_IMAGE)
    if gcloud.pop("install", False):
        values["gcloud_image"] = image
    values |= gcloud
    known = {name: value for name, value in values.items() if name in Project.__dataclass_fields__}
    return Project(**known, docker=docker, cloud=cloud, limits=limits, findings=tuple(findings))


_NOTHING: Any = object()


def _read(document: JsonDocument, node: Node, shape: Shape, findings: list[Finding]) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a node if it has the shape; else add a finding and return `_NOTHING`."""
    if node.kind is Kind.INVALID:
        return _NOTHING  # the parser has a finding for it
    match shape, node.kind:
        case Text(), Kind.STRING:
            return _read_text(node, shape, findings)
        case Boolean(), Kind.BOOLEAN:
            return node.value
        case Number(), Kind.NUMBER:
            return _read_number(node, shape, findings)
        case ListOf(item=item), Kind.ARRAY:
            items = [_read(document, child, item, findings) for child in node.items]
            return tuple(value for value in items if value is not _NOTHING)
        case Keys(keys=keys), Kind.OBJECT:
            return _read_keys(document, node, keys, findings)
        case ObjectOf(), Kind.OBJECT:
            return _read_table(document, node, shape, findings)
        case ByMode(value=value), Kind.OBJECT:
            modes = {mode: Key(value, "") for mode in ("cpu", "gpu")}
            return _read_keys(document, node, modes, findings)
        case ByMode(value=value), _ if _of_kind(node, value):
            return _read(document, node, value, findings)
        case Anything(), _:
            return _NOTHING
    message = f"Expected {describe(shape)}"
    findings.append(finding("CAL303", node.span, message, *_type_fixes(document, node, shape)))
    return _NOTHING


def _read_keys(
    document: JsonDocument, node: Node, keys: Mapping[str, Key], findings: list[Finding]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    present = {member.key.value for member in node.members}
    for member in node.members:
        name, value = member.key.value, member.value
        if member.key.kind is not Kind.STRING or member.key.damaged:
            continue
        if name not in keys:
            findings.append(_unknown_key(document, member, keys, present))
        elif not keys[name].acts:
            # Without certain ends of members, none can be removed.
            is_whole = not node.damaged and value is not None
            fixes = [Fix(f"Remove {quote(name)}", remove_member(document, node, member))] if is_whole else []
            message = f"{quote(name)} has no effect in this version"
            findings.append(finding("CAL306", member.key.span, message, *fixes))
        elif value is not None:
            read_value = _read(document, value, keys[name].shape, findings)
            if read_value is not _NOTHING:
                values[name] = read_value
    return values


def _unknown_key(
    document: JsonDocument, member: Member, keys: Mapping[str, Key], present: set[Any]
) -> Finding:
    name: str = member.key.value
    span = member.key.span
    near = difflib.get_close_matches(name, [key for key in keys if key not in present], n=1)
    if near:
        ignored: list[Finding] = []
        fix = Fix(f"Rename to {quote(near[0])}", (Edit(span, quote(near[0])),))
        if member.value is not None:
            _read(document, member.value, keys[near[0]].shape, ignored)
        fixes = (fix,) if not ignored and keys[near[0]].acts else ()
        return finding("CAL302", span, f"{quote(name)} isn't a key; did you mean {quote(near[0])}?", *fixes)
    elsewhere = [dotted for dotted, _ in documented() if dotted.rpartition(".")[2] == name]
    if elsewhere:
        return finding("CAL302", span, f"{quote(name)} isn't a key here; it belongs at {elsewhere[0]}")
    known = ", ".join(keys)
    return finding("CAL302", span, f"{quote(name)} isn't a key; known here: {known}")


def _read_text(node: Node, shape: Text, findings: list[Finding]) -> Any:  # noqa: ANN401 - a string, or _NOTHING
    text: str = node.value
    if shape.choices:
        return _read_choice(node, shape.choices, findings)
    if not text.strip():
        findings.append(finding("CAL304", node.span, "The string is empty; give a value or remove the key"))
    elif shape.path and leaves_project(text):
        message = f"{quote(text)} leaves the project; a project config may only name files inside it"
        findings.append(finding("CAL305", node.span, message))
    elif shape.check is not None and (problem := shape.check(text)) is not None:
        code = "CAL307" if shape.check is gone_image else "CAL304"
        findings.append(finding(code, node.span, problem, *_image_fix(node, code)))
    else:
        return text
    return _NOTHING


def _read_choice(node: Node, choices: tuple[str, ...], findings: list[Finding]) -> Any:  # noqa: ANN401 - a string, or _NOTHING
    text = node.value.strip().lower()
    if text in {choice.lower() for choice in choices}:
        return str(text)
    near = difflib.get_close_matches(text, [choice.lower() for choice in choices], n=1)
    listed = " or ".join(quote(choice) for choice in choices)
    best = [choice for choice in choices if near and choice.lower() == near[0]]
    fixes = [Fix(f"Use {quote(choice)}", (Edit(node.span, quote(choice)),)) for choice in best]
    findings.append(
        finding("CAL304", node.span, f"{quote(node.value)} isn't known here; use {listed}", *fixes)
    )
    return _NOTHING


def _read_number(node: Node, shape: Number, findings: list[Finding]) -> Any:  # noqa: ANN401 - a number, or _NOTHING
    if (shape.whole and node.value != int(node.value)) or node.value < shape.minimum:
        findings.append(finding("CAL304", node.span, f"Expected {describe(shape)}"))
        return _NOTHING
    return int(node.value) if shape.whole else float(node.value)


def _read_table(
    document: JsonDocument, node: Node, shape: ObjectOf, findings: list[Finding]
) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for member in node.members:
        if member.key.kind is not Kind.STRING or member.value is None:
            continue
        problem = shape.check_key(member.key.value) if shape.check_key is not None else None
        if problem is not None:
            findings.append(finding("CAL304", member.key.span, problem))
            continue
        value = _read(document, member.value, shape.value, findings)
        if value is not _NOTHING:
            table[member.key.value] = value
    return table


def _of_kind(node: Node, shape: Shape) -> bool:
    """Whether a node has the JSON type of a shape, so that its finding is about the content."""
    return (isinstance(shape, Text) and node.kind is Kind.STRING) or (
        isinstance(shape, ListOf) and node.kind is Kind.ARRAY
    )


def _type_fixes(document: JsonDocument, node: Node, shape: Shape) -> list[Fix]:
    """Return fixes to the right type where the meaning is certain."""
    if isinstance(shape, ByMode):
        shape = shape.value
    if node.parent is not None and node.parent.damaged:
        return []  # where the value ends is a guess
    source = document.text[node.span.start : node.span.end]
    if isinstance(shape, ListOf) and _of_kind(node, shape.item):
        if _is_wrong(document, node, shape.item):
            return []
        return [Fix("Make it a list", (Edit(node.span, f"[{source}]"),))]
    if isinstance(shape, Text) and not shape.choices and node.kind is Kind.NUMBER:
        return [Fix("Make it a string", (Edit(node.span, quote(source)),))]
    plain = node.value.strip().lower() if node.kind is Kind.STRING else ""
    if isinstance(shape, Boolean) and plain in {"true", "false"}:
        return [Fix(f"Use {plain}", (Edit(node.span, plain),))]
    if isinstance(shape, Number) and re.fullmatch(r"[1-9]\d{0,8}", plain):
        return [Fix(f"Use {plain}", (Edit(node.span, plain),))]
    return []


def _is_wrong(document: JsonDocument, node: Node, shape: Shape) -> bool:
    found: list[Finding] = []
    _read(document, node, shape, found)
    return bool(found)


def _image_fix(node: Node, code: str) -> tuple[Fix, ...]:
    if code != "CAL307":
        return ()
    return (Fix("Use python:3.12-slim", (Edit(node.span, quote("python:3.12-slim")),)),)

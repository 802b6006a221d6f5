"""The sweep that an experiment config describes: its blocks, their count, and the jobs they stand for.

Checking and counting never enumerate: a config of 10^15 jobs takes as long as its text is. Expansion is lazy.
Knows nothing of files, scripts or machines. The rules are those of google/caliban 0.4.2
(`docs/explore/experiment_broadcasting.rst`); input that makes it crash, or that it drops silently, is an error here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from caliban_ls.analysis.experiment.block import check_block, described, flags_of
from caliban_ls.analysis.findings import Edit, Finding, Fix, Severity, shifted
from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Member, Node, SideTable, to_python
from caliban_ls.analysis.rules import finding

# Before Python 3.12, looking up a member of an enumeration is slow, which adds up over many blocks.
_ARRAY, _OBJECT = Kind.ARRAY, Kind.OBJECT


@dataclass(frozen=True, slots=True)
class Axis:
    """One key of a block: the flags it sets, and the rows of values that they take in turn."""

    flags: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One object of flags.

    Attributes:
        node: where it stands.
        pointer: JSON pointer (RFC 6901) to it; empty for a config that is a single object.
        count: how many jobs it stands for, None when it has errors, those of its syntax included.
    """

    node: Node
    pointer: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Experiment:
    """A whole config, checked.

    Attributes:
        blocks: in the file's order.
        count: how many jobs, None when the config has errors, those of its syntax included.
        findings: family CAL2 only.
    """

    blocks: tuple[Block, ...]
    count: int | None
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _CheckedBlock:
    """The result of checking a block. Spans count from its start.

    The block has the pointer that it had last; that changes when another comes or goes before it.
    """

    findings: tuple[Finding, ...]
    block: Block


_CHECKED: Final = SideTable[_CheckedBlock]()


def read(document: JsonDocument) -> Experiment:
    """Check and count a config. Broken input gives findings, never an exception."""
    blocks: list[Block] = []
    findings: list[Finding] = []
    for pointer, node in _top_level(document.root):
        if node.kind is _OBJECT:
            reading = _CHECKED.get(node) or _read_block(node, pointer)
            if reading.findings:
                start = node.span.start
                findings += [shifted(found, start) for found in reading.findings]
            if reading.block.pointer != pointer:
                reading.block = Block(node, pointer, reading.block.count)
            blocks.append(reading.block)
        elif node.kind is not Kind.INVALID:
            message = f'{described(node)} isn\'t a block of flags; write an object such as {{"lr": 0.1}}'
            findings.append(finding("CAL201", node.span, message))
    if document.root is not None and document.root.kind is Kind.ARRAY and not blocks and not findings:
        findings += _no_jobs(document.root)
    broken = _has_errors(document.findings) or _has_errors(findings)
    count = None if broken else sum(block.count or 0 for block in blocks)
    return Experiment(tuple(blocks), count, tuple(findings))


def axes(block: Block) -> tuple[Axis, ...]:
    """Return the axes of a block without errors, in the file's order."""
    if block.node.parts is not None:
        return tuple(
            Axis(flags_of(name), rows_of(name, json.loads(value))) for name, value in block.node.parts
        )
    return tuple(axis_of(member) for member in block.node.members if member.value is not None)


def axis_of(member: Member) -> Axis:
    """Return the axis of a key without errors."""
    name = member.key.value
    return Axis(flags_of(name), rows_of(name, to_python(member.value) if member.value is not None else None))


def expand(experiment: Experiment) -> Iterator[dict[str, Any]]:
    """Yield every job's parameters, flag to value, lazily; the last key of a block varies fastest.

    The experiment has no errors (`count` isn't None).
    """
    for block in experiment.blocks:
        parts = axes(block)
        for rows in itertools.product(*(axis.rows for axis in parts)):
            yield _combine(parts, rows)


def combination(experiment: Experiment, index: int) -> dict[str, Any]:
    """Return the parameters of one job without expanding the others.

    Args:
        experiment: one without errors.
        index: 1-based, as `expand` counts.

    Raises:
        IndexError: there is no such job.
    """
    rest = index - 1
    if rest < 0:
        raise IndexError(index)
    for block in experiment.blocks:
        if rest < (block.count or 0):
            parts = axes(block)
            rows: list[tuple[Any, ...]] = []
            for axis in reversed(parts):
                rest, place = divmod(rest, len(axis.rows))
                rows.append(axis.rows[place])
            return _combine(parts, tuple(reversed(rows)))
        rest -= block.count or 0
    raise IndexError(index)


def arguments(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the argument vector of one job: `true` gives the bare flag, `false` none, the rest `str(value)`."""
    vector: list[str] = []
    for flag, value in parameters.items():
        if value is True:
            vector.append(f"--{flag}")
        elif value is not False:
            vector += (f"--{flag}", str(value))
    return tuple(vector)


def _top_level(root: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield the items of the (nested) lists of the top level with their JSON pointers, in the file's order."""
    if root is None or root.kind is not _ARRAY:
        if root is not None:
            yield "", root
        return
    lists = [("", iter(enumerate(root.items)))]
    while lists:
        above, rest = lists[-1]
        for number, item in rest:
            if item.kind is _ARRAY:
                lists.append((f"{above}/{number}", iter(enumerate(item.items))))
                break
            yield f"{above}/{number}", item
        else:
            lists.pop()


def _read_block(node: Node, pointer: str) -> _CheckedBlock:
    count, findings = check_block(node)
    start = node.span.start if findings else 0
    found = tuple(shifted(one, -start) for one in findings)
    return _CHECKED.put(node, _CheckedBlock(found, Block(node, pointer, count)))


def _no_jobs(root: Node) -> list[Finding]:
    if root.damaged:
        return []
    fix = Fix("Write one job without flags", (Edit(root.span, "[{}]"),))
    return [finding("CAL210", root.span, "This list stands for no job; one job without flags is {}", fix)]


def rows_of(name: str, value: Any) -> tuple[tuple[Any, ...], ...]:  # noqa: ANN401 - JSON is any value
    """Return the rows of values that the flags of a key without errors take in turn."""
    if not name.startswith("["):
        return tuple((item,) for item in value) if isinstance(value, list) else ((value,),)
    if isinstance(value, list) and any(isinstance(item, list) for item in value):
        return tuple(tuple(row) for row in value)
    return (tuple(value or ()),)


def _combine(parts: tuple[Axis, ...], rows: tuple[tuple[Any, ...], ...]) -> dict[str, Any]:
    return {
        flag: value
        for axis, row in zip(parts, rows, strict=True)
        for flag, value in zip(axis.flags, row, strict=True)
    }


def _has_errors(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    return any(found.severity is Severity.ERROR for found in findings)

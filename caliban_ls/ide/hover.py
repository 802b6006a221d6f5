"""Hover: explain the key, value or block under the pointer, and its effect on the number of jobs and the price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import DEFAULT_BACKEND
from caliban_ls.analysis.checks.limits import different_jobs, repeated
from caliban_ls.analysis.config.shapes import describe
from caliban_ls.analysis.experiment.block import row_count
from caliban_ls.analysis.experiment.sweep import Block
from caliban_ls.analysis.findings import Finding
from caliban_ls.analysis.hardware import Accelerator, Request, SpecProblem
from caliban_ls.analysis.hardware.catalog import catalog
from caliban_ls.analysis.jsondoc import Kind, Member, Node, path_at
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.script import Flag, resolve
from caliban_ls.core.text import Span
from caliban_ls.ide import config_cursor, phrases, script_flags
from caliban_ls.ide.config_completion import accelerator_text
from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True)
class Hover:
    """A text that is shown over a span.

    Attributes:
        span: the text that it explains.
        text: Markdown.
        flags: the flags whose definitions it links to.
    """

    span: Span
    text: str
    flags: tuple[Flag, ...] = ()


def hover_at(context: DocumentContext, offset: int, findings: Sequence[Finding] = ()) -> Hover | None:
    """Return the hover at an offset, None where there is none.

    Args:
        context: the document.
        offset: where the pointer is.
        findings: of the document; those under the pointer are explained.
    """
    path = path_at(context.document.root, offset)
    own = (
        _of_experiment(context, path, offset)
        if context.kind == "experiment"
        else _of_config(context, path, offset)
    )
    explained = [found for found in findings if found.span.start <= offset <= found.span.end]
    if not explained:
        return own
    texts = [] if own is None else [own.text]
    texts += dict.fromkeys(explanation(found.code) for found in explained)
    span = own.span if own is not None else explained[0].span
    return Hover(span, "\n\n---\n\n".join(texts), () if own is None else own.flags)


def explanation(code: str) -> str:
    """Return the explanation of a diagnostic's code, as Markdown."""
    rule = RULES[code]
    return f"**{code}** {rule.name}: {rule.explanation}"


def _of_experiment(context: DocumentContext, path: Sequence[Node | Member], offset: int) -> Hover | None:
    member = next((step for step in path if isinstance(step, Member)), None)
    if member is None:
        return _of_block(context, path, offset)
    key = member.key.span
    if key.start <= offset <= key.end:
        return _of_key(context, member, key)
    value = path[path.index(member) + 1] if path[-1] is not member else None
    if isinstance(value, Node) and value.kind is Kind.ARRAY and (text := _list_text(context, member)):
        return Hover(value.span, text)
    return None


def _of_key(context: DocumentContext, member: Member, key: Span) -> Hover | None:
    script = context.script
    found = [
        flag
        for name in script_flags.flags_of(member)
        for flag in (resolve(script, name) if script is not None else ())
    ]
    texts = [phrases.flag_text(flag, script) for flag in found] if script is not None else []
    size = _list_text(context, member)
    if size:
        texts.append(size)
    return Hover(key, "\n\n---\n\n".join(texts), tuple(found)) if texts else None


def _list_text(context: DocumentContext, member: Member) -> str | None:
    """Return the factor by which a list multiplies its block's jobs, in words; None if it has none."""
    block = _block_of(context, member.key)
    if block is None or block.count is None or member.value is None or member.value.kind is not Kind.ARRAY:
        return None
    rows = row_count(member)
    if rows < 1:
        return None
    again = len(repeated(member))
    what = "value" if rows == 1 else "values"
    if str(member.key.value).startswith("["):
        what = "row" if rows == 1 else "rows"
    lines = [f"**{phrases.times(rows)}**: {rows:,} {what}; the block has {phrases.jobs(block.count)}"]
    if rows > 1:
        lines.append(f"Without this key it would have {phrases.jobs(block.count // rows)}.")
    if again:
        lines.append(f"{again} of them are here twice.")
    return " ".join([f"{lines[0]}.", *lines[1:]])


def _of_block(context: DocumentContext, path: Sequence[Node | Member], offset: int) -> Hover | None:
    """Return the jobs and the price of a block, or of the whole file, over its first bracket."""
    node = path[-1] if path else None
    if not isinstance(node, Node) or node.kind not in {Kind.OBJECT, Kind.ARRAY}:
        return None
    start = node.span.start
    if not start <= offset <= start + 1:
        return None
    block = _block_of(context, node)
    if block is not None and block.count is not None and node is not context.document.root:
        return Hover(Span(start, start + 1), _total(context, block.count, f"Block `{block.pointer}`: "))
    if node is context.document.root and context.sweep.count is not None:
        blocks = len(context.sweep.blocks)
        of = "" if blocks < 2 else f"{blocks:,} blocks: "  # noqa: PLR2004 - one is the file itself
        return Hover(Span(start, start + 1), _total(context, context.sweep.count, of))
    return None


def _total(context: DocumentContext, count: int, of: str) -> str:
    estimate = context.estimate
    lines = [f"**{of}{phrases.jobs(count)}**"]
    if estimate.choice is not None:
        each, cost = estimate.hourly, estimate.cost_of(count)
        costs = "price not known"
        if each is not None and cost is not None:
            costs = f"{phrases.money(each)} each, {phrases.money(cost)} all at once"
        lines.append(f"In the cloud: {phrases.hardware_of(estimate.choice)}; {costs}.")
    different = different_jobs(context.sweep) if count == context.sweep.count else None
    if different is not None and different < count:
        lines.append(f"{phrases.jobs(count - different)} of them: the same as another.")
    return "\n\n".join(lines)


def _block_of(context: DocumentContext, node: Node) -> Block | None:
    """Return the block that a node is, or is a key of."""
    owner = node if node.kind is Kind.OBJECT else node.parent
    return next((block for block in context.sweep.blocks if block.node is owner), None)


def _of_config(context: DocumentContext, path: Sequence[Node | Member], offset: int) -> Hover | None:
    members = [step for step in path if isinstance(step, Member)]
    if not members:
        return None
    place = config_cursor.config_key_of(members)
    if place is None:
        return None
    member = members[-1]
    key = member.key.span
    if key.start <= offset <= key.end:
        text = f"`{place.name}`: {place.key.doc}\n\nTakes {describe(place.key.shape)}."
        return Hover(key, text if place.key.acts else f"{text} *It has no effect in this version.*")
    value = path[-1]
    if not isinstance(value, Node) or not isinstance(value.value, str):
        return None
    explain = _VALUES.get(place.name)
    explained = None if explain is None else explain(context, value.value)
    return None if explained is None else Hover(value.span, explained)


def _region_text(context: DocumentContext, name: str) -> str | None:
    known = catalog().regions.get(name)
    if known is None:
        return None
    service = catalog().services[
        config_cursor.requested_hardware(context.estimate).backend or DEFAULT_BACKEND
    ]
    types = [type_ for type_, regions in service.regions_of.items() if name in regions]
    lines = [f"**{name}**, {known.place}", f"It trains on {', '.join(types) or 'no accelerator'}."]
    return "\n\n".join([*lines, *_price_lines(context)])


def _machine_text(context: DocumentContext, name: str) -> str | None:
    machine = catalog().machines.get(name)
    if machine is None:
        return None
    specs = ", ".join(str(held) for held in machine.holds)
    lines = [f"**{name}**: {phrases.shape(machine)}"]
    lines.append(f"It takes {specs}." if specs else "It takes no accelerator.")
    request = config_cursor.requested_hardware(context.estimate)
    others = [
        offer.region for offer in hardware.regions(request.backend or DEFAULT_BACKEND, machine_type=name)
    ]
    lines += _price_lines(context)
    lines.append(f"It is available in {', '.join(others)}." if others else "No region has it for training.")
    return "\n\n".join(lines)


def _spec_text(context: DocumentContext, text: str) -> str | None:
    spec = hardware.parse_spec(text, "gpu")
    if isinstance(spec, SpecProblem):
        spec = hardware.parse_spec(text, "tpu")
    if isinstance(spec, SpecProblem) or spec.accelerator.type not in catalog().accelerators:
        return None
    held: Accelerator = spec.accelerator
    known = catalog().accelerators[held.type]
    region = config_cursor.requested_hardware(context.estimate).region or catalog().default_region
    total = f"\n\n{known.memory_gb * held.count:g} GB of GPU memory in all." if known.memory_gb else ""
    return "\n\n".join([f"**{held}**: {accelerator_text(held, region)}{total}", *_price_lines(context)])


def _price_lines(context: DocumentContext) -> list[str]:
    """Return the price of a job with this config, on demand and on spot machines."""
    request: Request | None = context.estimate.request
    choice = context.estimate.choice
    if request is None or choice is None:
        return ["It isn't available together with the rest of this config."]
    price = context.estimate.price
    if price is None:
        return [f"The price of {phrases.hardware_of(choice)} isn't known."]
    on_demand, spot = phrases.each_hour(price, spot=False), phrases.each_hour(price, spot=True)
    machine = choice.machine_type + (f" with {choice.accelerator}" if choice.accelerator else "")
    sure = ", by one source alone" if price.uncertain else ""
    costs = f"{on_demand} on demand, {spot or 'no known price'} on spot machines"
    return [
        f"{machine} in {choice.region}: {costs} (fee and boot disk included; prices of {price.as_of}{sure})."
    ]


_VALUES = {
    "cloud.region": _region_text,
    "cloud.machine_type": _machine_text,
    "cloud.gpu_spec": _spec_text,
    "cloud.tpu_spec": _spec_text,
}

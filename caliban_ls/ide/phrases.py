"""Words for flags, hardware and prices, the same in completion, hover, hints and lenses."""

from __future__ import annotations

from caliban_ls.analysis.hardware import HardwareChoice, Price
from caliban_ls.analysis.hardware.catalog import Machine, catalog
from caliban_ls.analysis.script import Flag, Script
from caliban_ls.core.text import spoken_amount, spoken_number

_TAKES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "path": "a path",
}
_MANY = {
    "optional": "or nothing",
    "some": "one or more",
    "any": "any number of them",
    "several": "a fixed number of them",
}


def jobs(count: int) -> str:
    """Return a number of jobs."""
    return "1 job" if count == 1 else f"{spoken_number(count)} jobs"


def times(number: int) -> str:
    """Return a factor."""
    return f"\N{MULTIPLICATION SIGN}{spoken_number(number)}"


def money(amount: float) -> str:
    """Return an amount of US dollars an hour, short."""
    return f"${spoken_amount(amount)}/h".replace("$over ", "over $")


def each_hour(price: Price | None, *, spot: bool) -> str | None:
    """Return the price of one job, None if it isn't known."""
    cost = None if price is None else price.spot if spot else price.on_demand
    return None if cost is None else money(cost.total)


def hardware_of(choice: HardwareChoice) -> str:
    """Return the hardware of a job in a few words."""
    held = f" with {choice.accelerator}" if choice.accelerator is not None else ""
    spot = ", spot" if choice.spot else ", flex-start" if choice.flex_start else ""
    return f"{choice.machine_type}{held}{spot} in {choice.region}"


def shape(machine: Machine) -> str:
    """Return a machine's vCPUs and memory."""
    if machine.vcpus is None or machine.memory_gb is None:
        return "size not published"
    return f"{machine.vcpus:g} vCPU, {machine.memory_gb:g} GB"


def place(region: str) -> str:
    """Return the place of a region; empty if it isn't known."""
    known = catalog().regions.get(region)
    return known.place if known is not None else ""


def type_of(flag: Flag) -> str:
    """Return the type of a flag's value, in words."""
    if flag.arity == "none":
        return "true or false; it takes no value"
    many = _MANY.get(flag.arity or "")
    if flag.choices:
        takes = "one of " + ", ".join(f"`{choice}`" for choice in flag.choices)
    else:
        takes = _TAKES.get(flag.kind or "", "a value")
        if flag.bounds is not None:
            takes += f" {flag.bounds.whole() if flag.kind == 'int' else flag.bounds}"
    return f"{takes}, {many}" if many else takes


def flag_text(flag: Flag, script: Script) -> str:
    """Return a flag's names, help, type and default, as Markdown."""
    spelled = ", ".join(f"`{name}`" for name in (*flag.names, *flag.negations)) or f"`--{flag.name}`"
    lines = [spelled]
    if flag.help:
        lines.append(escaped(flag.help))
    facts = [f"Takes {type_of(flag)}"]
    if flag.default is not None:
        facts.append(f"default `{flag.default}`")
    if flag.required:
        facts.append("**required**")
    if flag.repeatable:
        facts.append("may be given again")
    if flag.subcommand:
        facts.append(f"of the subcommand `{flag.subcommand}`")
    lines.append(" · ".join(facts))
    if not script.certain:
        lines.append("*The script changes its arguments before it reads them, so this may not be all.*")
    return "\n\n".join(lines)


def escaped(text: str) -> str:
    """Return a text with every character escaped that Markdown would interpret."""
    for mark in "\\`*_{}[]<>#|!":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())

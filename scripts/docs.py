"""Generate docs/rules.md, docs/config.md, docs/commands.md and the extension's types of commands from the code.

`python -m scripts.docs` writes the files; with `--check` it fails if one of them is out of date.
"""

from __future__ import annotations

import re
import sys
import textwrap
from dataclasses import fields
from pathlib import Path

from caliban_ls.analysis.config.keys import KEYS, documented
from caliban_ls.analysis.config.shapes import describe
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.rules.rule import Rule
from caliban_ls.commands import COMMANDS, Command, load
from scripts.protocol import protocol

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Written by scripts/docs.py from the code; don't edit. -->\n"
FAMILIES = {
    "CAL1": "Syntax",
    "CAL2": "Experiment configs",
    "CAL3": "Project configs",
    "CAL4": "Hardware",
    "CAL5": "The script's flags",
    "CAL6": "Cost and limits",
}


EXIT_CODES = {
    0: "done",
    1: "findings, or a job failed; a run of one job ends as the job did",
    2: "wrong usage, or invalid input",
    3: "something is missing: the engine, an image, credentials, a project, a repository",
    4: "a service refused",
    130: "interrupted",
}


def main() -> int:
    stale = []
    written = {
        "docs/rules.md": rules(),
        "docs/config.md": config(),
        "docs/commands.md": commands(),
        "editor/vscode/src/protocol.ts": protocol(),
    }
    for name, text in written.items():
        path = ROOT / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"out of date: {', '.join(stale)}; run `python scripts/docs.py`", file=sys.stderr)
    return 1 if stale else 0


def wrapped(paragraph: str) -> str:
    """Break a paragraph into lines that fit on a screen; code stays on one line."""
    whole = re.sub("`[^`]+`", lambda code: code[0].replace(" ", "\0"), paragraph)
    lines = textwrap.wrap(whole, 120, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\0", " ")


def rules() -> str:
    pieces = [
        NOTE,
        "# Rules\n",
        "Every diagnostic has a code that never changes. `caliban rule CODE` shows the same in a terminal.\n",
        "A comment silences a code on its line, or on the line below it: `// caliban: ignore CAL211`.\n",
    ]
    for family, title in FAMILIES.items():
        pieces.append(f"## {family}: {title}\n")
        pieces += [rule(known) for known in RULES.values() if known.code.startswith(family)]
    return "\n".join(pieces)


def rule(known: Rule) -> str:
    beside = ""
    if known.project is not None:
        beside = f"With this `.calibanconfig.json`:\n\n```jsonc\n{known.project.rstrip()}\n```\n\n"
    if known.script is not None:
        beside += f"With this `train.py`:\n\n```python\n{known.script.rstrip()}\n```\n\n"
    explanation = wrapped(f"*{known.severity.value}* · {known.explanation}")
    return (
        f"### {known.code} {known.name}\n\n{explanation}\n\n{beside}"
        f"Wrong:\n\n```jsonc\n{known.wrong.rstrip()}\n```\n\nRight:\n\n```jsonc\n{known.right.rstrip()}\n```\n"
    )


def config() -> str:
    lines = [
        NOTE,
        "# `.calibanconfig.json`\n",
        "One JSON object in the project's root. Comments (`//`, `#`, `/* */`) and trailing commas are fine.\n",
        "| key | takes | meaning |",
        "|---|---|---|",
    ]
    for name, key in documented(KEYS):
        effect = "" if key.acts else " *No effect in this version.*"
        lines.append(f"| `{name}` | {describe(key.shape)} | {key.doc}{effect} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    pieces = [
        NOTE,
        "# Commands\n",
        "Flags may be spelled with hyphens, too.\n",
        "| exit code | meaning |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()),
        "",
    ]
    pieces += [section(command) for command in COMMANDS]
    pieces.append(
        "## `caliban serve`\n\nSpeak the Language Server Protocol on stdin and stdout. Editors start it; "
        "see [editors.md](editors.md).\n"
    )
    return "\n".join(pieces)


def section(command: Command) -> str:
    editor = ""
    if command.editor:
        trust = ", once the folder is trusted" if command.trusted else ""
        name = f"as `caliban-ls.{command.name}`" if command.output else "so"
        editor = f" Editors call it {name}{trust}."
    rows = []
    for argument in fields(load(command.arguments)):
        metadata = argument.metadata
        if metadata.get("rest"):
            spelled = "-- ARGS…"
        elif metadata.get("positional"):
            spelled = metadata["metavar"]
        else:
            short = f"-{metadata['short']}, " if metadata["short"] else ""
            value = f" {metadata['metavar'] or argument.name.upper()}" if argument.type != "bool" else ""
            spelled = f"{short}--{metadata['flag'] or argument.name}{value}"
        rows.append(f"| `{spelled}` | {metadata['help']} |")
    table = "\n".join(["\n| argument | meaning |", "|---|---|", *rows]) if rows else ""
    face = f"caliban {command.name}" if command.output else f"caliban-ls.{command.name}"
    summary = wrapped(f"{command.summary[0].upper()}{command.summary[1:]}.{editor}")
    return f"## `{face}`\n\n{summary}\n{table}\n"


if __name__ == "__main__":
    sys.exit(main())

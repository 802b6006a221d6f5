"""Read scripts from a text in a test."""

from __future__ import annotations

from collections.abc import Mapping

from caliban_ls.analysis.script import Flag, Script, read_script

PARSER = "import argparse\nparser = argparse.ArgumentParser()\n"
PARSE = "\nargs = parser.parse_args()\n"


def script_of(text: str, files: Mapping[str, str] | None = None, path: str = "train.py") -> Script:
    script = read_script(path, {path: text, **(files or {})}.get)
    assert script is not None
    return script


def argparse_script(body: str) -> Script:
    """Read a script that adds to its parser with these statements."""
    return script_of(PARSER + body + PARSE)


def flag_named(script: Script, name: str) -> Flag:
    (found,) = [one for one in script.flags if one.name == name]
    return found


def flag_names(script: Script) -> list[str]:
    return [one.name for one in script.flags if not one.hidden]

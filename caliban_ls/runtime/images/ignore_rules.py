r"""Ignore rules: which paths of a project stay out of an image.

Owns the syntax of `.dockerignore` and `.calibanignore` and what the lines mean, which is what BuildKit
makes of them (github.com/moby/patternmatcher). Paths are text, relative to the project, with `/`; nothing
here looks at the disk.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from caliban_ls.core.errors import UsageError

DEFAULTS = r"""
# What no program needs.
**/.git
**/.hg
**/.svn
**/__pycache__
**/*.pyc
**/.ipynb_checkpoints
**/.mypy_cache
**/.pytest_cache
**/.ruff_cache
**/.idea
**/.vscode
**/.DS_Store
**/node_modules

# What may hold secrets: an image is pushed to where others can read it.
**/.env
.caliban_*_creds.json

# What we read ourselves: a change of the sweep is no change of the program.
.calibanconfig.json
.calibanignore
.dockerignore
experiment.json
experiment[_.\-]*.json
*.experiment.json
*_experiment.json
"""
"""The lines that stand before those of every project, whose own win: `!.git` lets the history travel."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about a path, and what they have to remember for the paths below it."""

    ignored: bool
    matched: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The lines of all ignore files, in order; the last one that matches a path decides.

    Attributes:
        named: the paths that an exception of the project names without any wildcard, `!keys/test.pem`: the
            project wants exactly that file in the image.
    """

    named: frozenset[str]
    _runs: tuple[_Run, ...]

    def top(self) -> Verdict:
        """Return the verdict on the project folder itself, which can't be ignored."""
        return Verdict(ignored=False, matched=(False,) * len(self._runs))

    def judge(self, path: str, parent: Verdict) -> Verdict:
        """Return the verdict on a path, given the one on the folder that it lies in."""
        ignored = False
        matched = []
        for run, parent_matched in zip(self._runs, parent.matched, strict=True):
            # A line that couldn't change the verdict isn't tried and so isn't remembered for what lies
            # below. BuildKit does it this way, and `a/b` then `!a` depends on it.
            match = parent_matched or (run.exception is ignored and run.regex.match(path) is not None)
            matched.append(match)
            if match:
                ignored = not run.exception
        return Verdict(ignored, tuple(matched))

    def may_spare_below(self, folder: str) -> bool:
        """Return whether an exception could match below an ignored folder; if not, it needs no visit."""
        parts = folder.split("/")
        return any(_may_match_below(reach, parts) for run in self._runs for reach in run.reaches)


def read_rules(files: Iterable[tuple[str, str]]) -> IgnoreRules:
    """Return the rules of some ignore files, given as `(name, text)`, after the default ones.

    Raises:
        UsageError: a line isn't a pattern.
    """
    lines = [line for name, text in (("defaults", DEFAULTS), *files) for line in _lines(name, text)]
    return IgnoreRules(
        frozenset(line.removeprefix("!") for line in lines if _is_exception(line)),
        tuple(_Run.of(run, exception=exception) for exception, run in groupby(lines, key=_is_exception)),
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring lines of one sign. Among them the order can't matter, so one expression does for all.

    Attributes:
        exception: whether the lines start with `!`.
        regex: matches what any of the lines matches.
        reaches: of each exception, what its path's parts have to match; empty for other lines.
    """

    exception: bool
    regex: re.Pattern[str]
    reaches: tuple[_Reach, ...]

    @classmethod
    def of(cls, lines: Iterable[str], *, exception: bool) -> _Run:
        patterns = [line.removeprefix("!") if exception else line for line in lines]
        regex = re.compile(rf"(?:{'|'.join(map(_translate, patterns))})\Z", re.DOTALL)
        return cls(exception, regex, tuple(map(_reach, patterns)) if exception else ())


_Reach = tuple["re.Pattern[str] | None", ...]
"""What each part of a pattern matches; None where the parts stop telling how deep it reaches."""

_TOKEN = re.compile(
    r"""(?P<folders>\*\*/?) | (?P<star>\*) | (?P<one>\?) | \\(?P<escaped>.) | (?P<plain>[^\[\\])
      | \[ (?P<negation>\^|(?!\^)) (?P<members>(?: (?:\\.|[^\\\]-]) (?:-(?:\\.|[^\\\]-]))? )+) \]""",
    re.DOTALL | re.VERBOSE,
)
"""One step of a pattern. Brackets follow Go's filepath.Match: a `-` or `]` that is meant needs a backslash."""

_MEMBER = re.compile(r"\\?(.)(-)?(?(2)\\?(.))", re.DOTALL)


def _lines(name: str, text: str) -> Iterator[str]:
    """Yield the cleaned patterns of a file; an exception starts with `!`."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            continue
        sign = "!" if pattern.startswith("!") else ""
        try:
            cleaned = _clean(pattern.removeprefix("!").strip())
        except ValueError as error:
            raise UsageError(
                f"{name}, line {number}: {error}", hint="The syntax is that of Docker's .dockerignore files."
            ) from None
        if cleaned:
            yield sign + cleaned


def _clean(pattern: str) -> str:
    """Return the path of a pattern; it is empty for the project itself, which can't be left out.

    Raises:
        ValueError: it isn't a pattern; the message says why.
    """
    if not pattern:
        raise ValueError("nothing follows the exclamation mark")
    cleaned = posixpath.normpath(pattern).lstrip("/")
    _translate(cleaned)
    return "" if cleaned == "." else cleaned


def _is_exception(line: str) -> bool:
    return line.startswith("!")


def _translate(pattern: str) -> str:
    """Return a regular expression for a cleaned pattern.

    Raises:
        ValueError: it isn't a pattern; the message says why.
    """
    tail = pattern.removeprefix("**")
    if tail != pattern and not tail.startswith("/") and not re.search(r"[*?\[\]\\]", tail):
        return f".*{re.escape(tail)}"  # BuildKit compares the ends: `**.log` matches `train.log`
    pieces = []
    position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            wrong = "a backslash has nothing to escape" if pattern[position] == "\\" else "a bracket is wrong"
            raise ValueError(f"{wrong} in {pattern!r}")
        position = token.end()
        pieces.append(_translate_token(token, last=position == len(pattern)))
    return "".join(pieces)


def _translate_token(token: re.Match[str], *, last: bool) -> str:
    match token.lastgroup:
        case "folders":
            return ".*" if last else "(?:.*/)?"
        case "star":
            return "[^/]*"
        case "one":
            return "[^/]"
        case "members":
            members = "".join(map(_translate_member, _MEMBER.finditer(token["members"])))
            return f"[{token['negation']}{members}]"
        case _:
            return re.escape(token[token.lastgroup or 0])


def _translate_member(member: re.Match[str]) -> str:
    first, last = member[1], member[3]
    if last is None:
        return re.escape(first)
    if first > last:
        raise ValueError(f"the range {first}-{last} runs backwards")
    return f"{re.escape(first)}-{re.escape(last)}"


def _reach(pattern: str) -> _Reach:
    """Say what the parts of a pattern match. Brackets may hold a `/`, and `**` stands for any depth."""
    parts: list[re.Pattern[str] | None] = []
    for part in pattern.split("/"):
        if "**" in part or "[" in part or part.endswith("\\"):
            return (*parts, None)
        parts.append(re.compile(_translate(part), re.DOTALL))
    return tuple(parts)


def _may_match_below(reach: _Reach, folder: list[str]) -> bool:
    for expected, part in zip(reach, folder, strict=False):
        if expected is None:
            return True
        if expected.fullmatch(part) is None:
            return False
    return len(reach) > len(folder)

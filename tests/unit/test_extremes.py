"""Extreme documents get an answer to every request: very deep, very wide, very many jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.document_contexts import context_of
from support.in_process_server import EXPERIMENT, Connection
from support.lsp_client import Message

from caliban_ls.analysis.config.project import Limits, Project
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.cli import main
from caliban_ls.core.text import spoken_amount, spoken_number
from caliban_ls.ide.code_lenses import lenses
from caliban_ls.ide.hover import hover_at

MANY_JOBS = "{" + ", ".join(f'"k{number}": [1, 2]' for number in range(20_000)) + "}"
"""2 ** 20,000 jobs: a number that no float holds, and that Python doesn't write out."""

DEEP = "[" * 3000 + '{"a": [1, 2]}' + "]" * 3000

EVERYWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1_000_000}}
HERE = {"line": 0, "character": 3003}

QUESTIONS: dict[str, dict[str, Any]] = {
    "diagnostic": {},
    "codeAction": {"range": {"start": HERE, "end": HERE}, "context": {"diagnostics": []}},
    "codeLens": {},
    "completion": {"position": HERE},
    "documentLink": {},
    "documentSymbol": {},
    "foldingRange": {},
    "hover": {"position": HERE},
    "inlayHint": {"range": EVERYWHERE},
    "selectionRange": {"positions": [HERE]},
}


@pytest.fixture(scope="module", params=[DEEP, MANY_JOBS], ids=["deep", "many jobs"])
def connection(request: pytest.FixtureRequest) -> Connection:
    connection = Connection()
    literal: Message = {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
    hierarchy = {"hierarchicalDocumentSymbolSupport": True}
    connection.initialize(
        {"textDocument": {"diagnostic": {}, "codeAction": literal, "documentSymbol": hierarchy}}
    )
    item = {"uri": EXPERIMENT, "languageId": "json", "version": 1, "text": request.param}
    connection.notify("textDocument/didOpen", {"textDocument": item})
    return connection


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_answered(connection: Connection, question: str) -> None:
    params = {"textDocument": {"uri": EXPERIMENT}, **QUESTIONS[question]}
    (answer,) = connection.request(f"textDocument/{question}", params)
    assert "result" in answer, answer.get("error")


def test_the_cost_of_any_number_of_jobs_is_spoken_of() -> None:
    context = context_of(MANY_JOBS)
    assert [lens.title for lens in lenses(context)][:2] == [
        "▷ Run over 10^6020 jobs locally",
        "☁ Submit over 10^6020 jobs ≈ over $10^308/h · over the limit of 100 jobs",
    ]
    shown = hover_at(context, 0)
    assert shown is not None
    assert "over 10^6020 jobs" in shown.text


@pytest.mark.parametrize(
    ("argv", "code"), [(["check"], 0), (["expand", "--count"], 2), (["expand", "--limit", "1"], 2)]
)
def test_the_command_line_says_what_is_wrong_in_words(
    argv: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "experiment.json").write_text(MANY_JOBS)
    monkeypatch.chdir(tmp_path)
    assert main([*argv, "experiment.json"]) == code
    said = "".join(capfd.readouterr())
    assert "over 10^6020 jobs" in said
    assert "bug" not in said


def test_money_has_no_end() -> None:
    context = context_of(MANY_JOBS, config='{"limits": {"max_cost_per_hour": 5}}')
    assert context.estimate.cost_of(context.sweep.count or 0) == float("inf")
    assert CostEstimate(Project(limits=Limits())).cost_of(0) == 0


@given(st.integers(0, 10**400))
def test_large_numbers_are_never_overstated(number: int) -> None:
    said = spoken_number(number)
    if number < 10**15:
        assert int(said.replace(",", "")) == number
    else:
        power = int(said.removeprefix("over 10^"))
        assert 10**power <= number < 10 ** (power + 2)


@pytest.mark.parametrize(
    ("amount", "said"),
    [(6.724, "6.72"), (1234.5, "1,234.50"), (2e15, "over 10^15"), (float("inf"), "over 10^308")],
)
def test_amounts(amount: float, said: str) -> None:
    assert spoken_amount(amount) == said

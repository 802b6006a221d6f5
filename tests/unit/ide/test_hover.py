"""Hover: the span that is explained is ⟦marked⟧."""

from __future__ import annotations

from typing import Any

import pytest
from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.analysis.script import read_script
from caliban_ls.ide.hover import hover_at
from caliban_ls.validation import validate


def check(marked: str, *words: str, kind: DocumentKind = "experiment", **known: Any) -> None:
    """Anywhere on the marked text, all these words must be shown over just it."""
    text, (span,) = unmark(marked)
    context = context_of(text, kind, **known)
    for offset in {span.start, (span.start + span.end) // 2, span.end - 1}:
        shown = hover_at(context, offset, validate(context.document, kind, estimate=context.estimate))
        assert shown is not None
        assert shown.span == span
        for word in words:
            assert word in shown.text, shown.text


def test_a_key_shows_its_flag() -> None:
    check('{⟦"lr"⟧: 1}', "`--lr`", "`--learning-rate`", r"Step \*size\*", "a number", "`0.001`")
    check('{⟦"epochs"⟧: 1}', "whole number", "**required**")
    check('{⟦"amp"⟧: true}', "takes no value")
    check('{⟦"[lr,opt]"⟧: [[1, "sgd"]]}', "`--lr`", "`--opt`", "`adam`, `sgd`")


def test_a_key_shows_between_which_numbers_its_flag_is() -> None:
    source = (
        "import click\n@click.command()\n@click.option('--n', type=click.IntRange(1, 64))\n"
        "@click.option('--x', type=click.FloatRange(0, min_open=True))\ndef main(**options): pass\nmain()\n"
    )
    script = read_script("train.py", {"train.py": source}.get)
    check('{⟦"n"⟧: 1}', "a whole number from 1 to 64", script=script)
    check('{⟦"x"⟧: 1}', "a number above 0", script=script)


def test_a_list_says_what_it_does_to_the_total() -> None:
    check(
        '{"lr": ⟦[1, 2, 3]⟧, "opt": ["adam", "sgd"]}',
        "\N{MULTIPLICATION SIGN}3",
        "6 jobs",
        "it would have 2 jobs",
    )
    check('{"lr": ⟦[1]⟧}', "\N{MULTIPLICATION SIGN}1", "1 value;", "1 job")
    check('{"[lr,opt]": ⟦[[1, "adam"], [2, "sgd"]]⟧}', "\N{MULTIPLICATION SIGN}2", "2 rows")


def test_the_first_bracket_says_jobs_repeats_and_cost() -> None:
    check(
        '⟦{⟧"lr": [1, 2, 1]}',
        "**3 jobs**",
        "1 job of them",
        "n1-standard-8 with 1xT4",
        "$0.87/h each",
        "$2.60/h",
    )
    check('⟦[⟧{"lr": [1, 2]}, {"lr": 3}]', "2 blocks: 3 jobs")
    check('[{"lr": 5}, ⟦{⟧"lr": [1, 2]}]', "Block `/1`: 2 jobs")
    check('⟦{⟧"lr": 1}', "price not known", config='{"cloud": {"region": "us-nowhere1", "force": true}}')


def test_a_finding_is_explained() -> None:
    check('{"lr": ⟦[]⟧}', "**CAL202** empty-list")
    check('{"lr": ⟦null⟧}', "CAL203")


def test_a_config_says_what_is_where_and_how_dear() -> None:
    check('{"cloud": {"region": ⟦"us-central1"⟧}}', "Iowa", "T4", "on spot", kind="project")
    check(
        '{"cloud": {"machine_type": ⟦"n1-standard-8"⟧}}',
        "8 vCPU, 30 GB",
        "4xT4",
        "$0.87/h",
        "europe-west4",
        kind="project",
    )
    check('{"cloud": {"gpu_spec": ⟦"2xT4"⟧}}', "16 GB each", "32 GB of GPU memory", "Also in", kind="project")
    check('{"cloud": {⟦"gpu_spec"⟧: "2xT4"}}', "NUMxTYPE", kind="project")
    check('{⟦"julia_version"⟧: "1"}', "no effect", kind="project")
    check('{"cloud": {"region": "me-central2", "gpu_spec": ⟦"2xT4"⟧}}', "isn't available", kind="project")


@pytest.mark.parametrize("marked", ['{"lr": ⟦1⟧}', '{"unknown": 1⟦⟧}', "⟦⟧", '{"lr": 1⟦ ⟧}'])
def test_where_nothing_is_known_nothing_is_shown(marked: str) -> None:
    text, (span,) = unmark(marked)
    if text:
        assert hover_at(context_of(text, script=None), span.start) is None

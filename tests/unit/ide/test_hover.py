"""Hover, hints, lenses, outlines, folds, selections and links: the spot that is meant stands ⟦marked⟧."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.analysis.script import read_script
from caliban_ls.core.text import Span
from caliban_ls.ide.code_lenses import lenses
from caliban_ls.ide.document_links import image_page, links
from caliban_ls.ide.hover import hover_at
from caliban_ls.ide.inlay_hints import hints
from caliban_ls.ide.outline import MOST, DocumentSymbol, folds, outline, selections
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
    check('{"cloud": {"region": "me-central2", "gpu_spec": ⟦"2xT4"⟧}}', "can't be had", kind="project")


@pytest.mark.parametrize("marked", ['{"lr": ⟦1⟧}', '{"unknown": 1⟦⟧}', "⟦⟧", '{"lr": 1⟦ ⟧}'])
def test_where_nothing_is_known_nothing_is_shown(marked: str) -> None:
    text, (span,) = unmark(marked)
    if text:
        assert hover_at(context_of(text, script=None), span.start) is None


def hinted(
    text: str, kind: DocumentKind = "experiment", span: Span | None = None, **known: Any
) -> list[tuple[int, str]]:
    context = context_of(text, kind, **known)
    return [(hint.offset, hint.label) for hint in hints(context, span or Span(0, len(text)))]


def test_hints_stand_behind_lists_and_blocks() -> None:
    text, (block, first, second) = unmark('{⟦⟧"lr": [1, 2, 3]⟦⟧, "x": [1], "[a,b]": [[1, 2], [3, 4]]⟦⟧}')
    assert hinted(text) == [
        (block.start, "6 jobs"),
        (first.start, "\N{MULTIPLICATION SIGN}3"),
        (second.start, "\N{MULTIPLICATION SIGN}2"),
    ]


def test_hints_are_given_for_the_lines_in_view_only() -> None:
    blocks = [f'{{"lr": [{number}, 0]}}' for number in range(100)]
    text = f"[{', '.join(blocks)}]"
    start = text.index(blocks[50])
    shown = hinted(text, span=Span(start, start + len(blocks[50])))
    assert shown == [(start + 1, "2 jobs"), (start + len(blocks[50]) - 1, "\N{MULTIPLICATION SIGN}2")]


def test_hints_move_with_their_block() -> None:
    document = jsondoc.parse('[{"lr": [1, 2]}, {"lr": [3, 4]}]')
    context = context_of(document.text)
    assert len(hints(context, Span(0, 99))) == 4
    context.document.edit(1, 1, '{"a": [5, 6]}, ')
    again = context_of(context.document.text)
    fresh = [(hint.offset, hint.label) for hint in hints(again, Span(0, 99))]
    moved = type(context)(context.document, "experiment", context.estimate, context.script)
    assert [(hint.offset, hint.label) for hint in hints(moved, Span(0, 99))] == fresh


def test_hardware_has_its_price_behind_it() -> None:
    text, (machine, gpu) = unmark('{"cloud": {"machine_type": "n1-standard-8"⟦⟧, "gpu_spec": "2xT4"⟦⟧}}')
    assert hinted(text, "project") == [
        (machine.start, "$1.27/h with 2xT4"),
        (gpu.start, "$1.27/h with n1-standard-8"),
    ]
    assert hinted('{"cloud": {"machine_type": "n1-standard-8", "gpu_spec": "3xT4"}}', "project") == []


def titles(text: str, **known: Any) -> list[str]:
    return [lens.title for lens in lenses(context_of(text, **known))]


def test_a_block_has_lenses_with_its_numbers() -> None:
    assert titles('{"lr": [1, 2, 3, 4], "opt": ["adam", "sgd"]}') == [
        "▷ Run 8 jobs locally",
        "☁ Submit 8 jobs ≈ $6.93/h",
        "Dry run",
        "Expand",
    ]


def test_several_blocks_have_lenses_each_and_together() -> None:
    found = list(lenses(context_of('[{"lr": 1}, {"lr": [1, 2]}]')))
    assert [lens.title for lens in found if lens.command == "run"] == [
        "▷ Run all 3 jobs locally",
        "▷ Run 1 job locally",
        "▷ Run 2 jobs locally",
    ]
    assert [lens.arguments.get("block") for lens in found if lens.command == "run"] == [None, "/0", "/1"]


@pytest.mark.parametrize(
    ("config", "ending"),
    [
        ('{"limits": {"max_jobs": 2}}', "over the limit of 2 jobs"),
        ('{"limits": {"max_cost_per_hour": 2}}', "over the limit of $2.00/h"),
        ('{"cloud": {"gpu_spec": "3xT4"}}', "the hardware can't be had"),
        ('{"cloud": {"region": "us-nowhere1"}}', "the hardware can't be had"),
        ('{"cloud": {"region": "us-nowhere1", "force": true}}', "price not known"),
    ],
)
def test_a_lens_says_why_a_submission_would_be_refused(config: str, ending: str) -> None:
    assert titles('{"lr": [1, 2, 3]}', config=config)[1].endswith(ending)


def test_what_every_command_would_refuse_has_no_lens() -> None:
    assert titles('[{"lr": 1}, {"lr": []}]') == []
    assert titles("[]") == []
    assert titles('{"lr": 1') == []


def names(symbols: tuple[DocumentSymbol, ...] | list[DocumentSymbol]) -> list[Any]:
    return [
        (one.name, one.detail, names(one.children)) if one.children else (one.name, one.detail)
        for one in symbols
    ]


def test_the_outline() -> None:
    assert names(outline(context_of('[{"lr": [1, 2], "x": "y"}, {"a": null}]'))) == [
        ("Block 1", "2 jobs", [("lr", "\N{MULTIPLICATION SIGN}2"), ("x", '"y"')]),
        ("Block 2", "has errors", [("a", "null")]),
    ]
    config = '{"cloud": {"region": "us-east1", "labels": {"a": "b"}}, "module": "x"}'
    assert names(outline(context_of(config, "project"))) == [
        ("cloud", "", [("region", '"us-east1"'), ("labels", "", [("a", '"b"')])]),
        ("module", '"x"'),
    ]


def test_a_huge_outline_is_cut() -> None:
    blocks = ", ".join(['{"a": 1, "b": 2}'] * 3000)
    text = f"[{blocks}]"
    found = outline(context_of(text))
    assert len(found) == 3000
    assert not any(one.children for one in found)
    assert len(list(folds(context_of(f"[{text}, {text}]")))) == MOST


def test_brackets_and_comments_fold() -> None:
    text, spans = unmark('⟦/* a\nb */⟧⟦{\n"lr": ⟦[1,\n2]⟧}⟧')
    assert {fold.span for fold in folds(context_of(text))} == set(spans)


def test_a_selection_grows() -> None:
    text, spans = unmark('⟦⟦[⟦{⟦⟦"lr"⟧: ⟦[⟦⟦1⟧⟧, 2]⟧⟧}⟧]⟧⟧')
    offset = text.index("1") + 1
    found = selections(context_of(text), offset)
    assert found[0] == Span(offset - 1, offset)
    assert found[-1] == Span(0, len(text))
    assert all(outer.start <= inner.start <= inner.end <= outer.end for inner, outer in pairwise(found))
    assert spans[0] in found


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("python:3.12-slim", "https://hub.docker.com/_/python"),
        ("pytorch/pytorch", "https://hub.docker.com/r/pytorch/pytorch"),
        ("tensorflow/tensorflow:{}", "https://hub.docker.com/r/tensorflow/tensorflow"),
        ("quay.io/a/b@sha256:0123abc", "https://quay.io/repository/a/b"),
        ("nvcr.io/nvidia/pytorch:24.01-py3", "https://catalog.ngc.nvidia.com/orgs/nvidia/containers/pytorch"),
        (
            "us-central1-docker.pkg.dev/p/r/i:1",
            "https://console.cloud.google.com/artifacts/docker/p/us-central1/r",
        ),
        ("localhost:5000/a", None),
        ("a b", None),
    ],
)
def test_images_have_pages(image: str, url: str | None) -> None:
    assert image_page(image) == url


def test_names_of_files_and_images_are_links() -> None:
    text, spans = unmark(
        '{"script": "⟦train.py⟧", "base_image": {"cpu": "⟦python:3⟧"}, "dirs": ["⟦data⟧"], "extras": ["x"]}'
    )
    found = list(links(context_of(text, "project")))
    assert [link.span for link in found] == spans
    assert [link.url or link.paths for link in found] == [
        ("train.py",),
        "https://hub.docker.com/_/python",
        ("data",),
    ]
    text, spans = unmark("// caliban: script=⟦a/train.py⟧\n{}")
    assert [link.span for link in links(context_of(text))] == spans


@given(st.text(st.sampled_from('{}[]",:ab1 \n/*#[]'), max_size=40), st.integers(0, 40))
def test_no_text_makes_any_of_them_fail(text: str, offset: int) -> None:
    kinds: tuple[DocumentKind, ...] = ("experiment", "project")
    for kind in kinds:
        context = context_of(text, kind)
        offset = min(offset, len(text))
        hover_at(context, offset, validate(context.document, kind))
        hints(context, Span(0, offset))
        list(lenses(context))
        list(folds(context))
        list(links(context))
        outline(context)
        assert selections(context, offset)[-1] == Span(0, len(text))


def test_nothing_stands_above_a_sweep_that_commands_would_refuse() -> None:
    context = context_of('{"lrr": [1, 2]}')
    assert list(lenses(context))
    assert not list(lenses(replace(context, wrong=True)))

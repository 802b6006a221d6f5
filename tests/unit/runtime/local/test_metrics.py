"""Which line of a job's output is its metrics."""

from __future__ import annotations

import pytest

from caliban_ls.runtime.local.metrics import LONGEST_LINE, MetricsReader

HUGE = '{"a": 1, "pad": "' + "x" * LONGEST_LINE + '"}'


def metrics_of(output: bytes, size: int) -> dict[str, float]:
    reader = MetricsReader()
    for start in range(0, len(output), size):
        reader.feed(output[start : start + size])
    return reader.metrics()


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("output", "metrics"),
    [
        ("", {}),
        ('{"accuracy": 0.97, "epoch": 3}\n', {"accuracy": 0.97, "epoch": 3}),
        ('{"accuracy": 0.97}', {"accuracy": 0.97}),
        ('  {"a": -1e-4} \r\n', {"a": -1e-4}),
        ('{"a": 1}\n{"a": 2}\n{"a": 3}\n', {"a": 3}),
        ('{"a": 1}\n{"a": 2}', {"a": 2}),
        ('{"a": 1}\nbye\n', {"a": 1}),
        ('{"a": 1}\nbye', {"a": 1}),
        ('{"a": 1}\n\n\n', {"a": 1}),
        ('{"ä": 1}\n', {"ä": 1}),
        ('{"a": 1, "a": 2}\n', {"a": 2}),
    ],
)
def test_the_last_object_of_numbers_counts(output: str, metrics: dict[str, float], size: int) -> None:
    assert metrics_of(output.encode(), size) == metrics


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[1]",
        "1",
        "{",
        "{'a': 1}",
        '{"a": true}',
        '{"a": null}',
        '{"a": "1"}',
        '{"a": [1]}',
        '{"a": {"b": 1}}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1e999}',
        f'{{"a": {10**400}}}',
        f'{{"a": {"9" * 5000}}}',
        '{"a": ' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"a": 1} {"a": 2}',
        'x {"a": 1}',
        '{"a": 1} x',
        '{"a": "\udcff"}',
        HUGE,
    ],
    ids=lambda line: line[:20],
)
def test_no_other_line_does(line: str) -> None:
    encoded = line.encode(errors="surrogateescape")
    assert metrics_of(b'{"good": 1}\n' + encoded + b"\n", 1000) == {"good": 1}
    assert metrics_of(b'{"good": 1}\n' + encoded, 1 << 20) == {"good": 1}


@pytest.mark.parametrize("size", [1000, LONGEST_LINE, 1 << 20])
def test_a_line_without_end_is_not_kept(size: int) -> None:
    reader = MetricsReader()
    for _ in range(200):
        reader.feed(b"x" * size)
        assert len(reader._unfinished) <= LONGEST_LINE
    reader.feed(b'{"a": 1}\n{"b": 2}')
    assert reader.metrics() == {"b": 2}
    reader.feed(b'\n{"c": "text"}\n')
    assert reader.metrics() == {"b": 2}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_costs_no_other_number(value: str) -> None:
    line = f'{{"loss": {value}, "accuracy": 0.5}}\n'
    assert metrics_of(b'{"before": 1}\n' + line.encode(), 1000) == {"accuracy": 0.5}

"""Document links: their spans are ⟦marked⟧."""

from __future__ import annotations

import pytest
from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.ide.document_links import image_page, links


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

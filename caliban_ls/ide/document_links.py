"""Document links: from a name in a document to its page or file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from caliban_ls.analysis.jsondoc import Kind, Member, Node
from caliban_ls.core.text import Span
from caliban_ls.ide.config_cursor import config_key_of
from caliban_ls.ide.document_context import DocumentContext

_SCRIPT_COMMENT = re.compile(r"caliban:[ \t]*script[ \t]*=[ \t]*(\S+)")

_FILES: Final = frozenset({"script", "dirs", "docker.dockerfile", "gcloud.cloud_key"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLink:
    """A span that links to a page or a file.

    Attributes:
        span: the text that is underlined.
        url: of a page, None for a file.
        paths: possible files relative to the project, the likeliest first; the first that exists is the target.
        tooltip: names the target.
    """

    span: Span
    url: str | None = None
    paths: tuple[str, ...] = ()
    tooltip: str


def links(context: DocumentContext) -> Iterator[DocumentLink]:
    """Yield a document's links."""
    for comment in context.document.comments:
        found = _SCRIPT_COMMENT.search(context.text, comment.start, comment.end)
        if found is not None and context.kind == "experiment":
            yield DocumentLink(
                span=Span(*found.span(1)), paths=(found[1],), tooltip="The script whose flags are set"
            )
            break
    root = context.document.root
    if context.kind == "project" and root is not None and root.kind is Kind.OBJECT:
        yield from _of_object(context, root, ())


def _of_object(context: DocumentContext, node: Node, around: tuple[Member, ...]) -> Iterator[DocumentLink]:
    for member in node.members:
        members = (*around, member)
        value = member.value
        place = config_key_of(members)
        if value is None or place is None:
            continue
        if value.kind is Kind.OBJECT:
            yield from _of_object(context, value, members)
            continue
        for item in (value, *value.items):
            if item.kind is Kind.STRING and item.value and item.length > 1:
                yield from _of_text(place.name, item)


def _of_text(name: str, node: Node) -> Iterator[DocumentLink]:
    inner = Span(node.span.start + 1, node.span.end - 1)
    text: str = node.value
    if name in ("base_image", "gcloud.image"):
        url = image_page(text)
        if url is not None:
            yield DocumentLink(span=inner, url=url, tooltip="The image's page")
    elif name == "cloud.repository":
        url = image_page(f"{text.rstrip('/')}/x")
        if url is not None:
            yield DocumentLink(span=inner, url=url, tooltip="The repository's page")
    elif name == "module":
        path = text if text.endswith((".py", ".sh")) else text.replace(".", "/") + ".py"
        yield DocumentLink(span=inner, paths=(path, text), tooltip="The program")
    elif name in _FILES:
        yield DocumentLink(span=inner, paths=(text,), tooltip="The file")


def image_page(image: str) -> str | None:
    """Return the URL of an image's page in its registry, None for a registry without known pages."""
    name = re.sub(r"(@sha256:[0-9a-f]+|:[^:/]*)$", "", image.strip())
    if not re.fullmatch(r"[A-Za-z0-9._:/-]+", name):
        return None
    host, slash, path = name.partition("/")
    if not slash or ("." not in host and ":" not in host and host != "localhost"):
        return f"https://hub.docker.com/r/{name}" if slash else f"https://hub.docker.com/_/{name}"
    location = re.fullmatch(r"([a-z0-9-]+)-docker\.pkg\.dev", host)
    parts = path.split("/")
    if location is not None and len(parts) > 1:
        project, repository = parts[:2]
        return f"https://console.cloud.google.com/artifacts/docker/{project}/{location[1]}/{repository}"
    if host == "nvcr.io" and len(parts) > 1:
        return f"https://catalog.ngc.nvidia.com/orgs/{parts[0]}/containers/{parts[-1]}"
    template = _REGISTRIES.get(host)
    return template.format(path) if template is not None else None


_REGISTRIES: Final[Mapping[str, str]] = {
    "docker.io": "https://hub.docker.com/r/{}",
    "quay.io": "https://quay.io/repository/{}",
    "ghcr.io": "https://ghcr.io/{}",
    "gcr.io": "https://gcr.io/{}",
    "mcr.microsoft.com": "https://mcr.microsoft.com/artifact/mar/{}",
    "public.ecr.aws": "https://gallery.ecr.aws/{}",
}
"""URLs of images' pages by the registry's host."""

"""Completion in a project config: its keys and their values, with places, sizes and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import DEFAULT_BACKEND
from caliban_ls.analysis.config.keys import GCLOUD_IMAGE, KEYS
from caliban_ls.analysis.config.shapes import (
    Boolean,
    ByMode,
    Key,
    Keys,
    ListOf,
    ObjectOf,
    Shape,
    Text,
    describe,
)
from caliban_ls.analysis.hardware import Accelerator, Request
from caliban_ls.analysis.hardware.catalog import Kind as AcceleratorKind
from caliban_ls.analysis.hardware.catalog import catalog
from caliban_ls.analysis.hardware.catalog.nearest import regions_by_nearness
from caliban_ls.analysis.jsondoc import Kind, quote
from caliban_ls.ide import config_cursor, phrases
from caliban_ls.ide.completion_item import CompletionItem, placeholder
from caliban_ls.ide.cursor import Cursor
from caliban_ls.ide.document_context import DocumentContext

BASE_IMAGES: Final[Mapping[str, str]] = {
    "python:3.12-slim": "Debian with Python 3.12 and little else; torch and jax bring their own CUDA libraries.",
    "python:3.11-slim": "Debian with Python 3.11 and little else.",
    "python:3.10-slim": "Debian with Python 3.10 and little else.",
    "python:3.12": "Debian with Python 3.12 and compilers, for packages that are built from source.",
    "pytorch/pytorch:latest": "PyTorch with CUDA, by its makers.",
    "tensorflow/tensorflow:latest-gpu": "TensorFlow with CUDA, by its makers.",
    "nvidia/cuda:12.4.1-runtime-ubuntu22.04": "Ubuntu with CUDA's libraries; it has no Python of its own.",
}
"""Public images to build on, the most usual first."""

_EXAMPLES: Final[Mapping[str, str]] = {
    "module": '"trainer.train"',
    "script": '"trainer/train.py"',
    "default_mode": '"GPU"',
    "base_image": '"python:3.12-slim"',
    "apt_packages": '["git"]',
    "extras": '["gpu"]',
    "dirs": '["data"]',
    "gcloud.project_id": '"my-project"',
    "gcloud.cloud_key": '"key.json"',
    "gcloud.image": quote(GCLOUD_IMAGE),
    "cloud.backend": quote(DEFAULT_BACKEND),
    "cloud.region": '"us-central1"',
    "cloud.machine_type": '"n1-standard-8"',
    "cloud.gpu_spec": '"1xT4"',
    "cloud.tpu_spec": '"8xV3"',
    "cloud.timeout": '"12h"',
    "cloud.max_wait": '"2d"',
    "cloud.labels": '{"team": "research"}',
    "cloud.service_account": '"trainer@my-project.iam.gserviceaccount.com"',
    "cloud.repository": '"us-central1-docker.pkg.dev/my-project/training"',
    "limits.max_jobs": "100",
    "limits.max_cost_per_hour": "20",
    "docker.run_args": '["--shm-size=1g"]',
    "docker.build_args": '{"VERSION": "1"}',
    "docker.dockerfile": '"Dockerfile"',
}
"""An example value for each key without an obvious value, to be replaced by the user."""


def config_keys(context: DocumentContext, cursor: Cursor) -> Iterator[CompletionItem]:
    """Yield the keys that an object of the config doesn't have yet."""
    keys, prefix = _keys_of(cursor)
    container = cursor.container
    present = {
        member.key.value
        for member in (container.members if container is not None else ())
        if container is not None and container.span.start + member.key.offset != cursor.span.start
    }
    for name, key in keys.items():
        if name in present or not key.acts:
            continue
        value = _first_value(context, prefix + name, key.shape)
        yield CompletionItem(
            label=name,
            text=quote(name),
            value=value,
            value_snippet=_value_snippet(key.shape, value),
            kind="key",
            detail=describe(key.shape),
            documentation=key.doc,
        )


def config_values(context: DocumentContext, cursor: Cursor) -> Iterator[CompletionItem]:
    """Yield values for the key at the cursor."""
    if not cursor.members:
        if cursor.container is None:
            yield CompletionItem(
                label="{ }", text="{}", snippet="{$1}", kind="snippet", detail="a project config"
            )
        return
    found = config_cursor.config_key_of(cursor.members)
    if found is None:
        return
    listed = _VALUES.get(found.name)
    if listed is not None:
        yield from listed(context)
        return
    shape = config_cursor.value_shape(found.key.shape, in_list=cursor.item is not None)
    paths = [path for path in _paths(context, found.name) if path not in _siblings(cursor)]
    for path in paths:
        text = quote(path) if isinstance(shape, Text) else f"[{quote(path)}]"
        yield CompletionItem(label=path, text=text, kind="value", documentation=found.key.doc)
    if paths:
        return
    if isinstance(shape, Text) and shape.choices:
        for choice in shape.choices:
            yield CompletionItem(label=choice, text=quote(choice), kind="value", documentation=found.key.doc)
    elif isinstance(shape, Boolean):
        for text in ("true", "false"):
            yield CompletionItem(label=text, text=text, kind="value", documentation=found.key.doc)
    elif found.name in _EXAMPLES and not isinstance(shape, ObjectOf | Keys):
        example = _EXAMPLES[found.name]
        if cursor.item is not None:
            example = example.strip("[]")
        yield CompletionItem(
            label=example.strip('"'),
            text=example,
            snippet=None if "[" in example else placeholder(1, example),
            kind="value",
            detail="an example",
            documentation=found.key.doc,
        )


def _keys_of(cursor: Cursor) -> tuple[Mapping[str, Key], str]:
    """Return the keys that an object may have, and the prefix of their dotted names."""
    if not cursor.members:
        return KEYS, ""
    found = config_cursor.config_key_of(cursor.members)
    if found is None or len(cursor.members) > found.name.count(".") + 1:
        return {}, ""
    shape = found.key.shape
    if isinstance(shape, Keys):
        return shape.keys, f"{found.name}."
    if isinstance(shape, ByMode):
        return {
            mode: Key(shape.value, f"In {mode.upper()} mode.") for mode in ("cpu", "gpu")
        }, f"{found.name}."
    return {}, ""


def _paths(context: DocumentContext, name: str) -> Iterator[str]:
    """Yield the project's paths that suit a key, such as scripts or folders."""
    spelled = _PATHS.get(name)
    if spelled is not None:
        yield from dict.fromkeys(path for one in context.paths() if (path := spelled(one)) is not None)


def _as_script(path: str) -> str | None:
    name = path.rpartition("/")[2]
    foreign = name in ("__init__.py", "setup.py", "conftest.py") or name.startswith("test_")
    return path if name.endswith(".py") and not foreign else None


def _as_module(path: str) -> str | None:
    """Return the module name of a file: with dots if Python can import it, or else its path."""
    if path.endswith(".sh"):
        return path
    if _as_script(path) is None:
        return None
    dotted = path.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
    return dotted if all(part.isidentifier() for part in dotted.split(".")) else path


def _as_dockerfile(path: str) -> str | None:
    name = path.rpartition("/")[2].lower()
    return path if name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile") else None


def _as_folder(path: str) -> str | None:
    return path.removesuffix("/") if path.endswith("/") else None


_PATHS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "script": _as_script,
    "module": _as_module,
    "dirs": _as_folder,
    "docker.dockerfile": _as_dockerfile,
}


def _siblings(cursor: Cursor) -> set[str]:
    """Return the texts that the list around the cursor has already."""
    node = cursor.container
    if node is None or node.kind is not Kind.ARRAY:
        return set()
    base = node.span.start
    return {
        item.value
        for item in node.items
        if item.kind is Kind.STRING and base + item.offset != cursor.span.start
    }


def _first_value(context: DocumentContext, name: str, shape: Shape) -> str:
    path = next(_paths(context, name), None)
    if path is not None:
        return quote(path) if isinstance(shape, Text) else f"[{quote(path)}]"
    if name in _EXAMPLES:
        return _EXAMPLES[name]
    parent = name.rpartition(".")[0]
    if parent in _EXAMPLES:  # a key for one of the two modes
        return _EXAMPLES[parent]
    if isinstance(shape, Boolean):
        return "true"
    if isinstance(shape, Keys):
        return "{}"
    return quote("") if isinstance(shape, Text) else "[]" if isinstance(shape, ListOf) else "1"


def _value_snippet(shape: Shape, value: str) -> str:
    if isinstance(shape, ByMode):
        shape = shape.value
    if isinstance(shape, Keys):
        return "{$1}"
    if isinstance(shape, Text) and shape.choices:
        return placeholder(1, value, [quote(choice) for choice in shape.choices])
    if isinstance(shape, Boolean):
        return placeholder(1, value, ("true", "false"))
    if isinstance(shape, ListOf):
        return f"[{placeholder(1, value[1:-1])}]"
    if isinstance(shape, ObjectOf):
        return value.replace("$", "\\$").replace("}", "\\}")
    return placeholder(1, value)


def _base_images(_context_of: DocumentContext) -> Iterator[CompletionItem]:
    for image, text in BASE_IMAGES.items():
        yield CompletionItem(label=image, text=quote(image), kind="value", documentation=text)


def _regions(context: DocumentContext) -> Iterator[CompletionItem]:
    yield from _region_items(config_cursor.requested_hardware(context.estimate))


@lru_cache(maxsize=32)
def _region_items(request: Request) -> tuple[CompletionItem, ...]:
    """Return the regions: those that have the rest of a request first, and the nearest first among each."""
    service = catalog().services[request.backend or DEFAULT_BACKEND]
    # A half-typed region is near no other.
    here = request.region or ""
    if here not in catalog().regions:
        here = catalog().default_region
    wanted = hardware.resolve(config_cursor.without(request, "region")).accelerator
    rows = []
    for name in regions_by_nearness(service, here):
        moved = replace(request, region=name)
        has = config_cursor.goes(moved)
        choice = hardware.resolve(moved)
        price = hardware.price(choice) if has else None
        there = str(choice.accelerator or "no GPU") if has else "not with this hardware"
        costs = phrases.each_hour(price, spot=choice.spot)
        rows.append(
            (
                not has or choice.accelerator != wanted,
                CompletionItem(
                    label=name,
                    text=quote(name),
                    kind="value",
                    detail=" · ".join(part for part in (phrases.place(name), there, costs) if part),
                    documentation=_region_text(name, request),
                ),
            )
        )
    return tuple(item for _, item in sorted(rows, key=lambda row: row[0]))


def _region_text(name: str, request: Request) -> str:
    service = catalog().services[request.backend or DEFAULT_BACKEND]
    types = [type_ for type_, regions in service.regions_of.items() if name in regions]
    return f"{phrases.place(name)}. It trains on {', '.join(types) or 'no accelerator'}."


def _machine_types(context: DocumentContext) -> Iterator[CompletionItem]:
    yield from _machine_items(
        config_cursor.without(config_cursor.requested_hardware(context.estimate), "machine_type")
    )


@lru_cache(maxsize=32)
def _machine_items(request: Request) -> tuple[CompletionItem, ...]:
    """Return the machine types that go with the rest of a request, sorted by the price of a job."""
    service = catalog().services[request.backend or DEFAULT_BACKEND]
    rows = []
    for machine in service.machines.values():
        asked = replace(request, machine_type=machine.name)
        if not config_cursor.goes(asked):
            continue
        choice = hardware.resolve(asked)
        price = hardware.price(choice)
        cost = price.effective if price is not None else None
        held = f"with {choice.accelerator}" if choice.accelerator is not None else "no GPU"
        costs = phrases.each_hour(price, spot=choice.spot) or "price not known"
        item = CompletionItem(
            label=machine.name,
            text=quote(machine.name),
            kind="value",
            detail=f"{phrases.shape(machine)} · {held} · {costs}",
            documentation=_machine_text(machine.name, choice.region),
        )
        rows.append(
            (
                (cost is None, cost.total if cost else 0.0, machine.family, machine.vcpus or 0, machine.name),
                item,
            )
        )
    return tuple(item for _, item in sorted(rows, key=lambda row: row[0]))


def _machine_text(name: str, region: str) -> str:
    machine = catalog().machines[name]
    specs = ", ".join(str(held) for held in machine.holds)
    takes = f"It takes {specs}." if specs else "It takes no accelerator."
    return f"{phrases.shape(machine)}. {takes} Prices are for {region}, fee and boot disk in them."


def _specs(kind: AcceleratorKind) -> Callable[[DocumentContext], Iterator[CompletionItem]]:
    def items(context: DocumentContext) -> Iterator[CompletionItem]:
        yield from _spec_items(
            config_cursor.without(config_cursor.requested_hardware(context.estimate), "gpu_spec", "tpu_spec"),
            kind,
        )

    return items


@lru_cache(maxsize=32)
def _spec_items(request: Request, kind: AcceleratorKind) -> tuple[CompletionItem, ...]:
    """Return the accelerators that go with the rest of a request, in the catalogue's order and by their number."""
    service = catalog().services[request.backend or DEFAULT_BACKEND]
    every: dict[Accelerator, None] = {
        held: None for _, held in service.pairs if held is not None and held.kind == kind
    }
    rows = []
    for held in every:
        asked = hardware.applied(request, {"gpu_spec" if kind == "gpu" else "tpu_spec": held})
        if not config_cursor.goes(asked):
            continue
        choice = hardware.resolve(asked)
        costs = phrases.each_hour(hardware.price(choice), spot=choice.spot) or "price not known"
        known = catalog().accelerators[held.type]
        memory = f"{known.memory_gb * held.count:g} GB · " if known.memory_gb else ""
        item = CompletionItem(
            label=str(held),
            text=quote(str(held)),
            kind="value",
            detail=f"{memory}{choice.machine_type} · {costs}",
            documentation=accelerator_text(held, choice.region),
        )
        rows.append(((bool(known.support_ended), known.last_choice, known.rank, held.count), item))
    return tuple(item for _, item in sorted(rows, key=lambda row: row[0]))


def accelerator_text(held: Accelerator, region: str) -> str:
    """Return an accelerator's memory, support and regions, as Markdown."""
    known = catalog().accelerators[held.type]
    memory = f"{known.memory_gb:g} GB each. " if known.memory_gb else ""
    others = sorted(name for name in known.quotas if name != region)
    ended = f"Out of support since {known.support_ended}. " if known.support_ended else ""
    elsewhere = f"Also in {', '.join(others)}." if others else "Nowhere else."
    return f"{held.count} {held.type}: {memory}{ended}{elsewhere}"


_VALUES: Final[Mapping[str, Callable[[DocumentContext], Iterator[Any]]]] = {
    "base_image": _base_images,
    "cloud.region": _regions,
    "cloud.machine_type": _machine_types,
    "cloud.gpu_spec": _specs("gpu"),
    "cloud.tpu_spec": _specs("tpu"),
}

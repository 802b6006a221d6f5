"""Build lsprotocol's classes at their first use: a server needs some dozens of more than 500.

Building them all takes longer than the rest of the server's start. Knows one version of lsprotocol and public names
of attrs, and no protocol. With any other version lsprotocol is imported as usual, which only takes longer.

A class that is built here is the one that its module defines, with the `__init__` and the fields of attrs. It only
has no `__slots__`: for these attrs makes another class, and annotations name the first.
"""

from __future__ import annotations

import sys
import threading
import typing
from pathlib import Path
from typing import Any, Final

import attrs

KNOWN_VERSION: Final = "2025.0.0"

_MODULE: Final = "lsprotocol.types"
_BUILDING = threading.RLock()


class UnexpectedLibrary(Exception):
    """lsprotocol or attrs isn't as this module expects it."""


def prepare() -> bool:
    """Import lsprotocol's types without building their classes; return whether that worked.

    Has no effect if they are imported already. Call it before there are threads, since attrs is changed during the
    import.
    """
    if _MODULE in sys.modules or not _is_known():
        return False
    define: Any = attrs.define
    try:
        attrs.define = _deferred  # type: ignore[assignment]  # for one module, which uses nothing else of it
        try:
            from lsprotocol import types
        finally:
            attrs.define = define
        from lsprotocol import _hooks

        _check(types, _hooks)
        # lsprotocol would resolve the types of all classes here; `_build` does it for each.
        _hooks._resolved_forward_references = True  # noqa: SLF001 - checked above
    except Exception:  # noqa: BLE001 - after any failure the plain import works
        for name in [name for name in sys.modules if name.partition(".")[0] == "lsprotocol"]:
            del sys.modules[name]
        return False
    return True


def _is_known() -> bool:
    """Return whether the version is installed that this module was written for, read off its folder's name."""
    # importlib.metadata would say the same, and take as long as a tenth of the start.
    return any((Path(entry) / f"lsprotocol-{KNOWN_VERSION}.dist-info").is_dir() for entry in sys.path)


def _check(types: Any, hooks: Any) -> None:  # noqa: ANN401 - modules
    """Build one class for trial, and look for everything that is relied upon.

    Raises:
        UnexpectedLibrary: a name is missing or behaves differently.
    """
    if hooks._resolved_forward_references is not False:  # noqa: SLF001 - looked at before it is relied upon
        raise UnexpectedLibrary
    trial = types.Position(1, character=2)
    names = [field.name for field in attrs.fields(types.Position)]
    if names != ["line", "character"] or trial != types.Position(1, 2) or "line" in vars(types.Position):
        raise UnexpectedLibrary


def _deferred(cls: Any = None, **options: object) -> Any:  # noqa: ANN401 - stands in for attrs.define
    """Return a class of lsprotocol's that is still to be built.

    Raises:
        UnexpectedLibrary: the class doesn't use the defaults of attrs.
    """
    if options or not isinstance(cls, type) or cls.__module__ != _MODULE:
        raise UnexpectedLibrary

    def __init__(self: object, *given: object, **named: object) -> None:  # noqa: N807 - it is one
        _build(cls, __init__)
        cls.__init__(self, *given, **named)  # type: ignore[misc]  # the one that attrs has put here by now

    cls.__init__ = __init__  # type: ignore[misc]
    cls.__attrs_attrs__ = _Fields(cls, __init__)  # type: ignore[attr-defined]
    return cls


class _Fields:
    """Stands where attrs looks for a class's fields, and builds the class when it looks."""

    def __init__(self, cls: type, placeholder: object) -> None:
        self._cls = cls
        self._placeholder = placeholder

    def __get__(self, _instance: object, _owner: type) -> Any:  # noqa: ANN401 - a tuple type that attrs makes
        _build(self._cls, self._placeholder)
        return vars(self._cls)["__attrs_attrs__"]


def _build(cls: type, placeholder: object) -> None:
    """Let attrs build a class, once, also if several threads need it."""
    with _BUILDING:
        if vars(cls)["__init__"] is not placeholder:
            return
        every = dict(sys.modules[_MODULE].ALL_TYPES_MAP)
        # Resolved beforehand, so that no other thread can see the fields of a class without their types.
        cls.__annotations__ = typing.get_type_hints(cls, every, {}, include_extras=True)
        # attrs keeps an existing method, unless it is marked as a placeholder.
        attrs.define(cls, slots=False, init=True)
        cls.__attrs_types_resolved__ = cls  # type: ignore[attr-defined]  # as `attrs.resolve_types` leaves it

"""The registry lists each library of the folder, once."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.libraries import registry


def test_every_library_is_listed() -> None:
    modules = [path.stem for path in Path(registry.__file__).parent.glob("[a-z]*.py")]
    found = [getattr(import_module(f"{registry.__package__}.{name}"), "LIBRARY", None) for name in modules]
    assert set(registry.LIBRARIES) == {one for one in found if isinstance(one, Library)}


def test_names_and_packages_are_different() -> None:
    for names in zip(*((one.name, one.package) for one in registry.LIBRARIES), strict=True):
        assert len(set(names)) == len(registry.LIBRARIES)


def test_a_library_knows_functions_of_its_own_package() -> None:
    for library in registry.LIBRARIES:
        assert any(name.startswith(f"{library.package}.") for name in library.functions)

"""Every public module says in ``__all__`` what others may use, and says the truth."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
import typer


def _module_names(package: str, folder: Path) -> list[str]:
    """The package and its public modules; generated ones and ``__main__`` say nothing about themselves."""
    found = pkgutil.walk_packages([str(folder)], prefix=f"{package}.", onerror=lambda _name: None)
    names = [package, *(module.name for module in found)]
    return [name for name in names if not name.startswith("warifu.api") and "._" not in name]


@pytest.fixture(scope="module")
def modules(package_roots: dict[str, Path]) -> list[ModuleType]:
    return [
        importlib.import_module(name)
        for package, folder in package_roots.items()
        for name in _module_names(package, folder)
    ]


def _public_definitions(module: ModuleType) -> set[str]:
    """Classes and functions written in this module whose names have no underscore in front."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and isinstance(value, type | FunctionType) and _is_from(module, value)
    }


def _is_from(module: ModuleType, value: Any) -> bool:
    return bool(getattr(value, "__module__", None) == module.__name__)


def _commands_of(module: ModuleType) -> set[str]:
    """Functions that are reached through a command group in ``__all__``, never by name."""
    exported = [getattr(module, name, None) for name in getattr(module, "__all__", [])]
    groups = [value for value in exported if isinstance(value, typer.Typer)]
    return {getattr(command.callback, "__name__", "") for group in groups for command in group.registered_commands}


def test_every_module_that_defines_something_public_has_an_all(modules: list[ModuleType]) -> None:
    silent = [module.__name__ for module in modules if not hasattr(module, "__all__") and _public_definitions(module)]
    assert silent == []


def test_every_name_in_all_exists(modules: list[ModuleType]) -> None:
    missing = [
        f"{module.__name__}.{name}"
        for module in modules
        for name in getattr(module, "__all__", [])
        if not hasattr(module, name)
    ]
    assert missing == []


def test_nothing_public_is_left_out_of_all(modules: list[ModuleType]) -> None:
    hidden = [
        f"{module.__name__}.{name}"
        for module in modules
        for name in sorted(_public_definitions(module) - set(getattr(module, "__all__", [])) - _commands_of(module))
    ]
    assert hidden == []


def test_no_private_or_repeated_name_is_in_all(modules: list[ModuleType]) -> None:
    for module in modules:
        names = list(getattr(module, "__all__", []))
        assert len(names) == len(set(names)), module.__name__
        assert [name for name in names if name.startswith("_") and not name.endswith("__")] == [], module.__name__

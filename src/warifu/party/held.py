"""A value that is replaced while a party runs: its keys, its version of the directory.

Decides nothing: whoever learns of a new value puts it in, and whoever uses it asks for the current one each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from warifu.exchange.directory import Directory, DirectorySource

__all__ = ["Held", "Refresh", "never_newer", "newer_than"]

Value = TypeVar("Value")

Refresh = Callable[[], Awaitable[bool]]
"""Asks the hub whether there is a newer version of the directory, and takes it; true if there was one."""


async def never_newer() -> bool:
    """A :data:`Refresh` for whoever has nobody to ask."""
    return False


class Held(Generic[Value]):
    """Holds the value in force. Asked and replaced on one event loop."""

    __slots__ = ("_value",)

    def __init__(self, value: Value) -> None:
        self._value = value

    def current(self) -> Value:
        """The value in force. The same object until it is replaced."""
        return self._value

    def hold(self, value: Value) -> None:
        """Put another value in force."""
        self._value = value


async def newer_than(used: Directory, directories: DirectorySource, refresh: Refresh) -> bool:
    """Whether another version than ``used`` is held, by now or once the newest was asked for.

    Something that does not hold by one version may hold by the next, which may have been taken while it was looked at: then
    there is nothing newer to ask for, and still it is to be looked at once more.
    """
    return directories.current() is not used or await refresh() or directories.current() is not used

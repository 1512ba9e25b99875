"""A value that is replaced while a party runs: its keys, its version of the directory.

Decides nothing: whoever learns of a new value puts it in, and whoever uses it asks for the current one each time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["Held", "Refresh", "never_newer"]

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

"""A version of the directory that comes while something is held against the one before it."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.party.held import Held, newer_than


@pytest.mark.parametrize("comes", ["before it was asked for", "when it was asked for", "while it was asked for"])
async def test_a_newer_version_counts_however_it_came(comes: str) -> None:
    older, newer = object(), object()
    held, asked = Held[Any](older), []

    async def refresh() -> bool:
        asked.append(held.current())
        held.hold(newer)
        return comes == "when it was asked for"  # in the last case another one took it

    if comes == "before it was asked for":
        held.hold(newer)
    assert await newer_than(older, held, refresh)  # type: ignore[arg-type]  # any object stands for a directory
    assert asked == ([] if comes == "before it was asked for" else [older])


async def test_where_there_is_none_nothing_is_newer() -> None:
    only = object()

    async def refresh() -> bool:
        return False

    assert not await newer_than(only, Held[Any](only), refresh)  # type: ignore[arg-type]

"""Lists that come page by page, as a caller reads them.

Decides nothing about pages: the called party does. One page is held at a time, and the next is asked for when that one
was read.

    async for record in node.exchange_records():   # one page in memory
        ...
    records = await node.exchange_records()        # all of them in a list
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import aclosing
from typing import Any, Generic, TypeVar

__all__ = ["Paged"]

Item = TypeVar("Item")


class Paged(Generic[Item]):
    """One list at another party: read it with ``async for``, or await it for everything at once.

    Whoever reads it again asks again from the beginning. Reading raises the :class:`WarifuError` of the call that failed.
    """

    def __init__(self, pages: Callable[[], AsyncGenerator[list[Item], None]]) -> None:
        self._pages = pages

    def pages(self) -> AsyncGenerator[list[Item], None]:
        """The pages, each asked for when the one before it was read."""
        return self._pages()

    async def __aiter__(self) -> AsyncIterator[Item]:
        async with aclosing(self._pages()) as pages:
            async for page in pages:
                for item in page:
                    yield item

    def __await__(self) -> Generator[Any, None, list[Item]]:
        return self._everything().__await__()

    async def _everything(self) -> list[Item]:
        return [item async for item in self]

"""Lists that grow with use, given page by page (AIP-158: ``page_size``, ``page_token``, ``next_page_token``).

Decides how large a page is, in items and in bytes, what a page token holds and which are refused, and in which turns of
the event loop a list is read. A server holds one page of a list at a time, and reads it a few rows in a turn, so that a
list of any length costs its other callers less than a millisecond at a time, and a quarter of the event loop at most.

A page token says where to go on and of which list it is. It is no secret and gives no right: whoever brings one may
read the list or not, as without it. It outlives the process that made it.

Must never know what is listed, or where rows lie: a list brings functions for both.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from google.protobuf.message import Message

from warifu.errors import Reason, WarifuError

__all__ = [
    "LARGEST_PAGE",
    "LEAST_REST_S",
    "LONGEST_TOKEN",
    "OTHERS_SHARE",
    "PAGE_BYTES",
    "PAGE_SIZE",
    "ROWS_IN_A_TURN",
    "Page",
    "PagedList",
    "Turns",
    "row_number",
]

PAGE_SIZE = 250
"""How many items a page holds when the caller does not say."""

LARGEST_PAGE = 1_000
"""How many items a page holds at most, whatever the caller says."""

PAGE_BYTES = 1024 * 1024
"""How many bytes of items a page holds at most; one item that is larger is a page of its own."""

LONGEST_TOKEN = 64
"""How many characters a page token has at most."""

ROWS_IN_A_TURN = 25
"""How many rows of a list are read before everybody else has had a turn, unless the list says that its own cost more or less.

One more is looked at to see whether the list ends.
"""

OTHERS_SHARE = 3
"""For how many times as long as a turn took everybody else has the event loop before the next."""

LEAST_REST_S = 0.001
"""And for how many seconds at least: to send a page costs as well, after it is read."""

_DIGEST_SIZE = 8
_LONGEST_NUMBER = 18  # digits; SQLite's integers have room for any of that many

Key = TypeVar("Key", int, str)
Row = TypeVar("Row")
Item = TypeVar("Item", bound=Message | bytes)
Result = TypeVar("Result")


def row_number(text: str) -> int:
    """The key of a list in the order of a number. Raises: ValueError."""
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise ValueError
    return int(text)


class Turns:
    """Whose turn it is among the lists of one server.

    No two lists are read in one turn of the event loop, and between two turns the loop belongs to everybody else for
    ``OTHERS_SHARE`` times as long as the first of them took of the processor, and for ``LEAST_REST_S``.
    """

    def __init__(
        self,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
        used: Callable[[], float] = time.thread_time,
    ) -> None:
        self._turn = asyncio.Lock()
        self._rest_until = 0.0
        self._pause = pause
        self._now = now
        self._used = used

    async def take(self, work: Callable[[], Result]) -> Result:
        """What ``work`` gives, in a turn of its own. Nobody's turn lasts while a reader of a list is awaited."""
        async with self._turn:
            await self._pause(max(0.0, self._rest_until - self._now()))
            started = self._used()
            try:
                return work()
            finally:
                rest = OTHERS_SHARE * (self._used() - started)
                self._rest_until = self._now() + max(rest, LEAST_REST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Key, Item]):
    """Some items of a list, those after the key ``after``. ``next_page_token`` is empty on the last page."""

    after: Key
    items: list[Item]
    next_page_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PagedList(Generic[Key, Row, Item]):
    """One list, in the order of a key.

    ``scope`` is what its tokens are good for: which list, whose, and what else was asked. ``rows(after, count)`` gives up
    to ``count`` rows after a key, each with its own. ``item`` makes an item of a row, or None of one that is not listed.
    """

    scope: tuple[str, ...]
    first: Key
    parse_key: Callable[[str], Key]
    rows: Callable[[Key, int], Sequence[tuple[Key, Row]]]
    item: Callable[[Row], Item | None]
    rows_in_a_turn: int = ROWS_IN_A_TURN

    async def page(self, turns: Turns, page_size: int, page_token: str) -> Page[Key, Item]:
        """The page that a request asks for. Raises: REQUEST_MALFORMED at ``page_token``; what reading raises."""
        return await self._page_after(turns, self.start(page_token), _wanted(page_size))

    async def pages(self, turns: Turns, page_size: int, page_token: str) -> AsyncGenerator[Page[Key, Item], None]:
        """Page after page to the end of the list, each read when the one before it was taken. Raises: as ``page``.

        There is always a first page; an empty list has an empty one.
        """
        page = await self.page(turns, page_size, page_token)
        yield page
        while page.next_page_token:
            page = await self.page(turns, page_size, page.next_page_token)
            yield page

    def start(self, page_token: str) -> Key:
        """The key after which a request wants items. Raises: REQUEST_MALFORMED at ``page_token``."""
        if not page_token:
            return self.first
        refused = WarifuError(Reason.REQUEST_MALFORMED, where="page_token")
        try:
            key = self.parse_key(_key_text(page_token))
        except ValueError:
            raise refused from None
        if self._token(key) != page_token:
            raise refused
        return key

    async def _page_after(self, turns: Turns, after: Key, wanted: int) -> Page[Key, Item]:
        items: list[Item] = []
        held, reached = 0, after
        while True:
            count = min(self.rows_in_a_turn, wanted - len(items))
            found, ended = await turns.take(partial(self._found, reached, count))
            for key, item in found:
                if item is not None:
                    held += _size(item)
                    if items and held > PAGE_BYTES:
                        return Page(after=after, items=items, next_page_token=self._token(reached))
                    items.append(item)
                reached = key
            if ended or len(items) == wanted:
                return Page(after=after, items=items, next_page_token="" if ended else self._token(reached))

    def _found(self, after: Key, count: int) -> tuple[list[tuple[Key, Item | None]], bool]:
        """The next ``count`` rows, each as the item it is, and whether nothing is after them."""
        rows = self.rows(after, count + 1)
        return [(key, self.item(row)) for key, row in rows[:count]], len(rows) <= count

    def _token(self, key: Key) -> str:
        text = str(key)
        digest = hashlib.sha256("\0".join((*self.scope, text)).encode()).digest()[:_DIGEST_SIZE]
        token = base64.urlsafe_b64encode(digest + text.encode()).decode().rstrip("=")
        if len(token) > LONGEST_TOKEN:
            raise ValueError
        return token


def _wanted(page_size: int) -> int:
    return min(page_size or PAGE_SIZE, LARGEST_PAGE)


def _size(item: Message | bytes) -> int:
    return len(item) if isinstance(item, bytes) else item.ByteSize()


def _key_text(page_token: str) -> str:
    """The key in a token, whose digest is not looked at here. Raises: ValueError."""
    if len(page_token) > LONGEST_TOKEN:
        raise ValueError
    try:
        held = base64.b64decode(page_token + "=" * (-len(page_token) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error
    return held[_DIGEST_SIZE:].decode()

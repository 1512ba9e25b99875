"""Asking the rows of a file through the agency's own node, until all have ended or patience has.

Decides when to ask again: what is not known after a call that broke off is asked under the same request_ids, so that nothing is
asked twice, whoever of node, hub and provider was started again meanwhile. What has ended for good is on disk before it is told.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from warifu.client import NodeClient
from warifu.errors import Reason, WarifuError
from warifu_kit.bulk.journal import Journal
from warifu_kit.bulk.layout import Row
from warifu_kit.bulk.order import TOGETHER, inquiry_of, shuffled
from warifu_kit.bulk.told import End, end_of, standing_of

__all__ = ["ask_all"]

_AWAY: Final = frozenset({Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT, Reason.NOT_CONNECTED})
_LONGEST_RUN_S = 6 * 3600.0
_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0


async def ask_all(
    node: NodeClient,
    rows: Sequence[Row],
    journal: Journal,
    *,
    patience_s: float,
    ended: Callable[[int], None] = lambda _: None,
) -> dict[int, End]:
    """What is known of each row by its line, those of the journal among them; ``ended`` hears how many more there are.

    A node that is away is waited for ``patience_s`` seconds, counted anew whenever something came.

    Raises:
        WarifuError: what the node says of the whole call; PATH_UNUSABLE when the journal cannot be written.
    """
    asking = _Asking(node, journal, ended)
    give_up, pause_s = time.monotonic() + patience_s, _PAUSE_S
    while left := [row for row in rows if row.line not in asking.ends]:
        before = len(asking.ends)
        try:
            await asking.ask(shuffled(left, random.SystemRandom()))
        except WarifuError as error:
            if len(asking.ends) > before:
                give_up, pause_s = time.monotonic() + patience_s, _PAUSE_S
            if error.reason not in _AWAY or time.monotonic() + pause_s > give_up:
                raise
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    return asking.ends


class _Asking:
    """One run. ``ends`` is what is known of rows by now, final or not."""

    def __init__(self, node: NodeClient, journal: Journal, ended: Callable[[int], None]) -> None:
        self._node = node
        self._journal = journal
        self._ended = ended
        self.ends: dict[int, End] = dict(journal.ends)

    async def ask(self, rows: Sequence[Row]) -> None:
        """Ask all rows, and note what came as it comes, message by message."""
        asked, came = iter(rows), list[tuple[Row, End]]()
        try:
            inquiries = [inquiry_of(self._journal.key, row) for row in rows]
            async for result in self._node.bulk_inquire(inquiries, timeout=_LONGEST_RUN_S):
                came.append((next(asked), end_of(result)))
                if len(came) == TOGETHER:
                    self._note(came)
                    came = []
        finally:
            self._note(came)

    def _note(self, came: Iterable[tuple[Row, End]]) -> None:
        ends = {row.line: end for row, end in came}
        self._journal.add({line: end for line, end in ends.items() if standing_of(end).is_final})
        self.ends.update(ends)
        self._ended(len(ends))

"""A line between node and hub that is cut in the middle of messages: rows of a file are answered all the same, and asked once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2

ROWS = 300


class Line:
    """A way to the hub through which so many bytes go, and then no more until another is made. ``cuts`` says after how many."""

    def __init__(self, to: str, cuts: list[int]) -> None:
        self._host, _, port = to.rpartition(":")
        self._port = int(port)
        self.cuts = cuts
        self._carrying: set[asyncio.Task[None]] = set()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, self._port)
        for way in (self._carry(reader, back, writer), self._carry(there, writer, back)):
            task = asyncio.ensure_future(way)
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter
    ) -> None:
        try:
            while word := await reader.read(4_096):
                if self.cuts and (left := self.cuts[0] - len(word)) <= 0:
                    self.cuts.pop(0)
                    writer.write(word[: len(word) // 2])  # half of a message, perhaps
                    other.transport.abort()
                    break
                if self.cuts:
                    self.cuts[0] = left
                writer.write(word)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def line_to(endpoint: str, cuts: list[int]) -> AsyncIterator[tuple[Line, str]]:
    line = Line(endpoint, cuts)
    async with await asyncio.start_server(line.meet, "127.0.0.1", 0) as server:
        yield line, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("bulk", [True, False], ids=["in bulk", "one by one"])
async def test_rows_that_were_under_way_when_the_line_was_cut_are_answered_and_asked_once(
    town: Any, bulk: bool
) -> None:
    await town.stop_node("childcare")
    direct = town.hub_endpoint
    async with line_to(direct, []) as (line, endpoint):
        town.hub_endpoint = endpoint
        await town.start_node("childcare")
        await town.nodes["childcare"].standing.tried.wait()
        client, first = town.client("childcare"), town.hub.store.leaf_count()
        line.cuts += [60_000, 200_000]
        asked = [town.inquiry(1) for _ in range(ROWS)]
        if bulk:
            results = [result async for result in client.bulk_inquire(asked)]
            assert {result.failure.reason for result in results} == {""}
        else:
            await asyncio.gather(*(client.inquire(each) for each in asked[:200]))
        assert line.cuts == [], "it was cut in the middle"
        leaves = [log_pb2.ExchangeLeaf.FromString(leaf) for leaf in town.hub.store.leaves(first, 100_000)]
        permitted = Counter(leaf.request_id for leaf in leaves if leaf.event == log_pb2.LEAF_EVENT_PERMITTED)
        assert permitted == dict.fromkeys((each.request_id for each in (asked if bulk else asked[:200])), 1)
        await town.stop_node("childcare")

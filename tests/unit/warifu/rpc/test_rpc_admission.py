"""How a server ends the connections of those who hold too much: what that costs the server, and what it costs them."""

from __future__ import annotations

import asyncio
from collections.abc import Set
from types import SimpleNamespace
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.rpc.admission import Admission, Visit
from warifu.rpc.bounds import Bounds
from warifu.rpc.connections import Connections

_MAY_HAVE = 2


class Counted(Connections):
    """Connections that are there until they are ended, and that count how often somebody looks at all descriptors."""

    def __init__(self) -> None:
        super().__init__(lambda: 1)
        self.ended: list[str] = []
        self.looks = self.closings = 0

    def look(self, now: float) -> int:
        self.looks += 1
        return 0

    def close(self, peers: Set[str]) -> int:
        self.closings += 1
        self.ended += peers
        for peer in peers:
            self._forget(peer)
        return len(peers)


class Context(SimpleNamespace):
    """What is asked of a call of gRPC's here."""

    def peer(self) -> str:
        return str(self.named)

    def add_done_callback(self, _: Any) -> None:
        """It ends with the test."""


@pytest.fixture
async def admission() -> Admission:
    quiet: Any = SimpleNamespace(warning=lambda *_, **__: None)
    made = Admission(lambda: 1, quiet, Bounds(connections=_MAY_HAVE))
    made.connections = Counted()
    return made


def call_on(admission: Admission, number: int) -> str | None:
    """Begin a call on a connection; where it was refused, if it was."""
    context: Any = Context(named=f"ipv4:127.0.0.1:{number}")
    try:
        admission.begin(context, Visit(context))
    except WarifuError as refused:
        return refused.where if refused.reason is Reason.OVERLOADED else refused.reason.value
    return None


async def test_a_connection_too_many_is_refused_and_ends_only_later(admission: Admission) -> None:
    told = [call_on(admission, number) for number in (1, 2, 3, 3)]
    assert told == [None, None, "connections", "connection"]
    assert admission.connections.ended == []  # type: ignore[attr-defined]
    await until_ended(admission, 1)
    assert admission.connections.ended == ["ipv4:127.0.0.1:3"]  # type: ignore[attr-defined]


async def test_on_a_connection_that_is_about_to_end_nothing_is_answered(admission: Admission) -> None:
    for number in (1, 2, 3):
        call_on(admission, number)
    context: Any = Context(named="ipv4:127.0.0.1:3")
    async with asyncio.TaskGroup() as waiting:
        refused = waiting.create_task(admission.refused(Visit(context)))
        await until_ended(admission, 1)
        assert not refused.done()
        refused.cancel()


async def test_a_hundred_connections_too_many_cost_a_few_looks_and_no_more_than_so_many_wait(
    admission: Admission,
) -> None:
    for number in range(100):
        call_on(admission, number)
    await until_ended(admission, 100 - 2 * _MAY_HAVE)  # those that are let go and those that wait for it
    counted: Any = admission.connections
    assert counted.closings == 1
    assert counted.looks < 10


async def until_ended(admission: Admission, number: int) -> None:
    async with asyncio.timeout(20):
        while len(admission.connections.ended) < number:  # type: ignore[attr-defined]  # noqa: ASYNC110  # sockets do not tell
            await asyncio.sleep(0.01)

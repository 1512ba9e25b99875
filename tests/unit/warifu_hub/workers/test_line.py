"""The socket of a sequencer: who may open it, and what becomes of whoever says what is no message."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.warifu_hub.sequenced import Sequenced

from warifu.errors import Reason, WarifuError
from warifu_hub.workers.framing import framed
from warifu_hub.workers.messages import Kind
from warifu_hub.workers.place import SOCKET_FILE
from warifu_hub.workers.sequenced_store import SequencedStore

GARBAGE = [
    b"\xff" * 64,
    framed([]),
    framed(["find"]),
    framed([1, "no such question"]),
    framed([1, "find", 2]),
    framed([1, "find", "not an institution", b"1"]),
    framed([1, "open", b"", b"", False]),
    framed([1, "close", b"no row", b"", None, None]),
    framed([1, "close", bytes(110), b"", None, None]),
    framed([1, "call", 0, "/x/Y", ["net", "king", "9030110020000001"], "ipv4:127.0.0.1:1", b""]),
    framed([1, "hello", "one", "127.0.0.1:1"]),
]


@pytest.fixture
async def sequenced(tmp_path: Path) -> AsyncIterator[Sequenced]:
    begun = Sequenced(tmp_path)
    await begun.begin()
    yield begun
    await begun.close()


@pytest.mark.parametrize("said", GARBAGE)
async def test_whoever_says_what_is_no_message_loses_its_line_and_nobody_else_does(
    sequenced: Sequenced, said: bytes
) -> None:
    link = await sequenced.worker()
    reader, writer = await asyncio.open_unix_connection(str(sequenced.folder / SOCKET_FILE))
    writer.write(said)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    assert await SequencedStore(link).append_leaf(b"leaf") == 0


async def test_the_socket_is_its_owners_alone(sequenced: Sequenced) -> None:
    mode = (sequenced.folder / SOCKET_FILE).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


async def test_a_folder_may_lie_deeper_than_the_address_of_a_socket_is_long(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a folder with a long name"] * 8)
    deep.mkdir(parents=True)
    sequenced = Sequenced(deep)
    await sequenced.begin()
    assert await SequencedStore(await sequenced.worker()).append_leaf(b"leaf") == 0
    await sequenced.close()


async def test_what_many_ask_in_one_turn_leaves_in_one_piece_and_shares_a_sync(sequenced: Sequenced) -> None:
    links = [await sequenced.worker() for _ in range(3)]
    lines = [link.line for link in links]
    assert all(lines)
    before = (sequenced.store.database.groups_committed, [line.pieces_sent for line in lines if line])
    stores = [SequencedStore(link) for link in links for _ in range(20)]
    await asyncio.gather(*(store.append_leaf(b"leaf") for store in stores))
    assert [line.pieces_sent for line in lines if line] == [count + 1 for count in before[1]]
    assert sequenced.store.database.groups_committed - before[0] <= 3, "one, where all three pieces came in one turn"


async def test_who_is_asked_and_does_not_answer_is_told_of_when_the_line_ends(sequenced: Sequenced) -> None:
    link = await sequenced.worker()
    line = link.line
    assert line is not None
    waiting = asyncio.create_task(SequencedStore(link).append_leaf(b"leaf"))
    await asyncio.sleep(0)
    line.close()
    with pytest.raises(WarifuError) as lost:
        await waiting
    assert (lost.value.reason, lost.value.definite) == (Reason.LOG_UNAVAILABLE, False)
    with pytest.raises(WarifuError):
        link.check()
    await link.until_there()
    link.check()
    assert link.ask(Kind.FIND, "9030110020000001", bytes(16)) is not None

"""Members are shown one checkpoint a beat, and no proof beyond it; the supervisor sees the newest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import log_origin, read_checkpoint_unverified
from warifu.tlog.continuation import Continuation
from warifu.tlog.note import Verifier
from warifu_hub.beats import BEAT_SECONDS, Beats
from warifu_hub.ledger import Ledger
from warifu_hub.store_memory import MemoryHubStore

ORIGIN = log_origin("sim-test")
KEY, LATER_KEY = SigningKey.generate(), SigningKey.generate()


class Place:
    """A hub's log, and who shows it."""

    def __init__(self, beat_s: float = BEAT_SECONDS) -> None:
        self.store = MemoryHubStore()
        self.clock = ManualClock(datetime(2026, 6, 1, 9, tzinfo=UTC))
        self.ledger = Ledger(self.store, log_key=KEY.to_bytes(), verifier=Verifier(ORIGIN, KEY.verify_key))
        self.public_size = 0
        self.beats = Beats(self.ledger, self.store, self.clock, beat_s, lambda: self.public_size)

    async def shown(self, *, newest: bool = False) -> int:
        return read_checkpoint_unverified(await self.beats.note(newest=newest)).size


async def test_within_a_beat_members_see_no_leaf_come(place: Place) -> None:
    await place.store.append_leaf(b"one")
    assert await place.shown() == 1
    for _ in range(3):
        await place.store.append_leaf(b"more")
        place.clock.advance(timedelta(seconds=1))
        assert await place.shown() == 1
    place.clock.advance(timedelta(seconds=2))
    assert await place.shown() == 4


async def test_the_supervisor_sees_the_newest_and_members_go_on_seeing_theirs(place: Place) -> None:
    assert await place.shown() == 0
    await place.store.append_leaf(b"one")
    assert await place.shown(newest=True) == 1
    assert await place.shown() == 0


async def test_nobody_is_shown_less_than_everybody_can_have_in_another_way(place: Place) -> None:
    """Whoever was told the cosigned checkpoint by another member would take the hub for one that lost exchanges."""
    await place.store.append_leaf(b"one")
    assert await place.shown() == 1
    for _ in range(2):
        await place.store.append_leaf(b"more")
    assert await place.shown(newest=True) == 3
    place.public_size = 3  # the witness cosigned it
    place.beats.check_size(3, where="tree_size")
    assert await place.shown() == 3
    await place.store.append_leaf(b"later")
    assert await place.shown() == 3, "and then the beat goes on"


async def test_no_proof_reaches_beyond_what_was_shown(place: Place) -> None:
    await place.store.append_leaf(b"one")
    await place.shown()
    await place.store.append_leaf(b"two")
    await place.ledger.publish()
    place.beats.check_size(1, where="tree_size")
    with pytest.raises(WarifuError) as refused:
        place.beats.check_size(2, where="tree_size")
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "tree_size")


async def test_all_who_ask_at_once_see_the_same(place: Place) -> None:
    await place.store.append_leaf(b"one")
    assert await asyncio.gather(*(place.shown() for _ in range(5))) == [1] * 5


async def test_another_key_or_a_log_that_goes_on_is_shown_at_once(place: Place) -> None:
    await place.store.append_leaf(b"one")
    await place.shown()
    await place.store.append_leaf(b"a version of the directory")
    place.ledger.sign_with(LATER_KEY.to_bytes(), Verifier(ORIGIN, LATER_KEY.verify_key))
    assert await place.shown() == 2
    await place.store.append_leaf(b"it goes on")
    place.ledger.continuation = Continuation(1, 2)
    assert await place.shown() == 3


async def test_without_beats_everybody_sees_the_newest() -> None:
    place = Place(0)
    for size in range(1, 4):
        await place.store.append_leaf(b"one")
        assert await place.shown() == size
        place.beats.check_size(size + 1, where="tree_size")


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize("beat_s", [-1, 31, float("nan")])
def test_a_beat_that_outlasts_the_patience_of_nodes_is_refused(beat_s: float) -> None:
    with pytest.raises(WarifuError) as refused:
        Place(beat_s)
    assert refused.value.reason is Reason.CONFIG_INVALID

"""A hub that is shown more of its log than it has takes nothing into it until it is told to go on, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.tlog.checkpoint import Checkpoint, log_origin, open_checkpoint, sign_checkpoint
from warifu.tlog.continuation import MOST_CONTINUATIONS, NEVER_CONTINUED, Continuation
from warifu.tlog.note import Verifier
from warifu_hub.ledger import Ledger
from warifu_hub.standing import Standing
from warifu_hub.standing_store import StandingStore
from warifu_hub.store import StoredExchange
from warifu_hub.store_database import DatabaseHubStore

HUB, TAX, CHILDCARE = map(InstitutionCode, ("9900000000000001", "9020110020000001", "9030110020000001"))
KEY = SigningKey.generate()
VERIFIER = Verifier(log_origin("sim-test"), KEY.verify_key)
CLOCK = ManualClock(datetime(2026, 6, 1, 9, tzinfo=UTC))


def verifier_of(key: SigningKey) -> Verifier:
    return Verifier(log_origin("sim-test"), key.verify_key)


class Hub:
    """What of a hub decides about its log, over a file."""

    def __init__(self, path: Path, *, told: bool = False, key: SigningKey = KEY) -> None:
        self.store = DatabaseHubStore(path)
        self.kept = StandingStore(self.store.database)
        former = [] if key is KEY else [VERIFIER]
        self.ledger = Ledger(self.store, log_key=key.to_bytes(), verifier=verifier_of(key), former=former)
        self.standing = Standing(hub=HUB, ledger=self.ledger, store=self.kept, clock=CLOCK, told_to_go_on=told)

    async def grow(self, *leaves: bytes) -> bytes:
        for leaf in leaves:
            await self.store.append_leaf(leaf)
        return await self.ledger.publish()

    @property
    def is_behind(self) -> bool:
        try:
            self.standing.check()
        except WarifuError as error:
            return error.reason is Reason.LOG_BEHIND and not error.definite
        return False


@pytest.fixture
def hub_in(tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """A hub whose file has the name given; the same name again is the hub started again."""
    opened: dict[str, Hub] = {}

    def begin(name: str, **how: Any) -> Hub:
        if name in opened:
            opened[name].store.close()
        opened[name] = Hub(tmp_path / name, **how)
        return opened[name]

    yield begin
    for hub in opened.values():
        hub.store.close()


async def lost(hub_in: Callable[..., Hub]) -> bytes:
    """The checkpoint of a log of five entries, of which the others kept two."""
    return await hub_in("lost").grow(b"1", b"2", b"3", b"4", b"5")


async def test_a_hub_that_has_what_it_is_shown_goes_on(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub")
    seen = await hub.grow(b"1", b"2")
    await hub.grow(b"3")
    await hub.standing.shown(seen)
    assert not hub.is_behind


@pytest.mark.parametrize("own", [(b"1", b"2"), (b"1", b"2", b"3", b"4", b"x"), (b"1", b"2", *([b"x"] * 9))])
async def test_a_hub_with_less_or_other_entries_than_it_is_shown_is_behind_also_when_started_again(
    hub_in: Callable[..., Hub], own: tuple[bytes, ...]
) -> None:
    hub = hub_in("hub")
    await hub.grow(*own)
    await hub.standing.shown(await lost(hub_in))
    assert hub.is_behind
    again = hub_in("hub")
    await again.standing.begin()
    assert again.is_behind


async def test_what_the_hub_did_not_sign_is_refused_and_changes_nothing(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub")
    signed = await lost(hub_in)
    for note in (b"", b"odd", signed.replace(b"\n5\n", b"\n6\n"), signed[:-9]):
        with pytest.raises(WarifuError) as refused:
            await hub.standing.shown(note)
        assert refused.value.reason is Reason.REQUEST_MALFORMED
    assert not hub.is_behind


@pytest.mark.parametrize("when", ["at the next start", "when it is shown"])
async def test_told_once_the_hub_goes_on_for_good_and_its_log_says_so(hub_in: Callable[..., Hub], when: str) -> None:
    shown = await lost(hub_in)
    if when == "at the next start":
        hub = hub_in("hub")
        await hub.grow(b"1", b"2")
        await hub.standing.shown(shown)
        hub = hub_in("hub", told=True)
        await hub.standing.begin()
    else:
        hub = hub_in("hub", told=True)
        await hub.grow(b"1", b"2")
        await hub.standing.shown(shown)
    assert not hub.is_behind
    checkpoint = open_checkpoint(await hub.ledger.publish(), VERIFIER)
    assert Continuation.of(checkpoint) == Continuation(1, 2)
    leaf = ExchangeLeaf.FromString(hub.store.leaves(2, 1)[0])
    was = open_checkpoint(shown, VERIFIER)
    assert (leaf.event, leaf.inquirer, leaf.continuation) == (log_pb2.LEAF_EVENT_LOG_CONTINUED, HUB, 1)
    assert (leaf.lost_size, leaf.lost_root_hash) == (5, was.root_hash)

    again = hub_in("hub")
    await again.standing.begin()
    await again.standing.shown(shown)
    await again.standing.shown(await hub_in("lost").grow(b"6"))
    assert not again.is_behind, "whatever was seen before the break is known to be lost"
    assert Continuation.of(open_checkpoint(await again.ledger.publish(), VERIFIER)) == Continuation(1, 2)


async def test_being_told_is_good_for_one_break(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub", told=True)
    await hub.grow(b"1", b"2")
    await hub.standing.shown(await lost(hub_in))
    seen_after = await hub.grow(b"new")

    older = hub_in("older")
    await older.grow(b"1")
    await older.standing.shown(seen_after)
    assert older.is_behind
    older = hub_in("older", told=True)
    await older.standing.begin()
    assert older.kept.continuation() == Continuation(2, 1), "one more than anybody has seen"

    hub = hub_in("hub")
    fork = hub_in("fork", told=True)
    await fork.grow(b"1")
    await fork.standing.shown(await lost(hub_in))
    await fork.standing.shown(seen_after)
    assert fork.is_behind


def foreign(size: int, *lines: str, key: SigningKey = KEY) -> bytes:
    """A checkpoint of no log that there ever was, as whoever has the key can sign it."""
    root_hash = size.to_bytes(32, "big")
    return sign_checkpoint(
        Checkpoint(origin=VERIFIER.name, size=size, root_hash=root_hash, extensions=lines), key.to_bytes()
    )


@pytest.mark.parametrize("number", [101, MOST_CONTINUATIONS - 1, MOST_CONTINUATIONS, MOST_CONTINUATIONS + 1, 10**30])
@pytest.mark.parametrize("told", [False, True])
async def test_a_break_further_than_this_log_could_have_come_is_refused_and_hides_no_other(
    hub_in: Callable[..., Hub], told: bool, number: int
) -> None:
    hub = hub_in("hub", told=told)
    await hub.grow(b"1", b"2")
    with pytest.raises(WarifuError) as refused:
        await hub.standing.shown(foreign(9, f"continued {number} at 5"))
    assert refused.value.reason is Reason.REQUEST_MALFORMED
    assert hub.ledger.continuation == NEVER_CONTINUED
    again = hub_in("hub")
    await again.standing.begin()
    assert not again.is_behind
    await again.standing.shown(await lost(hub_in))
    assert again.is_behind


async def test_a_log_may_have_been_restored_some_times_since(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub", told=True)
    await hub.grow(b"1", b"2")
    await hub.standing.shown(foreign(9, "continued 100 at 5"))
    assert hub.kept.continuation() == Continuation(101, 2)
    assert Continuation.of(open_checkpoint(await hub.ledger.publish(), VERIFIER)) == Continuation(101, 2)


async def test_a_continuation_that_no_checkpoint_could_say_is_not_written(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub")
    await hub.grow(b"1", b"2")
    with pytest.raises(WarifuError) as refused:
        await hub.kept.continue_log(MOST_CONTINUATIONS + 1, b"went on")
    assert refused.value.reason is Reason.LOG_INVALID
    assert (hub.store.leaf_count(), hub.kept.continuation()) == (2, NEVER_CONTINUED)


LATER_KEY = SigningKey.generate()


async def replace_key(hub: Hub) -> None:
    """The version of the directory that names another log key comes into the log."""
    for version, header in enumerate(
        (
            DirectoryHeader(log_verifier_key=VERIFIER.vkey),
            DirectoryHeader(log_verifier_key=verifier_of(LATER_KEY).vkey, former_log_verifier_keys=[VERIFIER.vkey]),
        ),
        start=1,
    ):
        await hub.store.put_directory_header(version, header.SerializeToString(), b"version %d" % version)


async def test_whoever_has_a_key_that_was_replaced_stops_no_log_with_it(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub")
    before = await hub.grow(b"1")
    await replace_key(hub)
    hub = hub_in("hub", key=LATER_KEY)
    await hub.grow(b"2")
    for note in (foreign(10**9), foreign(1), foreign(3), foreign(4, "continued 7 at 0"), before):
        await hub.standing.shown(note)
        assert not hub.is_behind
    again = hub_in("hub", key=LATER_KEY)
    await again.standing.begin()
    assert not again.is_behind
    await again.standing.shown(foreign(9, key=LATER_KEY))
    assert again.is_behind, "the key in force is believed"


async def test_until_the_log_has_the_version_that_replaces_a_key_that_key_counts(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub", key=LATER_KEY)  # its folder has the version, its log has not
    first = DirectoryHeader(log_verifier_key=VERIFIER.vkey)
    await hub.store.put_directory_header(1, first.SerializeToString(), b"version 1")
    await hub.standing.shown(await lost(hub_in))
    assert hub.is_behind


async def test_a_hub_that_is_told_goes_on_from_a_checkpoint_of_a_replaced_key_too(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub")
    await hub.grow(b"1")
    await replace_key(hub)
    hub = hub_in("hub", key=LATER_KEY, told=True)
    await hub.standing.shown(await lost(hub_in))
    checkpoint = open_checkpoint(await hub.ledger.publish(), verifier_of(LATER_KEY))
    assert Continuation.of(checkpoint) == Continuation(1, 3)


def exchange(number: int) -> StoredExchange:
    return StoredExchange(
        inquirer=CHILDCARE,
        request_id=number.to_bytes(16, "big"),
        inquiry_digest=bytes(32),
        processing_number=f"20260601{number:012d}",
        permission_row="R01",
        permit_ms=number,
    )


async def test_the_hub_knows_the_newest_exchanges_of_each_side_and_no_more(hub_in: Callable[..., Hub]) -> None:
    hub = hub_in("hub")
    for number in range(200):
        await hub.store.open_exchange(exchange(number), b"permitted")
        found = hub.store.find_exchange(CHILDCARE, exchange(number).request_id)
        assert found is not None
        await hub.store.close_exchange(found, b"closing", answered_by=TAX if number < 150 else None)
    asked = {known.request_id for known in hub.kept.known_exchanges(CHILDCARE)}
    provided = {known.request_id for known in hub.kept.known_exchanges(TAX)}
    assert exchange(199).request_id in asked
    assert exchange(149).request_id in provided
    assert exchange(150).request_id not in provided, "the provider said nothing there"
    assert max(len(asked), len(provided)) <= 32
    assert {known.provided for known in hub.kept.known_exchanges(TAX)} == {True}
    assert {known.provided for known in hub.kept.known_exchanges(CHILDCARE)} == {False}

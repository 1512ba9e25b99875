"""What a node makes of what others tell it of the hub: one log or two, one directory or two, and never too much of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.record.v1 import sealed_pb2
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.gossip import write_gossip
from warifu.exchange.log_views import LogViews
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.held import Held
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu.tlog.note import Verifier
from warifu.tlog.views import Relation, relation
from warifu_services.node.gossip import GossipBox
from warifu_services.node.standing import Standing
from warifu_services.node.standing_store import StandingStore
from warifu_services.node.store_sqlite import SqliteNodeStore
from warifu_services.node.views import SHOWN_WITHIN, Views

KEY = SigningKey.generate()
ORIGIN = log_origin("sim-test")
TAX, INSURANCE = InstitutionCode("9020110020000001"), InstitutionCode("9040000000000001")


def tree(fork: bytes = b"") -> MerkleTree:
    """A log of 32 leaves; one with a ``fork`` is another from its fourth leaf on."""
    return MerkleTree([leaf_hash(b"%d" % place + (fork if place > 2 else b"")) for place in range(32)])


TRUE, FORKED = tree(), tree(b"other")


def note(
    log: MerkleTree, size: int, continuation: Continuation = NEVER_CONTINUED, key: SigningKey = KEY, *lines: str
) -> bytes:
    extensions = (*continuation.lines, *lines)
    checkpoint = Checkpoint(origin=ORIGIN, size=size, root_hash=log.root(size), extensions=extensions)
    return sign_checkpoint(checkpoint, key.to_bytes())


class Shown:
    """A hub's log as it is shown to this node; counts what it is asked, and can refuse."""

    def __init__(self, log: MerkleTree = TRUE, size: int = 32) -> None:
        self.log, self.size = log, size
        self.asked: list[tuple[int, int]] = []
        self.fault: Reason | None = None

    async def consistency(self, first: int, second: int) -> Sequence[bytes]:
        self.asked.append((first, second))
        if self.fault is not None or second > self.size:
            raise WarifuError(self.fault or Reason.REQUEST_MALFORMED)
        return self.log.consistency_proof(first, second)


class Kept:
    """Where evidence is kept, as a list."""

    def __init__(self) -> None:
        self.found: list[tuple[InstitutionCode, LogViews, bool]] = []
        self.is_full = False

    def keep_views(self, by: InstitutionCode, views: LogViews, *, convicts: bool) -> bool:
        if not self.is_full:
            self.found.append((by, views, convicts))
        return not self.is_full

    def views_kept(self, by: InstitutionCode) -> LogViews | None:
        return next((views for told_by, views, _ in reversed(self.found) if told_by == by), None)

    def withdraw_views(self, by: InstitutionCode) -> None:
        self.found = [each for each in self.found if each[0] != by]

    def views_standing(self) -> str | None:
        return "kept" if self.found else None


class Node:
    """One node that has seen some of the hub's log."""

    def __init__(self, store: SqliteNodeStore, directory: Directory, clock: ManualClock) -> None:
        self.clock, self.hub, self.kept = clock, Shown(), Kept()
        self.directory = Held(directory)
        self.standing = Standing(store=StandingStore(store.database), directory=self.directory, clock=clock)
        self.box = GossipBox(seen=lambda: self.standing.seen_note, directory=self.directory)
        self.views = Views(
            box=self.box, standing=self.standing, directory=self.directory, evidence=self.kept, clock=clock
        )

    async def sees(self, signed: bytes) -> None:
        async with self.standing.turn:
            await self.standing.adopt(signed)

    def gossip(self, signed: bytes | None) -> sealed_pb2.Gossip:
        return write_gossip(signed, self.directory.current().header, self.directory.current().version)

    async def hears(self, signed: bytes | None, by: InstitutionCode = TAX) -> None:
        self.box.heard(by, self.gossip(signed))
        await self.views.weigh(self.hub)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteNodeStore]:
    opened = SqliteNodeStore(tmp_path / "node.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
async def node(store: SqliteNodeStore, two: Any) -> Node:
    """A node that has seen 12 leaves of the true log."""
    header = DirectoryHeader()
    header.CopyFrom(two.pair.directory.header)
    header.version, header.previous_digest = 5, b"d" * 32
    directory = replace(
        two.pair.directory,
        log_verifier_key=Verifier(ORIGIN, KEY.verify_key).vkey,
        former_log_verifier_keys=(),
        version=5,
        header=header,
    )
    made = Node(store, directory, two.clock)
    await made.sees(note(TRUE, 12))
    return made


@pytest.mark.parametrize("size", [0, 1, 4, 11, 12])
async def test_an_older_checkpoint_of_the_same_log_changes_nothing(node: Node, size: int) -> None:
    await node.hears(note(TRUE, size))
    assert node.views.log_amiss() is None
    assert node.standing.seen_note == note(TRUE, 12)


async def test_a_newer_one_of_the_same_log_is_kept_in_its_place_and_told_on(node: Node, store: SqliteNodeStore) -> None:
    await node.hears(note(TRUE, 13))
    assert node.views.log_amiss() is None
    assert node.standing.seen_note == StandingStore(store.database).seen_checkpoint() == note(TRUE, 13)
    assert node.box.telling() == node.gossip(note(TRUE, 13))


async def test_the_same_bytes_are_looked_at_once_whoever_tells_them(node: Node) -> None:
    for by in (TAX, INSURANCE, TAX):
        await node.hears(note(TRUE, 11), by)
    assert node.hub.asked == [(11, 12)]


async def test_another_root_of_the_same_size_is_evidence_and_the_hub_is_not_even_asked(node: Node) -> None:
    await node.hears(note(FORKED, 12))
    assert node.views.log_amiss() == "kept"
    ((by, views, convicts),) = node.kept.found
    assert (by, views.shown, views.told, convicts) == (TAX, note(TRUE, 12), note(FORKED, 12), True)
    assert node.hub.asked == []
    assert node.standing.seen_note == note(TRUE, 12)


async def test_a_shorter_log_of_another_kind_is_convicted_by_the_proof_that_the_hub_gives_here(node: Node) -> None:
    await node.hears(note(FORKED, 9))
    ((_, views, convicts),) = node.kept.found
    assert convicts
    shown, told = (Checkpoint.parse(each.decode().split("\n\n")[0] + "\n") for each in (views.shown, views.told))
    assert relation(shown, told, views.proof) is Relation.TWO_LOGS


async def test_a_longer_one_is_an_alarm_at_once_and_convicted_when_the_log_here_is_longer(node: Node) -> None:
    await node.hears(note(FORKED, 14))
    assert node.views.log_amiss() == "kept"
    assert [convicts for *_, convicts in node.kept.found] == [False]
    await node.sees(note(TRUE, 15))
    await node.views.weigh(node.hub)
    assert [convicts for *_, convicts in node.kept.found] == [False, True]


async def test_a_hub_that_refuses_the_proof_has_a_minute_for_it(node: Node) -> None:
    node.hub.fault = Reason.OVERLOADED
    await node.hears(note(TRUE, 13))
    node.clock.advance(SHOWN_WITHIN - timedelta(seconds=1))
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    node.clock.advance(timedelta(seconds=1))
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() == "kept"
    ((_, views, convicts),) = node.kept.found
    assert (views.told, views.proof, convicts) == (note(TRUE, 13), (), False)


async def test_one_that_gives_it_later_is_cleared(node: Node) -> None:
    node.hub.fault = Reason.LOG_UNAVAILABLE  # its disk was full, say
    await node.hears(note(TRUE, 13))
    node.clock.advance(SHOWN_WITHIN)
    await node.hears(note(TRUE, 14))
    assert node.views.log_amiss() == "kept"
    node.hub.fault = None
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    assert node.standing.seen_note == note(TRUE, 14)


async def test_one_that_shows_the_member_the_same_log_again_is_not_cleared_of_the_other(node: Node) -> None:
    await node.hears(note(FORKED, 14))
    assert [convicts for *_, convicts in node.kept.found] == [False]
    await node.hears(note(TRUE, 15))
    assert node.standing.seen_note == note(TRUE, 15)
    assert node.views.log_amiss() == "kept"


async def test_one_that_gives_it_in_time_is_no_alarm(node: Node) -> None:
    node.hub.fault = Reason.OVERLOADED
    await node.hears(note(TRUE, 13))
    node.hub.fault = None
    node.clock.advance(timedelta(minutes=5))
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    assert node.standing.seen_note == note(TRUE, 13)


async def test_a_hub_that_is_away_is_not_accused(node: Node) -> None:
    node.hub.fault = Reason.HUB_UNREACHABLE
    await node.hears(note(TRUE, 13))
    node.clock.advance(timedelta(hours=1))
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    node.hub.fault = None
    await node.views.weigh(node.hub)
    assert node.standing.seen_note == note(TRUE, 13)


async def test_one_of_before_the_log_went_on_from_an_older_state_is_no_alarm(node: Node) -> None:
    await node.sees(note(FORKED, 12, Continuation(1, 5)))
    await node.hears(note(TRUE, 20))
    node.clock.advance(timedelta(hours=1))
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None


async def test_one_of_after_is_an_alarm_only_where_the_hub_does_not_say_so_here_within_a_minute(node: Node) -> None:
    continued = note(FORKED, 12, Continuation(1, 5))
    await node.hears(continued)
    assert node.views.log_amiss() is None
    node.clock.advance(SHOWN_WITHIN)
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() == "kept"
    assert [convicts for *_, convicts in node.kept.found] == [False]


async def test_one_of_after_is_no_alarm_where_the_hub_said_so_meanwhile(node: Node) -> None:
    await node.hears(note(FORKED, 14, Continuation(1, 5)))
    await node.sees(note(FORKED, 15, Continuation(1, 5)))
    node.hub.log = FORKED
    node.clock.advance(SHOWN_WITHIN)
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None


async def test_what_the_log_did_not_sign_is_passed_over_and_said_once(
    node: Node, capsys: pytest.CaptureFixture[str]
) -> None:
    for size in (9, 14):
        told = node.gossip(note(FORKED, size))
        told.log_signature = bytes(63) + b"\x01"
        node.box.heard(TAX, told)
        await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    assert node.hub.asked == []
    assert node.standing.seen_note == note(TRUE, 12)


async def test_what_another_key_signed_is_passed_over(node: Node) -> None:
    await node.hears(note(FORKED, 12, NEVER_CONTINUED, SigningKey.generate()))
    assert node.views.log_amiss() is None
    assert node.hub.asked == []


@pytest.mark.parametrize(
    "gossip",
    [
        sealed_pb2.Gossip(),
        sealed_pb2.Gossip(root_hash=bytes(31)),
        sealed_pb2.Gossip(size=2**64 - 1, root_hash=bytes(32), key_id=bytes(4), log_signature=b"s" * 64),
    ],
)
async def test_what_makes_no_sense_is_passed_over(node: Node, gossip: sealed_pb2.Gossip) -> None:
    node.box.heard(TAX, gossip)
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    assert node.views.directory_amiss() is None


async def test_a_node_that_has_seen_nothing_yet_accuses_nobody(store: SqliteNodeStore, node: Node) -> None:
    fresh = Node(store, node.directory.current(), node.clock)
    fresh.standing._seen_note = None
    await fresh.hears(note(FORKED, 12))
    await fresh.hears(None)
    assert fresh.views.log_amiss() is None


async def test_however_much_others_tell_one_thing_each_waits(node: Node) -> None:
    for size in range(1, 12):
        node.box.heard(TAX, node.gossip(note(TRUE, size)))
        node.box.heard(INSURANCE, node.gossip(note(TRUE, size)))
    await node.views.weigh(node.hub)
    assert node.hub.asked == [(11, 12)]


async def test_the_way_of_an_exchange_verifies_nothing_and_asks_nobody(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[bytes] = []

    accepts = Verifier.accepts

    def counted(verifier: Verifier, text: bytes, signature: bytes) -> bool:
        verified.append(text)
        return accepts(verifier, text, signature)

    monkeypatch.setattr(Verifier, "accepts", counted)
    for _ in range(100):
        node.box.heard(TAX, node.gossip(note(TRUE, 11)))
        node.box.telling()
    assert not verified
    assert not node.hub.asked
    for _ in range(100):
        await node.hears(note(TRUE, 11))
    assert verified == [note(TRUE, size).partition(b"\n\n")[0] + b"\n" for size in (11, 12)]
    assert node.hub.asked == [(11, 12)]


async def test_while_the_logs_key_is_being_replaced_nothing_is_weighed_and_afterwards_it_is(node: Node) -> None:
    newer = SigningKey.generate()
    node.directory.hold(
        replace(node.directory.current(), log_verifier_key=Verifier(ORIGIN, newer.verify_key).vkey, version=6)
    )
    await node.hears(note(FORKED, 12))  # by one who is behind
    await node.hears(note(FORKED, 12, NEVER_CONTINUED, newer))  # by one who is not, before this node compared again
    assert node.views.log_amiss() is None
    await node.sees(note(TRUE, 12, NEVER_CONTINUED, newer))
    await node.hears(note(FORKED, 12, NEVER_CONTINUED, newer))
    assert node.views.log_amiss() == "kept"


async def test_a_disk_that_takes_nothing_keeps_it_waiting(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(note: bytes, broken: object = None) -> None:
        raise WarifuError(Reason.STORE_UNAVAILABLE)

    with monkeypatch.context() as disk:
        disk.setattr(node.standing._store, "put_seen", full)
        await node.hears(note(TRUE, 13))
        assert node.standing.seen_note == note(TRUE, 12)
    await node.views.weigh(node.hub)
    assert node.standing.seen_note == note(TRUE, 13)


async def test_a_hub_that_goes_on_showing_two_logs_fills_no_disk(node: Node) -> None:
    for size in (12, 9, 11, 10):
        await node.hears(note(FORKED, size))
    assert len(node.kept.found) == 1


async def test_evidence_that_cannot_be_kept_is_an_alarm_all_the_same(node: Node) -> None:
    node.kept.is_full = True
    await node.hears(note(FORKED, 12))
    assert node.views.log_amiss() == f"the hub showed {TAX} another log than this node"


class Says:
    """What another member says of its directory."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def __call__(self, version: int, digest: bytes, by: InstitutionCode = TAX) -> str | None:
        told = self.node.gossip(note(TRUE, 12))
        told.directory_version, told.directory_digest = version, digest
        self.node.box.heard(by, told)
        await self.node.views.weigh(self.node.hub)
        return self.node.views.directory_amiss()


@pytest.fixture
def says(node: Node) -> Says:
    return Says(node)


async def test_the_same_directory_is_no_alarm_nor_the_one_before_nor_one_long_before(node: Node, says: Says) -> None:
    assert await says(5, node.gossip(None).directory_digest) is None
    assert await says(4, b"d" * 32) is None
    assert await says(3, b"?" * 32) is None


@pytest.mark.parametrize("version", [4, 5])
async def test_another_directory_of_the_same_version_is_an_alarm_at_once_that_names_who_says_so(
    node: Node, says: Says, version: int
) -> None:
    told = await says(version, b"?" * 32)
    assert told == f"{TAX} goes by another version {version} of the directory than the hub shows here"
    node.clock.advance(timedelta(days=1, seconds=1))
    assert node.views.directory_amiss() is None


async def test_a_newer_directory_that_the_hub_does_not_show_here_is_an_alarm_a_minute_later(
    node: Node, says: Says
) -> None:
    assert await says(6, b"n" * 32) is None
    node.clock.advance(SHOWN_WITHIN)
    told = f"{TAX} goes by version 6 of the directory; the hub does not show it here"
    assert node.views.directory_amiss() == told
    node.directory.hold(replace(node.directory.current(), version=6))
    assert node.views.directory_amiss() is None


async def test_a_hub_that_is_away_is_not_accused_of_a_version_that_it_does_not_show(node: Node, says: Says) -> None:
    await says(6, b"n" * 32)
    node.clock.advance(SHOWN_WITHIN)
    back_ms = node.clock.unix_ms()
    assert node.views.directory_amiss(None) is None
    assert node.views.directory_amiss(back_ms) is None
    node.clock.advance(SHOWN_WITHIN)
    assert node.views.directory_amiss(back_ms)


async def test_one_that_tells_of_a_version_there_never_is_hides_nothing_of_what_others_tell(
    node: Node, says: Says
) -> None:
    await says(2**31, b"n" * 32, by=INSURANCE)
    node.clock.advance(timedelta(days=1, seconds=1))
    assert node.views.directory_amiss() is None
    await says(6, b"n" * 32)
    node.clock.advance(SHOWN_WITHIN)
    told = f"{TAX} goes by version 6 of the directory; the hub does not show it here"
    assert node.views.directory_amiss() == told

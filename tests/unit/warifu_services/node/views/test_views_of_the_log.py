"""What a node makes of what others tell it of the hub's log: one or two, and never too much of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.warifu_services.node.views.played import (
    FORKED,
    INSURANCE,
    ORIGIN,
    TAX,
    TRUE,
    Node,
    note,
)

from warifu.api.record.v1 import sealed_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.tlog.checkpoint import Checkpoint
from warifu.tlog.continuation import NEVER_CONTINUED, Continuation
from warifu.tlog.note import Verifier
from warifu.tlog.views import Relation, relation
from warifu_services.node.standing_store import StandingStore
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.views import SHOWN_WITHIN


@pytest.mark.parametrize("size", [0, 1, 4, 11, 12])
async def test_an_older_checkpoint_of_the_same_log_changes_nothing(node: Node, size: int) -> None:
    await node.hears(note(TRUE, size))
    assert node.views.log_amiss() is None
    assert node.standing.seen_note == note(TRUE, 12)


async def test_a_newer_one_of_the_same_log_is_kept_in_its_place_and_told_on(
    node: Node, store: DatabaseNodeStore
) -> None:
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


@pytest.mark.parametrize("fault", [Reason.OVERLOADED, Reason.HUB_TIMED_OUT, Reason.HUB_UNREACHABLE])
async def test_a_hub_that_is_there_and_refuses_the_proof_by_words_or_silence_has_a_minute_for_it(
    node: Node, fault: Reason
) -> None:
    node.hub.fault = fault
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
    node.hub.fault, node.contact_ms = Reason.HUB_UNREACHABLE, None
    await node.hears(note(TRUE, 13))
    node.clock.advance(timedelta(hours=1))
    await node.views.weigh(node.hub)
    assert node.views.log_amiss() is None
    node.contact_ms = node.clock.unix_ms()  # it is back, and not yet asked in time
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


async def test_a_node_that_has_seen_nothing_yet_accuses_nobody(store: DatabaseNodeStore, node: Node) -> None:
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


async def test_two_silences_of_the_hub_with_another_keys_gossip_in_between_are_not_one_of_a_minute(node: Node) -> None:
    node.hub.fault = Reason.HUB_TIMED_OUT
    await node.hears(note(TRUE, 13))
    node.hub.fault = None
    await node.hears(note(TRUE, 13, NEVER_CONTINUED, SigningKey.generate()))  # it takes the place of what was waiting
    node.clock.advance(2 * SHOWN_WITHIN)
    node.hub.fault = Reason.HUB_TIMED_OUT
    await node.hears(note(TRUE, 14))
    assert node.views.log_amiss() is None


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

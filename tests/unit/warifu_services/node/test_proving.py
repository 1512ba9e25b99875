"""A node finds out that an exchange of its own is not in the hub's log, or not as the node knows it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import check_permit
from warifu.party.alarms import AlarmKind
from warifu.tlog.checkpoint import Checkpoint, log_origin, sign_checkpoint
from warifu.tlog.merkle import MerkleTree, leaf_hash
from warifu_services.node.inclusion import is_in_log
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.provider import Provider
from warifu_services.node.proving import MISSING_AFTER, Prover
from warifu_services.node.proving_store import ProvingStore, Unproven
from warifu_services.node.standing_store import LogBreak, StandingStore
from warifu_services.node.store import ClerkDecision, PersonFlags
from warifu_services.node.store_sqlite import SqliteNodeStore

NOT_IN_LOG = AlarmKind.EXCHANGE_NOT_IN_LOG
PERMITTED, ANSWERED = log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED


class Log:
    """A hub's log, which a test writes as it likes: whoever asks gets the proofs that the hub has."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.positions: dict[bytes, list[int]] = {}
        self.asked: list[int] = []
        self.refuse: WarifuError | None = None

    def write(self, record: Any, event: log_pb2.LeafEvent, **changes: Any) -> None:
        values = {
            "event": event,
            "request_id": record.request_id,
            "inquirer": record.inquirer,
            "provider": record.provider,
            "procedure_code": record.procedure_code,
            "item_code": record.item_code,
            "inquiry_digest": record.inquiry_digest,
            "processing_number": record.processing_number,
        }
        at_ms = changes.pop("at_ms", record.requested_ms)
        if event != PERMITTED:
            values["answer_digest"] = record.answer_digest
        self.positions.setdefault(record.request_id, []).append(len(self.entries))
        leaf = ExchangeLeaf(**{**values, **changes})
        leaf.event_time.FromMilliseconds(at_ms)
        self.entries.append(leaf.SerializeToString())

    def tree(self) -> MerkleTree:
        return MerkleTree([leaf_hash(entry) for entry in self.entries])

    def note(self) -> bytes:
        tree = self.tree()
        checkpoint = Checkpoint(origin=log_origin("sim-test"), size=tree.size, root_hash=tree.root(), extensions=())
        return sign_checkpoint(checkpoint, bytes(32))

    def shown(self, request_id: bytes, size: int) -> log_pb2.ProvenExchange:
        positions = self.positions.get(request_id, [])
        wanted = [positions[0], *positions[-1:]] if len(positions) > 1 else positions
        tree = self.tree()
        return log_pb2.ProvenExchange(
            leaves=[
                log_pb2.ProvenLeaf(
                    position=position, leaf=self.entries[position], hashes=tree.inclusion_proof(position, size)
                )
                for position in wanted
                if position < size
            ]
        )

    async def prove(self, request: log_pb2.ProveExchangesRequest) -> log_pb2.ProveExchangesResponse:
        self.asked.append(len(request.exchanges))
        if self.refuse is not None:
            raise self.refuse
        shown = [self.shown(each.request_id, request.tree_size) for each in request.exchanges]
        return log_pb2.ProveExchangesResponse(exchanges=shown)


class Node:
    """One node's file, what it has seen of the log, and its prover."""

    def __init__(self, path: Path, two: Any, log: Log) -> None:
        self.file = SqliteNodeStore(path)
        self.two, self.log, self.clock = two, log, two.clock
        self.seen = StandingStore(self.file.database)
        self.store = ProvingStore(self.file.database)
        self.evidence = type(two.evidence)()
        self.begin()

    def begin(self) -> None:
        """The node, started again."""
        self.prover = Prover(store=self.store, seen=self.seen.seen_checkpoint, evidence=self.evidence, clock=self.clock)

    async def look(self, broken: LogBreak | None = None) -> None:
        """Compare, and prove."""
        await self.seen.put_seen(self.log.note(), broken)
        await self.prover.prove(self.log, self.clock.unix_ms())

    @property
    def unproven(self) -> list[Unproven]:
        both = (False, True)
        until = self.clock.unix_ms()
        return [
            each
            for missing in both
            for each in self.store.unproven(is_missing=missing, after=0, until_ms=until, count=1000)
        ]

    def records(self) -> list[Any]:
        return [record for _, record in self.file.records(0, 1000)]


class Exchanging:
    """Both sides of an exchange, each with a file, and a log between them that the test writes."""

    def __init__(self, path: Path, two: Any) -> None:
        self.two, self.log = two, Log()
        self.tax, self.childcare = (Node(path / f"{name}.sqlite3", two, self.log) for name in ("tax", "childcare"))

    async def begin(self) -> None:
        await self.tax.file.add_people([self.two.person("tax", "T-hanako", "hanako")])
        await self.childcare.file.add_people([self.two.person("childcare", "C-hanako", "hanako")])
        pair, clock = self.two.pair, self.two.clock
        self.provider = Provider(
            agency=self.two.provider._agency,
            keys=pair.keys["tax"],
            directory=pair.directory,
            store=self.tax.file,
            permissions=self.two.provider._permissions,
            clock=clock,
        )
        self.two.hub._provider = self.provider
        self.inquirer = Inquirer(
            keys=pair.keys["childcare"],
            directory=pair.directory,
            store=self.childcare.file,
            hub=self.two.hub,
            clock=clock,
        )

    async def exchange(self) -> Any:
        """One exchange, of which the log knows nothing; the inquirer's record."""
        asked = self.two.ask("hanako")
        with pytest.raises(WarifuError):  # RECORD_NOT_HELD: the answer says that there is no record
            await self.inquirer.inquire(asked, 5.0)
        return self.record(asked)

    def record(self, asked: Any) -> Any:
        kept = self.childcare.file.inquiry(asked.question.request_id)
        assert kept is not None
        return kept.record

    async def close(self) -> None:
        await self.inquirer.close()
        self.tax.file.close()
        self.childcare.file.close()


@pytest.fixture
async def both(two: Any, tmp_path: Path) -> Any:
    made = Exchanging(tmp_path, two)
    await made.begin()
    yield made
    await made.close()


def overdue(both: Exchanging) -> None:
    both.two.clock.advance(MISSING_AFTER)


async def test_what_the_log_has_is_proven_once_by_either_side_and_not_asked_for_again(both: Exchanging) -> None:
    record = await both.exchange()
    both.log.write(record, PERMITTED)
    both.log.write(record, ANSWERED)
    for node in (both.tax, both.childcare):
        assert len(node.unproven) == 1
        await node.look()
        assert node.unproven == []
        await node.look()
        assert node.prover.missing() is None
    assert both.log.asked == [1, 1]


async def test_an_exchange_that_is_left_out_is_missing_a_minute_later_and_the_permit_is_kept(both: Exchanging) -> None:
    left_out, other = await both.exchange(), await both.exchange()
    both.log.write(other, PERMITTED)
    both.log.write(other, ANSWERED)
    for node in (both.tax, both.childcare):
        await node.look()
        assert node.prover.missing() is None
        assert node.evidence.found == []
    overdue(both)
    for node in (both.tax, both.childcare):
        await node.look()
        assert node.prover.missing() == (
            f"the hub's log lacks 1 exchanges of this node, such as {left_out.processing_number}"
        )
        ((kind, kept, _),) = node.evidence.found
        assert (kind, kept.processing_number) == (NOT_IN_LOG, left_out.processing_number)
        assert kept.inquiry_digest == left_out.inquiry_digest
    permit = ProvisionPermit.FromString(both.tax.evidence.found[0][1].permit)
    check_permit(both.two.pair.directory.hub_signing_key, permit, left_out.inquiry_digest)
    assert both.childcare.evidence.found[0][1].permit == b""


async def test_it_is_missing_still_when_the_node_starts_again_and_not_any_more_when_the_hub_shows_it(
    both: Exchanging,
) -> None:
    record = await both.exchange()
    both.log.write(replace(record, request_id=bytes(16)), PERMITTED)
    overdue(both)
    await both.tax.look()
    both.tax.begin()
    assert str(both.tax.prover.missing()).startswith("the hub's log lacks 1 exchanges")
    both.log.write(record, PERMITTED)
    await both.tax.look()
    assert both.tax.prover.missing() is None
    assert both.tax.unproven == []


@pytest.mark.parametrize("name", ["inquiry_digest", "procedure_code", "item_code", "processing_number", "provider"])
async def test_a_log_that_says_something_else_of_it_does_not_have_it(both: Exchanging, name: str) -> None:
    record = await both.exchange()
    changed = bytes(32) if name == "inquiry_digest" else "9020110020000009"
    both.log.write(record, PERMITTED, **{name: changed})
    both.log.write(record, ANSWERED)
    overdue(both)
    for node in (both.tax, both.childcare):
        await node.look()
        assert node.prover.missing() is not None


async def test_a_log_that_says_another_time_than_the_permit_does_not_have_it(both: Exchanging) -> None:
    """A hub that held a permit back cannot date it later."""
    record = await both.exchange()
    both.log.write(record, PERMITTED, at_ms=record.requested_ms - 2)
    both.log.write(record, ANSWERED)
    overdue(both)
    await both.tax.look()
    assert both.tax.prover.missing() is not None


async def test_a_checkpoint_that_is_as_before_an_exchange_a_minute_later_stands_still(both: Exchanging) -> None:
    both.log.write(await both.exchange(), PERMITTED)
    await both.tax.look()
    both.two.clock.advance(timedelta(seconds=1))
    hidden = await both.exchange()
    overdue(both)
    await both.tax.look()
    assert both.tax.prover.standing_still(None) == (
        f"the hub's checkpoint is as it was before exchange {hidden.processing_number}"
    )
    assert both.tax.prover.missing() is None
    both.log.write(hidden, PERMITTED)
    await both.tax.look()
    assert both.tax.prover.standing_still(None) is None


async def test_a_log_in_which_nothing_happens_stands_still_for_a_good_reason(both: Exchanging) -> None:
    both.log.write(await both.exchange(), PERMITTED)
    await both.tax.look()
    both.two.clock.advance(timedelta(days=1))
    await both.tax.look()
    both.tax.prover.compared()
    assert both.tax.prover.standing_still(both.two.clock.unix_ms() - 10**9) is None


async def test_a_hub_that_is_there_and_shows_no_checkpoint_for_a_minute_is_noticed(both: Exchanging) -> None:
    prover, clock = both.tax.prover, both.two.clock
    since_ms = clock.unix_ms()
    clock.advance(MISSING_AFTER - timedelta(seconds=1))
    assert prover.standing_still(since_ms) is None
    clock.advance(timedelta(seconds=1))
    assert prover.standing_still(since_ms) == "the hub shows no checkpoint since 2026-06-15 03:00:00 UTC"
    assert prover.standing_still(None) is None, "it is away"
    prover.compared()
    assert prover.standing_still(since_ms) is None


async def test_an_inquirer_holds_the_log_to_the_answer_that_it_got_and_a_provider_does_not(both: Exchanging) -> None:
    """The provider's answer may not have reached the hub."""
    record = await both.exchange()
    both.log.write(record, PERMITTED)
    both.log.write(record, log_pb2.LEAF_EVENT_FAILED, answer_digest=b"", reason="PROVIDER_TIMED_OUT")
    overdue(both)
    await both.tax.look()
    await both.childcare.look()
    assert both.tax.prover.missing() is None
    assert both.childcare.prover.missing() is not None


async def test_an_answer_that_waited_for_a_clerk_is_proven_twice(both: Exchanging) -> None:
    await both.tax.file.set_flags("T-hanako", PersonFlags.AUTO_RESPONSE_DISABLED)
    asked = both.two.ask("hanako")
    await both.inquirer.inquire(asked, 5.0)
    both.log.write(both.record(asked), PERMITTED)
    both.log.write(both.record(asked), log_pb2.LEAF_EVENT_PENDING)
    await both.childcare.look()
    assert both.childcare.unproven == []
    await both.provider.decide(both.record(asked).processing_number, ClerkDecision.RELEASE)
    both.two.clock.advance(timedelta(seconds=1))
    with pytest.raises(WarifuError):
        await both.inquirer.fetch(asked.question.request_id, 5.0, 5.0)
    (unproven,) = both.childcare.unproven
    assert unproven.answer_digest == both.record(asked).answer_digest
    both.log.write(both.record(asked), ANSWERED)
    await both.childcare.look()
    assert both.childcare.unproven == []


@pytest.mark.parametrize(
    "refusal", [WarifuError(Reason.INTERNAL), WarifuError(Reason.HUB_TIMED_OUT), WarifuError(Reason.HUB_ANSWER_INVALID)]
)
async def test_a_hub_that_compares_and_proves_nothing_is_noticed(both: Exchanging, refusal: WarifuError) -> None:
    record = await both.exchange()
    both.log.write(record, PERMITTED)
    both.log.refuse = refusal
    await both.tax.look()
    assert both.tax.prover.missing() is None
    overdue(both)
    await both.exchange()
    await both.tax.look()
    assert both.tax.prover.missing() is not None
    assert len(both.log.asked) == 2, "one that refuses is not asked again before the next look"


async def test_a_hub_that_is_away_is_blamed_for_nothing(both: Exchanging) -> None:
    await both.exchange()
    both.log.write(await both.exchange(), PERMITTED)
    overdue(both)
    both.log.refuse = WarifuError(Reason.HUB_UNREACHABLE)
    with pytest.raises(WarifuError):
        await both.tax.look()
    assert both.tax.prover.missing() is None


async def test_what_the_log_says_that_it_lost_is_nobodys_fault(both: Exchanging) -> None:
    await both.exchange()
    both.log.write(replace(await both.exchange(), request_id=bytes(16)), PERMITTED)
    overdue(both)
    await both.tax.look(LogBreak(1, b"seen", b"continued"))
    assert both.tax.prover.missing() is None
    assert both.tax.unproven == []
    assert both.tax.evidence.found == []


async def test_a_node_that_is_told_to_go_on_goes_on_without_what_is_missing(both: Exchanging) -> None:
    await both.exchange()
    both.log.write(replace(await both.exchange(), request_id=bytes(16)), PERMITTED)
    overdue(both)
    await both.tax.look()
    assert both.tax.prover.missing() is not None
    both.tax.store.excuse_now()
    both.tax.begin()
    await both.tax.look()
    assert both.tax.prover.missing() is None
    assert both.tax.unproven == []


async def test_many_are_asked_for_in_batches_and_what_came_since_the_comparison_is_not(both: Exchanging) -> None:
    for _ in range(230):
        both.log.write(await both.exchange(), PERMITTED)
    both.two.clock.advance(timedelta(milliseconds=1))
    await both.tax.seen.put_seen(both.log.note())
    began_ms = both.two.clock.unix_ms()
    both.two.clock.advance(timedelta(milliseconds=1))
    await both.exchange()
    await both.tax.prover.prove(both.log, began_ms)
    assert both.log.asked == [100, 100, 30]
    assert len(both.tax.unproven) == 1


Spoil = Callable[[log_pb2.ProvenExchange], Any]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told.leaves.pop(),
        lambda told: told.leaves.pop(0),
        lambda told: told.leaves.reverse(),
        lambda told: told.leaves[0].hashes.pop(),
        lambda told: setattr(told.leaves[0], "position", 1),
        lambda told: setattr(told.leaves[0], "position", 2**63),
        lambda told: setattr(told.leaves[0], "leaf", b"\xff"),
        lambda told: setattr(told.leaves[1], "leaf", told.leaves[0].leaf),
        lambda told: told.leaves[0].hashes.__setitem__(0, b"short"),
        lambda told: told.leaves.add(leaf=b""),
    ],
    ids=range(10),
)
async def test_a_proof_that_does_not_hold_proves_nothing(both: Exchanging, spoil: Spoil) -> None:
    record = await both.exchange()
    for _ in range(3):
        both.log.write(await both.exchange(), PERMITTED)
    both.log.write(record, PERMITTED)
    both.log.write(record, ANSWERED)
    tree = both.log.tree()
    checkpoint = Checkpoint(origin=log_origin("sim-test"), size=tree.size, root_hash=tree.root(), extensions=())
    unproven = next(each for each in both.childcare.unproven if each.request_id == record.request_id)
    told = both.log.shown(record.request_id, tree.size)
    assert is_in_log(unproven, told, checkpoint)
    assert not is_in_log(unproven, told, replace(checkpoint, root_hash=secrets.token_bytes(32)))
    spoil(told)
    assert not is_in_log(unproven, told, checkpoint)

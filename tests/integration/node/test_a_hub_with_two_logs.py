"""A hub that shows two members two logs is found by the gossip of one exchange, and convicted by what it signed.

The hub is the real one, with a second ledger over the same leaves but one: to childcare it shows that log, with checkpoints
that its own key signs and every proof in it, and to everybody else the true one. Nobody can see it from one side.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.client import LogClient
from warifu.clock import ManualClock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.party.alarms import AlarmKind
from warifu.party.witness_file import read_witnesses
from warifu.rpc.identity import caller
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu.tlog.tiled_tree import HashTile
from warifu.tlog.tiles import write_copy
from warifu_hub.app import parts
from warifu_hub.beats import Beats
from warifu_hub.ledger import Ledger
from warifu_hub.servicers.log import LogServicer
from warifu_hub.standing import Standing as HubStanding
from warifu_hub.store_memory import MemoryHubStore
from warifu_kit.cli import app
from warifu_kit.network.rotation import rotate_log_key
from warifu_services.node.comparison import compare_once
from warifu_services.node.proving import MISSING_AFTER
from warifu_services.node.views import SHOWN_WITHIN
from warifu_services.witness.app import cosign_once

DIFFER = AlarmKind.LOG_VIEWS_DIFFER


class ForkedStore:
    """The hub's leaves, but that one of them says it was written at another time; with a tree and checkpoint of its own."""

    def __init__(self, store: Any, position: int) -> None:
        self._store, self._position = store, position
        self._published = MemoryHubStore()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def leaves(self, first: int, count: int) -> list[bytes]:
        found = list(self._store.leaves(first, count))
        place = self._position - first
        if 0 <= place < len(found):
            leaf = ExchangeLeaf.FromString(found[place])
            leaf.event_time.seconds += 3600
            found[place] = leaf.SerializeToString()
        return found

    def published_checkpoint(self) -> bytes | None:
        return self._published.published_checkpoint()

    async def publish_checkpoint(self, note: bytes, tiles: Sequence[HashTile] = ()) -> None:
        await self._published.publish_checkpoint(note, tiles)

    def tile(self, level: int, number: int) -> bytes | None:
        return self._published.tile(level, number)

    def tiled_size(self) -> int:
        return self._published.tiled_size()


class Unconcerned(HubStanding):
    """Stands for a hub's standing: whatever is shown of the other log, the true one is not to hear of it."""

    def __init__(self) -> None:
        """Nothing to stand for."""

    async def shown(self, note: bytes) -> None:
        pass


class TwoFaced:
    """What the hub's log service does: who is shown the other log, from which leaf on, and whether proofs are refused."""

    def __init__(self) -> None:
        self.to = ""
        self.forked_at: int | None = None
        self.refuses = False
        self.key: Any = None  # with which the other log goes on though it was replaced
        self.asked: list[tuple[int, int]] = []

    @property
    def log(self) -> type[LogServicer]:
        acts = self

        class TwoLogs(LogServicer):
            def __init__(self, *parts: Any) -> None:
                super().__init__(*parts)
                self._parts = parts
                self._true = LogServicer(*self._parts)
                self._other: LogServicer | None = None

            def _for(self, context: Any) -> LogServicer:
                if acts.forked_at is None or caller(context).institution != acts.to:
                    return self._true
                if self._other is None:
                    ledger, _, store, turns, _, known, cosigning = self._parts
                    forked = ForkedStore(store, acts.forked_at)
                    key, verifier = acts.key or (ledger._key, ledger._verifier)
                    other = Ledger(forked, log_key=key, verifier=verifier)
                    beats = Beats(other, forked, SystemClock(), beat_s=0)
                    self._other = LogServicer(other, beats, forked, turns, Unconcerned(), known, cosigning)
                return self._other

            async def GetCheckpoint(self, request: Any, context: Any) -> Any:
                asked = self._true if acts.key else self._for(context)  # versions are taken only with the key they name
                return await asked.GetCheckpoint(request, context)

            async def GetConsistencyProof(self, request: Any, context: Any) -> Any:
                acts.asked.append((request.first_size, request.second_size))
                if acts.refuses:
                    raise WarifuError(Reason.LOG_UNAVAILABLE)
                return await self._for(context).GetConsistencyProof(request, context)

            async def CompareLog(self, request: Any, context: Any) -> Any:
                return await self._for(context).CompareLog(request, context)

            async def ProveExchanges(self, request: Any, context: Any) -> Any:
                return await self._for(context).ProveExchanges(request, context)

        return TwoLogs


class Split:
    """A town at such a hub; the nodes' clock is the test's."""

    def __init__(self, town: Any, acts: TwoFaced, clock: ManualClock) -> None:
        self.town, self.acts, self.clock = town, acts, clock

    async def begin(self) -> None:
        """From here on childcare is shown another log; the first leaf that differs is about somebody else."""
        self.acts.forked_at = self.town.hub.store.leaf_count()
        await self.town.acquire("tax", await self.town.my_numbers(1))

    async def exchange(self) -> None:
        assert (await self.town.client("childcare").inquire(self.town.inquiry(0))).record

    async def compare(self, *parties: str) -> None:
        for party in parties or self.town.nodes:
            node = self.town.nodes[party]
            await compare_once(node.hub_log, node.standing, node.prover)

    async def weigh(self) -> None:
        for node in self.town.nodes.values():
            await node.views.weigh(node.hub_log)

    def size(self, party: str) -> int:
        return read_checkpoint_unverified(self.town.nodes[party].standing.seen_note).size

    def alarms(self, party: str) -> dict[AlarmKind, str]:
        lookout = self.town.nodes[party].lookout
        lookout.look()
        return {alarm.kind: alarm.where for alarm in lookout.alarms.standing()}

    def evidence(self, party: str, about: str) -> Path:
        return Path(self.town.path / party / "evidence" / f"log-views-{self.town.code(about)}.json")

    def judged(self, file: Path, *more: str) -> tuple[int, dict[str, Any]]:
        root = str(self.town.path / "residence" / "root.pem")
        result = CliRunner().invoke(app, ["audit", "evidence", str(file), "--root", root, "--json", *more])
        return result.exit_code, json.loads(result.stdout)


@pytest.fixture
async def split(empty_town: Any, monkeypatch: pytest.MonkeyPatch) -> Split:
    acts, clock = TwoFaced(), ManualClock(SystemClock().now())
    monkeypatch.setattr(parts, "LogServicer", acts.log)
    empty_town.show_every_leaf()
    await empty_town.start()
    acts.to = empty_town.code("childcare")
    numbers = await empty_town.my_numbers(1)
    for party in ("childcare", "tax"):
        await empty_town.start_node(party, clock=clock)
        await empty_town.acquire(party, numbers)
    await empty_town.client("tax").register_replicas([empty_town.tax_replica(0)])
    made = Split(empty_town, acts, clock)
    await made.compare()
    return made


async def test_two_logs_are_found_by_one_exchange_on_both_sides_and_convict_the_hub(split: Split) -> None:
    await split.begin()
    await split.compare()
    assert split.alarms("tax") == split.alarms("childcare") == {}
    await split.exchange()
    await split.town.until(lambda: DIFFER in split.alarms("tax") and DIFFER in split.alarms("childcare"))
    told = "evidence: the hub showed 1 others another log than this node"
    assert split.alarms("tax") == split.alarms("childcare") == {DIFFER: told}
    for party, about in (("tax", "childcare"), ("childcare", "tax")):
        assert split.judged(split.evidence(party, about)) == (0, {"convicts": True, "relation": "TWO_LOGS"})


async def test_logs_of_different_lengths_convict_it_by_the_proof_that_it_gives(split: Split) -> None:
    await split.begin()
    await split.compare("childcare")  # childcare's log is the shorter one
    await split.town.acquire("tax", await split.town.my_numbers(2))
    await split.compare("tax")
    assert split.size("childcare") < split.size("tax")
    await split.exchange()
    await split.town.until(lambda: split.evidence("tax", "childcare").exists())
    shorter = split.size("childcare")
    assert shorter & (shorter - 1), "of a power of two no proof tells the root"
    assert split.judged(split.evidence("tax", "childcare")) == (0, {"convicts": True, "relation": "TWO_LOGS"})


async def test_one_that_refuses_the_proof_is_found_a_minute_later_and_its_own_log_convicts_it(
    split: Split, tmp_path: Path
) -> None:
    await split.begin()
    await split.compare("childcare")
    await split.town.acquire("tax", await split.town.my_numbers(2))
    await split.compare("tax")
    split.acts.refuses = True
    await split.exchange()
    await split.town.until(lambda: split.acts.asked)
    assert DIFFER not in split.alarms("tax")
    split.clock.advance(SHOWN_WITHIN)
    await split.town.until(lambda: DIFFER in split.alarms("tax"))
    file = split.evidence("tax", "childcare")
    assert split.judged(file) == (1, {"convicts": False, "relation": "NOT_SHOWN"})
    ledger = split.town.hub.ledger
    note = await ledger.publish()
    size = read_checkpoint_unverified(note).size
    write_copy(tmp_path / "copy", list(split.town.hub.store.leaves(0, size)), note)
    copied = ("--copy", str(tmp_path / "copy"))
    assert split.judged(file, *copied) == (0, {"convicts": True, "relation": "TWO_LOGS"})


async def test_a_hub_that_shows_one_member_another_log_under_a_replaced_key_is_believed_there_for_a_minute_only(
    split: Split,
) -> None:
    ledger = split.town.hub.ledger
    split.acts.key = ledger._key, ledger._verifier
    await split.begin()
    await split.compare("childcare")
    rotate_log_key(split.town.path)
    await split.town.hub.versions.take()
    keys = split.town.hub.versions.keys.current()
    ledger.sign_with(keys.log_key, keys.verifier)  # as a running hub does
    await split.town.until(lambda: all(node.provider._directory.version == 2 for node in split.town.nodes.values()))
    await split.compare()
    await split.exchange()
    await split.weigh()
    assert split.alarms("tax") == split.alarms("childcare") == {}, "nobody weighs what a replaced key signed"
    split.clock.advance(MISSING_AFTER)
    with pytest.raises(WarifuError, match="HUB_ANSWER_INVALID"):
        await split.compare("childcare")
    await split.compare("tax")
    assert AlarmKind.CHECKPOINT_STANDS_STILL in split.alarms("childcare")
    assert AlarmKind.CHECKPOINT_STANDS_STILL not in split.alarms("tax")


async def test_an_honest_hub_that_one_node_is_ahead_of_the_other_with_is_no_alarm_and_both_keep_the_newest(
    split: Split,
) -> None:
    await split.town.acquire("tax", await split.town.my_numbers(2))
    await split.compare("tax")
    assert split.size("childcare") < split.size("tax")
    ahead = split.size("tax")
    await split.exchange()
    await split.town.until(lambda: split.size("childcare") >= ahead)
    assert split.acts.asked
    await split.weigh()
    assert split.alarms("tax") == split.alarms("childcare") == {}
    await split.compare()
    assert split.alarms("tax") == split.alarms("childcare") == {}


async def test_an_old_checkpoint_shown_again_is_no_evidence_and_what_is_newer_stays(split: Split) -> None:
    old = split.town.nodes["childcare"].views._box.telling()
    await split.town.acquire("tax", await split.town.my_numbers(2))
    await split.compare()
    newest = split.size("tax")
    split.town.nodes["tax"].views._box.heard(split.town.code("childcare"), old)
    await split.weigh()
    assert split.size("tax") == newest
    assert split.alarms("tax") == {}


async def test_a_witness_cosigns_neither_another_log_nor_an_older_one_and_keeps_what_convicts_the_hub(
    split: Split,
) -> None:
    town, folder = split.town, split.town.path / "supervisor"
    await town.acquire("tax", await town.my_numbers(1))
    first = await cosign_once(folder, hub=town.hub_endpoint)
    assert first.size & (first.size - 1), "of a power of two no proof tells the root"
    split.acts.to = town.code("supervisor")
    split.acts.forked_at = first.size - 1
    await town.acquire("tax", await town.my_numbers(1))
    with pytest.raises(WarifuError) as refused:
        await cosign_once(folder, hub=town.hub_endpoint)
    where = f"log of {first.size + 1} entries, {first.size} cosigned before"
    assert (refused.value.reason, refused.value.where) == (Reason.LOG_BEHIND, where)
    judged = split.judged(folder / "evidence" / "log-views-witness.json")
    assert judged == (0, {"convicts": True, "relation": "TWO_LOGS"})


async def test_what_a_witness_cosigned_anybody_can_demand_and_a_witness_nobody_knows_is_not_believed(
    split: Split,
) -> None:
    town = split.town
    known = read_witnesses(town.path)
    assert known == read_witnesses(town.path / "hub")
    async with LogClient(town.connection("hub", "residence")) as log:
        with pytest.raises(WarifuError) as refused:
            await log.cosigned_checkpoint(known)
        assert refused.value.where == "checkpoint: 0 of 1 cosignatures wanted"
        cosigned = await cosign_once(town.path / "supervisor", hub=town.hub_endpoint)
        note = await log.cosigned_checkpoint(known)
        assert read_checkpoint_unverified(note).size == cosigned.size
        with pytest.raises(WarifuError) as refused:
            await log.cosigned_checkpoint(known, 2)
        assert refused.value.where == "checkpoint: 1 of 2 cosignatures wanted"
    (town.path / "supervisor" / "witness.key").write_text(SigningKey.generate().to_bytes().hex())
    with pytest.raises(WarifuError) as refused:
        await cosign_once(town.path / "supervisor", hub=town.hub_endpoint)
    assert refused.value.reason is Reason.REQUEST_MALFORMED


async def test_the_alarm_stands_after_a_restart_as_long_as_the_evidence_lies_there(split: Split) -> None:
    await split.begin()
    await split.compare()
    await split.exchange()
    await split.town.until(lambda: DIFFER in split.alarms("tax"))
    await split.town.stop_node("tax")
    await split.town.start_node("tax", clock=split.clock)
    assert DIFFER in split.alarms("tax")
    split.evidence("tax", "childcare").rename(split.town.path / "taken-away.json")
    assert DIFFER not in split.alarms("tax")

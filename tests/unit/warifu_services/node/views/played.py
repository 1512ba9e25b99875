"""A node that has seen some of the true log, the hub as it shows itself to it, and where evidence goes: as values."""

from __future__ import annotations

from collections.abc import Sequence

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
from warifu_services.node.gossip import GossipBox
from warifu_services.node.standing import Standing
from warifu_services.node.standing_store import StandingStore
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.views import Views

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

    def __init__(self, store: DatabaseNodeStore, directory: Directory, clock: ManualClock) -> None:
        self.clock, self.hub, self.kept = clock, Shown(), Kept()
        self.directory = Held(directory)
        self.standing = Standing(store=StandingStore(store.database), directory=self.directory, clock=clock)
        self.box = GossipBox(seen=lambda: self.standing.seen_note, directory=self.directory)
        self.contact_ms: int | None = 0
        self.views = Views(
            box=self.box,
            standing=self.standing,
            directory=self.directory,
            evidence=self.kept,
            clock=clock,
            in_contact_since=lambda: self.contact_ms,
        )

    async def sees(self, signed: bytes) -> None:
        async with self.standing.turn:
            await self.standing.adopt(signed)

    def gossip(self, signed: bytes | None) -> sealed_pb2.Gossip:
        return write_gossip(signed, self.directory.current().header, self.directory.current().version)

    async def hears(self, signed: bytes | None, by: InstitutionCode = TAX) -> None:
        self.box.heard(by, self.gossip(signed))
        await self.views.weigh(self.hub)

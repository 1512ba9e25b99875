"""The parts of a hub, each made once, when another first needs it: those that keep, and those that mediate.

A hub that is one process has both; of several, the sequencer keeps and every worker mediates. Nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial

from warifu.api.party.v1.party_service_pb2 import CheckpointStatus, HoldingCounts
from warifu.exchange.directory import Directory
from warifu.party.alarms import AlarmKind
from warifu.party.groundwork import Groundwork
from warifu.party.lookout import Lookout
from warifu.party.status_servicer import About, DirectoryInForce, StatusServicer
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.permissions.watched import WatchedTable
from warifu.pki import Identity, Role
from warifu.rpc.channel import ChannelPool
from warifu.rpc.paging import Turns
from warifu.tlog.cosignature import Witness
from warifu.tlog.note import Verifier
from warifu_hub.beats import BEAT_SECONDS, Beats
from warifu_hub.cosigned_store import CosignedStore
from warifu_hub.cosigning import Cosigning
from warifu_hub.drawn_conversions import DrawnConversions
from warifu_hub.exchange import Mediator, Providers
from warifu_hub.issuing import CodeConverter
from warifu_hub.ledger import Ledger
from warifu_hub.mediated import Ended
from warifu_hub.providers import BulkProviders, GrpcProviders
from warifu_hub.room import Room
from warifu_hub.servicers.directory import DirectoryServicer
from warifu_hub.servicers.hub import HubServicer
from warifu_hub.servicers.log import LogServicer
from warifu_hub.servicers.supervision import SupervisionServicer
from warifu_hub.standing import Standing
from warifu_hub.standing_store import StandingStore
from warifu_hub.store import ExchangeStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.version_in_force import VersionInForce
from warifu_hub.versions import DirectoryVersions

__all__ = ["Keeping", "Mediating"]


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What keeps the log, the directory's versions, and what is withdrawn; and shows them."""

    ground: Groundwork
    permissions: PermissionTable
    store: DatabaseHubStore
    versions: DirectoryVersions
    witnesses: tuple[Witness, ...]
    go_on: bool
    stopping: asyncio.Event | None

    @cached_property
    def ledger(self) -> Ledger:
        """The log."""
        keys = self.versions.keys.current()
        former = _former(self.versions.current())
        return Ledger(self.store, log_key=keys.log_key, verifier=keys.verifier, former=former, clock=self.ground.clock)

    @cached_property
    def beats(self) -> Beats:
        """What members are shown of the log."""
        beat_s = self.ground.settings.beat_s
        beat_s = BEAT_SECONDS if beat_s is None else beat_s
        return Beats(self.ledger, self.store, self.ground.clock, beat_s, self.cosigning.size)

    @cached_property
    def standing_store(self) -> StandingStore:
        """What others last said of the log."""
        return StandingStore(self.store.database)

    @cached_property
    def standing(self) -> Standing:
        """Whether the log is as long as others have seen it."""
        return Standing(
            hub=self.versions.current().hub,
            ledger=self.ledger,
            store=self.standing_store,
            clock=self.ground.clock,
            told_to_go_on=self.go_on,
            say=partial(self.ground.alarms.settle, AlarmKind.LOG_BEHIND),
        )

    @cached_property
    def cosigning(self) -> Cosigning:
        """What witnesses say of the log."""
        return Cosigning(self.ledger, CosignedStore(self.store.database), self.witnesses)

    @cached_property
    def turns(self) -> Turns:
        """In which lists are read: one look at the store after another."""
        return Turns()

    @cached_property
    def directory_servicer(self) -> DirectoryServicer:
        """The directory, for every party."""
        return DirectoryServicer(
            versions=self.versions,
            store=self.store,
            turns=self.turns,
            revocations=self.ground.revocations,
            stopping=self.stopping,
        )

    @cached_property
    def supervision(self) -> SupervisionServicer:
        """What the supervisor may see."""
        return SupervisionServicer(
            directory=self.versions,
            permissions=self.permissions,
            store=self.store,
            turns=self.turns,
            clock=self.ground.clock,
            check_log=self.standing.check,
        )

    @cached_property
    def lookout(self) -> Lookout:
        """Whoever looks after the hub while it serves."""
        lookout = self.ground.lookout(self.store.database)
        watched_table = WatchedTable(self.ground.folder.path / TABLE_FILE, self.permissions.digest)
        lookout.look_at(AlarmKind.PERMISSION_TABLE_REFUSED, watched_table.amiss)
        return lookout

    @cached_property
    def log_servicer(self) -> LogServicer:
        """The log, for those who check it."""
        return LogServicer(
            self.ledger, self.beats, self.store, self.turns, self.standing, self.standing_store, self.cosigning
        )

    @cached_property
    def status(self) -> StatusServicer:
        """How the hub is."""
        return StatusServicer(self._about(), self.lookout)

    def _about(self) -> About:
        """What the hub tells of itself."""
        versions, ledger, store = self.versions, self.ledger, self.store
        directory = versions.current()

        async def counts() -> HoldingCounts:
            return HoldingCounts(leaf_count=store.leaf_count())

        def checkpoint() -> CheckpointStatus | None:
            published = ledger.published()
            if published is None:
                return None
            return CheckpointStatus(size=published.size, published_time=ledger.published_at)

        return About(
            identity=Identity(network=directory.network, role=Role.HUB, institution=directory.hub),
            suite=directory.suite,
            directory=lambda: DirectoryInForce(version=versions.current().version, epoch=0),
            counts=counts,
            checkpoint=checkpoint,
        )


@dataclass(frozen=True, kw_only=True)
class Mediating:
    """What mediates exchanges and converts codes. ``bulk_store`` is where it says what was asked in bulk, if not ``store``.

    ``check_log`` raises while nothing may be logged; ``tell_refused`` hears of each inquirer that was refused.
    """

    ground: Groundwork
    permissions: PermissionTable
    store: ExchangeStore
    versions: VersionInForce
    channels: ChannelPool
    workers: ThreadPoolExecutor
    check_log: Callable[[], None]
    stopping: asyncio.Event | None
    bulk_store: ExchangeStore | None = None
    tell_refused: Callable[[Identity], None] = lambda _: None

    @cached_property
    def providers(self) -> GrpcProviders:
        """The nodes that are asked."""
        return GrpcProviders(network=self.ground.settings.network, channels=self.channels, store=self.store)

    @cached_property
    def room(self) -> Room[Ended]:
        """The exchanges under way."""
        return Room[Ended](self.tell_refused)

    @cached_property
    def mediator(self) -> Mediator:
        """Mediates exchanges, blindly."""
        return self._mediator(self.providers, self.room, self.store)

    @cached_property
    def bulk(self) -> Mediator:
        """Mediates those that are asked in bulk."""
        store = self.bulk_store or self.store
        return self._mediator(BulkProviders(self.providers), self.room.in_bulk(), store)

    def _mediator(self, providers: Providers, room: Room[Ended], store: ExchangeStore) -> Mediator:
        return Mediator(
            directory=self.versions,
            permissions=self.permissions,
            keys=self.versions.keys,
            store=store,
            providers=providers,
            clock=self.ground.clock,
            check_log=self.check_log,
            room=room,
        )

    @cached_property
    def converter(self) -> CodeConverter:
        """Converts codes that are being issued, blindly."""
        return CodeConverter(
            directory=self.versions,
            keys=self.versions.keys,
            store=self.store,
            clock=self.ground.clock,
            workers=self.workers,
            check_log=self.check_log,
        )

    @cached_property
    def hub_servicer(self) -> HubServicer:
        """What agencies and authority ask the hub for."""
        drawn = DrawnConversions(directory=self.versions, keys=self.versions.keys)
        return HubServicer(self.mediator, self.converter, drawn, bulk=self.bulk, stopping=self.stopping)


def _former(directory: Directory) -> list[Verifier]:
    """The keys that the log's key has replaced."""
    return [
        Verifier.parse(vkey, where="directory.former_log_verifier_keys") for vkey in directory.former_log_verifier_keys
    ]

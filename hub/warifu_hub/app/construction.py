"""What the hub is made from, and nothing else.

Read it top to bottom: files, store, log, mediator, services, server. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial

import grpc

from warifu.api.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from warifu.api.hub.v1.hub_service_pb2_grpc import add_HubServiceServicer_to_server
from warifu.api.hub.v1.supervision_service_pb2_grpc import add_SupervisionServiceServicer_to_server
from warifu.api.log.v1.log_service_pb2_grpc import add_LogServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2 import CheckpointStatus, HoldingCounts
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.party.alarms import AlarmKind
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.groundwork import Groundwork
from warifu.party.lookout import Lookout
from warifu.party.place import place_of
from warifu.party.status_servicer import PARTY_ACCESS, About, DirectoryInForce, StatusServicer
from warifu.party.witness_file import read_witnesses
from warifu.permissions.decision import check_table
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.permissions.watched import WatchedTable
from warifu.pki import Identity, Role
from warifu.rpc.channel import ChannelPool
from warifu.rpc.paging import Turns
from warifu.rpc.server import MakeService
from warifu.tlog.cosignature import Witness
from warifu.tlog.note import Verifier
from warifu_hub.beats import BEAT_SECONDS, Beats
from warifu_hub.cosigned_store import CosignedStore
from warifu_hub.cosigning import Cosigning
from warifu_hub.drawn_conversions import DrawnConversions
from warifu_hub.exchange import MediatedExchange, Mediator, Providers
from warifu_hub.issuing import CodeConverter
from warifu_hub.ledger import Ledger
from warifu_hub.providers import BulkProviders, GrpcProviders
from warifu_hub.room import Room
from warifu_hub.servicers.directory import DIRECTORY_ACCESS, DirectoryServicer
from warifu_hub.servicers.hub import HUB_ACCESS, HUB_BOUNDS, HUB_QUICK, LARGEST_MESSAGE, HubServicer
from warifu_hub.servicers.log import LOG_ACCESS, LogServicer
from warifu_hub.servicers.supervision import SUPERVISION_ACCESS, SupervisionServicer
from warifu_hub.standing import Standing
from warifu_hub.standing_store import StandingStore
from warifu_hub.store import HubStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.versions import DirectoryVersions

__all__ = ["Hub", "build_hub"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that is built and not yet started. ``endpoint`` is where it listens."""

    server: grpc.aio.Server
    endpoint: str
    store: HubStore
    ledger: Ledger
    versions: DirectoryVersions
    lookout: Lookout
    standing: Standing
    providers: GrpcProviders
    channels: ChannelPool
    workers: ThreadPoolExecutor
    clock: Clock

    async def close(self) -> None:
        """Let go of streams, channels, worker threads and the store, in that order."""
        await self.providers.close()
        await self.channels.close()
        self.workers.shutdown()
        self.store.close()


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The parts of one hub, each made once, when another first needs it."""

    ground: Groundwork
    permissions: PermissionTable
    store: DatabaseHubStore
    versions: DirectoryVersions
    channels: ChannelPool
    workers: ThreadPoolExecutor
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
    def providers(self) -> GrpcProviders:
        """The nodes that are asked."""
        return GrpcProviders(network=self.ground.settings.network, channels=self.channels, store=self.store)

    @cached_property
    def room(self) -> Room[MediatedExchange]:
        """The exchanges under way."""
        return Room[MediatedExchange]()

    @cached_property
    def mediator(self) -> Mediator:
        """Mediates exchanges, blindly."""
        return self._mediator(self.providers, self.room)

    @cached_property
    def bulk(self) -> Mediator:
        """Mediates those that are asked in bulk."""
        return self._mediator(BulkProviders(self.providers), self.room.in_bulk())

    def _mediator(self, providers: Providers, room: Room[MediatedExchange]) -> Mediator:
        return Mediator(
            directory=self.versions,
            permissions=self.permissions,
            keys=self.versions.keys,
            store=self.store,
            providers=providers,
            clock=self.ground.clock,
            check_log=self.standing.check,
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
            check_log=self.standing.check,
        )

    @cached_property
    def hub_servicer(self) -> HubServicer:
        """What agencies and authority ask the hub for."""
        drawn = DrawnConversions(directory=self.versions, keys=self.versions.keys)
        return HubServicer(self.mediator, self.converter, drawn, bulk=self.bulk, stopping=self.stopping)

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


def build_hub(
    folder: PartyFolder,
    *,
    listen: str | None = None,
    clock: Clock | None = None,
    stopping: asyncio.Event | None = None,
    go_on: bool = False,
    store: str | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> Hub:
    """Build the hub that lives in ``folder``. To be called inside its event loop. Streams end with ``stopping``.

    ``store`` is the address of a PostgreSQL database, in place of the folder's own setting; without either the rows lie in the
    folder. With ``go_on`` a log that was restored from an older state goes on; without, it takes nothing.

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, DIRECTORY_INVALID, LOG_UNAVAILABLE, LOG_INVALID: it does not start on
            a malformed permission table, a missing key, an entry that does not verify, or a log that was changed.
    """
    ground = Groundwork.of("hub", folder, clock or SystemClock(), beside)
    permissions = PermissionTable.load(folder.path / TABLE_FILE)
    witnesses = read_witnesses(folder.path)
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        kept = DatabaseHubStore(
            place_of(folder.path / "hub.sqlite3", store or ground.settings.store, schema="warifu_hub")
        )
        undo.callback(kept.close)
        versions = DirectoryVersions(folder, ground.root_pem, kept, ground.clock)
        _check_fit(ground.settings, versions.current())
        check_table(permissions.digest, versions.current().permission_table_digest)
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="convert")
        undo.callback(workers.shutdown)
        parts = _Parts(
            ground=ground,
            permissions=permissions,
            store=kept,
            versions=versions,
            channels=ground.channels(channel_interceptors),
            workers=workers,
            witnesses=witnesses,
            go_on=go_on,
            stopping=stopping,
        )
        hub = _hub(parts, *_server(parts, listen, server_interceptors))
        undo.pop_all()
        return hub


def _server(
    parts: _Parts, listen: str | None, interceptors: Sequence[grpc.aio.ServerInterceptor]
) -> tuple[grpc.aio.Server, str]:
    log = LogServicer(
        parts.ledger, parts.beats, parts.store, parts.turns, parts.standing, parts.standing_store, parts.cosigning
    )
    about = _about(parts.versions, parts.ledger, parts.store)
    return parts.ground.server(
        [
            (add_HubServiceServicer_to_server, parts.hub_servicer),
            (add_LogServiceServicer_to_server, log),
            (add_DirectoryServiceServicer_to_server, parts.directory_servicer),
            (add_SupervisionServiceServicer_to_server, parts.supervision),
            (add_PartyServiceServicer_to_server, StatusServicer(about, parts.lookout)),
        ],
        access={**HUB_ACCESS, **LOG_ACCESS, **DIRECTORY_ACCESS, **SUPERVISION_ACCESS, **PARTY_ACCESS},
        lookout=parts.lookout,
        interceptors=interceptors,
        listen=listen,
        message_limit=LARGEST_MESSAGE,
        bounds=HUB_BOUNDS,
        quick=frozenset({**LOG_ACCESS, **DIRECTORY_ACCESS, **SUPERVISION_ACCESS, **PARTY_ACCESS}) | HUB_QUICK,
    )


def _hub(parts: _Parts, server: grpc.aio.Server, endpoint: str) -> Hub:
    return Hub(
        server=server,
        endpoint=endpoint,
        store=parts.store,
        ledger=parts.ledger,
        versions=parts.versions,
        lookout=parts.lookout,
        standing=parts.standing,
        providers=parts.providers,
        channels=parts.channels,
        workers=parts.workers,
        clock=parts.ground.clock,
    )


def _former(directory: Directory) -> list[Verifier]:
    """The keys that the log's key has replaced."""
    return [
        Verifier.parse(vkey, where="directory.former_log_verifier_keys") for vkey in directory.former_log_verifier_keys
    ]


def _check_fit(settings: PartySettings, directory: Directory) -> None:
    if settings.role != Role.HUB.value or settings.institution_code != directory.hub:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the hub that directory.json names")
    if settings.network != directory.network:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the network that directory.json is of")


def _about(versions: DirectoryVersions, ledger: Ledger, store: HubStore) -> About:
    """What the hub tells of itself."""
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

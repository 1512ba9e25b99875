"""The hub as one process: what is made from what, and nothing else.

Read it top to bottom: files, store, log, cryptography, mediator, services, server. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
from warifu.party.alarms import AlarmKind, Alarms, fault_text
from warifu.party.directory_file import DIRECTORY_FILE
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.lookout import Lookout
from warifu.party.process import announce_ready, serve_until
from warifu.party.status_servicer import PARTY_ACCESS, About, DirectoryInForce, StatusServicer
from warifu.pki import FileWatch, Identity, RevocationFile, Role
from warifu.rpc.channel import ChannelPool
from warifu.rpc.logging import error_fields, get_logger, raised_at
from warifu.rpc.paging import Turns
from warifu.rpc.server import build_server
from warifu.tlog.note import Verifier
from warifu_hub.exchange import Mediator
from warifu_hub.issuing import CodeConverter
from warifu_hub.ledger import Ledger
from warifu_hub.permissions import PermissionTable
from warifu_hub.providers import GrpcProviders
from warifu_hub.servicers.directory import DIRECTORY_ACCESS, DirectoryServicer
from warifu_hub.servicers.hub import HUB_ACCESS, HubServicer
from warifu_hub.servicers.log import LOG_ACCESS, LogServicer
from warifu_hub.servicers.supervision import SUPERVISION_ACCESS, SupervisionServicer
from warifu_hub.standing import Standing
from warifu_hub.standing_store import StandingStore
from warifu_hub.store import HubStore
from warifu_hub.store_sqlite import SqliteHubStore
from warifu_hub.versions import DirectoryVersions

__all__ = ["Hub", "build_hub", "run_hub"]

_PUBLISH_SECONDS = 1.0
_ANSWERS_KEPT_MS = 24 * 60 * 60 * 1000
_FORGET_SECONDS = 600.0
_LOOK_SECONDS = 0.25
_TAKE_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that is built and not yet started. ``port`` is the one it listens on."""

    server: grpc.aio.Server
    port: int
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


def build_hub(
    folder: PartyFolder,
    *,
    listen: str | None = None,
    clock: Clock | None = None,
    stopping: asyncio.Event | None = None,
    go_on: bool = False,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> Hub:
    """Build the hub that lives in ``folder``. To be called inside its event loop. Streams end with ``stopping``.

    With ``go_on`` a log that was restored from an older state goes on; without, it takes nothing.

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, DIRECTORY_INVALID, LOG_UNAVAILABLE, LOG_INVALID: it does not start on
            a malformed permission table, a missing key, an entry that does not verify, or a log that was changed.
    """
    clock = clock or SystemClock()
    settings, root_pem = folder.settings(), folder.root_pem()
    alarms = Alarms("hub", folder.path, clock)
    credential = folder.credential(
        root_pem=root_pem,
        clock=clock,
        on_refused=alarms.refused(AlarmKind.CREDENTIAL_REFUSED),
        on_taken=alarms.taken(AlarmKind.CREDENTIAL_REFUSED),
    )
    permissions = PermissionTable.load(folder.path / "permissions.yaml")
    revocations = RevocationFile(
        folder.path / "revoked.pem",
        root_pem,
        clock,
        on_refused=alarms.refused(AlarmKind.REVOCATION_LIST_REFUSED),
        on_taken=alarms.taken(AlarmKind.REVOCATION_LIST_REFUSED),
    )
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        store = SqliteHubStore(folder.path / "hub.sqlite3")
        undo.callback(store.close)
        versions = DirectoryVersions(folder, root_pem, store, clock)
        _check_fit(settings, versions.current())
        keys = versions.keys.current()
        former = _former(versions.current())
        ledger = Ledger(store, log_key=keys.log_key, verifier=keys.verifier, former=former, clock=clock)
        standing_store = StandingStore(store.database)
        standing = Standing(
            hub=versions.current().hub,
            ledger=ledger,
            store=standing_store,
            clock=clock,
            told_to_go_on=go_on,
            say=partial(alarms.settle, AlarmKind.LOG_BEHIND),
        )
        channels = ChannelPool(
            credential=credential, root_pem=root_pem, revoked=revocations.revoked, interceptors=channel_interceptors
        )
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="convert")
        undo.callback(workers.shutdown)
        providers = GrpcProviders(network=settings.network, channels=channels, store=store)
        mediator = Mediator(
            directory=versions,
            permissions=permissions,
            keys=versions.keys,
            store=store,
            providers=providers,
            clock=clock,
            check_log=standing.check,
        )
        converter = CodeConverter(
            directory=versions,
            keys=versions.keys,
            store=store,
            clock=clock,
            workers=workers,
            check_log=standing.check,
        )
        turns = Turns()
        directory_servicer = DirectoryServicer(
            versions=versions,
            store=store,
            turns=turns,
            revocations=revocations,
            stopping=stopping,
        )
        lookout = Lookout(
            alarms=alarms,
            credential=credential,
            root_pem=root_pem,
            revocations=revocations,
            database=store.database,
            clock=clock,
        )
        supervision = SupervisionServicer(
            directory=versions,
            permissions=permissions,
            store=store,
            turns=turns,
            clock=clock,
            check_log=standing.check,
        )
        server, port = build_server(
            credential=credential,
            root_pem=root_pem,
            access={**HUB_ACCESS, **LOG_ACCESS, **DIRECTORY_ACCESS, **SUPERVISION_ACCESS, **PARTY_ACCESS},
            services=[
                (add_HubServiceServicer_to_server, HubServicer(mediator, converter, stopping=stopping)),
                (add_LogServiceServicer_to_server, LogServicer(ledger, store, turns, standing, standing_store)),
                (add_DirectoryServiceServicer_to_server, directory_servicer),
                (add_SupervisionServiceServicer_to_server, supervision),
                (add_PartyServiceServicer_to_server, StatusServicer(_about(versions, ledger, store), lookout)),
            ],
            health_servicer=lookout.health,
            revoked=revocations.revoked,
            extra_interceptors=server_interceptors,
            listen=listen or settings.listen,
        )
        undo.pop_all()
        return Hub(
            server=server,
            port=port,
            store=store,
            ledger=ledger,
            versions=versions,
            lookout=lookout,
            standing=standing,
            providers=providers,
            channels=channels,
            workers=workers,
            clock=clock,
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


async def run_hub(
    stop: asyncio.Event,
    path: Path,
    *,
    listen: str | None = None,
    go_on: bool = False,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> None:
    """Run the hub in ``path`` until ``stop`` is set; says on standard output where it listens.

    ``go_on`` is what an operator says of a log that was restored from an older state.
    """
    hub = build_hub(
        PartyFolder(path),
        listen=listen,
        stopping=stop,
        go_on=go_on,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
    )
    await hub.standing.begin()
    watch = FileWatch((path / DIRECTORY_FILE,), _LOOK_SECONDS)  # begun first: what comes meanwhile is not missed
    is_taken = await _take_first(hub)  # the directory is in the log before anybody is told of it
    await hub.server.start()
    host = (listen or PartyFolder(path).settings().listen).rpartition(":")[0]
    hub.lookout.serving_at(f"{host}:{hub.port}")
    announce_ready(party="hub", endpoint=f"{host}:{hub.port}")
    chores = [
        asyncio.create_task(_publish(hub)),
        asyncio.create_task(_forget(hub)),
        asyncio.create_task(_follow_versions(hub, watch, refused=not is_taken)),
        asyncio.create_task(hub.lookout.keep()),
    ]
    await serve_until(stop, hub.server)
    for chore in chores:
        chore.cancel()
    await asyncio.gather(*chores, return_exceptions=True)
    await _publish_once(hub)
    await hub.close()


async def _publish(hub: Hub) -> None:
    """Publish a checkpoint each second in which something was sequenced."""
    while True:
        await asyncio.sleep(_PUBLISH_SECONDS)
        await _publish_once(hub)


async def _publish_once(hub: Hub) -> None:
    """Publish a checkpoint over everything sequenced; also the last act of a hub, so that nothing is left unbound."""
    alarms = hub.lookout.alarms
    try:
        await hub.ledger.publish()
        alarms.end(AlarmKind.CHECKPOINT_NOT_PUBLISHED)
    except WarifuError as error:
        alarms.begin(AlarmKind.CHECKPOINT_NOT_PUBLISHED, fault_text(error, alarms.folder))
    except Exception as error:  # noqa: BLE001  # whatever it is, the next second tries again
        alarms.begin(AlarmKind.CHECKPOINT_NOT_PUBLISHED, type(error).__name__)
        get_logger("hub").error("checkpoint_not_published", error=type(error).__name__, at=raised_at(error))


async def _take_first(hub: Hub) -> bool:
    """Take the version in the folder of a hub that starts. While its log is behind, it goes by the one that this has.

    False then: it serves, so that whoever asks is told why. Raises: as ``DirectoryVersions.take`` otherwise.
    """
    try:
        await _take(hub)
    except WarifuError as error:
        if error.reason is not Reason.LOG_BEHIND:
            raise
        hub.versions.hold_logged()
        _sign_with_held(hub)
        alarms = hub.lookout.alarms
        alarms.begin(AlarmKind.DIRECTORY_REFUSED, fault_text(error, alarms.folder))
        return False
    return True


async def _follow_versions(hub: Hub, watch: FileWatch, *, refused: bool) -> None:
    """Take each new version of the directory that is put into the hub's folder; again, when it could not be taken.

    ``refused``: the one that lay there when the hub started was not.
    """
    while True:
        await asyncio.sleep(_TAKE_AGAIN_SECONDS if refused else _LOOK_SECONDS)
        if refused or watch.changed():
            refused = not await _is_taken(hub)


async def _is_taken(hub: Hub) -> bool:
    """Take the version in the folder; False when it was refused, or the log cannot be written. The one in force stays."""
    alarms = hub.lookout.alarms
    try:
        if await _take(hub):
            get_logger("hub").info("directory_version_taken", version=hub.versions.current().version)
    except WarifuError as error:
        alarms.begin(AlarmKind.DIRECTORY_REFUSED, fault_text(error, alarms.folder))
        return False
    except Exception as error:  # noqa: BLE001  # whatever it is, it is tried again
        alarms.begin(AlarmKind.DIRECTORY_REFUSED, type(error).__name__)
        get_logger("hub").error("directory_version_refused", error=type(error).__name__, at=raised_at(error))
        return False
    alarms.end(AlarmKind.DIRECTORY_REFUSED)
    return True


async def _take(hub: Hub) -> bool:
    """Take the version in the folder, and sign the log with its key. Raises: as ``DirectoryVersions.take``."""
    taken = await hub.versions.take(hub.standing.check)
    _sign_with_held(hub)
    return taken


def _sign_with_held(hub: Hub) -> None:
    keys = hub.versions.keys.current()
    hub.ledger.sign_with(keys.log_key, keys.verifier)


async def _forget(hub: Hub) -> None:
    """Drop sealed answers nobody can ask for again."""
    log = get_logger("hub")
    while True:
        try:
            await hub.store.forget_answers(hub.clock.unix_ms() - _ANSWERS_KEPT_MS)
        except WarifuError as error:
            log.warning("answers_not_forgotten", **error_fields(error))
        await asyncio.sleep(_FORGET_SECONDS)

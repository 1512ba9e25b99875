"""What the hub is made from, and nothing else.

Read it top to bottom: files, store, log, mediator, services, server. It decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import grpc

from warifu.api.directory.v1.directory_service_pb2_grpc import add_DirectoryServiceServicer_to_server
from warifu.api.hub.v1.hub_service_pb2_grpc import add_HubServiceServicer_to_server
from warifu.api.hub.v1.supervision_service_pb2_grpc import add_SupervisionServiceServicer_to_server
from warifu.api.log.v1.log_service_pb2_grpc import add_LogServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.groundwork import Groundwork
from warifu.party.lookout import Lookout
from warifu.party.place import place_of
from warifu.party.status_servicer import PARTY_ACCESS
from warifu.party.witness_file import read_witnesses
from warifu.permissions.decision import check_table
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.pki import Role
from warifu.rpc.channel import ChannelPool
from warifu.rpc.server import MakeService
from warifu_hub.app.parts import Keeping, Mediating
from warifu_hub.ledger import Ledger
from warifu_hub.providers import GrpcProviders
from warifu_hub.servicers.directory import DIRECTORY_ACCESS
from warifu_hub.servicers.hub import HUB_ACCESS, HUB_BOUNDS, HUB_QUICK, LARGEST_MESSAGE
from warifu_hub.servicers.log import LOG_ACCESS
from warifu_hub.servicers.supervision import SUPERVISION_ACCESS
from warifu_hub.standing import Standing
from warifu_hub.store import HubStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_hub.versions import DirectoryVersions

__all__ = ["SERVED", "Hub", "build_hub", "check_fit"]

SERVED: Final[dict[str, Any]] = {
    "access": {**HUB_ACCESS, **LOG_ACCESS, **DIRECTORY_ACCESS, **SUPERVISION_ACCESS, **PARTY_ACCESS},
    "message_limit": LARGEST_MESSAGE,
    "bounds": HUB_BOUNDS,
    "quick": frozenset({**LOG_ACCESS, **DIRECTORY_ACCESS, **SUPERVISION_ACCESS, **PARTY_ACCESS}) | HUB_QUICK,
}
"""How a hub serves, whether it is one process or several."""


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
        check_fit(ground.settings, versions.current())
        check_table(permissions.digest, versions.current().permission_table_digest)
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="convert")
        undo.callback(workers.shutdown)
        keeping = Keeping(
            ground=ground,
            permissions=permissions,
            store=kept,
            versions=versions,
            witnesses=witnesses,
            go_on=go_on,
            stopping=stopping,
        )
        mediating = Mediating(
            ground=ground,
            permissions=permissions,
            store=kept,
            versions=versions,
            channels=ground.channels(channel_interceptors),
            workers=workers,
            check_log=keeping.standing.check,
            stopping=stopping,
        )
        hub = _hub(keeping, mediating, *_server(keeping, mediating, listen, server_interceptors))
        undo.pop_all()
        return hub


def _server(
    keeping: Keeping,
    mediating: Mediating,
    listen: str | None,
    interceptors: Sequence[grpc.aio.ServerInterceptor],
) -> tuple[grpc.aio.Server, str]:
    return keeping.ground.server(
        [
            (add_HubServiceServicer_to_server, mediating.hub_servicer),
            (add_LogServiceServicer_to_server, keeping.log_servicer),
            (add_DirectoryServiceServicer_to_server, keeping.directory_servicer),
            (add_SupervisionServiceServicer_to_server, keeping.supervision),
            (add_PartyServiceServicer_to_server, keeping.status),
        ],
        health_servicer=keeping.lookout.health,
        interceptors=interceptors,
        listen=listen,
        **SERVED,
    )


def _hub(keeping: Keeping, mediating: Mediating, server: grpc.aio.Server, endpoint: str) -> Hub:
    return Hub(
        server=server,
        endpoint=endpoint,
        store=keeping.store,
        ledger=keeping.ledger,
        versions=keeping.versions,
        lookout=keeping.lookout,
        standing=keeping.standing,
        providers=mediating.providers,
        channels=mediating.channels,
        workers=mediating.workers,
        clock=keeping.ground.clock,
    )


def check_fit(settings: PartySettings, directory: Directory) -> None:
    """See that the folder is the hub's that the directory names. Raises: CONFIG_INVALID."""
    if settings.role != Role.HUB.value or settings.institution_code != directory.hub:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the hub that directory.json names")
    if settings.network != directory.network:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the network that directory.json is of")

"""A worker of a hub of several processes: what it is made from, and its process from start to end.

It mediates with the parts of a hub that is one process, over a store that the sequencer has; it passes on what the sequencer
answers. Nothing lasts here: a worker that is killed takes with it what it was about to do, and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2  # type: ignore[import-untyped]  # publishes no types

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.api.directory.v1.directory_service_pb2_grpc import (
    DirectoryServiceServicer,
    add_DirectoryServiceServicer_to_server,
)
from warifu.api.hub.v1 import supervision_service_pb2 as supervision_pb2
from warifu.api.hub.v1.hub_service_pb2_grpc import add_HubServiceServicer_to_server
from warifu.api.hub.v1.supervision_service_pb2_grpc import (
    SupervisionServiceServicer,
    add_SupervisionServiceServicer_to_server,
)
from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceServicer, add_LogServiceServicer_to_server
from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.api.party.v1.party_service_pb2_grpc import PartyServiceServicer, add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.party.alarms import ALARMS_SERVICE
from warifu.party.folder import PartyFolder
from warifu.party.groundwork import Groundwork
from warifu.party.memory import Memory
from warifu.party.process import announce_ready, serve_until
from warifu.permissions.decision import check_table
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.rpc.paging import Turns
from warifu.rpc.server import MakeService
from warifu_hub.app.construction import SERVED
from warifu_hub.app.parts import Mediating
from warifu_hub.servicers.directory import InForceServicer
from warifu_hub.version_in_force import VersionInForce
from warifu_hub.workers.forwarding import forwarded
from warifu_hub.workers.link import SequencerLink
from warifu_hub.workers.sequenced_store import SequencedStore

__all__ = ["run_worker"]

_MEMORY_SECONDS = 1.0


async def run_worker(
    stop: asyncio.Event,
    path: Path,
    *,
    number: int,
    listen: str,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run worker ``number`` of the hub in ``path`` until ``stop`` is set, on a port that it shares with the others.

    Raises: CONFIG_INVALID, KEY_INVALID, DIRECTORY_INVALID: what it cannot go by.
    """
    ground = Groundwork.of("hub", PartyFolder(path), clock or SystemClock(), beside)
    link = SequencerLink(path, number, listen)
    keeping = asyncio.create_task(link.keep())
    try:
        if not await _begun(link, stop):
            return
        worker = _Worker(ground, link, stop, channel_interceptors)
        server, endpoint = worker.server(listen, server_interceptors)
        await server.start()
        announce_ready(party="hub", endpoint=endpoint)
        tending = asyncio.create_task(_tend(worker))
        await _serve(stop, server, link)
        tending.cancel()
        await worker.close()
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    if link.failed.done():
        link.failed.result()


async def _begun(link: SequencerLink, stop: asyncio.Event) -> bool:
    """Whether the sequencer said what to go by, before this process is to stop."""
    there, stopping = asyncio.create_task(link.until_there()), asyncio.create_task(stop.wait())
    await asyncio.wait((there, stopping), return_when=asyncio.FIRST_COMPLETED)
    for each in (there, stopping):
        each.cancel()
    return not stop.is_set()


async def _serve(stop: asyncio.Event, server: grpc.aio.Server, link: SequencerLink) -> None:
    """Serve until ``stop`` is set, or this process cannot go by what it was told."""
    link.failed.add_done_callback(lambda _: stop.set())
    await serve_until(stop, server)


class _Worker:
    """The parts of one worker."""

    def __init__(
        self,
        ground: Groundwork,
        link: SequencerLink,
        stop: asyncio.Event,
        interceptors: Sequence[grpc.aio.ClientInterceptor],
    ) -> None:
        self._ground, self._link, self._stop = ground, link, stop
        self.health = health.aio.HealthServicer()
        self._versions = VersionInForce.logged(ground.folder, ground.root_pem, link.header)
        permissions = PermissionTable.load(ground.folder.path / TABLE_FILE)
        check_table(permissions.digest, self._versions.current().permission_table_digest)
        self._mediating = Mediating(
            ground=ground,
            permissions=permissions,
            store=SequencedStore(link),
            bulk_store=SequencedStore(link, in_bulk=True),
            versions=self._versions,
            channels=ground.channels(interceptors),
            workers=ThreadPoolExecutor(max_workers=2, thread_name_prefix="convert"),
            check_log=link.check,
            stopping=stop,
            tell_refused=link.tell_refused,
        )
        link.hear_state = self._hear_state
        link.hear_refused = self._mediating.room.refused_elsewhere
        self._hear_state(link.header)

    def _hear_state(self, header: bytes) -> None:
        self._versions.hold_header(DirectoryHeader.FromString(header))

    async def tell_health(self) -> None:
        """Have health say what the sequencer last said; without it, that not all is well."""
        well = self._link.line is not None and not self._link.alarmed
        status = health_pb2.HealthCheckResponse.SERVING if well else health_pb2.HealthCheckResponse.NOT_SERVING
        await self.health.set(ALARMS_SERVICE, status)

    def server(self, listen: str, interceptors: Sequence[grpc.aio.ServerInterceptor]) -> tuple[grpc.aio.Server, str]:
        """The server of this worker, not yet started, and its endpoint."""
        link = self._link
        return self._ground.server(
            [
                (add_HubServiceServicer_to_server, self._mediating.hub_servicer),
                (add_LogServiceServicer_to_server, _passed_on(link, LogServiceServicer, log_pb2)),
                (add_DirectoryServiceServicer_to_server, self._directory()),
                (
                    add_SupervisionServiceServicer_to_server,
                    _passed_on(link, SupervisionServiceServicer, supervision_pb2),
                ),
                (add_PartyServiceServicer_to_server, _passed_on(link, PartyServiceServicer, party_pb2)),
            ],
            health_servicer=self.health,
            interceptors=interceptors,
            listen=listen,
            shares_port=True,
            **SERVED,
        )

    def _directory(self) -> Any:
        """What is in force is known here; what is kept of the directory is not."""
        passing = _passed_on(self._link, DirectoryServiceServicer, directory_pb2)
        here = InForceServicer(
            versions=self._versions, turns=Turns(), revocations=self._ground.revocations, stopping=self._stop
        )
        for name in vars(InForceServicer):
            if not name.startswith("_"):
                setattr(passing, name, getattr(here, name))
        return passing

    async def close(self) -> None:
        """Let go of streams, channels and threads."""
        await self._mediating.providers.close()
        await self._mediating.channels.close()
        self._mediating.workers.shutdown()


def _passed_on(link: SequencerLink, base: type, module: Any) -> Any:
    (service,) = [
        each for each in module.DESCRIPTOR.services_by_name.values() if f"{each.name}Servicer" == base.__name__
    ]
    return forwarded(link, base, service)


async def _tend(worker: _Worker) -> None:
    """What a worker does each second beside answering."""
    memory = Memory()
    while True:
        await worker.tell_health()
        await asyncio.to_thread(memory.look)
        await asyncio.sleep(_MEMORY_SECONDS)

"""The verifier as one process: what is made from what, and nothing else.

Read it top to bottom: files, store, the way to the certificate authority, verification, the services on it, server. It refuses to start
when the parts of its folder do not belong together. Where the authority is, it is told from outside.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

from warifu.api.party.v1.party_service_pb2 import HoldingCounts
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.api.verifier.v1.bank_service_pb2_grpc import add_BankServiceServicer_to_server
from warifu.api.verifier.v1.counter_service_pb2_grpc import add_CounterServiceServicer_to_server
from warifu.api.verifier.v1.platform_service_pb2_grpc import add_PlatformServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.chores import Chores
from warifu.party.folder import PartyFolder
from warifu.party.groundwork import Groundwork
from warifu.party.lookout import Lookout
from warifu.party.process import announce_ready, serve_until
from warifu.party.status_servicer import PARTY_ACCESS, About, DirectoryInForce, StatusServicer
from warifu.pki import Identity, Role
from warifu.rpc.address import check_address
from warifu.rpc.channel import ChannelPool
from warifu.rpc.server import AddService, MakeService
from warifu_services.verifier.bank import Bank
from warifu_services.verifier.counter import Counter
from warifu_services.verifier.jpki_link import GrpcJpki
from warifu_services.verifier.servicers import VERIFIER_ACCESS, BankServicer, CounterServicer, PlatformServicer
from warifu_services.verifier.standing import Standing, StatusSource
from warifu_services.verifier.store import VerifierStore
from warifu_services.verifier.trust_files import read_card_root, read_issuer, read_stores
from warifu_services.verifier.users import Users
from warifu_services.verifier.verifying import Verification

__all__ = ["Verifier", "build_verifier", "run_verifier"]

_FORGET_EVERY_S: Final = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A verifier that is built and not yet started. ``endpoint`` is where it listens."""

    server: grpc.aio.Server
    endpoint: str
    store: VerifierStore
    lookout: Lookout
    channels: ChannelPool
    clock: Clock

    async def forget(self) -> None:
        """Forget evidence whose time is over, each hour. Runs until cancelled."""
        while True:
            await self.store.forget(self.clock.unix_ms())
            await asyncio.sleep(_FORGET_EVERY_S)

    async def close(self) -> None:
        """Let go of the channel and the store. Stop the server first."""
        await self.channels.close()
        self.store.close()


def build_verifier(
    folder: PartyFolder,
    *,
    jpki: str,
    listen: str | None = None,
    source: StatusSource = StatusSource.OCSP,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> Verifier:
    """Build the verifier that lives in ``folder`` and asks the authority at ``jpki`` (host:port), inside its event loop.

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, FILE_INVALID or STORE_UNAVAILABLE, naming the file.
    """
    check_address(jpki, where=f"jpki {jpki}")
    ground = Groundwork.of("verifier", folder, clock or SystemClock(), beside)
    settings = ground.settings
    if settings.role != Role.VERIFIER.value:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: role is not verifier")
    if settings.store is not None:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: store: this party keeps its rows in its folder")
    channels = ground.channels(channel_interceptors)
    authority = Identity(network=settings.network, role=Role.JPKI, institution=read_issuer(folder.path))
    port = GrpcJpki(channels.peer(authority, jpki))
    stores, card_root = read_stores(folder.path), read_card_root(folder.path)
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        store = VerifierStore(folder.path / "verifier.sqlite3")
        undo.callback(store.close)
        verification = Verification(
            stores=stores,
            standing=Standing(jpki=port, source=source, clock=ground.clock, random_bytes=secrets.token_bytes),
            store=store,
            clock=ground.clock,
            random_bytes=secrets.token_bytes,
        )
        lookout = ground.lookout(store.database)
        server, endpoint = ground.server(
            [
                *_services(verification, port, store, ground.clock, card_root),
                (add_PartyServiceServicer_to_server, StatusServicer(_about(ground, store), lookout)),
            ],
            access={**VERIFIER_ACCESS, **PARTY_ACCESS},
            health_servicer=lookout.health,
            interceptors=server_interceptors,
            listen=listen,
        )
        undo.pop_all()
    return Verifier(
        server=server, endpoint=endpoint, store=store, lookout=lookout, channels=channels, clock=ground.clock
    )


def _services(
    verification: Verification, jpki: GrpcJpki, store: VerifierStore, clock: Clock, card_root: bytes
) -> list[tuple[AddService, object]]:
    """The operator and what stands on it, each with what registers it."""
    users = Users(verification=verification, jpki=jpki, store=store, random_bytes=secrets.token_bytes)
    bank = Bank(verification=verification, store=store, clock=clock, random_bytes=secrets.token_bytes)
    counter = Counter(verification=verification, card_root=card_root)
    return [
        (add_PlatformServiceServicer_to_server, PlatformServicer(users=users, verification=verification, jpki=jpki)),
        (add_BankServiceServicer_to_server, BankServicer(bank=bank, store=store)),
        (add_CounterServiceServicer_to_server, CounterServicer(counter=counter)),
    ]


def _about(ground: Groundwork, store: VerifierStore) -> About:
    """What the verifier tells of itself. It goes by no directory, and its network's suite is nothing to it."""

    async def counts() -> HoldingCounts:
        return HoldingCounts(user_count=store.count_users())

    return About(
        identity=ground.folder.identity(),
        suite=0,
        directory=lambda: DirectoryInForce(version=0, epoch=0),
        counts=counts,
    )


async def run_verifier(
    stop: asyncio.Event,
    path: Path,
    *,
    jpki: str,
    listen: str | None = None,
    source: StatusSource = StatusSource.OCSP,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run the verifier in ``path`` until ``stop`` is set; says on standard output where it listens."""
    verifier = build_verifier(
        PartyFolder(path),
        jpki=jpki,
        listen=listen,
        source=source,
        clock=clock,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
        beside=beside,
    )
    await verifier.server.start()
    verifier.lookout.serving_at(verifier.endpoint)
    chores = Chores("verifier", verifier.lookout.alarms)
    chores.begin("lookout", verifier.lookout.keep)
    chores.begin("forgetting", verifier.forget)
    announce_ready(party="verifier", endpoint=verifier.endpoint)
    await serve_until(stop, verifier.server)
    await chores.end()
    await verifier.close()

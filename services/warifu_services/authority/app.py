"""The numbering authority as one process: what is made from what, and nothing else.

Read it top to bottom: files, store, cryptography, numbering and issuing, server. It refuses to start when the parts of
its folder do not belong together. Where the hub is, it is told from outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import grpc

from warifu.api.authority.v1.authority_service_pb2_grpc import add_AuthorityServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2 import HoldingCounts
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.signature import SigningKey
from warifu.party.alarms import AlarmKind
from warifu.party.chores import Chores
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.following import DirectoryFollower, RevocationFollower
from warifu.party.groundwork import Groundwork
from warifu.party.held import Held
from warifu.party.key_check import check_keys
from warifu.party.lookout import Lookout
from warifu.party.place import place_of
from warifu.party.process import HUB_SOUGHT_S, announce_ready, happens_before, serve_until
from warifu.party.status_servicer import PARTY_ACCESS, About, DirectoryInForce, StatusServicer
from warifu.party.unproven import say_if_unproven
from warifu.pki import Identity, Role
from warifu.rpc.address import check_address
from warifu.rpc.channel import ChannelPool, PeerChannel, wait_until_serving
from warifu.rpc.logging import get_logger
from warifu.rpc.server import MakeService
from warifu_services.authority.code_conversion import HubConverter
from warifu_services.authority.issuing import Issuer
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.authority.limits import CODES_A_DAY, MISSES_A_DAY, AcquisitionLimits
from warifu_services.authority.numbering import Numbering
from warifu_services.authority.servicer import AUTHORITY_ACCESS, AuthorityServicer
from warifu_services.authority.store import AuthorityStore, DatabaseAuthorityStore

__all__ = ["Authority", "build_authority", "run_authority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority that is built and not yet started. ``endpoint`` is where it listens."""

    server: grpc.aio.Server
    endpoint: str
    store: AuthorityStore
    lookout: Lookout
    to_hub: PeerChannel
    follower: DirectoryFollower
    channels: ChannelPool
    workers: ThreadPoolExecutor

    async def close(self) -> None:
        """Let go of the channel, the worker threads and the store, in that order. Stop the server first."""
        await self.channels.close()
        self.workers.shutdown()
        self.store.close()


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The parts of one authority, each made once, when another first needs it."""

    ground: Groundwork
    directory: Held[Directory]
    signing_key: Held[SigningKey]
    keys: AuthorityKeys
    store: DatabaseAuthorityStore
    channels: ChannelPool
    to_hub: PeerChannel
    workers: ThreadPoolExecutor
    random_bytes_for: Callable[[bytes], RandomBytes] | None

    @cached_property
    def follower(self) -> DirectoryFollower:
        """The directory, kept as new as the hub's; a version is taken when the key it names is there."""
        folder = self.ground.folder
        return DirectoryFollower(
            self.to_hub,
            folder=folder,
            held=self.directory,
            party="authority",
            make_ready=lambda newer: partial(self.signing_key.hold, _signing_key(folder, newer)),
            revocations=RevocationFollower(self.to_hub, self.ground.revocations, party="authority"),
            alarms=self.ground.alarms,
        )

    @cached_property
    def issuer(self) -> Issuer:
        """Issues codes of people to agencies."""
        return Issuer(
            directory=self.directory,
            keys=self.keys,
            signing_key=self.signing_key,
            store=self.store,
            converter=HubConverter(self.to_hub),
            clock=self.ground.clock,
            workers=self.workers,
            limits=self.limits,
            refresh=self.follower.refresh,
        )

    @cached_property
    def limits(self) -> AcquisitionLimits:
        """What each agency may acquire in a day."""
        settings = self.ground.settings
        codes, misses = settings.codes_a_day, settings.misses_a_day
        return AcquisitionLimits(
            codes_a_day=CODES_A_DAY if codes is None else codes,
            misses_a_day=MISSES_A_DAY if misses is None else misses,
        )

    @cached_property
    def lookout(self) -> Lookout:
        """Whoever looks after the authority while it serves."""
        lookout = self.ground.lookout(self.store.database)
        lookout.watch_directory(self.directory.current().network)
        lookout.look_at(AlarmKind.CODES_ACQUIRED_FAST, self.limits.acquired_fast)
        lookout.look_at(AlarmKind.NUMBERS_MISSED, self.limits.numbers_missed)
        return lookout


def build_authority(
    folder: PartyFolder,
    *,
    hub: str,
    listen: str | None = None,
    clock: Clock | None = None,
    random_bytes_for: Callable[[bytes], RandomBytes] | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> Authority:
    """Build the authority that lives in ``folder`` and calls the hub at ``hub`` (host:port), inside its event loop.

    ``listen`` stands in for the folder's own setting, ``random_bytes_for`` for the system's randomness where numbers are
    designated (:class:`Numbering`).

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, DIRECTORY_INVALID, FILE_INVALID or STORE_UNAVAILABLE, naming the file.
    """
    check_address(hub, where=f"hub {hub}")
    ground, directory = Groundwork.of("authority", folder, clock or SystemClock(), beside), folder.directory()
    _check_fit(ground.settings, directory)
    point_key = folder.secret("point.key")
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        store = DatabaseAuthorityStore(
            place_of(folder.path / "authority.sqlite3", ground.settings.store, schema="warifu_authority")
        )
        undo.callback(store.close)
        check_keys(store.database, {"point.key": point_key})
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="authority")
        undo.callback(workers.shutdown)
        channels = ground.channels(channel_interceptors)
        parts = _Parts(
            ground=ground,
            directory=Held(directory),
            signing_key=Held(_signing_key(folder, directory)),
            keys=AuthorityKeys(directory.group, point_key),
            store=store,
            channels=channels,
            to_hub=channels.peer(Identity(network=directory.network, role=Role.HUB, institution=directory.hub), hub),
            workers=workers,
            random_bytes_for=random_bytes_for,
        )
        authority = _authority(parts, *_server(parts, listen, server_interceptors))
        undo.pop_all()
        return authority


def _server(
    parts: _Parts, listen: str | None, interceptors: Sequence[grpc.aio.ServerInterceptor]
) -> tuple[grpc.aio.Server, str]:
    numbering = Numbering(
        keys=parts.keys, store=parts.store, workers=parts.workers, random_bytes_for=parts.random_bytes_for
    )
    servicer = AuthorityServicer(directory=parts.directory, numbering=numbering, issuer=parts.issuer)
    about = _about(parts.directory, parts.store)
    return parts.ground.server(
        [
            (add_AuthorityServiceServicer_to_server, servicer),
            (add_PartyServiceServicer_to_server, StatusServicer(about, parts.lookout)),
        ],
        access={**AUTHORITY_ACCESS, **PARTY_ACCESS},
        lookout=parts.lookout,
        interceptors=interceptors,
        listen=listen,
    )


def _authority(parts: _Parts, server: grpc.aio.Server, endpoint: str) -> Authority:
    return Authority(
        server=server,
        endpoint=endpoint,
        store=parts.store,
        lookout=parts.lookout,
        to_hub=parts.to_hub,
        follower=parts.follower,
        channels=parts.channels,
        workers=parts.workers,
    )


def _signing_key(folder: PartyFolder, directory: Directory) -> SigningKey:
    """The authority's signing key, as this version of the directory publishes it. Raises: KEY_INVALID."""
    published = directory.authority_signing_key
    return SigningKey(folder.published_secret("signing.key", lambda seed: SigningKey(seed).verify_key == published))


def _check_fit(settings: PartySettings, directory: Directory) -> None:
    if settings.role != Role.AUTHORITY.value or settings.institution_code != directory.authority:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the authority that directory.json names")
    if settings.network != directory.network:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the network that directory.json is of")


def _about(directories: Held[Directory], store: AuthorityStore) -> About:
    """What the authority tells of itself."""
    directory = directories.current()

    async def counts() -> HoldingCounts:
        return HoldingCounts(code_count=store.codes_issued())

    return About(
        identity=Identity(network=directory.network, role=Role.AUTHORITY, institution=directory.authority),
        suite=directory.suite,
        directory=lambda: DirectoryInForce(version=directories.current().version, epoch=0),
        counts=counts,
    )


async def run_authority(
    stop: asyncio.Event,
    path: Path,
    *,
    hub: str,
    listen: str | None = None,
    clock: Clock | None = None,
    random_bytes_for: Callable[[bytes], RandomBytes] | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run the authority in ``path`` until ``stop`` is set; says on standard output where it listens.

    It says so once the hub answers; without a hub, after ten seconds, and then it says that as well. ``clock`` is the
    machine's unless given.
    """
    folder = PartyFolder(path)
    authority = build_authority(
        folder,
        hub=hub,
        listen=listen,
        clock=clock,
        random_bytes_for=random_bytes_for,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
        beside=beside,
    )
    await authority.server.start()
    authority.lookout.serving_at(authority.endpoint)
    say_if_unproven("authority", folder.directory())
    chores = Chores("authority", authority.lookout.alarms)
    chores.begin("following the directory", authority.follower.keep)
    chores.begin("lookout", authority.lookout.keep)
    answers = wait_until_serving(authority.to_hub, HUB_SOUGHT_S)
    hub_reached = await happens_before(stop, answers, HUB_SOUGHT_S)
    if not (hub_reached or stop.is_set()):
        get_logger("authority").warning("ready_without_hub", hub=hub)
    announce_ready(party="authority", endpoint=authority.endpoint, hub_reached=hub_reached)
    await serve_until(stop, authority.server)
    await chores.end()
    await authority.close()

"""Any one agency as a process: what is made from what, and nothing else.

Read it top to bottom: files, keys, store, both sides of an exchange, acquisition, server. It refuses to start when the
parts of its folder do not belong together. Where hub and authority are, it is told from outside; where it listens
itself, it tells the hub.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import grpc

from warifu.agency import Agency, find_agency, provided_items
from warifu.api.agency.v1.agency_service_pb2_grpc import add_AgencyServiceServicer_to_server
from warifu.api.node.v1.node_service_pb2_grpc import add_NodeServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2 import HoldingCounts
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.party.alarms import AlarmKind, Alarms
from warifu.party.folder import PartyFolder, PartySettings
from warifu.party.following import DirectoryFollower, RevocationFollower
from warifu.party.held import Held
from warifu.party.key_check import check_keys
from warifu.party.lookout import Lookout
from warifu.party.process import HUB_SOUGHT_S, announce_ready, happens_before, serve_until
from warifu.party.status_servicer import PARTY_ACCESS, About, DirectoryInForce, StatusServicer
from warifu.pki import Identity, RevocationFile, Role
from warifu.rpc.address import check_address
from warifu.rpc.channel import ChannelPool
from warifu.rpc.logging import error_fields, get_logger
from warifu.rpc.server import build_server
from warifu_services.node.acquisition import Acquirer
from warifu_services.node.agency_servicer import AGENCY_ACCESS, AgencyServicer
from warifu_services.node.authority_link import GrpcAuthority
from warifu_services.node.comparison import keep_comparing
from warifu_services.node.hub_link import GrpcRotation, HubContact, HubLog, StreamedHub
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.keys import NodeKeys
from warifu_services.node.provider import Provider
from warifu_services.node.registration import Registrar
from warifu_services.node.rotation import CodeRotator
from warifu_services.node.servicer import NODE_ACCESS, NodeCore, NodeServicer
from warifu_services.node.standing import Standing
from warifu_services.node.standing_store import StandingStore
from warifu_services.node.store import NodeStore, expired_before
from warifu_services.node.store_sqlite import SqliteNodeStore

__all__ = ["ANSWERS_KEPT", "Node", "build_node", "purge", "run_node"]

ANSWERS_KEPT = timedelta(hours=24)
"""How long answers and results are kept for whoever asks again."""

_PURGE_S = 3600.0


@dataclass(slots=True, kw_only=True)
class Node:
    """A node that is built. ``endpoint`` is where it listens, ``contact`` keeps the hub told of it."""

    server: grpc.aio.Server
    endpoint: str
    store: NodeStore
    lookout: Lookout
    inquirer: Inquirer
    provider: Provider
    contact: HubContact
    follower: DirectoryFollower
    rotator: CodeRotator
    standing: Standing
    hub_log: HubLog
    hub: StreamedHub
    channels: ChannelPool
    workers: ThreadPoolExecutor
    clock: Clock
    chores: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Delete what is past its time, serve, tell the hub, and go on with inquiries left open."""
        await purge(self.store, self.clock)
        await self.server.start()
        self.lookout.serving_at(self.endpoint)
        chores = (
            self.contact.keep(),
            self.follower.keep(),
            self.rotator.keep(),
            keep_comparing(self.hub_log, self.standing),
            self.lookout.keep(),
            _purge_now_and_then(self),
        )
        self.chores += [asyncio.create_task(chore) for chore in chores]
        self.inquirer.resume()

    async def close(self, grace_s: float = 0.0) -> None:
        """Take no new calls, give those under way ``grace_s`` seconds, and let go of everything."""
        await self.server.stop(grace_s)
        for chore in self.chores:
            chore.cancel()
        await asyncio.gather(*self.chores, return_exceptions=True)
        await self.inquirer.close()
        await self.hub.close()
        await self.channels.close()
        self.workers.shutdown()
        self.store.close()


async def purge(store: NodeStore, clock: Clock) -> None:
    """Delete records kept for seven years, and answers kept for a day. Raises: STORE_UNAVAILABLE."""
    changed_before = clock.now() - ANSWERS_KEPT
    await store.purge(
        requested_before_ms=expired_before(clock.now()), changed_before_ms=int(changed_before.timestamp() * 1000)
    )


async def _purge_now_and_then(node: Node) -> None:
    while True:
        await asyncio.sleep(_PURGE_S)
        try:
            await purge(node.store, node.clock)
        except WarifuError as error:
            get_logger("node").warning("not_purged", **error_fields(error))


def build_node(
    folder: PartyFolder,
    *,
    hub: str,
    authority: str,
    agency: Agency | None = None,
    listen: str | None = None,
    clock: Clock | None = None,
    stopping: asyncio.Event | None = None,
    go_on: bool = False,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> Node:
    """Build the node that lives in ``folder``, inside its event loop; not yet started.

    ``hub`` and ``authority`` are host:port. ``agency`` is found by the folder's kind unless given; ``listen`` stands in
    for the folder's own setting. The hub's streams to it end with ``stopping``. With ``go_on`` a node that was restored from
    an older state goes on without the records it lost; without, it neither asks nor answers.

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, DIRECTORY_INVALID, FILE_INVALID or STORE_UNAVAILABLE, naming the file.
    """
    clock = clock or SystemClock()
    check_address(hub, where=f"hub {hub}")
    check_address(authority, where=f"authority {authority}")
    settings, directory = folder.settings(), folder.directory()
    agency = agency or find_agency(settings.institution_kind)
    _check_fit(settings, directory, agency)
    keys = NodeKeys.load(folder, directory)
    root_pem = folder.root_pem()
    alarms = Alarms("node", folder.path, clock)
    credential = folder.credential(
        root_pem=root_pem,
        clock=clock,
        on_refused=alarms.refused(AlarmKind.CREDENTIAL_REFUSED),
        on_taken=alarms.taken(AlarmKind.CREDENTIAL_REFUSED),
    )
    revocations = RevocationFile(
        folder.path / "revoked.pem",
        root_pem,
        clock,
        on_refused=alarms.refused(AlarmKind.REVOCATION_LIST_REFUSED),
        on_taken=alarms.taken(AlarmKind.REVOCATION_LIST_REFUSED),
    )
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        store = SqliteNodeStore(folder.path / "node.sqlite3")
        undo.callback(store.close)
        check_keys(store.database, {"row.key": keys.provider.row_secret, "storage.key": keys.at_rest.storage_key})
        channels = ChannelPool(
            credential=credential, root_pem=root_pem, revoked=revocations.revoked, interceptors=channel_interceptors
        )
        to_hub = channels.peer(Identity(network=directory.network, role=Role.HUB, institution=directory.hub), hub)
        to_authority = channels.peer(
            Identity(network=directory.network, role=Role.AUTHORITY, institution=directory.authority), authority
        )
        exchanges = StreamedHub(to_hub)
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="node")
        undo.callback(workers.shutdown)
        directories, held_keys = Held(directory), Held(keys)
        standing = Standing(
            store=StandingStore(store.database),
            directory=directories,
            clock=clock,
            told_to_go_on=go_on,
            say=lambda reason, where: alarms.settle(AlarmKind[reason.value], where),
        )
        followed = RevocationFollower(to_hub, revocations, party="node")
        follower = DirectoryFollower(
            to_hub,
            folder=folder,
            held=directories,
            party="node",
            make_ready=lambda newer: partial(held_keys.hold, NodeKeys.load(folder, newer)),
            revocations=followed,
            alarms=alarms,
        )
        rotator = CodeRotator(
            keys=held_keys, directory=directories, store=store, hub=GrpcRotation(to_hub), clock=clock, workers=workers
        )
        inquirer = Inquirer(
            keys=held_keys, directory=directories, store=store, hub=exchanges, clock=clock, standing=standing
        )
        provider = Provider(
            agency=agency,
            keys=held_keys,
            directory=directories,
            store=store,
            clock=clock,
            refresh=follower.refresh,
            codes_ready=rotator.caught_up,
            standing=standing,
        )
        acquirer = Acquirer(
            keys=held_keys,
            directory=directories,
            store=store,
            authority=GrpcAuthority(to_authority),
            clock=clock,
            workers=workers,
            refresh=follower.refresh,
            codes_ready=rotator.caught_up,
        )
        core = NodeCore(
            institution=settings.institution_code,
            acquirer=acquirer,
            registrar=Registrar(agency, store),
            inquirer=inquirer,
            provider=provider,
            store=store,
            items=provided_items(),
        )
        listen = listen or settings.listen
        lookout = Lookout(
            alarms=alarms,
            credential=credential,
            root_pem=root_pem,
            revocations=revocations,
            database=store.database,
            clock=clock,
        )
        lookout.watch_directory(directory.network)
        server, port = build_server(
            credential=credential,
            root_pem=root_pem,
            access={**NODE_ACCESS, **AGENCY_ACCESS, **PARTY_ACCESS},
            services=[
                (add_NodeServiceServicer_to_server, NodeServicer(core)),
                (add_AgencyServiceServicer_to_server, AgencyServicer(provider, stopping=stopping)),
                (add_PartyServiceServicer_to_server, StatusServicer(_about(settings, directories, store), lookout)),
            ],
            health_servicer=lookout.health,
            revoked=revocations.revoked,
            extra_interceptors=server_interceptors,
            listen=listen,
        )
        endpoint = f"{listen.rpartition(':')[0]}:{port}"
        contact = HubContact(to_hub, endpoint=endpoint, revocations=followed)
        lookout.look_at(AlarmKind.HUB_NOT_IN_CONTACT, contact.absence)
        undo.pop_all()
        return Node(
            server=server,
            endpoint=endpoint,
            store=store,
            lookout=lookout,
            inquirer=inquirer,
            provider=provider,
            contact=contact,
            follower=follower,
            rotator=rotator,
            standing=standing,
            hub_log=HubLog(to_hub),
            hub=exchanges,
            channels=channels,
            workers=workers,
            clock=clock,
        )


def _check_fit(settings: PartySettings, directory: Directory, agency: Agency) -> None:
    if settings.role != Role.AGENCY.value:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: role is not agency")
    if settings.network != directory.network:
        raise WarifuError(Reason.CONFIG_INVALID, where="party.json: not the network that directory.json is of")
    kinds = (settings.institution_kind, directory.entry(settings.institution_code, where="party.json").kind)
    if kinds != (agency.kind, agency.kind):
        raise WarifuError(Reason.CONFIG_INVALID, where=f"party.json: institution_kind is not {agency.kind}")


def _about(settings: PartySettings, directories: Held[Directory], store: SqliteNodeStore) -> About:
    """What a node tells of itself."""
    own, directory = settings.institution_code, directories.current()

    def in_force() -> DirectoryInForce:
        newest = directories.current()
        entry = newest.entry(own)
        return DirectoryInForce(version=newest.version, epoch=entry.epoch, code_epoch=entry.code_epoch)

    async def counts() -> HoldingCounts:
        told = HoldingCounts(person_count=await store.count_people(), record_count=store.count_records())
        newest = directories.current()
        code_epoch = (newest.announced(own) or newest.entry(own)).code_epoch
        if code_epoch > 1:
            told.code_behind_count = await store.count_behind(code_epoch)
        return told

    return About(
        identity=Identity(network=directory.network, role=Role.AGENCY, institution=own),
        suite=directory.suite,
        directory=in_force,
        counts=counts,
    )


async def run_node(
    stop: asyncio.Event,
    path: Path,
    *,
    party: str,
    hub: str,
    authority: str,
    listen: str | None = None,
    go_on: bool = False,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> None:
    """Run the agency in ``path`` until ``stop`` is set; says on standard output where it listens.

    ``party`` is the agency's name, which is its folder's, or its kind. The line comes once the hub knows where it
    listens too, and both have compared what they hold, since exchanges go through only then; without a hub, after ten
    seconds, and then it says that as well. ``go_on`` is what an operator says of a node that was restored from an older
    state.
    """
    node = build_node(
        PartyFolder(path),
        hub=hub,
        authority=authority,
        agency=_named(party, PartyFolder(path)),
        listen=listen,
        stopping=stop,
        go_on=go_on,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
    )
    try:
        await node.start()
        hub_reached = await happens_before(stop, _in_contact(node), HUB_SOUGHT_S)
        if not (hub_reached or stop.is_set()):
            get_logger("node").warning("ready_without_hub", hub=hub, **node.contact.fault_fields())
        announce_ready(party=party, endpoint=node.endpoint, hub_reached=hub_reached, amiss=_amiss(node))
        await serve_until(stop, node.server)
    finally:
        await node.close()


def _named(party: str, folder: PartyFolder) -> Agency:
    """The adapter of the agency called so, by its folder or by its kind. Raises: CONFIG_INVALID."""
    by_name = party == folder.path.resolve().name
    return find_agency(folder.settings().institution_kind if by_name else party)


def _amiss(node: Node) -> str:
    try:
        node.standing.check()
    except WarifuError as error:
        return str(error)
    return ""


async def _in_contact(node: Node) -> None:
    """Wait until the hub was told where the node listens, both compared, and the node has the newest directory."""
    await node.contact.announced.wait()
    await node.standing.tried.wait()
    await node.follower.caught_up.wait()

"""What a node is made from, and nothing else.

Read ``build_node`` top to bottom: files, keys, store, links, both sides of an exchange, server. It refuses to start when
the parts of its folder do not belong together. Where hub and authority are, it is told from outside; where it listens
itself, it tells the hub.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial

import grpc

from warifu.agency import Agency, provided_items
from warifu.api.agency.v1.agency_service_pb2_grpc import add_AgencyServiceServicer_to_server
from warifu.api.node.v1.node_service_pb2_grpc import add_NodeServiceServicer_to_server
from warifu.api.party.v1.party_service_pb2_grpc import add_PartyServiceServicer_to_server
from warifu.clock import Clock, SystemClock
from warifu.exchange.directory import Directory
from warifu.identifiers import InstitutionCode
from warifu.party.alarms import AlarmKind
from warifu.party.chores import Chores
from warifu.party.folder import PartyFolder
from warifu.party.following import DirectoryFollower, RevocationFollower
from warifu.party.groundwork import Groundwork
from warifu.party.held import Held
from warifu.party.lookout import Lookout
from warifu.party.status_servicer import PARTY_ACCESS, StatusServicer
from warifu.permissions.decision import check_table
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.permissions.watched import WatchedTable
from warifu.pki import Identity, Role
from warifu.rpc.address import check_address
from warifu.rpc.channel import ChannelPool, PeerChannel
from warifu.rpc.server import MakeService
from warifu_services.node.acquisition import Acquirer
from warifu_services.node.adapter.link import AdapterContact, adapter_contact
from warifu_services.node.agency_servicer import AGENCY_ACCESS, AgencyServicer
from warifu_services.node.app.about import about_node
from warifu_services.node.app.fitting import agency_of, check_fit, fitting_store
from warifu_services.node.app.serving import Node
from warifu_services.node.authority_link import GrpcAuthority
from warifu_services.node.bulk import BulkInquirer
from warifu_services.node.drawn_permits import DrawnPermits, KeyedDraw
from warifu_services.node.evidence import EvidenceBook
from warifu_services.node.evidence_files import EvidenceFolder
from warifu_services.node.evidence_store import EvidenceStore
from warifu_services.node.gossip import GossipBox
from warifu_services.node.hub_link import BulkHub, GrpcRotation, HubContact, HubLog, HubProofs, StreamedHub
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.keys import NodeKeys
from warifu_services.node.lateness import InContact
from warifu_services.node.provider import Provider
from warifu_services.node.proving import Prover
from warifu_services.node.proving_store import ProvingStore
from warifu_services.node.registration import Registrar
from warifu_services.node.rotation import CodeRotator
from warifu_services.node.servicer import NODE_ACCESS, NodeCore, NodeServicer
from warifu_services.node.spread import Spread
from warifu_services.node.standing import Standing
from warifu_services.node.standing_store import StandingStore
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.views import Views

__all__ = ["build_node"]


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """The parts of one node, each made once, when another first needs it."""

    ground: Groundwork
    agency: Agency
    directory: Held[Directory]
    keys: Held[NodeKeys]
    permissions: PermissionTable
    store: DatabaseNodeStore
    channels: ChannelPool
    to_hub: PeerChannel
    to_authority: PeerChannel
    workers: ThreadPoolExecutor
    spread: Spread
    go_on: bool
    adapter: AdapterContact | None

    @cached_property
    def standing_store(self) -> StandingStore:
        """What the node has seen of the hub's log."""
        return StandingStore(self.store.database)

    @cached_property
    def standing(self) -> Standing:
        """Whether the node's records are as new as the hub's log."""
        return Standing(
            store=self.standing_store,
            directory=self.directory,
            clock=self.ground.clock,
            told_to_go_on=self.go_on,
            say=lambda reason, where: self.ground.alarms.settle(AlarmKind[reason.value], where),
        )

    @cached_property
    def followed(self) -> RevocationFollower:
        """The revocation list, kept as new as the hub's."""
        return RevocationFollower(self.to_hub, self.ground.revocations, party="node")

    @cached_property
    def follower(self) -> DirectoryFollower:
        """The directory, kept as new as the hub's; a version is taken when the node has the keys it names."""
        folder = self.ground.folder
        return DirectoryFollower(
            self.to_hub,
            folder=folder,
            held=self.directory,
            party="node",
            make_ready=lambda newer: partial(self.keys.hold, NodeKeys.load(folder, newer)),
            revocations=self.followed,
            alarms=self.ground.alarms,
        )

    @cached_property
    def rotator(self) -> CodeRotator:
        """Brings stored codes to the newest epoch."""
        return CodeRotator(
            keys=self.keys,
            directory=self.directory,
            store=self.store,
            hub=GrpcRotation(self.to_hub),
            clock=self.ground.clock,
            workers=self.workers,
        )

    @cached_property
    def exchanges(self) -> StreamedHub:
        """The stream of exchanges to the hub."""
        return StreamedHub(self.to_hub)

    @cached_property
    def bulk_exchanges(self) -> BulkHub:
        """The stream of exchanges in bulk to the hub."""
        return BulkHub(self.to_hub, self.exchanges)

    @cached_property
    def inquirer(self) -> Inquirer:
        """The side that asks."""
        return Inquirer(
            keys=self.keys,
            directory=self.directory,
            store=self.store,
            hub=self.exchanges,
            bulk=self.bulk_exchanges,
            clock=self.ground.clock,
            standing=self.standing,
            spread=self.spread,
            gossip=self.gossip,
        )

    @cached_property
    def gossip(self) -> GossipBox:
        """What others are told of the hub, and what they told."""
        return GossipBox(seen=lambda: self.standing.seen_note, directory=self.directory)

    @cached_property
    def views(self) -> Views:
        """Whether the hub shows others what it shows this node."""
        return Views(
            box=self.gossip,
            standing=self.standing,
            directory=self.directory,
            evidence=self.evidence_files,
            clock=self.ground.clock,
            in_contact_since=lambda: self.in_contact.since_ms,
        )

    @cached_property
    def in_contact(self) -> InContact:
        """Since when the hub could have brought something."""
        return InContact(self.ground.clock)

    @cached_property
    def evidence(self) -> EvidenceBook:
        """What was noticed of a hub that breaks the rules."""
        return EvidenceBook(EvidenceStore(self.store.database), self.ground.clock)

    @cached_property
    def prover(self) -> Prover:
        """Whether the node's exchanges are in the hub's log."""
        store = ProvingStore(self.store.database)
        if self.go_on:
            store.excuse_now()
        return Prover(
            store=store, seen=self.standing_store.seen_checkpoint, evidence=self.evidence, clock=self.ground.clock
        )

    @cached_property
    def provider(self) -> Provider:
        """The side that answers."""
        return Provider(
            agency=self.agency,
            keys=self.keys,
            directory=self.directory,
            store=self.store,
            permissions=self.permissions,
            clock=self.ground.clock,
            evidence=self.evidence,
            in_contact_since=lambda: self.in_contact.since_ms,
            refresh=self.follower.refresh,
            codes_ready=self.rotator.caught_up,
            standing=self.standing,
            keep_evidence=self.evidence_files.keep,
            proofs=self.drawn,
            gossip=self.gossip,
            live=self.adapter.adapter if self.adapter is not None else None,
        )

    def adapter_amiss(self) -> str | None:
        """That the business system is not there, or had no answer to the last question; None where replicas answer."""
        return (self.adapter.absence() if self.adapter is not None else None) or self.provider.adapter_fault()

    @cached_property
    def drawn(self) -> DrawnPermits:
        """Permits whose conversion is to be proven, where conversions are sampled."""
        return DrawnPermits(
            hub=HubProofs(self.to_hub),
            directory=self.directory,
            draw=KeyedDraw(self.keys.current().provider.row_secret),
            keep_evidence=self.evidence_files.keep,
        )

    @cached_property
    def evidence_files(self) -> EvidenceFolder:
        """Permits and checkpoints that convict the hub by themselves."""
        return EvidenceFolder(self.ground.folder.path)

    @cached_property
    def acquirer(self) -> Acquirer:
        """Gets codes of people from the authority."""
        return Acquirer(
            keys=self.keys,
            directory=self.directory,
            store=self.store,
            authority=GrpcAuthority(self.to_authority),
            clock=self.ground.clock,
            workers=self.workers,
            refresh=self.follower.refresh,
            codes_ready=self.rotator.caught_up,
        )

    @cached_property
    def core(self) -> NodeCore:
        """What the business system reaches."""
        return NodeCore(
            institution=self.ground.settings.institution_code,
            acquirer=self.acquirer,
            registrar=Registrar(self.agency, self.store),
            inquirer=self.inquirer,
            bulk=BulkInquirer(self.inquirer),
            provider=self.provider,
            store=self.store,
            items=provided_items(),
        )

    @cached_property
    def lookout(self) -> Lookout:
        """Whoever looks after the node while it serves."""
        lookout = self.ground.lookout(self.store.database)
        lookout.watch_directory(self.directory.current().network)
        lookout.look_at(AlarmKind.CONVERSION_NOT_PROVEN, self.evidence_files.standing)
        lookout.look_at(AlarmKind.LOG_VIEWS_DIFFER, self.views.log_amiss)
        lookout.look_at(AlarmKind.DIRECTORY_VIEWS_DIFFER, self.views.directory_amiss)
        watched_table = WatchedTable(self.ground.folder.path / TABLE_FILE, self.permissions.digest)
        lookout.look_at(AlarmKind.PERMISSION_TABLE_REFUSED, watched_table.amiss)
        lookout.look_at(AlarmKind.ADAPTER_NOT_IN_CONTACT, self.adapter_amiss)
        lookout.look_at(AlarmKind.EXCHANGE_NOT_IN_LOG, self.prover.missing)
        still = AlarmKind.CHECKPOINT_STANDS_STILL
        lookout.look_at(still, lambda: self.prover.standing_still(self.in_contact.since_ms))
        for kind in (AlarmKind.PERMIT_FORBIDDEN, AlarmKind.PERMIT_HELD_BACK):
            lookout.look_at(kind, partial(self.evidence.amiss, kind))
        return lookout


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
    spread_s: float | None = None,
    adapter: str | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> Node:
    """Build the node that lives in ``folder``, inside its event loop; not yet started.

    ``hub`` and ``authority`` are host:port. ``agency`` is found by the folder's kind unless given; ``listen`` stands in
    for the folder's own setting. The hub's streams to it end with ``stopping``. With ``go_on`` a node that was restored from
    an older state goes on without the records it lost; without, it neither asks nor answers. ``spread_s`` stands in for the
    folder's own setting, over how many seconds it spreads the inquiries that nobody waits for; ``adapter`` likewise, host:port
    of the business system that answers instead of replicas.

    Raises:
        WarifuError: CONFIG_INVALID, KEY_INVALID, DIRECTORY_INVALID, FILE_INVALID or STORE_UNAVAILABLE, naming the file.
    """
    check_address(hub, where=f"hub {hub}")
    check_address(authority, where=f"authority {authority}")
    ground, directory = Groundwork.of("node", folder, clock or SystemClock(), beside), folder.directory()
    agency = agency or agency_of(ground.settings.institution_kind, folder, adapter)
    check_fit(ground.settings, directory, agency)
    keys = NodeKeys.load(folder, directory)
    permissions = PermissionTable.load(folder.path / TABLE_FILE)
    check_table(permissions.digest, directory.permission_table_digest)
    with ExitStack() as undo:  # what was opened is closed again when the rest cannot be built
        store = fitting_store(folder, keys)
        undo.callback(store.close)
        workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="node")
        undo.callback(workers.shutdown)
        channels = ground.channels(channel_interceptors)
        parts = _Parts(
            ground=ground,
            agency=agency,
            directory=Held(directory),
            keys=Held(keys),
            permissions=permissions,
            store=store,
            channels=channels,
            to_hub=channels.peer(_identity(directory, Role.HUB, directory.hub), hub),
            to_authority=channels.peer(_identity(directory, Role.AUTHORITY, directory.authority), authority),
            workers=workers,
            spread=Spread(ground.settings.spread_s or 0.0 if spread_s is None else spread_s),
            go_on=go_on,
            adapter=adapter_contact(channels, adapter or ground.settings.adapter, ground.settings, agency),
        )
        node = _node(parts, *_server(parts, listen, stopping, server_interceptors))
        undo.pop_all()
        return node


def _identity(directory: Directory, role: Role, institution: InstitutionCode) -> Identity:
    return Identity(network=directory.network, role=role, institution=institution)


def _server(
    parts: _Parts,
    listen: str | None,
    stopping: asyncio.Event | None,
    interceptors: Sequence[grpc.aio.ServerInterceptor],
) -> tuple[grpc.aio.Server, str]:
    about = about_node(parts.ground.settings, parts.directory, parts.store)
    return parts.ground.server(
        [
            (add_NodeServiceServicer_to_server, NodeServicer(parts.core)),
            (add_AgencyServiceServicer_to_server, AgencyServicer(parts.provider, stopping=stopping)),
            (add_PartyServiceServicer_to_server, StatusServicer(about, parts.lookout)),
        ],
        access={**NODE_ACCESS, **AGENCY_ACCESS, **PARTY_ACCESS},
        lookout=parts.lookout,
        interceptors=interceptors,
        listen=listen,
    )


def _node(parts: _Parts, server: grpc.aio.Server, endpoint: str) -> Node:
    contact = HubContact(parts.to_hub, endpoint=endpoint, revocations=parts.followed, in_contact=parts.in_contact)
    parts.lookout.look_at(AlarmKind.HUB_NOT_IN_CONTACT, contact.absence)
    return Node(
        server=server,
        endpoint=endpoint,
        store=parts.store,
        lookout=parts.lookout,
        inquirer=parts.inquirer,
        provider=parts.provider,
        contact=contact,
        follower=parts.follower,
        rotator=parts.rotator,
        standing=parts.standing,
        prover=parts.prover,
        views=parts.views,
        hub_log=HubLog(parts.to_hub),
        hub=parts.exchanges,
        bulk=parts.bulk_exchanges,
        drawn=parts.drawn,
        adapter=parts.adapter,
        channels=parts.channels,
        workers=parts.workers,
        clock=parts.ground.clock,
        chores=Chores("node", parts.ground.alarms),
    )

"""The stage of a check of a node: the network's real hub and authority, in this process, and the keys of everybody around the node.

Decides what stands ready before the first case, and that a network which is up is left alone. The node finds hub and authority
as in any network, and announces itself; what it is brought in the cases comes from the kit's own hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import IO

from warifu.agency import Agency, find_agency
from warifu.client.connection import Connection
from warifu.clock import day_in_japan
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.identifiers import MyNumber
from warifu.party.claim import claim
from warifu.party.folder import PartyFolder
from warifu.party.network_file import NetworkFile, party_called, read_network_file
from warifu.pki import Identity, Role
from warifu.rpc.address import check_address
from warifu.rpc.probe import Peer, find_certificate
from warifu_hub.app import Hub, build_hub
from warifu_hub.own_keys import OwnKeys
from warifu_hub.translate import Party, Translator
from warifu_kit.conformance.cast import KNOWN, CastPerson, designated, make_asked_about, make_known, write_cast
from warifu_kit.conformance.certificates import Forge, Issuer
from warifu_kit.conformance.changes import MovableClock, NetworkChanges
from warifu_kit.conformance.hands import Hands
from warifu_kit.conformance.inquirer_under_check import InquirerUnderCheck
from warifu_kit.conformance.node_under_check import NodeUnderCheck, Whereabouts
from warifu_kit.conformance.pace import said_seconds
from warifu_kit.conformance.rotating import Parties, Rotating
from warifu_kit.conformance.rows import NotAssessed, Row, first_row, not_assessed, rows_of
from warifu_kit.conformance.strangers import pair_of, strangers
from warifu_kit.conformance.wire.front_door import FrontDoor, is_of_loopback
from warifu_kit.conformance.wire.played_authority import PlayedAuthority
from warifu_kit.conformance.wire.played_directory import PlayedDirectory
from warifu_kit.conformance.wire.played_hub import PlayedHub
from warifu_kit.conformance.wire.played_log import PlayedLog
from warifu_services.authority.app import Authority, build_authority
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.node.keys import NodeKeys

__all__ = ["CLOCK_FILE", "Stage", "known_by_node_service", "staged"]

CLOCK_FILE = "clock"
"""The kit's time in the network's folder, for a node that goes by it."""

_NOWHERE = ""
_LOOK_AGAIN_S = 0.05
_REGISTRY = "residence"
_NOT_ASSESSED = "not-assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What stands ready. ``cast`` have My Numbers, and days that count from ``day``; ``party`` is the name of the node under check.

    ``serves_business``: it serves NodeService, so that clerks can decide there. ``played`` is there when it is checked as the one who asks.
    """

    path: Path
    described: NetworkFile
    party: str
    agency: Agency
    row: Row
    hub: Hub
    authority: Authority
    cast: Sequence[CastPerson]
    changes: NetworkChanges
    clock: MovableClock
    day: date
    played: PlayedHub | None = None
    issuing: PlayedAuthority = field(default_factory=PlayedAuthority)
    log: PlayedLog = field(default_factory=PlayedLog)
    versions: PlayedDirectory = field(default_factory=PlayedDirectory)
    serves_business: bool = True
    other_row: Row | None = None
    door: FrontDoor | None = None

    @property
    def hub_endpoint(self) -> str:
        """Where the node finds the hub."""
        return self.door.endpoint if self.door is not None else self.hub.endpoint

    def folder(self, party: str) -> PartyFolder:
        """A party's folder."""
        return PartyFolder(self.path / party)

    def business(self, party: str, endpoint: str) -> Connection:
        """The way of a party's business system to its node or, of the registry's, to the authority."""
        own = self.path / (_REGISTRY if party == "authority" else party) / "business"
        return Connection(
            endpoint=endpoint,
            expect=self.folder(party).identity(),
            certificate=own / "tls.pem",
            private_key=own / "tls.key",
            root_certificate=self.path / self.described.root_certificate,
        )

    async def forget_where_it_was(self) -> None:
        """Have only what the node announces from now on count: what it said in another check may be somebody else's by now."""
        await self.hub.store.put_endpoint(self.folder(self.party).identity().institution, _NOWHERE)

    async def announced(self, wait_s: float) -> str:
        """Where the node listens, once it has said so and answers there. Raises: NOT_CONNECTED."""
        folder = self.folder(self.party)
        identity, last = folder.identity(), "it announced no endpoint"
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    endpoint = await self.hub.store.endpoint(identity.institution)
                    fault = await _fault_at(endpoint, identity, folder.root_pem()) if endpoint else last
                    if fault is None and endpoint:
                        return endpoint
                    last = fault or last
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            where = f"{self.party}: nobody came within {said_seconds(wait_s)} to the hub at {self.hub_endpoint}: {last}"
            raise WarifuError(Reason.NOT_CONNECTED, where=where) from None

    def hands(self, row: Row | None = None) -> Hands:
        """The hands of everybody around the node; of who asks in another row."""
        row = row or self.row
        hub, directory = self.folder("hub"), self.folder("hub").directory()
        keys = OwnKeys.load(hub, directory)
        inquirer = NodeKeys.load(self.folder(row.inquirer), directory).inquirer
        provider = directory.entry(self.folder(row.provider).identity().institution)
        return Hands(
            directory=directory,
            inquirer=inquirer,
            provider=provider,
            procedure=row.procedure,
            item=row.item,
            row=row.number,
            hub_key=keys.signing_key,
            translator=keys.translator,
            clock=self.clock,
        )

    def inquirer_under_check(self, endpoint: str) -> InquirerUnderCheck:
        """The node that listens there, as the one who asks."""
        if self.played is None:
            raise ValueError("set for a node that is asked")
        hands, provider = self.hands(), self.folder(self.row.provider)
        return InquirerUnderCheck(
            endpoint=endpoint,
            uri=self.folder(self.party).identity().uri,
            business=self.business(self.party, endpoint),
            hub=self.played,
            hands=hands,
            provider_keys=NodeKeys.load(provider, hands.directory).provider,
            provider_agency=find_agency(self.described.parties[self.row.provider].institution_kind),
            people={person.name: person.local_number for person in self.cast},
            authority=self.issuing,
            registry=self.business("authority", self.authority.endpoint),
            authority_key=SigningKey(self.folder("authority").secret("signing.key")),
            points=self._codes(hands.translator, Party.of(hands.provider)),
            door=self.door,
            forge=self._forge() if self.door is not None else None,
            others=strangers(self.path, self.described, self.party, self.row.provider),
            business_forge=Forge(Issuer.load(self.path / "root"), *self._businesses()),
        )

    def _businesses(self) -> tuple[Identity, Identity]:
        """The business system of the node, and that of the provider."""
        own, other = (self.folder(name).identity() for name in (self.party, self.row.provider))
        return replace(own, role=Role.BUSINESS), replace(other, role=Role.BUSINESS)

    def under_check(self, endpoint: str) -> NodeUnderCheck:
        """The node that listens there, as the one who is asked."""
        hub = self.folder("hub")
        keys = self._rotating()
        hands = keys.hands
        identity = self.folder(self.party).identity()
        codes = self._codes(hands.translator, Party.of(hands.inquirer.own))
        pairs = {name: pair_of(self.path / name) for name in self.described.parties}
        callers = {
            "another-agency": pairs[self.row.inquirer],
            "authority": pairs["authority"],
            "the-node": pairs[self.party],
            "own-business": pair_of(self.path / self.party / "business"),
            "another-business": pair_of(self.path / self.row.inquirer / "business"),
            "hub": pairs["hub"],
        }
        return NodeUnderCheck(
            at=Whereabouts(endpoint),
            identity=identity,
            hub=pairs["hub"],
            root_pem=hub.root_pem(),
            forge=self._forge(),
            keys=keys,
            agency=self.agency,
            codes=codes,
            clock=self.clock,
            day=self.day,
            local_numbers=tuple(person.local_number for person in self.cast),
            callers=callers,
            business_at=self.business(self.party, endpoint) if self.serves_business else None,
            log=self.log,
            versions=self.versions,
            log_key=OwnKeys.load(hub, hub.directory()).log_key,
            other=self._other(),
            through_hub=(self.hub.endpoint, hub.identity(), pairs[self.row.inquirer]),
        )

    def _rotating(self) -> Rotating:
        parties = Parties(inquirer=self.row.inquirer, own=self.party)
        let_in = self._let_in if self._nobody_assessed() is not None else None
        return Rotating(self.path, parties, self.hub, self.hands, self.changes, let_in)

    def _nobody_assessed(self) -> NotAssessed | None:
        return not_assessed(self.path, self.described.parties[self.party].institution_kind)

    def _let_in(self) -> tuple[Hands, Point]:
        """Have somebody join who may not ask; their hands, and their code of somebody whom the node knows. Raises: WarifuError."""
        who = self._nobody_assessed()
        if who is None:
            raise ValueError("asked for where the table has nobody")
        self.changes.join(self.path, _NOT_ASSESSED, who.kind, who.institution)
        hands = self.hands(
            Row(inquirer=_NOT_ASSESSED, provider=self.party, procedure=who.procedure, item=who.item, number=who.number)
        )
        return hands, self._codes(hands.translator, Party.of(hands.inquirer.own))[KNOWN.name]

    def _forge(self) -> Forge:
        """Makes certificates that look like the hub's."""
        another = self.row.provider if self.played is not None else self.row.inquirer
        return Forge(Issuer.load(self.path / "root"), self.folder("hub").identity(), self.folder(another).identity())

    def _other(self) -> tuple[Hands, Point] | None:
        """Somebody else who may ask the node, if there is one, and their code of somebody whom it knows."""
        if self.other_row is None:
            return None
        hands = self.hands(self.other_row)
        return hands, self._codes(hands.translator, Party.of(hands.inquirer.own))[KNOWN.name]

    def person_ids(self, people: Sequence[CastPerson], keys: AuthorityKeys) -> list[bytes | None]:
        """What the authority calls them; None for a number that it does not know."""
        lookups = [keys.number_lookup(MyNumber.parse(person.my_number, "my_number")) for person in people]
        return self.authority.store.holders(lookups)

    def _codes(self, translator: Translator, holder: Party) -> dict[str, Point]:
        """What an agency would hold, had it acquired them."""
        group = self.folder("hub").directory().group
        keys = AuthorityKeys(group, self.folder("authority").secret("point.key"))
        factor = translator.factor(holder.institution, holder.code_epoch)
        ids = self.person_ids(self.cast, keys)
        return {
            person.name: group.multiply(factor, keys.point(person_id))
            for person, person_id in zip(self.cast, ids, strict=True)
            if person_id is not None
        }


@asynccontextmanager
async def staged(
    path: Path,
    party: str,
    *,
    hub_at: str,
    authority_at: str,
    changes: NetworkChanges,
    write_people: Path | None = None,
    asks: bool = False,
) -> AsyncIterator[Stage]:
    """Hub and authority of the network in ``path``, up until the end.

    With ``asks`` the party under check is the one who asks, and exchanges come to the kit instead of the hub.

    Raises: CONFIG_INVALID when ``party`` is no agency of a kind that packages describe, or nobody of the network may ask it;
        PATH_UNUSABLE when the network is up; ADDRESS_IN_USE.
    """
    described = read_network_file(path)
    name = party_called(party, {each: about.institution_kind for each, about in described.parties.items()}, path)
    if described.parties[name].role != Role.AGENCY.value:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {name} is no agency")
    agency = find_agency(described.parties[name].institution_kind)
    row = first_row(path, described, name, asks=asks)
    rows = [] if asks else rows_of(path, described, name, asks=asks)
    played, issuing, log = PlayedHub() if asks else None, PlayedAuthority(), PlayedLog()
    versions = PlayedDirectory()
    async with AsyncExitStack() as kept:
        kept.enter_context(_claimed(path))
        clock = changes.clock_at(path / CLOCK_FILE)
        clock.reset()
        kept.callback(clock.reset)
        behind = asks and is_of_loopback(hub_at)
        listen = "127.0.0.1:0" if behind else hub_at
        hub = build_hub(
            PartyFolder(path / "hub"), listen=listen, server_interceptors=[log, versions, *([played] if played else [])]
        )
        kept.push_async_callback(hub.close)
        await hub.server.start()
        kept.push_async_callback(hub.server.stop, 0)
        door = await _opened(hub_at, hub.endpoint) if behind else None
        if door is not None:
            kept.push_async_callback(door.close)
        authority = build_authority(
            PartyFolder(path / "authority"), hub=hub.endpoint, listen=authority_at, server_interceptors=[issuing]
        )
        kept.push_async_callback(authority.close)
        await authority.server.start()
        kept.push_async_callback(authority.server.stop, 0)
        stage = Stage(
            path=path,
            described=described,
            party=name,
            agency=agency,
            row=row,
            other_row=next((each for each in rows if each.inquirer != row.inquirer), None),
            hub=hub,
            authority=authority,
            cast=(),
            changes=changes,
            clock=clock,
            day=day_in_japan(clock.now()),
            played=played,
            issuing=issuing,
            log=log,
            versions=versions,
            door=door,
        )
        cast = await designated(stage.business("authority", authority.endpoint), stage.day)
        if write_people is not None:
            write_cast(write_people, cast, agency, row.item)
        yield replace(stage, cast=cast, serves_business=write_people is None)


async def known_by_node_service(stage: Stage, endpoint: str) -> None:
    """Make the cast known to a node that serves NodeService, as its business system. Raises: WarifuError."""
    business = stage.business(stage.party, endpoint)
    if stage.played is None:
        await make_known(business, stage.cast, stage.agency, stage.row.item)
    else:
        await make_asked_about(business, stage.cast)


async def _fault_at(endpoint: str, identity: Identity, root_pem: bytes) -> str | None:
    """Why the node does not answer there; None when it does. It may be where another one announced before."""
    try:
        await find_certificate(Peer(target=endpoint, expect=identity, root_pem=root_pem), frozenset(), 2.0)
    except WarifuError as error:
        return str(error)
    return None


async def _opened(listen: str, hub: str) -> FrontDoor:
    """A door at that address, before the hub. Raises: ADDRESS_IN_USE, CONFIG_INVALID."""
    check_address(listen, where=listen, free_port=True)
    door = FrontDoor(hub)
    try:
        await door.open(listen)
    except OSError as error:
        raise WarifuError(Reason.ADDRESS_IN_USE, where=f"{listen}: {error.strerror}") from error
    return door


def _claimed(path: Path) -> IO[str]:
    try:
        return claim(path / "network.lock")
    except BlockingIOError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: the network is up; check in one that is not") from error
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename}: {error.strerror}") from error

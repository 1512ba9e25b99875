"""The stage of a check of a node: the network's real hub and authority, in this process, and the keys of everybody around the node.

Decides what stands ready before the first case, and that a network which is up is left alone. The node finds hub and authority
as in any network, and announces itself; what it is brought in the cases comes from the kit's own hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from warifu.agency import Agency, find_agency
from warifu.client.connection import Connection
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.identifiers import ItemCode, MyNumber, ProcedureCode
from warifu.party.claim import claim
from warifu.party.folder import PartyFolder
from warifu.party.network_file import NetworkFile, party_called, read_network_file
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.pki import Credential, Identity, Role
from warifu.rpc.probe import Peer, find_certificate
from warifu_hub.app import Hub, build_hub
from warifu_hub.translate import HubKeys, Party, Translator
from warifu_kit.conformance.cast import CastPerson, designated, make_known, write_cast
from warifu_kit.conformance.certificates import Forge, Issuer
from warifu_kit.conformance.hands import Hands
from warifu_kit.conformance.node_under_check import NodeUnderCheck
from warifu_kit.conformance.wire.calls import Pair
from warifu_services.authority.app import Authority, build_authority
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.node.keys import NodeKeys

__all__ = ["Stage", "known_by_node_service", "staged"]

_LOOK_AGAIN_S = 0.05
_REGISTRY = "residence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """In which row of the table who asks."""

    inquirer: str
    procedure: ProcedureCode
    item: ItemCode
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What stands ready. ``cast`` have My Numbers; ``party`` is the name of the node under check.

    ``serves_business``: it serves NodeService, so that clerks can decide there.
    """

    path: Path
    described: NetworkFile
    party: str
    agency: Agency
    row: Row
    hub: Hub
    authority: Authority
    cast: Sequence[CastPerson]
    serves_business: bool = True

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

    async def announced(self, wait_s: float) -> str:
        """Where the node listens, once it has said so and answers there. Raises: NODE_UNREACHABLE."""
        folder = self.folder(self.party)
        identity, last = folder.identity(), "it announced no endpoint"
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    endpoint = self.hub.store.endpoint(identity.institution)
                    fault = await _fault_at(endpoint, identity, folder.root_pem()) if endpoint is not None else last
                    if fault is None and endpoint is not None:
                        return endpoint
                    last = fault or last
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            where = f"{self.party}: nobody came within {wait_s:.0f} seconds to the hub at {self.hub.endpoint}: {last}"
            raise WarifuError(Reason.NODE_UNREACHABLE, where=where) from None

    def under_check(self, endpoint: str) -> NodeUnderCheck:
        """The node that listens there."""
        hub, directory = self.folder("hub"), self.folder("hub").directory()
        factor, opening, rerandomise = (hub.secret(f"{name}.key") for name in ("factor", "opening", "rerandomise"))
        keys = HubKeys(factor_key=factor, opening_key=opening, rerandomise_key=rerandomise)
        translator = Translator(directory.group, keys)
        inquirer = NodeKeys.load(self.folder(self.row.inquirer), directory).inquirer
        identity = self.folder(self.party).identity()
        provider = directory.entry(identity.institution)
        codes = self._codes(translator, Party.of(inquirer.own))
        hands = Hands(
            directory=directory,
            inquirer=inquirer,
            provider=provider,
            procedure=self.row.procedure,
            item=self.row.item,
            row=self.row.number,
            hub_key=SigningKey(hub.secret("signing.key")),
            translator=translator,
        )
        pairs = {name: _pair(self.path / name) for name in self.described.parties}
        callers = {
            "another-agency": pairs[self.row.inquirer],
            "authority": pairs["authority"],
            "the-node": pairs[self.party],
            "own-business": _pair(self.path / self.party / "business"),
        }
        forge = Forge(Issuer.load(self.path / "root"), hub.identity(), self.folder(self.row.inquirer).identity())
        return NodeUnderCheck(
            endpoint=endpoint,
            identity=identity,
            hub=pairs["hub"],
            root_pem=hub.root_pem(),
            forge=forge,
            hands=hands,
            agency=self.agency,
            codes=codes,
            local_numbers=tuple(person.local_number for person in self.cast),
            callers=callers,
            business=self.business(self.party, endpoint) if self.serves_business else None,
            through_hub=(self.hub.endpoint, hub.identity(), pairs[self.row.inquirer]),
        )

    def _codes(self, translator: Translator, inquirer: Party) -> dict[str, Point]:
        """What the inquirer would hold, had it acquired them."""
        group = self.folder("hub").directory().group
        keys = AuthorityKeys(group, self.folder("authority").secret("point.key"))
        factor = translator.factor(inquirer.institution, inquirer.code_epoch)
        lookups = [keys.number_lookup(MyNumber.parse(person.my_number, "my_number")) for person in self.cast]
        ids = self.authority.store.holders(lookups)
        return {
            person.name: group.multiply(factor, keys.point(person_id))
            for person, person_id in zip(self.cast, ids, strict=True)
            if person_id is not None
        }


@asynccontextmanager
async def staged(
    path: Path, party: str, *, hub_at: str, authority_at: str, write_people: Path | None = None
) -> AsyncIterator[Stage]:
    """Hub and authority of the network in ``path``, up until the end.

    Raises: CONFIG_INVALID when ``party`` is no agency of a kind that packages describe, or nobody of the network may ask it;
        PATH_UNUSABLE when the network is up; ADDRESS_IN_USE.
    """
    described = read_network_file(path)
    name = party_called(party, {each: about.institution_kind for each, about in described.parties.items()}, path)
    if described.parties[name].role != Role.AGENCY.value:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {name} is no agency")
    agency = find_agency(described.parties[name].institution_kind)
    row = _row(path, described, name)
    async with AsyncExitStack() as kept:
        kept.enter_context(_claimed(path))
        hub = build_hub(PartyFolder(path / "hub"), listen=hub_at)
        kept.push_async_callback(hub.close)
        await hub.server.start()
        kept.push_async_callback(hub.server.stop, 0)
        authority = build_authority(PartyFolder(path / "authority"), hub=hub.endpoint, listen=authority_at)
        kept.push_async_callback(authority.close)
        await authority.server.start()
        kept.push_async_callback(authority.server.stop, 0)
        stage = Stage(
            path=path, described=described, party=name, agency=agency, row=row, hub=hub, authority=authority, cast=()
        )
        cast = await designated(stage.business("authority", authority.endpoint))
        if write_people is not None:
            write_cast(write_people, cast, agency, row.item)
        yield replace(stage, cast=cast, serves_business=write_people is None)


async def known_by_node_service(stage: Stage, endpoint: str) -> None:
    """Make the cast known to a node that serves NodeService, as its business system. Raises: WarifuError."""
    await make_known(stage.business(stage.party, endpoint), stage.cast, stage.agency, stage.row.item)


async def _fault_at(endpoint: str, identity: Identity, root_pem: bytes) -> str | None:
    """Why the node does not answer there; None when it does. It may be where another one announced before."""
    try:
        await find_certificate(Peer(target=endpoint, expect=identity, root_pem=root_pem), frozenset(), 2.0)
    except WarifuError as error:
        return str(error)
    return None


def _claimed(path: Path) -> IO[str]:
    try:
        return claim(path / "network.lock")
    except BlockingIOError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: the network is up; check in one that is not") from error
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename}: {error.strerror}") from error


def _row(path: Path, described: NetworkFile, provider: str) -> Row:
    """The first row that lets an agency of the network ask the provider something, without consent or ordinance."""
    table = PermissionTable.load(path / "hub" / TABLE_FILE)
    kinds = {
        about.institution_kind: name for name, about in described.parties.items() if about.role == Role.AGENCY.value
    }
    asked = described.parties[provider].institution_kind
    for row in table.rows:
        for grant in row.grants:
            names = [kinds[kind] for kind in row.inquirer_kinds if kind in kinds and kinds[kind] != provider]
            if names and grant.provider_kind == asked and not row.ordinance and not grant.consent_required:
                return Row(
                    inquirer=names[0],
                    procedure=row.procedure.procedure_code,
                    item=grant.item_code,
                    number=row.row_number,
                )
    raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: no agency of this network may ask {provider} for anything")


def _pair(folder: Path) -> Pair:
    found = Credential.read(folder / "tls.pem", folder / "tls.key")
    return Pair(found.cert_pem, found.key_pem)

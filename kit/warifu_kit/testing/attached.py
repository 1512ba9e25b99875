"""An agency of a test's own, at a node of its own in a network that is up.

Decides how it joins: as any agency does, by a new version of the directory, with keys and a process of its own. Only what
the node asks its Agency is answered in the test's process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from google.protobuf.message import Message

from warifu.agency import Agency, LookUp, ProvisionQuery, day_in_japan
from warifu.api.node.v1.node_service_pb2 import PersonToAcquire, Replica
from warifu.client import BlockingNodeClient
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode
from warifu.party.network_file import read_network_file
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu_kit.attached.answering import AnswerDesk
from warifu_kit.network.joining import add_member, wait_taken, wait_up
from warifu_kit.network.members import joining
from warifu_kit.network.one_party import HUB, Member
from warifu_kit.testing.people import Person

__all__ = ["AttachedAgency", "Joinable", "NodeShape", "attach", "node_shape"]

NodeShape: TypeAlias = tuple[str, bool, frozenset[str]]
"""What a node cannot change while it is up: its kind, whether it keeps replicas, and without them its items."""

_PATIENCE_S: Final = 30.0
_MUNICIPALITY: Final = "011002"
"""Where the network's other offices are."""


class Joinable(Protocol):
    """A network that is up, as far as an agency that joins it needs to know."""

    @property
    def folder(self) -> Path:
        """Its folder."""

    @property
    def clock(self) -> Clock:
        """That of its parties."""

    def node(self, agency: str) -> BlockingNodeClient:
        """A client of an agency's business system at its own node."""

    def parties(self) -> list[str]:
        """The parties that have a process."""


class AttachedAgency:
    """Stands for the node in words like ``network.ask("childcare", pension, …)``: as text it is the party's name."""

    def __init__(self, network: Joinable, party: str, desk: AnswerDesk) -> None:
        self._network = network
        self._desk = desk
        self._numbers = count(1)
        self.party = party

    def __str__(self) -> str:
        return self.party

    @property
    def agency(self) -> Agency:
        """Who answers now."""
        return self._desk.agency

    @property
    def asked(self) -> list[ProvisionQuery]:
        """What it was asked in this test, oldest first."""
        return self._desk.asked

    @property
    def looked_up(self) -> list[LookUp]:
        """What it was to look up in this test, where it keeps no replicas; also about local numbers that nobody has."""
        return self._desk.looked_up

    @property
    def raised(self) -> list[BaseException]:
        """What it fell over with in this test. A test that expects that clears the list."""
        return self._desk.raised

    def sit(self, agency: Agency) -> None:
        """Have another one of the same kind answer from now on, and forget what was asked."""
        self._desk.sit(agency)

    def acquire(self, person: Person) -> str:
        """Acquire a code for ``person``, if need be; the local number. An agency that keeps no replicas needs no more.

        Raises: what the node says of it.
        """
        if self.party not in person.local_numbers:
            local_number = f"X-{next(self._numbers):06d}"
            wanted = PersonToAcquire(local_number=local_number, my_number=person.my_number)
            (acquired,) = self._network.node(self.party).acquire_codes([wanted])
            if acquired.reason:
                raise WarifuError(Reason[acquired.reason], where=self.party)
            person.local_numbers[self.party] = local_number
        return person.at(self.party)

    def register(
        self,
        person: Person,
        record: Message,
        *,
        item_code: str | None = None,
        fiscal_year: int | None = None,
        publication_start: str = "2000-01-01",
        publication_end: str = "",
    ) -> None:
        """Acquire a code for ``person``, if need be, and register a replica (副本登録).

        ``item_code`` may be left out where the kind provides one; ``fiscal_year`` is the record's, or this year. Raises: what
        the node says of either.
        """
        item = item_code or self._only_item()
        year = self.agency.year_of(record) if fiscal_year is None else fiscal_year
        replica = Replica(
            local_number=self.acquire(person),
            item_code=item,
            fiscal_year=day_in_japan(self._network.clock.now()).year if year is None else year,
            publication_start=publication_start,
            publication_end=publication_end,
            record=record.SerializeToString(),
        )
        self._network.node(self.party).register_replicas([replica])

    def _only_item(self) -> ItemCode:
        items = list(self.agency.provides)
        if len(items) != 1:
            raise ValueError(f"{self.agency.kind} provides {len(items)} items: say which with item_code")
        return items[0]


def node_shape(agency: Agency) -> NodeShape:
    """Agencies of one shape answer at one node, one after the other."""
    return agency.kind, agency.keeps_replicas, frozenset() if agency.keeps_replicas else frozenset(agency.provides)


@contextmanager
def attach(network: Joinable, agency: Agency, sockets: dict[str, Path]) -> Iterator[AttachedAgency]:
    """Let ``agency`` join ``network``. ``sockets`` is told where the party's node is to ask, before it is started.

    Raises: CONFIG_INVALID when the permission table has no such kind; PARTY_NOT_STARTED.
    """
    desk = AnswerDesk(agency)
    try:
        member = _member(network.folder, agency.kind)
        sockets[member.party] = desk.path
        version = add_member(network.folder, member)
        if wait_up(network.folder, member.party, _PATIENCE_S) is None:
            where = f"{member.party}; see {network.folder / member.party / 'party.log'}"
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=where)
        if behind := wait_taken(network.folder, version, [*network.parties()], _PATIENCE_S):
            where = f"{', '.join(behind)} did not hear of {member.party}"
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=where)
        yield AttachedAgency(network, member.party, desk)
    finally:
        desk.close()


def _member(folder: Path, kind: str) -> Member:
    """The party that an agency of this kind becomes: called like its kind, where there is one ``my-`` kind, then with ``-2``."""
    there = read_network_file(folder)
    known = PermissionTable.load(folder / HUB / TABLE_FILE).kinds
    named = kind.replace("_", "-")
    names = chain((named, f"my-{named}"), (f"my-{named}-{n}" for n in count(2)))
    free = next(name for name in names if name not in there.parties | there.former_parties)
    fields = {"name": free, "kind": kind}
    if kind in known and known[kind].municipal:
        fields["municipality_code"] = _MUNICIPALITY
    taken = [each.institution_code for each in (there.parties | there.former_parties).values()]
    (member,) = joining(fields, known, [kind], taken)
    return member

"""A network that is up, as tests use it: one for a session, in processes of its own, over real mutual TLS.

Decides what a test can do with it in a word. Whatever calls it makes are made blocking, so that it works whether a test
has an event loop or none; a test that has one makes its own clients by ``to_node``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from warifu.agency import Agency
from warifu.api.node.v1.node_service_pb2 import Inquiry, InquiryResult
from warifu.client import BlockingNodeClient, Connection, NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.network_file import NETWORK_FILE
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.pki import FileWatch
from warifu_kit.faults.asking import every_folder
from warifu_kit.faults.rules import set_calm
from warifu_kit.faults.settings import FaultSettings
from warifu_kit.network.creation import create_network
from warifu_kit.network.for_tests import ForTests
from warifu_kit.network.network import Network
from warifu_kit.network.one_party import HUB
from warifu_kit.network.party_process import party_command
from warifu_kit.network.ready import ready_line
from warifu_kit.network.settable_clock import SettableClock
from warifu_kit.testing.again import drawn_count, waiting_out
from warifu_kit.testing.attached import AttachedAgency, NodeShape, attach, node_shape
from warifu_kit.testing.people import People, Person, settle_people

__all__ = ["LiveNetwork"]


class LiveNetwork:
    """A SIMULATED network in ``folder``, made from ``seed``: hub, authority, residence, tax, childcare, insurance.

    A context manager: starts it, and stops it. ``clock`` is that of all its parties. Unless ``calm`` it is awkward, by its
    seed; faults that are asked for it takes either way. ``in_test`` names the test that is under way, which has request_ids
    of its own: so the same seed gives each test the same ones, whichever others ran before.
    """

    def __init__(
        self, folder: Path, seed: int, *, suite: int = 2, calm: bool = False, in_test: Callable[[], str] = str
    ) -> None:
        self.folder = folder
        self.seed = seed
        self._suite = suite
        self.calm = calm
        self._in_test, self._drawn = in_test, Counter[str]()
        self.events: list[tuple[str, str, str]] = []
        """What happened to parties: event, party, detail (:class:`Network`)."""
        self._sockets: dict[str, Path] = {}
        self._attached: dict[NodeShape, AttachedAgency] = {}
        self._people: dict[tuple[int, int], People] = {}
        self._nodes: dict[str, BlockingNodeClient] = {}
        self._description: NetworkDescription | None = None
        self._file = FileWatch((folder / NETWORK_FILE,), 0.0)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        create_network(self.folder, suite=self._suite, for_tests=ForTests(seed=self.seed, settable_clock=True))
        network = Network(
            self.folder,
            command=self._command,
            on_event=lambda *told: self.events.append(told),
            faults=FaultSettings(seed=self.seed, calm=self.calm),
        )
        self._network = self._open.enter_context(network)
        self.clock = SettableClock(self.folder / "clock")
        self._table = PermissionTable.load(self.folder / HUB / TABLE_FILE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def description(self) -> NetworkDescription:
        """The network as its ``network.json`` describes it now; read again when somebody has joined or moved."""
        if self._description is None or self._file.changed():
            self._description = NetworkDescription.load(self.folder)
        return self._description

    @property
    def ready_line(self) -> dict[str, Any]:
        """What ``warifu up --json`` says of such a network: endpoints, certificates, processes, for any program."""
        return ready_line(self._network)

    def parties(self) -> list[str]:
        """The parties that have a process."""
        return list(self._network.parties)

    def check(self) -> None:
        """Raises: PARTY_NOT_STARTED when a party died again and again."""
        self._network.check()

    def institution(self, party: str) -> InstitutionCode:
        """The institution code of a party. Raises: CONFIG_INVALID when there is no such party."""
        return self.description.institution(party)

    def to_node(self, agency: str) -> Connection:
        """The way of an agency's business system to its own node, for a client of the test's own."""
        return self.description.to_node(agency)

    def node(self, agency: str) -> BlockingNodeClient:
        """A blocking client of an agency's business system at its own node; closed when the network stops."""
        if agency not in self._nodes:
            self._nodes[agency] = self._open.enter_context(BlockingNodeClient(self.to_node(agency)))
        return self._nodes[agency]

    def people(self, seed: int, count: int) -> People:
        """``count`` made-up residents, registered everywhere they belong; the same ones for the same seed.

        An agency that a test attached has nobody but those whom the test registers there.
        """
        if (seed, count) not in self._people:
            attached = [str(each) for each in self._attached.values()]
            self._people[seed, count] = settle_people(self.folder, seed, count, attached)
        return self._people[seed, count]

    def attach(self, agency: Agency) -> AttachedAgency:
        """Have ``agency`` answer at a node of its own in this network; one node for each kind, which joins now.

        Of a kind, one that keeps no replicas has another node than one that does, and than one of other items.
        Raises: CONFIG_INVALID when the permission table has no such kind; PARTY_NOT_STARTED; TypeError for what is no agency, or
            one that says no kind.
        """
        if not isinstance(getattr(agency, "kind", None), str):
            raise TypeError(f"{type(agency).__name__} should be an Agency that says its kind, such as kind = 'pension'")
        shape = node_shape(agency)
        if shape in self._attached:
            self._attached[shape].sit(agency)
        else:
            self._attached[shape] = self._open.enter_context(attach(self, agency, self._sockets))
        return self._attached[shape]

    def request_id(self) -> bytes:
        """A new request_id: for the same seed, test and place in the test the same again, and so the same faults."""
        test = self._in_test()
        self._drawn[test] += 1
        return hashlib.sha256(f"{self.seed}/{self._drawn[test]}/{test}".encode()).digest()[:16]

    def be_calm(self, calm: bool) -> None:
        """Draw no faults from now on, or draw them again."""
        if calm is not self.calm:
            self.calm = calm
            for folder in every_folder(self.folder).values():
                set_calm(folder, calm)

    def told(self, *, calm: bool) -> str:
        """What people are told of it at the end of a session, which was ``calm`` or not."""
        if calm:
            return f"calm, seed {self.seed}"
        return f"awkward on purpose, {drawn_count(self.folder)} times, seed {self.seed}"

    def procedure(self, inquirer: str, provider: str, item_code: str) -> ProcedureCode:
        """The first procedure in which the law lets one ask the other for an item. Raises: EXCHANGE_NOT_PERMITTED."""
        kinds = self.description.kind(inquirer), self.description.kind(provider)
        for row in self._table.rows:
            grants = {(grant.provider_kind, grant.item_code) for grant in row.grants}
            if kinds[0] in row.inquirer_kinds and (kinds[1], item_code) in grants:
                return row.procedure_code
        raise WarifuError(Reason.EXCHANGE_NOT_PERMITTED, where=f"{inquirer} asks {provider} for {item_code}")

    def ask(
        self,
        inquirer: str,
        provider: str | AttachedAgency,
        item_code: str,
        person: Person,
        *,
        procedure_code: str | None = None,
        fiscal_year: int = 0,
        request_id: bytes | None = None,
        timeout: float = 30.0,
    ) -> InquiryResult:
        """Have ``inquirer`` ask ``provider`` about ``person``, and wait for the answer.

        In the first procedure that permits it, unless told which. The ``request_id`` of an inquiry that was made asks that again,
        say when a clerk has decided; without one it is a new inquiry. Asks again where the network, being awkward, ended the
        call; ``timeout`` is for each. Raises: what the inquiry ends with; ValueError when the inquirer does not have the person.
        """
        provider = str(provider)
        inquiry = Inquiry(
            request_id=request_id or self.request_id(),
            local_number=person.at(inquirer),
            procedure_code=procedure_code or self.procedure(inquirer, provider, item_code),
            provider=self.institution(provider),
            item_code=ItemCode(item_code),
            fiscal_year=fiscal_year,
        )
        node = self.node(inquirer)
        return waiting_out(self.folder, inquiry.request_id, lambda: node.inquire(inquiry, timeout=timeout))

    def _command(self, party: str, folder: Path, options: Sequence[str]) -> list[str]:
        at = ["--answers-from", str(self._sockets[party])] if party in self._sockets else []
        return party_command(party, folder, [*options, *at])

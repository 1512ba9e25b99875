"""A business system under check, and its node as the kit plays it: what a case about an adapter is handed.

Decides what a good question looks like, and that a call that was to be answered and met no end says nothing: unknown.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from warifu.agency import Agency, find_agency
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode
from warifu.party.network_file import party_called, read_network_file
from warifu.permissions.table import TABLE_FILE, PermissionTable
from warifu.pki import Credential, Identity, Role
from warifu_kit.conformance.asking import Asking, also_asking, asking
from warifu_kit.conformance.awkward import Awkward
from warifu_kit.conformance.case import fail, skip, unknown
from warifu_kit.conformance.certificates import Forge, Issuer
from warifu_kit.conformance.evidence import Evidence, told
from warifu_kit.conformance.people import NOBODY, KnownPeople, KnownPerson
from warifu_kit.conformance.people_file import check_record_fields
from warifu_kit.conformance.watch import REPLIES, Watch
from warifu_kit.conformance.wire.calls import Pair, Reply, Wire
from warifu_services.node.adapter.open_kind import open_kind

__all__ = ["SERVICE", "AdapterUnderCheck", "CheckedAdapter", "processing_number"]

SERVICE = "/warifu.api.adapter.v1.AdapterService"
_SECONDS = 4.0
_AT_A_TIME = 16
_NO_END = frozenset({"DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterUnderCheck:
    """Where it is, whose it is, and what of the network the kit needs to play everybody around it.

    ``agency`` is None for a kind that no package describes: its items, ``provides``, are then those of the permission table.
    ``callers`` are the certificates of other parties; ``also_asking`` are others who may ask for the same.
    """

    endpoint: str
    system: Identity
    node: Pair
    root_pem: bytes
    forge: Forge
    agency: Agency | None
    provides: frozenset[str]
    people: KnownPeople
    callers: dict[str, Pair] = field(repr=False)
    asking: Asking
    also_asking: tuple[Asking, ...] = ()

    @classmethod
    def of(cls, path: Path, party: str, endpoint: str, people: KnownPeople = NOBODY) -> AdapterUnderCheck:
        """The business system of ``party`` of the network in ``path``. Raises: CONFIG_INVALID, KEY_INVALID, FILE_INVALID."""
        described = read_network_file(path)
        name = party_called(party, {each: about.institution_kind for each, about in described.parties.items()}, path)
        about = described.parties[name]
        if about.role != Role.AGENCY.value:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {name} is no agency, and has no business system")
        others = [each for each, its in described.parties.items() if its.role == Role.AGENCY.value and each != name]
        if not others:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {name} is the only agency; nobody could ask")
        own, system, other = (
            Identity(network=described.network, role=role, institution=code)
            for role, code in (
                (Role.AGENCY, about.institution_code),
                (Role.BUSINESS, about.institution_code),
                (Role.AGENCY, described.parties[others[0]].institution_code),
            )
        )
        agency = _agency(about.institution_kind)
        folders = {each: path / each for each in described.parties} | {"own-business": path / name / "business"}
        callers = {each: pair for each, folder in folders.items() if (pair := _pair(folder)) is not None}
        usual = asking(path, described, name, agency, people)
        if (record_type := _record_type(agency, usual.item_code)) is not None:
            check_record_fields(people, tuple(record_type.DESCRIPTOR.fields_by_name))
        return cls(
            endpoint=endpoint,
            system=system,
            node=callers[name],
            root_pem=(path / described.root_certificate).read_bytes(),
            forge=Forge(Issuer.load(path / "root"), own, other),
            agency=agency,
            provides=_items(agency, about.institution_kind, path / name / TABLE_FILE),
            people=people,
            callers={
                "another-agency": callers[others[0]],
                **{
                    each: callers[each]
                    for each in ("hub", "authority", "supervisor", "own-business")
                    if each in callers
                },
            },
            asking=usual,
            also_asking=also_asking(path, described, name, usual),
        )


def _record_type(agency: Agency | None, item: str) -> type[Message] | None:
    provided = agency.provides.get(ItemCode(item)) if agency is not None and item else None
    return provided.record_type if provided is not None else None


def _pair(folder: Path) -> Pair | None:
    try:
        found = Credential.read(folder / "tls.pem", folder / "tls.key")
    except WarifuError:
        return None
    return Pair(found.cert_pem, found.key_pem)


def _agency(kind: str) -> Agency | None:
    try:
        return find_agency(kind)
    except WarifuError:
        return None


def _items(agency: Agency | None, kind: str, table: Path) -> frozenset[str]:
    """What a kind provides, as its node takes it. Raises: CONFIG_INVALID when neither a package nor the table has the kind."""
    described = agency or open_kind(kind, PermissionTable.load(table))
    return frozenset(str(item) for item in described.provides)


class CheckedAdapter:
    """One case's view of it: every call is in the case's evidence."""

    def __init__(
        self,
        under_check: AdapterUnderCheck,
        evidence: Evidence,
        watch: Watch | None = None,
        awkward: Awkward | None = None,
    ) -> None:
        self.about = under_check
        self.evidence = evidence
        self.watch = watch if watch is not None else Watch()
        self._wire = Wire(under_check.endpoint, under_check.system, under_check.root_pem, awkward=awkward)

    async def __aenter__(self) -> CheckedAdapter:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._wire.close()

    # What is asked.

    def question(self, local_number: str, **changes: Any) -> adapter_pb2.LookUpRequest:
        """A good one, but for ``changes``."""
        values: dict[str, Any] = {
            "local_number": local_number,
            "item_code": self.item,
            "asked_on": date.today().isoformat(),  # noqa: DTZ011  # replaced where the day matters
            "procedure_code": self.about.asking.procedure_code,
            "inquirer": self.about.asking.inquirer,
            "processing_number": processing_number(),
        }
        return adapter_pb2.LookUpRequest(**{**values, **changes})

    def question_found(self, person: KnownPerson, **changes: Any) -> adapter_pb2.LookUpRequest:
        """One to which that person's record is the answer: on a day on which it is provided, released where a clerk decides."""
        day = {"asked_on": person.given_on.isoformat()} if person.given_on else {}
        return self.question(**{"local_number": person.local_number, "released": person.clerk, **day, **changes})

    def decision_question(self, local_number: str, number: str = "", **changes: Any) -> Any:
        """What the node asks about a provision that waits, ``number`` or a new one, since this minute."""
        asked, received = self.question(local_number), Timestamp()
        received.GetCurrentTime()
        received.nanos, received.seconds = 0, received.seconds - received.seconds % 60
        values: dict[str, Any] = {
            "processing_number": number or asked.processing_number,
            "local_number": local_number,
            "item_code": asked.item_code,
            "procedure_code": asked.procedure_code,
            "inquirer": asked.inquirer,
            "received_time": received,
        }
        return adapter_pb2.GetClerkDecisionRequest(**{**values, **changes})

    @property
    def item(self) -> str:
        """The item that is asked for: as the people's file says, else the first that the kind provides."""
        if not self.about.asking.item_code:
            raise skip("which item to ask for is not known; say item_code in the people's file")
        return self.about.asking.item_code

    @property
    def record_type(self) -> type[Message] | None:
        """The message of the item's record; None where no package describes it."""
        return _record_type(self.about.agency, self.about.asking.item_code)

    def person(self, words: str, wanted: Any) -> KnownPerson:
        """The first whom ``wanted`` fits. Raises: CaseEnd, skipped, saying that nobody is ``words``."""
        for each in self.about.people.people:
            if wanted(each):
                return each
        raise skip(f"nobody in the people's file {words}")

    def anybody(self) -> KnownPerson:
        """Somebody whose record is simply given."""
        return self.person("has a record that is simply given", lambda each: each.plain)

    # Asking.

    async def call(
        self, method: str, request: Message | bytes, *, caller: Pair | None, seconds: float = _SECONDS
    ) -> Reply:
        """Call as ``caller``; how it ended, whatever that is."""
        self.evidence.sent(f"{method} {_shown(request)}")
        reply = await self._wire.call(f"{SERVICE}/{method}", _body(request), caller, seconds=seconds)
        self.watch.look(method, reply, self.record_type)
        self._note(method, reply)
        return reply

    async def in_the_clear(self, method: str, request: Message) -> Reply:
        """Call without TLS."""
        self.evidence.sent(f"{method} without TLS: {told(request)}")
        body = request.SerializeToString()
        reply = await self._wire.call_in_the_clear(f"{SERVICE}/{method}", body, seconds=_SECONDS)
        self._note(method, reply)
        return reply

    async def at_once(self, requests: Sequence[adapter_pb2.LookUpRequest], *, seconds: float = 8.0) -> list[Reply]:
        """Look all of them up at the same time, as the node."""
        self.evidence.sent(f"LookUp, {len(requests)} at once, the first: {told(requests[0])}")
        bodies = [each.SerializeToString() for each in requests]
        replies = await self._wire.call_many(f"{SERVICE}/LookUp", bodies, self.about.node, seconds=seconds)
        for reply in replies:
            self.watch.look("LookUp", reply, self.record_type)
        statuses = sorted({reply.status for reply in replies})
        counts = (f"{sum(each.status == status for each in replies)} {status}" for status in statuses)
        self.evidence.came_back(", ".join(counts))
        return replies

    async def quietly(self, asked: Sequence[tuple[str, Message | bytes]]) -> list[Reply]:
        """Many calls as the node, some at a time, of which the evidence has the count alone; :meth:`show` adds one of them."""
        self.evidence.sent(f"{len(asked)} calls, of {', '.join(sorted({method for method, _ in asked}))}")
        replies: list[Reply] = []
        for place in range(0, len(asked), _AT_A_TIME):
            part = asked[place : place + _AT_A_TIME]
            calls = ((f"{SERVICE}/{method}", _body(request)) for method, request in part)
            ended = (self._wire.call(method, body, self.about.node, seconds=_SECONDS) for method, body in calls)
            replies += await asyncio.gather(*ended)
        for (method, _), reply in zip(asked, replies, strict=True):
            self.watch.look(method, reply, self.record_type)
        return replies

    async def unseen(self, method: str, request: Message | bytes) -> Reply:
        """One call as the node of which the evidence has no line; :meth:`show` adds it."""
        reply = await self._wire.call(f"{SERVICE}/{method}", _body(request), self.about.node, seconds=_SECONDS)
        self.watch.look(method, reply, self.record_type)
        return reply

    async def seconds_of(self, request: adapter_pb2.LookUpRequest) -> float:
        """How long an answer to the node's question took; the evidence has no line of it. Raises: CaseEnd."""
        reply = await self.unseen("LookUp", request)
        self.answered("LookUp", reply)
        return reply.seconds

    def show(self, method: str, request: Message | bytes, reply: Reply) -> None:
        """Put one call and its end into the evidence."""
        self.evidence.sent(f"{method} {_shown(request)}")
        self._note(method, reply)

    async def look_up(self, request: adapter_pb2.LookUpRequest) -> adapter_pb2.LookUpResponse:
        """The node's question, which must be answered. Raises: CaseEnd."""
        return self.answered("LookUp", await self.call("LookUp", request, caller=self.about.node))  # type: ignore[no-any-return]

    async def readiness(self) -> adapter_pb2.GetReadinessResponse:
        """The same, whether it is ready."""
        request = adapter_pb2.GetReadinessRequest(institution_code=str(self.about.system.institution))
        return self.answered("GetReadiness", await self.call("GetReadiness", request, caller=self.about.node))  # type: ignore[no-any-return]

    def answered(self, method: str, reply: Reply) -> Any:
        """What an answer says. Raises: CaseEnd, unknown where the call had no end of its own, else a failure."""
        if reply.status in _NO_END:
            raise unknown(f"{method} was not answered: {reply}")
        if not reply.ok:
            raise fail(f"{method} ended with {reply} instead of an answer")
        return self.parsed(method, reply)

    def parsed(self, method: str, reply: Reply) -> Any:
        """The message of an answer. Raises: CaseEnd for bytes that are none."""
        try:
            return REPLIES[method].FromString(reply.body)
        except DecodeError:
            raise fail(f"the answer to {method} does not parse") from None

    async def still_answers(self) -> None:
        """See that it is there after what was done to it. Raises: CaseEnd."""
        self.evidence.noted("and after that the node asks as ever:")
        told_ready = await self.readiness()
        if not told_ready.ready:
            raise fail("afterwards it says that it is not ready")

    def _note(self, method: str, reply: Reply) -> None:
        if not reply.ok:
            self.evidence.came_back(str(reply))
            return
        try:
            self.evidence.came_back(told(REPLIES[method].FromString(reply.body)))
        except (DecodeError, KeyError):
            self.evidence.came_back(f"OK, {len(reply.body)} bytes that do not parse")


def _body(request: Message | bytes) -> bytes:
    return request if isinstance(request, bytes) else request.SerializeToString()


def _shown(request: Message | bytes) -> str:
    return f"{len(request)} bytes" if isinstance(request, bytes) else told(request)


def processing_number() -> str:
    """A new one."""
    return f"{secrets.randbelow(10**20):020d}"

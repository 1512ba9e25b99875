"""The shape of ``members.yaml``, and what in it contradicts what.

Decides whether the file can mean a network at all: every name, code and endpoint is given once, every kind is known, every
municipal office has a municipality that there is. What a network is made of from it, it does not decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from warifu.errors import WarifuError
from warifu.exchange.proof_policy import MOST_ONE_IN, POLICY_PATTERN, ProofPolicy
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.config import Fault, parsed_by
from warifu.permissions.table import InstitutionKind
from warifu.printable import is_printable
from warifu.rpc.address import check_address
from warifu_kit.people.municipalities import areas

__all__ = ["CENTRAL", "MOST_PARTIES", "MemberEntry", "MembersFile", "contradictions"]

CENTRAL: Final = ("hub", "authority", "supervisor")
"""The kinds of which every network has one party, called like its kind."""

MOST_PARTIES: Final = 200
"""The most parties a file may make: each takes 40 MiB and a second of a processor's time where they run on one machine."""

_LONGEST_NAME: Final = 200
"""The most characters of what people read for an institution."""

_NOT_PARTIES: Final = frozenset({"root", "log-copy", "jpki", "verifier"})
"""Folders that a network has, or may have, beside those of the parties that a file can list."""

_ANY_HOST: Final = frozenset({"0.0.0.0", "[::]"})  # noqa: S104  # names a clash, listens nowhere
_OWNERS: Final = {
    "spread_s": "agency",
    "adapter": "agency",
    "beat_s": "hub",
    "workers": "hub",
    "codes_a_day": "authority",
    "misses_a_day": "authority",
}


def _endpoint(value: object) -> str:
    return _address(value, 'should be host:port, such as "127.0.0.1:0" or "[::1]:7400", as text', free_port=True)


def _fixed_endpoint(value: object) -> str:
    return _address(value, 'should be host:port, such as "127.0.0.1:7500", as text', free_port=False)


def _address(value: object, message: str, *, free_port: bool) -> str:
    fault = PydanticCustomError("endpoint", message)
    if not isinstance(value, str):
        raise fault
    try:
        check_address(value, where="address", free_port=free_port)
    except WarifuError:
        raise fault from None
    return value


def _printable(value: str) -> str:
    if not is_printable(value, _LONGEST_NAME):
        what = f"should be 1 to {_LONGEST_NAME} printable characters without blanks around them"
        raise PydanticCustomError("unprintable", "{what}", {"what": what})
    return value


def _policy(value: object) -> str:
    text = "off" if value is False else value  # YAML takes the word for a truth value
    try:
        return str(ProofPolicy.parse(text if isinstance(text, str) else ""))
    except ValueError:
        raise PydanticCustomError("proofs", f"should be always, sampled:2 to sampled:{MOST_ONE_IN}, or off") from None


_Proofs = Annotated[str, PlainValidator(_policy), WithJsonSchema({"type": "string", "pattern": POLICY_PATTERN})]
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
_Institution = Annotated[
    InstitutionCode,
    parsed_by(InstitutionCode.parse, "an institution code: sixteen digits, as text"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{16}$"}),
]
_Municipality = Annotated[
    MunicipalityCode,
    parsed_by(MunicipalityCode.parse, "a municipality or prefecture code: six digits whose last checks out, as text"),
    WithJsonSchema({"type": "string", "pattern": "^(0[1-9]|[1-3][0-9]|4[0-7])[0-9]{4}$"}),
]
_Adapter = Annotated[
    str, PlainValidator(_fixed_endpoint), WithJsonSchema({"type": "string", "pattern": "^.+:[0-9]{1,5}$"})
]
_Listen = Annotated[str, PlainValidator(_endpoint), WithJsonSchema({"type": "string", "pattern": "^.+:[0-9]{1,5}$"})]


class MemberEntry(BaseModel):
    """One party, or as many like it as ``clones`` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[_Name, Field(description="The party's name, and its folder's. Clones get -1, -2, … after it.")]
    kind: Annotated[
        str,
        Field(
            min_length=1,
            max_length=40,
            description="A kind of the permission table (residence, tax, …), or hub, authority, supervisor.",
        ),
    ]
    institution_name: Annotated[
        Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME), AfterValidator(_printable)] | None,
        Field(description="What people read: printable characters. Made from the kind if left out."),
    ] = None
    institution_code: Annotated[
        _Institution | None, Field(description="Sixteen digits, quoted. Made from kind and municipality if left out.")
    ] = None
    municipality_code: Annotated[
        _Municipality | None,
        Field(description="Six digits, quoted: whose people a municipal office serves; a prefecture's code, all its."),
    ] = None
    clones: Annotated[int, Field(ge=1, le=MOST_PARTIES, strict=True, description="How many parties this makes.")] = 1
    listen: Annotated[
        _Listen | None, Field(description="host:port. Port 0 takes a free one and keeps it. Loopback if left out.")
    ] = None
    spread_s: Annotated[
        float | None,
        Field(ge=0, le=600, description="Over how many seconds an agency spreads submitted inquiries. 0 if left out."),
    ] = None
    adapter: Annotated[
        _Adapter | None,
        Field(description="host:port of the agency's business system, if it answers instead of replicas at the node."),
    ] = None
    beat_s: Annotated[
        float | None,
        Field(ge=0, le=30, description="How many seconds a hub shows members the same checkpoint. 5 if left out."),
    ] = None
    workers: Annotated[
        int | None,
        Field(ge=1, le=16, strict=True, description="As how many processes a hub serves, on one port. 1 if left out."),
    ] = None
    codes_a_day: Annotated[
        int | None,
        Field(
            ge=1, strict=True, description="Codes that one agency gets of an authority in a day. 1000000 if left out."
        ),
    ] = None
    misses_a_day: Annotated[
        int | None,
        Field(
            ge=1, strict=True, description="Numbers that nobody has and one agency may try in a day. 1000 if left out."
        ),
    ] = None

    @property
    def parties(self) -> tuple[str, ...]:
        """The names of the parties this makes."""
        if self.clones == 1:
            return (self.name,)
        return tuple(f"{self.name}-{number}" for number in range(1, self.clones + 1))


class MembersFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, title="members.yaml: who is in a SIMULATED My Number network"
    )

    suite: Annotated[
        Literal[1, 2, "auto"], Field(description="1: ristretto255; 2: edwards25519 subgroup; auto: 1 where it can be.")
    ] = "auto"
    proofs: Annotated[
        _Proofs,
        Field(
            description="Conversions that the hub proves: always; sampled:16, one in 16, as providers draw; off: none."
        ),
    ] = "always"
    members: Annotated[list[MemberEntry], Field(min_length=1, max_length=MOST_PARTIES)]


def contradictions(
    file: MembersFile, kinds: Mapping[str, InstitutionKind], known: Mapping[str, InstitutionKind]
) -> Iterator[Fault]:
    """Everything in ``file`` that contradicts something else in it, or the ``kinds`` there are, located.

    ``known`` are those of the kinds that can be run where the file is read.
    """
    yield from _too_many(file)
    yield from _repeated_names(file)
    yield from _repeated_codes(file)
    yield from _shared_endpoints(file)
    for position, entry in enumerate(file.members):
        faults = _of_central(entry) if entry.kind in CENTRAL else _of_agency(entry, kinds, known)
        for field, message in (*faults, *_of_others(entry)):
            yield Fault(("members", position, field), message)


def _too_many(file: MembersFile) -> Iterator[Fault]:
    total = len(CENTRAL)
    for position, entry in enumerate(file.members):
        before, total = total, total + (0 if entry.kind in CENTRAL else entry.clones)
        if before <= MOST_PARTIES < total:
            field = "clones" if entry.clones > 1 else "name"
            yield Fault(("members", position, field), f"makes party number {MOST_PARTIES + 1}: no network has so many")


def _repeated_names(file: MembersFile) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for position, entry in enumerate(file.members):
        for party in entry.parties:
            if party in seen:
                yield Fault(("members", position, "name"), f"is {party}, which members[{seen[party]}] is already")
                break
            seen[party] = position


def _repeated_codes(file: MembersFile) -> Iterator[Fault]:
    seen: dict[InstitutionCode, int] = {}
    for position, entry in enumerate(file.members):
        if entry.institution_code is not None:
            first = seen.setdefault(entry.institution_code, position)
            if first != position:
                yield Fault(("members", position, "institution_code"), f"is that of members[{first}] again")


def _shared_endpoints(file: MembersFile) -> Iterator[Fault]:
    seen: list[tuple[str, str, int]] = []
    for position, entry in enumerate(file.members):
        host, _, port = (entry.listen or ":0").rpartition(":")
        if int(port) == 0:
            continue
        for other_host, other_port, first in seen:
            if int(port) == int(other_port) and (host == other_host or _ANY_HOST & {host, other_host}):
                yield Fault(("members", position, "listen"), f"is where members[{first}] listens already")
                break
        seen.append((host, port, position))


def _of_central(entry: MemberEntry) -> Iterator[tuple[str, str]]:
    if entry.name != entry.kind:
        yield "name", f"should be {entry.kind}: a network has one, and it is called so"
    if entry.clones != 1:
        yield "clones", f"should be left out: a network has one {entry.kind}"
    if entry.municipality_code is not None:
        yield "municipality_code", f"should be left out: a {entry.kind} belongs to no municipality"
    if entry.kind == "supervisor" and entry.listen is not None:
        yield "listen", "should be left out: a supervisor only calls"


def _of_others(entry: MemberEntry) -> Iterator[tuple[str, str]]:
    kind = entry.kind if entry.kind in CENTRAL else "agency"
    for field, owner in _OWNERS.items():
        if getattr(entry, field) is not None and kind != owner:
            yield field, f"should be left out: it is a setting of the {owner}"


def _of_agency(
    entry: MemberEntry, kinds: Mapping[str, InstitutionKind], known: Mapping[str, InstitutionKind]
) -> Iterator[tuple[str, str]]:
    if entry.name in CENTRAL or entry.name in _NOT_PARTIES:
        yield "name", "is taken: a network has a folder of that name for something else"
    if entry.kind not in kinds:
        yield "kind", f"is no kind of the permission table; there are {', '.join([*CENTRAL, *kinds])}"
        return
    if entry.kind not in known and entry.adapter is None:
        yield "kind", f"has no adapter installed here; there are adapters for {', '.join(known)}"
    if entry.clones > 1 and entry.institution_code is not None:
        yield "institution_code", "should be left out where there are clones: each gets one of its own"
    if entry.clones > 1 and entry.adapter is not None:
        yield "adapter", "should be left out where there are clones: a business system is one agency's"
    if entry.clones > 1 and entry.listen is not None and not entry.listen.endswith(":0"):
        yield "listen", "should have port 0 where there are clones: a port is one party's"
    yield from _of_area(entry, kinds[entry.kind])


def _of_area(entry: MemberEntry, kind: InstitutionKind) -> Iterator[tuple[str, str]]:
    """Whether the municipality fits the kind, and the institution code if there is one."""
    code, named = entry.municipality_code, entry.institution_code
    within = named.municipality if named is not None else None
    if named is not None and within is None and kind.municipal:
        yield "institution_code", "names no municipality: give municipality_code instead, and a code is made from it"
    elif code is not None and named is not None and within != code:
        yield "municipality_code", "is not the one within institution_code: leave one of them out"
    elif (code or within) is None and kind.municipal:
        yield "municipality_code", f"is missing: {kind.name} is a municipal office, and serves one municipality"
    elif (code or within) is not None and not kind.municipal:
        yield (
            "municipality_code" if code else "institution_code",
            f"names a municipality: {kind.name} serves all of them",
        )
    elif (found := code or within) is not None and found not in areas():
        yield "municipality_code" if code else "institution_code", "names a place that no municipality or prefecture is"

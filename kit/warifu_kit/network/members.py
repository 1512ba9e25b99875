"""Who is in a network to be made: from ``members.yaml``, or from a list that comes with the kit.

Decides what a file comes to: which parties, with which institution codes, in which suite, with which proofs. Which kinds of agency there are,
and their numbers, it takes from the permission table. A hub, an authority and a supervisor are in every network, whether
the file names them or not. Whether the file is good, ``members_file`` decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy
from warifu.identifiers import InstitutionCode, MunicipalityCode
from warifu.party.config import Fault, load_yaml, parse_yaml
from warifu.permissions.table import InstitutionKind
from warifu.pki import Role
from warifu_kit.network.members_file import CENTRAL, MOST_PARTIES, MemberEntry, MembersFile, contradictions
from warifu_kit.network.one_party import Member
from warifu_kit.people.municipalities import areas

__all__ = ["DEFAULT_LIST", "SCHEMA_ID", "MemberList", "joining", "load_members", "members_schema", "shipped"]

DEFAULT_LIST: Final = "four-agencies"
"""The shipped list that says who is in a network nobody said anything about."""

SCHEMA_ID: Final = "members.schema.json"
"""The JSON Schema of the file, below ``docs/schema``."""

_SHIPPED: Final = Path(__file__).with_name("shipped")
_CENTRAL: Final[Mapping[str, tuple[Role, int, str]]] = {
    "hub": (Role.HUB, 90, "Information sharing hub"),
    "authority": (Role.AUTHORITY, 91, "Numbering authority"),
    "supervisor": (Role.SUPERVISOR, 92, "Supervisor"),
}
"""Role, number within the institution code, and name of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberList:
    """What a file comes to. ``suite`` is None where the machine that makes the network decides."""

    members: tuple[Member, ...]
    suite: int | None
    proofs: ProofPolicy = ALWAYS_PROVEN


def shipped() -> Mapping[str, Path]:
    """The files that come with the kit, by the bare name under which they can be asked for."""
    return {path.stem: path for path in sorted(_SHIPPED.glob("*.yaml"))}


def load_members(
    named: str, kinds: Mapping[str, InstitutionKind], installed: Iterable[str] | None = None
) -> MemberList:
    """The members that a file, or a shipped one by its bare name, lists.

    ``kinds`` are those of the permission table the network will have. ``installed`` are the kinds this machine can run,
    to be given by whoever is going to run them here.

    Raises: CONFIG_INVALID, with every fault as ``file:line field message``.
    """
    path = shipped().get(named, Path(named))
    if not path.exists():
        where = f"{named}: no such file, and no list that comes with warifu ({', '.join(shipped())})"
        raise WarifuError(Reason.CONFIG_INVALID, where=where)
    known = kinds if installed is None else {kind: kinds[kind] for kind in kinds if kind in set(installed)}
    file = load_yaml(path, MembersFile, lambda read: contradictions(read, kinds, known))
    suite = None if file.suite == "auto" else file.suite
    return MemberList(members=_members(file, kinds), suite=suite, proofs=ProofPolicy.parse(file.proofs))


def joining(
    source: Path | Mapping[str, str],
    kinds: Mapping[str, InstitutionKind],
    installed: Iterable[str],
    taken: Iterable[InstitutionCode],
) -> tuple[Member, ...]:
    """The agencies that a file in the form of ``members.yaml``, or one entry of it, lets join a network.

    ``taken`` are the institution codes that the network has. Raises: CONFIG_INVALID, with every fault as
    ``file:line field message``; an entry that is no file's is called "command line".
    """
    known = {kind: kinds[kind] for kind in kinds if kind in set(installed)}

    def check(read: MembersFile) -> Iterator[Fault]:
        yield from contradictions(read, kinds, known)
        for position, entry in enumerate(read.members):
            if entry.kind in CENTRAL:
                yield Fault(("members", position, "kind"), "is in every network already; only agencies join")

    if isinstance(source, Path):
        file = load_yaml(source, MembersFile, check)
    else:
        file = parse_yaml(json.dumps({"members": [dict(source)]}), "command line", MembersFile, check)
    codes: set[InstitutionCode | None] = {*taken, *(entry.institution_code for entry in file.members)}
    return tuple(member for entry in file.members for member in _agencies(entry, kinds[entry.kind], codes))


def members_schema() -> dict[str, Any]:
    """The file's JSON Schema (draft 2020-12). It cannot say everything; :func:`load_members` does."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID}
    return schema | MembersFile.model_json_schema()


def _members(file: MembersFile, kinds: Mapping[str, InstitutionKind]) -> tuple[Member, ...]:
    """Hub, authority and supervisor, then agencies as the file has them. A code left out is the first that is free."""
    given = {entry.kind: entry for entry in file.members if entry.kind in CENTRAL}
    made = [_central(kind, given.get(kind)) for kind in CENTRAL]
    taken = {entry.institution_code for entry in file.members} | {member.institution for member in made}
    for entry in file.members:
        if entry.kind not in CENTRAL:
            made += _agencies(entry, kinds[entry.kind], taken)
    return tuple(made)


def _central(kind: str, entry: MemberEntry | None) -> Member:
    role, number, name = _CENTRAL[kind]
    return Member(
        party=kind,
        role=role,
        kind=kind,
        name=_marked((entry.institution_name if entry else None) or name),
        institution=(entry.institution_code if entry else None) or InstitutionCode.build(number, None, 1),
        listen=entry.listen if entry else None,
        beat_s=entry.beat_s if entry else None,
        workers=entry.workers if entry else None,
        codes_a_day=entry.codes_a_day if entry else None,
        misses_a_day=entry.misses_a_day if entry else None,
    )


def _agencies(entry: MemberEntry, kind: InstitutionKind, taken: set[InstitutionCode | None]) -> Iterator[Member]:
    place = areas()[entry.municipality_code] if entry.municipality_code else ""
    name = entry.institution_name or f"{place} {kind.japanese}".strip()
    for number, party in enumerate(entry.parties, 1):
        institution = entry.institution_code or _free_code(kind, entry.municipality_code, taken)
        taken.add(institution)
        yield Member(
            party=party,
            role=Role.AGENCY,
            kind=entry.kind,
            name=_marked(f"{name} {number}" if entry.clones > 1 else name),
            institution=institution,
            listen=entry.listen,
            spread_s=entry.spread_s,
            adapter=entry.adapter,
        )


def _free_code(
    kind: InstitutionKind, municipality: MunicipalityCode | None, taken: set[InstitutionCode | None]
) -> InstitutionCode:
    serials = range(1, 2 * MOST_PARTIES + 1)  # more than all codes that a file can take
    codes = (InstitutionCode.build(kind.number, municipality, serial) for serial in serials)
    return next(code for code in codes if code not in taken)


def _marked(name: str) -> str:
    return name if "SIMULATED" in name else f"{name} (SIMULATED)"

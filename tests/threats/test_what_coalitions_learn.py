"""Two parties put together all that they hold. What they then learn is played here, and what they still do not.

Nothing but the keys, codes and ciphertexts of the real functions, in both suites: each coalition is given what its members
have by their work, and does with it the best that is known. Times and sizes are another matter
(``tests/integration/blindness``, and what the pages say of pooling).
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest

from warifu.curve.group import Group, Point, Scalar
from warifu.curve.suites import group_of
from warifu.exchange.codes import EncryptedCode, encrypt_code, open_code, person_point, row_key
from warifu.exchange.conversion_proof import Conversion, open_batch
from warifu.identifiers import InstitutionCode
from warifu_hub.translate import HubKeys, Party, Translator

PEOPLE: Final = tuple(f"person {number}".encode() for number in range(6))
NAMES: Final = {"A": "9010110020000001", "B": "9020110020000001", "C": "9030110020000001"}


@dataclass(frozen=True)
class Agency:
    """What one agency holds: its key, the codes of its people, and its table, keyed by a secret of its own."""

    party: Party
    secret: Scalar
    public: Point
    joint_key: Point
    row_secret: bytes
    codes: dict[bytes, Point]

    @property
    def table(self) -> set[bytes]:
        return {row_key(self.row_secret, code) for code in self.codes.values()}


@dataclass
class World:
    """A numbering authority, a hub and three agencies that all hold the same people."""

    group: Group
    hub: Translator = field(init=False)
    authority_key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    agencies: dict[str, Agency] = field(init=False)

    def __post_init__(self) -> None:
        self.hub = Translator(self.group, HubKeys.generate())
        self.agencies = {name: self._agency(InstitutionCode(number)) for name, number in NAMES.items()}

    def _agency(self, institution: InstitutionCode) -> Agency:
        party, secret = Party(institution), self.group.random_scalar(secrets.token_bytes)
        public = self.group.base_multiply(secret)
        points = self.hub.directory_points(party, 1, public)
        factor = self.hub.factor(institution, 1)
        return Agency(
            party=party,
            secret=secret,
            public=public,
            joint_key=points.joint_key,
            row_secret=secrets.token_bytes(32),
            codes={person: self.group.multiply(factor, self.point(person)) for person in PEOPLE},
        )

    def point(self, person: bytes) -> Point:
        """What the authority alone can make."""
        return person_point(self.group, self.authority_key, person)

    def request(self, from_: Agency, to: Agency, person: bytes) -> EncryptedCode:
        """What the hub and the provider see of a person who is asked about."""
        r = self.group.random_scalar(secrets.token_bytes)
        return encrypt_code(self.group, from_.codes[person], to.joint_key, r)

    def converted(self, from_: Agency, to: Agency, encrypted: EncryptedCode) -> EncryptedCode:
        """What an honest hub makes of it."""
        return self.hub.convert(
            context=b"context", encrypted=encrypted, from_=from_.party, to=to.party, to_key=to.public
        )

    def translated(self, code: Point, from_: Agency, to: Agency) -> Point:
        """What whoever holds the hub's factors can do with a bare code."""
        t, _ = self.hub._between(from_.party, to.party)
        return self.group.multiply(t, code)

    def opened_with(self, encrypted: EncryptedCode, *shares: Scalar) -> Point:
        """C2 less C1 times the product of the key shares that a coalition has."""
        masked = encrypted.c1
        for share in shares:
            masked = self.group.multiply(share, masked)
        return self.group.subtract(encrypted.c2, masked)

    def everything(self) -> set[Point]:
        """Every code of everybody, to search what somebody got."""
        return {code for agency in self.agencies.values() for code in agency.codes.values()}


@pytest.fixture(params=[1, 2], ids=["suite 1", "suite 2"])
def world(request: pytest.FixtureRequest) -> World:
    return World(group_of(request.param))


@pytest.fixture
def a(world: World) -> Agency:
    return world.agencies["A"]


@pytest.fixture
def b(world: World) -> Agency:
    return world.agencies["B"]


@pytest.fixture
def c(world: World) -> Agency:
    return world.agencies["C"]


def rows_found(agency: Agency, codes: Iterator[Point] | set[Point], row_secrets: list[bytes]) -> set[bytes]:
    """The rows of a stolen table that somebody finds who has codes, and these row secrets."""
    return {row_key(secret, code) for code in codes for secret in row_secrets} & agency.table


def test_an_honest_exchange_opens_to_the_providers_own_code(world: World, a: Agency, b: Agency) -> None:
    """The control: the world above is the network's."""
    for person in PEOPLE:
        converted = world.converted(a, b, world.request(a, b, person))
        assert open_code(world.group, b.secret, converted) == b.codes[person]
        assert rows_found(b, {b.codes[person]}, [b.row_secret])


def test_the_hub_and_the_inquirer_have_its_peoples_codes_everywhere_and_no_row_of_a_keyed_table(
    world: World, a: Agency, b: Agency, c: Agency
) -> None:
    known = {world.translated(code, a, b) for code in a.codes.values()}
    assert known == set(b.codes.values())
    assert rows_found(b, known, [a.row_secret]) == set()
    others = world.request(b, c, PEOPLE[0])
    share = world.hub.opening_share(c.party.institution, 1)
    assert world.opened_with(others, share) not in world.everything()
    assert world.opened_with(others, share, a.secret) not in world.everything()


def test_the_hub_and_the_provider_open_what_that_provider_is_asked_and_nothing_between_others(
    world: World, a: Agency, b: Agency, c: Agency
) -> None:
    asked, others = world.request(a, b, PEOPLE[0]), world.request(a, c, PEOPLE[0])
    share = world.hub.opening_share(b.party.institution, 1)
    assert world.opened_with(asked, share, b.secret) == a.codes[PEOPLE[0]]
    for shares in itertools.permutations([b.secret, world.hub.opening_share(c.party.institution, 1)]):
        assert world.opened_with(others, *shares) not in world.everything()


def test_the_hub_and_the_authority_have_every_code_and_cannot_say_who_is_asked_about(
    world: World, a: Agency, b: Agency
) -> None:
    factors = [world.hub.factor(agency.party.institution, 1) for agency in world.agencies.values()]
    known = {world.group.multiply(factor, world.point(person)) for factor in factors for person in PEOPLE}
    assert known == world.everything()
    share = world.hub.opening_share(b.party.institution, 1)
    assert world.opened_with(world.request(a, b, PEOPLE[0]), share) not in known
    assert rows_found(b, known, [world.authority_key]) == set()


@pytest.mark.parametrize("side", ["inquirer", "provider"])
def test_the_authority_and_an_agency_know_no_code_of_another(world: World, a: Agency, b: Agency, side: str) -> None:
    """They know whose codes the agency has, which it knew; of another's they have only what the directory says."""
    own, other = (a, b) if side == "inquirer" else (b, a)
    seen = world.request(a, b, PEOPLE[0])
    points = {world.point(person) for person in PEOPLE} | set(own.codes.values())
    made = points | {world.group.multiply(own.secret, point) for point in points}
    made |= {world.opened_with(seen, own.secret), seen.c1, seen.c2}
    assert not made & set(other.codes.values())


def test_two_agencies_tables_and_codes_meet_nowhere(world: World, a: Agency, b: Agency) -> None:
    assert not set(a.codes.values()) & set(b.codes.values())
    assert rows_found(b, set(a.codes.values()), [a.row_secret, b.row_secret]) == set()


def test_two_inquirers_requests_about_one_person_have_nothing_in_common(
    world: World, a: Agency, b: Agency, c: Agency
) -> None:
    """Also not after the hub converted both, to whoever cannot open them."""
    pooled = [world.request(a, c, PEOPLE[0]), world.request(b, c, PEOPLE[0]), world.request(a, c, PEOPLE[0])]
    pooled += [world.converted(a, c, pooled[0]), world.converted(b, c, pooled[1])]
    assert len({point for each in pooled for point in (each.c1, each.c2)}) == 2 * len(pooled)


def test_an_inquirer_and_a_provider_stretch_one_permit_to_two_people(world: World, a: Agency, b: Agency) -> None:
    """Conversion is linear, so a sum of codes becomes the sum of codes; a provider who searches for it finds the two."""
    group = world.group
    both = group.add(a.codes[PEOPLE[1]], a.codes[PEOPLE[4]])
    stretched = encrypt_code(group, both, b.joint_key, group.random_scalar(secrets.token_bytes))
    opened = open_code(group, b.secret, world.converted(a, b, stretched))
    pairs = itertools.combinations(PEOPLE, 2)
    assert [pair for pair in pairs if group.add(*(b.codes[person] for person in pair)) == opened] == [
        (PEOPLE[1], PEOPLE[4])
    ]
    assert row_key(b.row_secret, opened) not in b.table, "to an honest provider it is nobody"


def test_the_authority_alone_can_give_an_agency_another_persons_code_and_no_proof_tells(
    world: World, a: Agency
) -> None:
    """What the hub made of it is right; of what, only the authority says. Its signed receipt is all that is left of it."""
    group = world.group
    wrong = encrypt_code(group, world.point(PEOPLE[1]), a.joint_key, group.random_scalar(secrets.token_bytes))
    converted, proof = world.hub.convert_batch(
        context=b"issued to PEOPLE[0]", encrypted=[wrong], from_=None, to=a.party, to_key=a.public
    )
    conversions = [Conversion(context=b"issued to PEOPLE[0]", encrypted=wrong, converted=converted[0])]
    terms = world.hub.terms(None, a.party, a.public)
    assert open_batch(group, a.secret, terms, conversions, proof) == [a.codes[PEOPLE[1]]]

"""The authority's derived keys: apart from each other, bound to their place, and masked."""

from __future__ import annotations

import pytest

from warifu.curve.edwards25519 import SUITE_2
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import person_point
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu_services.authority.keys import LOOKUP_SIZE, AuthorityKeys

NUMBER = MyNumber("123456789018")
RESIDENT = ResidentRecordCode.from_body("1234567890")
REGISTRY, OTHER_REGISTRY = InstitutionCode("9010110020000001"), InstitutionCode("9010110020000002")


@pytest.fixture
def keys() -> AuthorityKeys:
    return AuthorityKeys(SUITE_2, bytes(range(32)))


def test_a_lookup_is_the_same_each_time_and_needs_the_key(keys: AuthorityKeys) -> None:
    other = AuthorityKeys(SUITE_2, bytes(32))
    assert len(keys.number_lookup(NUMBER)) == LOOKUP_SIZE
    assert keys.number_lookup(NUMBER) == AuthorityKeys(SUITE_2, bytes(range(32))).number_lookup(NUMBER)
    assert keys.number_lookup(NUMBER) != other.number_lookup(NUMBER)
    assert keys.resident_lookup(REGISTRY, RESIDENT) != other.resident_lookup(REGISTRY, RESIDENT)


def test_the_same_resident_record_code_at_two_registries_is_two_entries(keys: AuthorityKeys) -> None:
    assert keys.resident_lookup(REGISTRY, RESIDENT) != keys.resident_lookup(OTHER_REGISTRY, RESIDENT)


def test_a_sealed_number_opens_in_its_own_place_only(keys: AuthorityKeys) -> None:
    sealed, lookup = keys.seal_number(NUMBER), keys.number_lookup(NUMBER)
    assert keys.open_number(lookup, sealed) == NUMBER
    elsewhere = keys.number_lookup(MyNumber("987654321093"))
    for opener, place in ((keys, elsewhere), (AuthorityKeys(SUITE_2, bytes(32)), lookup)):
        with pytest.raises(WarifuError) as refused:
            opener.open_number(place, sealed)
        assert refused.value.reason is Reason.KEY_INVALID


def test_sealing_twice_gives_different_bytes_so_that_equal_numbers_do_not_show(keys: AuthorityKeys) -> None:
    assert keys.seal_number(NUMBER) != keys.seal_number(NUMBER)


def test_a_person_point_is_the_protocols_and_is_remembered(keys: AuthorityKeys) -> None:
    first = keys.point(b"p" * 16)
    assert first == person_point(SUITE_2, bytes(range(32)), b"p" * 16)
    assert keys.point(b"p" * 16) is first


def test_keys_do_not_show_themselves(keys: AuthorityKeys) -> None:
    assert repr(keys) == str(keys) == "AuthorityKeys(…)"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_point_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(WarifuError) as refused:
        AuthorityKeys(SUITE_2, bytes(length))
    assert refused.value.reason is Reason.KEY_INVALID

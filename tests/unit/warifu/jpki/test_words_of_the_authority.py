"""Lists and OCSP answers that were spoilt, are another's or of another time: none of them is ever an answer."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import Revocation, check_not_revoked, status_by_list, status_by_ocsp
from warifu_services.jpki.certifying import Place, Revoked, RootKey, Subject, certify, new_root, revocation_list

NOW = datetime.datetime(2026, 4, 1, 12, tzinfo=datetime.UTC)
DAY, NONCE = datetime.timedelta(days=1), bytes(range(16))
AUTHENTICATION = CertificateUse.AUTHENTICATION


@dataclass(frozen=True)
class World:
    """A root, a stranger's of the same name, and a certificate of the first, with its list and an answer about it."""

    root: RootKey
    stranger: RootKey
    leaf: x509.Certificate

    def listed(self, by: RootKey | None = None, since: datetime.datetime = NOW, why: Revocation | None = None) -> bytes:
        lines = [] if why is None else [Revoked(self.leaf.serial_number, NOW, why)]
        return revocation_list(by or self.root, lines, 1, since, since + DAY)

    def answer(self, by: RootKey | None = None, since: datetime.datetime = NOW, nonce: bytes = NONCE) -> bytes:
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.leaf,
            issuer=self.root.certificate,
            algorithm=SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=since,
            next_update=since + DAY / 96,
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, (by or self.root).certificate)
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.sign((by or self.root).key, SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def world() -> World:
    keys = [rsa.generate_private_key(65_537, 2048) for _ in range(3)]
    root, stranger = (new_root(AUTHENTICATION, key, NOW - DAY, NOW + 3650 * DAY) for key in keys[:2])
    subject = Subject(
        public_key=keys[2].public_key(),
        place=Place(prefecture="北海道", municipality="札幌市"),
        items=None,
        not_before=NOW - DAY,
        not_after=NOW + 365 * DAY,
    )
    return World(root, stranger, certify(root, subject))


def refused_list(world: World, listed: bytes, now: datetime.datetime = NOW) -> str:
    with pytest.raises(WarifuError) as error:
        status_by_list(world.leaf, world.root.certificate, listed, now)
    assert error.value.reason is Reason.CERTIFICATE_STATUS_UNKNOWN
    return error.value.where


def refused_answer(world: World, answer: bytes, now: datetime.datetime = NOW) -> str:
    with pytest.raises(WarifuError) as error:
        status_by_ocsp(world.leaf, world.root.certificate, answer, NONCE, now)
    assert error.value.reason is Reason.CERTIFICATE_STATUS_UNKNOWN
    return error.value.where


def test_a_list_says_why_a_certificate_is_not_good(world: World) -> None:
    assert status_by_list(world.leaf, world.root.certificate, world.listed(), NOW).revoked is None
    for why in Revocation:
        if why is Revocation.UNSPECIFIED:
            continue
        status = status_by_list(world.leaf, world.root.certificate, world.listed(why=why), NOW)
        with pytest.raises(WarifuError) as error:
            check_not_revoked(status)
        assert error.value.where == f"certificate: {why.value}"


def test_a_stale_list_is_no_answer(world: World) -> None:
    assert refused_list(world, world.listed(), NOW + DAY) == "list: stale"
    assert refused_list(world, world.listed(), NOW - DAY) == "list: of the future"


def test_a_list_that_a_stranger_signed_under_the_same_name_is_no_answer(world: World) -> None:
    assert refused_list(world, world.listed(by=world.stranger)) == "list: another's"


def test_a_stale_answer_is_none_nor_is_one_of_the_future_or_a_strangers(world: World) -> None:
    assert status_by_ocsp(world.leaf, world.root.certificate, world.answer(), NONCE, NOW).revoked is None
    assert refused_answer(world, world.answer(), NOW + DAY / 96) == "OCSP: stale"
    assert refused_answer(world, world.answer(), NOW - DAY) == "OCSP: of the future"
    assert refused_answer(world, world.answer(by=world.stranger)) == "OCSP: not to what was asked"
    assert refused_answer(world, world.answer(nonce=bytes(16))) == "OCSP: not to what was asked"


def test_an_answer_to_try_later_is_none(world: World) -> None:
    later = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER)
    assert refused_answer(world, later) == "OCSP: no answer"


@given(found=st.binary(max_size=400))
def test_whatever_is_neither_a_list_nor_an_answer_is_none(world: World, found: bytes) -> None:
    refused_list(world, found)
    refused_answer(world, found)


@given(place=st.integers(0, 5_000), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_makes_a_list_and_an_answer_none(world: World, place: int, bit: int) -> None:
    for told, refused in ((world.listed(), refused_list), (world.answer(), refused_answer)):
        flipped = bytearray(told)
        flipped[place % len(flipped)] ^= 1 << bit
        refused(world, bytes(flipped))

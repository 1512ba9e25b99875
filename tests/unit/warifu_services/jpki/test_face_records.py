"""Whatever is sent to a counter as a card's records is judged or refused, and never believed by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.card.applications.records import cv_certificate, public_key
from warifu.card.secrets import PrivateKey
from warifu.card.tlv import tlv
from warifu.errors import Reason, WarifuError
from warifu_services.verifier.counter import ReadCard, judge

OFFICE, MAKER = PrivateKey.generate(), PrivateKey.generate()
CERTIFICATE, ROOT = cv_certificate(OFFICE, MAKER), public_key(OFFICE)


def read(face_record: bytes, certificate: bytes = CERTIFICATE) -> ReadCard:
    return ReadCard(
        nonce=bytes(32),
        cv_certificate=certificate,
        face_record=face_record,
        presence=bytes(256),
        printed_birth_date="19900704",
        printed_sex="2",
        printed_expiry="20350704",
        texts_agree=True,
        faces_agree=True,
    )


def refused(card: ReadCard) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        judge(card, ROOT)
    return error.value


@given(st.binary(max_size=600))
def test_whatever_is_no_face_record_is_refused(found: bytes) -> None:
    assert refused(read(found)).reason in {Reason.REQUEST_MALFORMED, Reason.SIGNATURE_INVALID}


@given(st.lists(st.tuples(st.integers(0xDF20, 0xDF2A), st.binary(max_size=40)), max_size=12))
def test_objects_in_any_order_and_number_are_refused(objects: list[tuple[int, bytes]]) -> None:
    record = tlv(0xFF20, *(tlv(tag, value) for tag, value in objects))
    assert refused(read(record)).reason in {Reason.REQUEST_MALFORMED, Reason.SIGNATURE_INVALID}


@given(st.binary(max_size=700))
def test_whatever_is_no_certificate_of_a_maker_is_refused(found: bytes) -> None:
    assert refused(read(b"", found)).where == "cv_certificate"


@given(place=st.integers(0, len(CERTIFICATE) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_makers_certificate_is_refused(place: int, bit: int) -> None:
    flipped = bytearray(CERTIFICATE)
    flipped[place] ^= 1 << bit
    assert refused(read(b"", bytes(flipped))).where == "cv_certificate"

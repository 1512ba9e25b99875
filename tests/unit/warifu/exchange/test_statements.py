"""What each party signs: every field is under the signature, and no statement passes for another."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from warifu.api.type.v1 import inquiry_pb2
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode, ProvisionPermit, SignedAnswer, SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu.exchange import statements
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import (
    answer_digest,
    check_answer,
    check_conversion,
    check_inquiry,
    check_issue,
    check_permit,
    inquiry_digest,
    sign_answer,
    sign_conversion,
    sign_inquiry,
    sign_issue,
    sign_permit,
)

KEY, OTHER = SigningKey.generate(), SigningKey.generate()
NUMBER = "20260601000000000042"
ASKED = bytes(range(32))


def code(first: int) -> EncryptedCode:
    return EncryptedCode(c1=bytes([first]) * 32, c2=bytes([first + 1]) * 32)


def inquiry() -> SignedInquiry:
    made = SignedInquiry(
        context=b"c" * 116, encrypted_code=code(1), sealed_query=b"q" * 304, code_proof=b"o" * 64, citizen_tag=b"t" * 16
    )
    sign_inquiry(KEY, made)
    return made


def permit() -> ProvisionPermit:
    made = ProvisionPermit(
        inquiry=inquiry(),
        converted_code=code(3),
        processing_number=NUMBER,
        permission_row="R01",
        conversion_proof=b"p" * 128,
        permit_time=Timestamp(seconds=1_780_000_000, nanos=7),
    )
    sign_permit(KEY, made, inquiry_digest(made.inquiry))
    return made


def answer() -> SignedAnswer:
    made = SignedAnswer(
        outcome=inquiry_pb2.PROVISION_OUTCOME_ANSWERED,
        sealed_answer=b"a" * 304,
        citizen_tag=b"t" * 16,
        provision_time=Timestamp(seconds=1_780_000_000, nanos=7),
    )
    sign_answer(KEY, made, asked=ASKED, processing_number=NUMBER)
    return made


def check_whole_permit(made: ProvisionPermit, key: SigningKey = KEY) -> None:
    check_permit(key.verify_key, made, inquiry_digest(made.inquiry))


def check_whole_answer(made: SignedAnswer, key: SigningKey = KEY, asked: bytes = ASKED, number: str = NUMBER) -> None:
    check_answer(key.verify_key, made, asked=asked, processing_number=number)


def check_whole_inquiry(made: SignedInquiry, key: SigningKey = KEY) -> None:
    check_inquiry(key.verify_key, made)


STATEMENTS: dict[str, tuple[Callable[[], Any], Callable[..., None], str]] = {
    "an inquiry": (inquiry, check_whole_inquiry, "inquiry.inquirer_signature"),
    "a permit": (permit, check_whole_permit, "permit.hub_signature"),
    "an answer": (answer, check_whole_answer, "answer.provider_signature"),
}


def changes(message: Message, at: str = "") -> Iterator[tuple[str, Message, str, Any]]:
    """Every field of a message and of the messages in it, with other values it could have."""
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if isinstance(value, Message):
            yield from changes(value, f"{at}{field.name}.")
        elif isinstance(value, bytes):
            for other in (bytes([value[0] ^ 1]) + value[1:], value[:-1], value + b"\0", b""):
                yield f"{at}{field.name}", message, field.name, other
        elif isinstance(value, int):
            yield f"{at}{field.name}", message, field.name, value + 1
        else:
            for text in (value + "0", value[1:], ""):
                yield f"{at}{field.name}", message, field.name, text


def refusal(check: Callable[[], None]) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        check()
    assert error.value.reason is Reason.SIGNATURE_INVALID
    return error.value


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_verifies_under_its_signers_key_and_no_other(name: str) -> None:
    make, check, where = STATEMENTS[name]
    check(make())
    assert refusal(lambda: check(make(), OTHER)).where == where


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_field_of_a_statement_is_under_its_signature(name: str) -> None:
    make, check, _ = STATEMENTS[name]
    made = make()
    seen = set()
    for path, message, field, other in changes(made):
        before = getattr(message, field)
        setattr(message, field, other)
        refusal(lambda: check(made))
        setattr(message, field, before)
        seen.add(path)
    check(made)
    assert seen >= {field.name for field in made.DESCRIPTOR.fields if field.type != field.TYPE_MESSAGE}


@pytest.mark.parametrize("name", STATEMENTS)
@given(data=st.data())
def test_a_flipped_bit_anywhere_in_a_statement_is_refused(name: str, data: st.DataObject) -> None:
    make, check, _ = STATEMENTS[name]
    path, message, field, _ = data.draw(st.sampled_from(list(changes(made := make()))))
    value = getattr(message, field)
    if not isinstance(value, bytes):
        return
    flipped = bytearray(value)
    bit = data.draw(st.integers(0, len(value) * 8 - 1), label=path)
    flipped[bit // 8] ^= 1 << bit % 8
    setattr(message, field, bytes(flipped))
    refusal(lambda: check(made))


def test_an_answer_holds_for_its_own_inquiry_and_processing_number_only() -> None:
    made = answer()
    refusal(lambda: check_whole_answer(made, asked=bytes(32)))
    refusal(lambda: check_whole_answer(made, number="20260601000000000043"))


def test_a_permit_holds_for_its_own_inquiry_only() -> None:
    made = permit()
    refusal(lambda: check_permit(KEY.verify_key, made, bytes(32)))


def test_a_signature_of_one_kind_of_statement_never_passes_for_another() -> None:
    codes, context = [code(5)], b"c" * 116
    issued, converted = sign_issue(KEY, context, codes), sign_conversion(KEY, context, codes)
    check_issue(KEY.verify_key, issued, context, codes)
    check_conversion(KEY.verify_key, converted, context, codes)
    assert refusal(lambda: check_issue(KEY.verify_key, converted, context, codes)).where == "authority_signature"
    assert refusal(lambda: check_conversion(KEY.verify_key, issued, context, codes)).where == "hub_signature"
    made = inquiry()
    made.inquirer_signature = permit().hub_signature
    refusal(lambda: check_whole_inquiry(made))


def test_issued_codes_are_signed_in_their_order_and_number() -> None:
    codes, context = [code(1), code(3), code(5)], b"c" * 116
    signature = sign_issue(KEY, context, codes)
    for other in (codes[::-1], codes[:2], [*codes, code(7)], [codes[0], codes[1], code(9)], []):
        refusal(lambda: check_issue(KEY.verify_key, signature, context, other))  # noqa: B023  # called at once
    refusal(lambda: check_issue(KEY.verify_key, signature, b"d" * 116, codes))
    swapped = [EncryptedCode(c1=codes[0].c2, c2=codes[0].c1), *codes[1:]]
    refusal(lambda: check_issue(KEY.verify_key, signature, context, swapped))


def test_digests_differ_with_every_field_and_with_the_signature() -> None:
    made, seen = inquiry(), set()
    seen.add(inquiry_digest(made))
    total = 1
    for _, message, field, other in changes(made):
        before = getattr(message, field)
        setattr(message, field, other)
        seen.add(inquiry_digest(made))
        total += 1
        setattr(message, field, before)
    assert len(seen) == total
    assert all(len(digest) == 32 for digest in seen)


def test_the_digests_of_an_exchange_never_meet() -> None:
    made = permit()
    asked = inquiry_digest(made.inquiry)
    same = SignedAnswer()
    digests = {
        asked,
        answer_digest(same, asked=asked, processing_number=NUMBER),
        answer_digest(same, asked=asked, processing_number=""),
        answer_digest(answer(), asked=asked, processing_number=NUMBER),
    }
    assert len(digests) == 4


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64])
def test_what_is_no_signature_is_refused_like_a_wrong_one(signature: bytes) -> None:
    made = answer()
    made.provider_signature = signature
    refusal(lambda: check_whole_answer(made))


def test_nothing_here_can_open_a_sealed_body() -> None:
    """The hub imports this module, so it must not bring the means along."""
    assert "seal" not in {name for name, _ in inspect.getmembers(statements)}
    assert "open_sealed" not in inspect.getsource(statements)

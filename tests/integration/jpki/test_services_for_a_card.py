"""A bank and a counter, with a chip that the maker wrote from what the authority issued."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Sequence

import pytest
from tests.integration.jpki.conftest import Desk, Person, refusal

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.verifier.v1 import bank_service_pb2 as bank_pb
from warifu.api.verifier.v1 import counter_service_pb2 as counter_pb
from warifu.api.verifier.v1 import platform_service_pb2 as pb
from warifu.card.applications.reference_numbers import reference_b
from warifu.card.chip import answer
from warifu.card.chip_state import Chip, Session
from warifu.card.making import cloned
from warifu.card.secrets import Pin, PrivateKey
from warifu.card.tlv import found
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode
from warifu.jpki.certificate import EndCertificate
from warifu.jpki.profile import CertificateUse
from warifu.jpki.signature import check_signature
from warifu.jpki.statements import bank_statement, login_statement, registration_statement
from warifu_kit.jpki.holder import HeldCard

SIGNING, AUTHENTICATION = CertificateUse
Statement = Callable[[InstitutionCode, bytes], bytes]
PASSWORD, PIN = Pin.of("SIGNING1"), Pin.of("1234")


class InHand:
    """A chip in this process, before a terminal."""

    def __init__(self, chip: Chip) -> None:
        self.chip = chip
        self.session = Session()

    def transmit(self, command: bytes) -> bytes:
        done = answer(self.chip, self.session, command, secrets.token_bytes)
        self.session = done.session
        self.chip = done.kept[-1] if done.kept else self.chip
        return done.response


def held(chip: Chip) -> HeldCard:
    return HeldCard(InHand(chip).transmit)


def written(**other: str) -> bank_pb.BankApplication:
    told = {"name": "割符 花子", "address": "北海道札幌市中央区北一条西２丁目", "birth_date": "19900704", "sex": "2"}
    items = pb.FourItems(**{**told, **other})
    return bank_pb.BankApplication(four_items=items, purpose="生計費決済", occupation="会社員")


def text_of(application: bank_pb.BankApplication) -> Sequence[str]:
    items = application.four_items
    return items.name, items.address, items.birth_date, items.sex, application.purpose, application.occupation


async def application(
    desk: Desk, card: HeldCard, asked: bank_pb.BankApplication, signed: bank_pb.BankApplication | None = None
) -> bank_pb.OpenAccountRequest:
    nonce = await desk.nonce()
    statement = bank_statement(desk.service, nonce, text_of(signed or asked))
    presented = pb.Presented(
        nonce=nonce,
        certificate=card.certificate(SIGNING, PASSWORD),
        signature=card.sign(SIGNING, PASSWORD, statement),
    )
    return bank_pb.OpenAccountRequest(application=asked, presented=presented)


@pytest.fixture
async def person(desk: Desk) -> Person:
    return await desk.office.holder()


async def test_the_chip_registers_and_logs_in(desk: Desk, person: Person) -> None:
    card = held(person.chip(desk.office))

    async def presented(use: CertificateUse, pin: Pin, statement: Statement) -> pb.Presented:
        nonce = await desk.nonce()
        signature = card.sign(use, pin, statement(desk.service, nonce))
        return pb.Presented(nonce=nonce, certificate=card.certificate(use, pin), signature=signature)

    signed = await presented(SIGNING, PASSWORD, registration_statement)
    registered = await desk.platform().Register(pb.RegisterRequest(presented=signed))
    again = await presented(AUTHENTICATION, PIN, login_statement)
    assert (await desk.platform().LogIn(pb.LogInRequest(presented=again))).user_id == registered.user_id


async def test_an_account_is_opened_on_evidence_that_anybody_can_verify_again(desk: Desk, person: Person) -> None:
    request = await application(desk, held(person.chip(desk.office)), written())
    opened = await desk.bank().OpenAccount(request)
    assert len(opened.checks) == 8
    kept = await desk.bank().GetEvidence(bank_pb.GetEvidenceRequest(account_number=opened.account_number))
    key = EndCertificate.read(kept.certificate).key
    check_signature(key, kept.signature, kept.statement, where="evidence")
    assert "生計費決済".encode() in kept.statement
    assert kept.kept_until_unix_ms == 0


async def test_evidence_is_kept_for_seven_years_after_the_contract_and_then_forgotten(
    desk: Desk, person: Person
) -> None:
    opened = await desk.bank().OpenAccount(await application(desk, held(person.chip(desk.office)), written()))
    closing = bank_pb.CloseAccountRequest(account_number=opened.account_number)
    closed = await desk.bank().CloseAccount(closing)
    desk.office.clock.advance(datetime.timedelta(days=7 * 365))
    assert (await desk.bank().CloseAccount(closing)).kept_until_unix_ms == closed.kept_until_unix_ms
    assert await desk.verifier.store.forget(desk.office.clock.unix_ms()) == 0
    desk.office.clock.advance(datetime.timedelta(days=3))
    assert await desk.verifier.store.forget(desk.office.clock.unix_ms()) == 1
    asked = bank_pb.GetEvidenceRequest(account_number=opened.account_number)
    assert (await refusal(desk.bank().GetEvidence(asked)))[0] is Reason.USER_UNKNOWN


async def test_an_application_that_was_changed_after_it_was_signed_is_refused(desk: Desk, person: Person) -> None:
    changed = written()
    changed.purpose = "投資"
    request = await application(desk, held(person.chip(desk.office)), changed, signed=written())
    assert (await refusal(desk.bank().OpenAccount(request)))[0] is Reason.SIGNATURE_INVALID


async def test_what_somebody_writes_of_herself_must_be_what_the_certificate_says(desk: Desk, person: Person) -> None:
    asked = written(name="割符 太郎", birth_date="19900705")
    refused = await refusal(desk.bank().OpenAccount(await application(desk, held(person.chip(desk.office)), asked)))
    assert refused == (Reason.ITEMS_DIFFER, "four_items: name, birth_date")


async def test_a_signature_for_a_bank_is_good_once(desk: Desk, person: Person) -> None:
    request = await application(desk, held(person.chip(desk.office)), written())
    await desk.bank().OpenAccount(request)
    assert (await refusal(desk.bank().OpenAccount(request)))[0] is Reason.NONCE_NOT_OPEN


async def test_a_suspended_card_opens_no_account(desk: Desk, person: Person) -> None:
    await desk.office.step(person, cards.CARD_STEP_SUSPEND)
    request = await application(desk, held(person.chip(desk.office)), written())
    assert (await refusal(desk.bank().OpenAccount(request)))[1] == "presented.certificate: certificateHold"


async def test_a_clone_without_the_keys_opens_none_either(desk: Desk, person: Person) -> None:
    clone = cloned(person.chip(desk.office), PrivateKey.generate())
    request = await application(desk, held(clone), written())
    assert (await refusal(desk.bank().OpenAccount(request)))[0] is Reason.SIGNATURE_INVALID


def face(desk: Desk, chip: Chip, nonce: bytes, **other: object) -> counter_pb.CheckIdentityRequest:
    by = reference_b(datetime.date(1990, 7, 4), datetime.date(2035, 7, 4), Pin.of("4711"))
    read = held(chip).read_face(by, nonce)
    told = {
        "nonce": nonce,
        "reference_number": counter_pb.REFERENCE_NUMBER_B,
        "cv_certificate": read.cv_certificate,
        "face_record": read.face_record,
        "presence": read.presence,
        "printed_birth_date": "19900704",
        "printed_sex": "2",
        "printed_expiry": "20350704",
        "texts_agree": True,
        "faces_agree": True,
    }
    return counter_pb.CheckIdentityRequest(**{**told, **other})  # type: ignore[arg-type]


async def test_a_counter_finds_a_card_genuine_there_and_what_is_printed(desk: Desk, person: Person) -> None:
    request = face(desk, person.chip(desk.office), await desk.nonce())
    assert len((await desk.counter().CheckIdentity(request)).checks) == 8
    assert (await refusal(desk.counter().CheckIdentity(request)))[0] is Reason.NONCE_NOT_OPEN


async def test_a_counter_finds_what_is_wrong_with_a_card(desk: Desk, person: Person) -> None:
    chip, counter = person.chip(desk.office), desk.counter()
    clone = face(desk, cloned(chip, PrivateKey.generate()), await desk.nonce())
    assert await refusal(counter.CheckIdentity(clone)) == (Reason.SIGNATURE_INVALID, "presence")
    request = face(desk, chip, await desk.nonce())
    request.face_record = request.face_record.replace(b"19900704", b"19800704")
    assert await refusal(counter.CheckIdentity(request)) == (Reason.SIGNATURE_INVALID, "face_record")
    request = face(desk, chip, await desk.nonce(), printed_birth_date="19800704", faces_agree=False)
    assert await refusal(counter.CheckIdentity(request)) == (Reason.ITEMS_DIFFER, "printed: birth_date, faces")
    request = face(desk, chip, await desk.nonce())
    request.cv_certificate = request.cv_certificate[:-1] + b"\x00"
    assert (await refusal(counter.CheckIdentity(request)))[1] == "cv_certificate"


async def test_what_a_counter_sends_holds_no_my_number_and_no_hash_of_one(desk: Desk, person: Person) -> None:
    body = "12345678901"
    request = face(desk, person.chip(desk.office, body), await desk.nonce())
    sent = request.SerializeToString()
    assert body.encode() not in sent
    number = person.chip(desk.office, body).application(bytes.fromhex("D3921000310001010408"))
    assert number is not None
    hashes = next(each.content for each in number.files if each.identifier == 3)
    assert found(hashes, 0xFF30, 0xDF31) not in sent  # of the number's file


async def test_another_service_has_neither_the_account_nor_the_nonce(desk: Desk, person: Person) -> None:
    request = await application(desk, held(person.chip(desk.office)), written())
    refused = await refusal(desk.bank("residence/business").OpenAccount(request))
    assert refused[0] is Reason.NONCE_NOT_OPEN
    opened = await desk.bank().OpenAccount(request)
    asked = bank_pb.GetEvidenceRequest(account_number=opened.account_number)
    assert (await refusal(desk.bank("residence/business").GetEvidence(asked)))[0] is Reason.USER_UNKNOWN

"""What a terminal can find out of a card: signed records, presence, and each way in which a card is not to be believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from tests.unit.warifu.card.conftest import Field

from warifu.card.applications import face_check, input_support, jpki
from warifu.card.applications.free_space import PIN as FREE_PIN
from warifu.card.applications.free_space import PREFIX, with_free_space
from warifu.card.applications.records import certified_key, cv_certificate, is_signed, public_key
from warifu.card.applications.reference_numbers import birth_by_era, reference_b
from warifu.card.chip_file import read_chip, written_chip
from warifu.card.chip_state import Chip
from warifu.card.making import cloned, made, revoked, tampered, worn_out
from warifu.card.personalisation import CardKind, Personalisation
from warifu.card.secrets import Pin, PrivateKey
from warifu.card.terminal import CardRefusedError, Terminal
from warifu.card.tlv import found, tlv, values
from warifu.errors import WarifuError
from warifu_kit.card.specimen import specimen


def _opened(chip: Chip) -> Terminal:
    terminal = Field(chip).terminal()
    terminal.select(input_support.AID)
    terminal.verify(input_support.PIN, Pin.of("2468"))
    return terminal


def _records_hold(chip: Chip, given: Personalisation) -> bool:
    terminal = _opened(chip)
    number, items = terminal.read(input_support.MY_NUMBER), terminal.read(input_support.FOUR_ITEMS)
    signed = b"".join(tlv(tag, value) for tag, value in values(found(items, 0xFF20)) if tag != 0xDF21)
    signature = found(terminal.read(input_support.SIGNED_DIGESTS), 0xFF30, 0xDF33)
    return is_signed(public_key(given.records.key), signature, number, signed)


def _is_present(chip: Chip) -> bool:
    terminal = _opened(chip)
    signed = found(terminal.read(0x07), 0xFF50, 0xDF51)
    signature = terminal.present(b"challenge")
    numbers = rsa.RSAPublicNumbers(
        int.from_bytes(found(signed, 0x90), "big"), int.from_bytes(found(signed, 0x91), "big")
    )
    try:
        numbers.public_key().verify(signature, b"challenge", padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def test_the_makers_signature_covers_number_and_items(chip: Chip, given: Personalisation) -> None:
    assert _records_hold(chip, given)
    assert not _records_hold(tampered(chip), given)


def test_the_offsets_of_the_four_items_lead_to_them(chip: Chip) -> None:
    items = _opened(chip).read(input_support.FOUR_ITEMS)
    offsets = found(items, 0xFF20, 0xDF21)
    tags = [items[int.from_bytes(offsets[n : n + 2], "big") :][:2] for n in range(0, 8, 2)]
    assert tags == [b"\xdf\x22", b"\xdf\x23", b"\xdf\x24", b"\xdf\x25"]


def test_only_the_chip_itself_signs_the_challenge_that_its_records_speak_for(chip: Chip) -> None:
    assert _is_present(chip)
    assert not _is_present(cloned(chip, PrivateKey.generate()))


def test_the_card_verifiable_certificate_leads_from_the_root_to_the_records() -> None:
    root, maker = PrivateKey.generate(), PrivateKey.generate()
    certificate = cv_certificate(root, maker)
    assert certified_key(certificate, public_key(root)) == public_key(maker)
    with pytest.raises(ValueError, match="not signed"):
        certified_key(certificate, public_key(maker))


def test_face_data_is_signed_but_for_expiry_and_security_code(chip: Chip, given: Personalisation) -> None:
    terminal = Field(chip).terminal()
    terminal.select(face_check.AID)
    assert given.items is not None
    terminal.verify(face_check.REFERENCE_B, reference_b(given.items.born, given.expires, given.security_code))
    objects = dict(values(found(terminal.read(face_check.FACE), 0xFF20)))
    person, printed, portrait = (
        b"".join(tlv(tag, objects[tag]) for tag in tags)
        for tags in ((0xDF22, 0xDF23, 0xDF24), (0xDF25, 0xDF26), (0xDF27,))
    )
    assert is_signed(public_key(given.records.key), objects[0xDF28], person, printed, portrait)
    assert objects[0xDF25].startswith(b"\x89PNG")
    assert objects[0xDF27][4:8] == b"jP  "


def test_a_revoked_card_signs_on_because_it_does_not_know(chip: Chip, given: Personalisation) -> None:
    marked = revoked(chip)
    assert marked.switches == {"revoked"}
    assert _records_hold(marked, given)
    assert _is_present(marked)


def test_a_worn_out_card_fails_on_the_same_commands_after_each_insertion(chip: Chip) -> None:
    tired = worn_out(chip, 3, seed=7)
    command = b"\x00\xa4\x04\x0c\x0a" + jpki.AID
    times = [[Field.word(field, command) for _ in range(60)] for field in (Field(tired), Field(tired))]
    assert times[0] == times[1]
    assert {0x6F00, 0x9000} == set(times[0])
    assert 10 <= times[0].count(0x6F00) <= 30


def test_a_worn_out_card_that_fails_takes_no_try(chip: Chip) -> None:
    field = Field(worn_out(chip, 2, seed=1))
    seen = [field.word(b"\x00\x20\x00\x98\x044321") for _ in range(10)]
    assert 0x6F00 in seen
    assert field.chip.applications == chip.applications


@pytest.mark.parametrize(
    ("kind", "label"), [(CardKind.ANDROID, b"JPKIAPGPSETOKEN"), (CardKind.IPHONE, b"JPKIAPIOSTOKEN")]
)
def test_a_phone_has_certificates_alone_and_says_so(given: Personalisation, kind: CardKind, label: bytes) -> None:
    phone = made(replace(given, kind=kind, my_number=None, items=None, face=None))
    assert [each.aid for each in phone.applications] == [jpki.AID]
    terminal = Field(phone).terminal()
    terminal.select(jpki.AID)
    assert terminal.read(jpki.TOKEN_INFO).startswith(label)
    if kind is CardKind.ANDROID:
        with pytest.raises(CardRefusedError):
            terminal.read(jpki.AUTHENTICATION_CERTIFICATE)
        terminal.verify(jpki.AUTHENTICATION_PIN, Pin.of("4321"))
    assert terminal.read(jpki.AUTHENTICATION_CERTIFICATE) == given.authentication.certificate


def test_somebody_under_15_has_no_signing_certificate_and_the_token_says_so(given: Personalisation) -> None:
    young = made(replace(given, signing=None, pins=replace(given.pins, signing=None)))
    terminal = Field(young).terminal()
    terminal.select(jpki.AID)
    assert terminal.read(jpki.PRESENT) == bytes.fromhex("008f00")
    with pytest.raises(CardRefusedError):
        terminal.select_file(jpki.SIGNING_KEY)


def test_a_birth_date_is_written_by_its_era() -> None:
    written = {
        day: birth_by_era(day) for day in (date(2019, 4, 30), date(2019, 5, 1), date(1989, 1, 7), date(1926, 12, 25))
    }
    assert list(written.values()) == ["310430", "010501", "640107", "011225"]


def test_an_application_of_an_ordinance_has_its_own_pin_and_reads_no_other(chip: Chip) -> None:
    more = with_free_space(chip, "library", 1, (b"member 17",), Pin.of("8080"))
    terminal = Field(more).terminal()
    terminal.select(PREFIX + b"\x00\x01")
    with pytest.raises(CardRefusedError):
        terminal.read(0x01)
    terminal.verify(FREE_PIN, Pin.of("8080"))
    assert terminal.read(0x01) == b"member 17"
    for identifier in range(0x02, 0x1C):
        with pytest.raises(CardRefusedError) as refused:
            terminal.select_file(identifier)
        assert refused.value.word == 0x6A82
    with pytest.raises(WarifuError):
        with_free_space(more, "again", 1, (b"x",), None)


def test_a_chip_is_the_same_after_its_file(chip: Chip) -> None:
    spoilt = worn_out(tampered(chip), 5, 1)
    assert read_chip(written_chip(spoilt), "card") == spoilt


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"is": "warifu card, SIMULATED"}'])
def test_a_file_that_is_no_card_is_refused_without_repeating_it(content: bytes) -> None:
    with pytest.raises(WarifuError, match=r"card\.json"):
        read_chip(content, "card.json")


def test_no_field_of_a_card_file_may_be_missing(chip: Chip) -> None:
    told = json.loads(written_chip(chip))
    application = told["applications"][0]
    for place in (told, application, application["files"][0], application["pins"][0], application["keys"][0]):
        for name, value in list(place.items()):
            del place[name]
            with pytest.raises(WarifuError):
                read_chip(json.dumps(told).encode(), "card.json")
            place[name] = value
    assert read_chip(json.dumps(told).encode(), "card.json").applications == chip.applications


@pytest.mark.parametrize(
    ("name", "wrong"), [("tries_left", 4), ("tries_left", True), ("file", 31), ("shape", "x"), ("pin", "é")]
)
def test_a_pin_in_a_file_is_none_that_a_chip_could_have(chip: Chip, name: str, wrong: object) -> None:
    told = json.loads(written_chip(chip))
    told["applications"][0]["pins"][0][name] = wrong
    with pytest.raises(WarifuError):
        read_chip(json.dumps(told).encode(), "card.json")


def test_a_specimen_is_a_card_of_nobody() -> None:
    first = specimen(datetime(2026, 4, 1, tzinfo=UTC))
    assert b"SIMULATED" in first.authentication.certificate
    assert len(made(first).applications) == 5

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import nacl.signing
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog.note import MAX_NOTE_BYTES, MAX_SIGNATURES, Verifier, key_id, open_note, read_text_unverified, sign

NAME = "log.test/one"
KEY = nacl.signing.SigningKey(bytes(range(32)))
OTHER_KEY = nacl.signing.SigningKey(bytes(32))
VERIFIER = Verifier(NAME, bytes(KEY.verify_key))
TEXT = "first line\n\nthird line, 割符\n"
NOTE = sign(TEXT, NAME, KEY)
DASH = "\u2014"


def refuse(note: bytes, *, where: str = "", verifiers: tuple[Verifier, ...] = (VERIFIER,)) -> None:
    with pytest.raises(WarifuError) as caught:
        open_note(note, verifiers)
    assert caught.value.reason is Reason.LOG_INVALID
    assert caught.value.where.startswith("note" + where)


def line_of(name: str, key: nacl.signing.SigningKey, text: str = TEXT) -> bytes:
    return sign(text, name, key).removeprefix(text.encode() + b"\n")


def line_with(signed: bytes, name: str = NAME) -> bytes:
    return f"{DASH} {name} {base64.b64encode(signed).decode()}\n".encode()


def test_the_published_note_opens_with_the_published_key(load_vectors: Callable[[str], dict[str, Any]]) -> None:
    vector = load_vectors("c2sp_signed_note.json")
    verifier = Verifier.parse(vector["vkey"])
    assert (verifier.name, verifier.vkey) == (vector["name"], vector["vkey"])
    assert open_note(vector["note"].encode(), [verifier]) == vector["text"]
    refuse(vector["note"].replace("example message", "Example message").encode(), verifiers=(verifier,))


def test_the_key_id_is_the_start_of_a_hash_over_name_type_and_key() -> None:
    expected = hashlib.sha256(b"log.test/one\n\x01" + bytes(KEY.verify_key)).digest()[:4]
    assert key_id(NAME, bytes(KEY.verify_key)) == expected == VERIFIER.key_id


def test_a_note_is_its_text_a_blank_line_and_a_signature_over_the_text_itself() -> None:
    signed = VERIFIER.key_id + KEY.sign(TEXT.encode()).signature
    assert TEXT.encode() + b"\n" + line_with(signed) == NOTE == sign(TEXT, NAME, bytes(KEY))
    assert open_note(NOTE, [VERIFIER]) == TEXT == read_text_unverified(NOTE)


def test_signatures_by_unknown_keys_are_ignored() -> None:
    assert open_note(NOTE + line_of("witness.test", OTHER_KEY), [VERIFIER]) == TEXT
    assert open_note(NOTE + line_of(NAME, OTHER_KEY), [VERIFIER]) == TEXT  # same name, other id
    assert open_note(NOTE + line_with(VERIFIER.key_id + b"?", "other.test"), [VERIFIER]) == TEXT  # same id, other name


def test_any_one_of_several_trusted_keys_is_enough() -> None:
    witness = Verifier("witness.test", bytes(OTHER_KEY.verify_key))
    assert open_note(NOTE, [witness, VERIFIER]) == TEXT
    assert open_note(NOTE + line_of("witness.test", OTHER_KEY), [witness]) == TEXT


def test_a_note_signed_by_strangers_only_is_refused() -> None:
    refuse(sign(TEXT, NAME, OTHER_KEY), where=": no signature by a trusted key")
    refuse(NOTE, where=": no signature by a trusted key", verifiers=())


def test_a_bad_signature_of_a_known_key_refuses_the_note_even_beside_a_good_one() -> None:
    bad = line_of(NAME, KEY, "other text\n")
    refuse(NOTE + bad, where=" line 6: bad signature")
    refuse(TEXT.encode() + b"\n" + bad, where=" line 5: bad signature")
    refuse(NOTE + line_with(VERIFIER.key_id + bytes(63)), where=" line 6: bad signature")
    refuse(NOTE + line_with(VERIFIER.key_id + bytes(64)), where=" line 6: bad signature")


def test_two_keys_with_one_name_and_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warifu.tlog.note.key_id", lambda name, public_key: b"same")
    with pytest.raises(WarifuError) as caught:
        open_note(NOTE, [VERIFIER, Verifier(NAME, bytes(OTHER_KEY.verify_key))])
    assert caught.value.reason is Reason.KEY_INVALID


def test_many_signatures_are_read_and_too_many_refused() -> None:
    stranger = line_of("witness.test", OTHER_KEY)
    assert open_note(NOTE + stranger * (MAX_SIGNATURES - 1), [VERIFIER]) == TEXT
    refuse(NOTE + stranger * MAX_SIGNATURES, where=": more than")


def test_a_note_over_the_limit_is_refused_before_it_is_read() -> None:
    fitting = sign("x" * (MAX_NOTE_BYTES - len(sign("\n", NAME, KEY))) + "\n", NAME, KEY)
    assert len(fitting) == MAX_NOTE_BYTES
    assert open_note(fitting, [VERIFIER])
    refuse(b"x" + fitting, where=": longer than")


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        b"\n\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        NOTE.rstrip(b"\n"),
        NOTE + b"\n",
        NOTE + b"trailing line\n",
        NOTE.replace(DASH.encode(), b"-"),
        NOTE.replace(f"{DASH} ".encode(), DASH.encode()),
        NOTE.replace(b"\n", b"\r\n"),
        NOTE.replace(b"first", b"fir\tst"),
        NOTE.replace(b"first", b"fir\x00st"),
        NOTE.replace(b"first", b"\xff"),
        NOTE.replace(b"first", b"\xed\xa0\x80"),
        NOTE.replace(NAME.encode(), b""),
        NOTE.replace(NAME.encode(), b"log+one"),
        NOTE.replace(NAME.encode(), "log\u00a0one".encode()),
        NOTE[:-1] + b" \n",
        NOTE[:-2] + b"\n",
        NOTE + line_with(VERIFIER.key_id),
        NOTE + f"{DASH} other.test\n".encode(),
        NOTE + f"{DASH} other.test AAAAAAB=\n".encode(),  # bits set that base64 does not use
    ],
)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    refuse(note)


@given(st.integers(0, len(NOTE) * 8 - 1))
def test_a_flipped_bit_anywhere_in_a_note_is_refused(bit: int) -> None:
    flipped = bytearray(NOTE)
    flipped[bit // 8] ^= 1 << bit % 8
    refuse(bytes(flipped))


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]) | st.just("\n")))
def test_whatever_is_signed_opens_to_the_same_text(text: str) -> None:
    assert open_note(sign(text + "\n", NAME, KEY), [VERIFIER]) == text + "\n"


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(noise: bytes) -> None:
    refuse(noise)
    refuse(TEXT.encode() + b"\n" + noise)


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "return\r\n"])
def test_a_text_nobody_would_accept_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="whole lines"):
        sign(text, NAME, KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\nb", "a\x1bb"])
def test_a_key_name_nobody_would_accept_is_not_used(name: str) -> None:
    with pytest.raises(ValueError, match="key name"):
        sign(TEXT, name, KEY)
    with pytest.raises(ValueError, match="key name"):
        Verifier(name, bytes(KEY.verify_key))


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        NAME,
        VERIFIER.vkey.replace("+", " "),
        VERIFIER.vkey.removeprefix(NAME),
        VERIFIER.vkey.replace(NAME, "log.test/two"),
        VERIFIER.vkey.replace(VERIFIER.key_id.hex(), VERIFIER.key_id.hex().upper()),
        VERIFIER.vkey.replace(VERIFIER.key_id.hex(), "00000000"),
        VERIFIER.vkey[:-4],
        VERIFIER.vkey + "AAAA",
        VERIFIER.vkey + "\n",
        VERIFIER.vkey + "割",
        NAME + "+" + VERIFIER.key_id.hex() + "+" + base64.b64encode(b"\x02" + VERIFIER.public_key).decode(),
    ],
)
def test_a_malformed_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(WarifuError) as caught:
        Verifier.parse(vkey, where="--key")
    assert (caught.value.reason, caught.value.where) == (Reason.KEY_INVALID, "--key")


def test_a_verifier_key_reads_back_from_its_text() -> None:
    assert Verifier.parse(VERIFIER.vkey) == VERIFIER


def test_a_verifier_key_with_half_a_character_in_its_name_is_refused() -> None:
    # As a command line that is not UTF-8 hands it over.
    with pytest.raises(WarifuError) as caught:
        Verifier.parse(VERIFIER.vkey.replace("log.test", "log\udcff"))
    assert caught.value.reason is Reason.KEY_INVALID

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nacl.signing
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import (
    Checkpoint,
    log_origin,
    open_checkpoint,
    read_checkpoint_unverified,
    sign_checkpoint,
)
from warifu.tlog.note import Verifier, sign

KEY = nacl.signing.SigningKey(bytes(range(32)))
ROOT = bytes(range(32))
ROOT_LINE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TEXT = f"log.test/one\n7\n{ROOT_LINE}\n"


def refuse(text: str, where: str) -> None:
    with pytest.raises(WarifuError) as caught:
        Checkpoint.parse(text, where="copy")
    assert caught.value.reason is Reason.LOG_INVALID
    assert caught.value.where == f"copy{where}"


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = Checkpoint(origin="log.test/one", size=7, root_hash=ROOT)
    assert checkpoint.to_text() == TEXT
    assert Checkpoint.parse(TEXT) == checkpoint


def test_the_published_example_reads_and_writes_back(load_vectors: Callable[[str], dict[str, Any]]) -> None:
    text = load_vectors("c2sp_signed_note.json")["checkpoint_text"]
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.to_text() == text


def test_extension_lines_of_other_logs_are_carried() -> None:
    checkpoint = Checkpoint.parse(TEXT + "one more\nand another\n")
    assert checkpoint.extensions == ("one more", "and another")
    assert checkpoint.to_text() == TEXT + "one more\nand another\n"


@given(
    st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_whatever_is_written_reads_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin=origin, size=size, root_hash=root)
    assert Checkpoint.parse(checkpoint.to_text()) == checkpoint


@pytest.mark.parametrize("size", ["", "07", "00", "-1", "+7", "7 ", "7.0", "0x7", "\u0667", str(2**63), "9" * 30])
def test_a_size_that_is_not_plain_decimal_is_refused_at_line_2(size: str) -> None:
    refuse(f"log.test/one\n{size}\n{ROOT_LINE}\n", " line 2")


@pytest.mark.parametrize("root", ["", ROOT_LINE[:-4], ROOT_LINE + "AAAA", ROOT_LINE[:-2] + "9=", ROOT.hex(), "割符"])
def test_a_root_that_is_not_32_bytes_of_base64_is_refused_at_line_3(root: str) -> None:
    refuse(f"log.test/one\n7\n{root}\n", " line 3")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", ": fewer than three whole lines"),
        (TEXT[:-1], ": fewer than three whole lines"),
        ("log.test/one\n7\n", ": fewer than three whole lines"),
        ("\n7\nx\n", " line 1"),
        (TEXT.replace("log.test", "log\ttest"), " line 1"),
        (TEXT + "\n", " line 4"),
        (TEXT + "good\n\n", " line 5"),
    ],
)
def test_other_malformed_text_is_refused(text: str, where: str) -> None:
    refuse(text, where)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"size": -1},
        {"size": 2**63},
        {"root_hash": bytes(31)},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
    ],
)
def test_a_checkpoint_that_could_not_be_read_back_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"lines|needs"):
        Checkpoint(**{"origin": "log.test/one", "size": 7, "root_hash": ROOT, **wrong})


def test_a_signed_checkpoint_opens_with_the_key_of_its_origin() -> None:
    checkpoint = Checkpoint(origin=log_origin("demo"), size=7, root_hash=ROOT)
    signed = sign_checkpoint(checkpoint, KEY)
    verifier = Verifier("warifu.test/demo/exchange-log", bytes(KEY.verify_key))
    assert open_checkpoint(signed, verifier) == checkpoint == read_checkpoint_unverified(signed)


def test_a_key_trusted_for_one_log_cannot_speak_for_another() -> None:
    verifier = Verifier("log.test/two", bytes(KEY.verify_key))
    with pytest.raises(WarifuError) as caught:
        open_checkpoint(sign(TEXT, "log.test/two", KEY), verifier)
    assert (caught.value.reason, caught.value.where) == (Reason.LOG_INVALID, "checkpoint line 1")

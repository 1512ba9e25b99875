"""Text as programs save it: byte order marks, other encodings, halves of characters; nothing of it in a message."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.saved_text import (
    NotTextError,
    decode_cp932,
    decode_json,
    decode_text,
    join_surrogates,
    parse_json,
    seems_to_be,
    without_mark,
)

MARK = b"\xef\xbb\xbf"
TEXT = "見出し,氏名\n1,山田 花子\n2,髙橋 太郎\n"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert without_mark(MARK + b"x") == without_mark(b"x") == b"x"
    assert decode_text(MARK + TEXT.encode()) == decode_text(TEXT.encode()) == TEXT
    assert parse_json(MARK + b'{"name": 1}') == {"name": 1}


@pytest.mark.parametrize(
    ("raw", "seems"),
    [
        (TEXT.encode("cp932"), "CP932 (Shift_JIS)"),
        (TEXT.replace("髙", "高").encode("euc_jp"), "EUC-JP"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16"),
        (("name,kana," * 9 + TEXT).encode("utf-16-le"), "UTF-16 without its byte order mark"),
        ("é à ü".encode("latin-1"), None),
        (TEXT.encode() + b"\xe3\x81", None),
        (b"\x80", None),
        (b"\xff", None),
    ],
)
def test_what_is_not_utf_8_is_refused_with_what_it_seems_to_be(raw: bytes, seems: str | None) -> None:
    assert seems_to_be(raw) == seems
    with pytest.raises(NotTextError) as caught:
        decode_text(raw)
    assert caught.value.fault.startswith("is not UTF-8")
    assert (f"seems to be {seems}" in caught.value.fault) == (seems is not None)


def test_the_line_of_the_first_byte_that_is_not_utf_8_is_named() -> None:
    with pytest.raises(NotTextError, match="line 3 is not UTF-8") as caught:
        decode_text(MARK + b"one\ntwo\n\x83e\n")
    assert caught.value.at("people.csv").startswith("people.csv:3 is not UTF-8")


def test_the_bytes_that_cp932_does_not_define_are_refused_by_their_line() -> None:
    assert decode_cp932("①髙ｱ～".encode("cp932")) == "①髙ｱ～"
    for undefined in (b"\x80", b"\xa0", b"\xfd", b"\xfe", b"\xff", b"\x85\x40", b"\x81"):
        with pytest.raises(NotTextError, match="line 2 is not CP932"):
            decode_cp932(b"a\n" + undefined)


@given(st.text())
def test_any_text_is_read_from_json_however_it_was_escaped(text: str) -> None:
    for ascii_only in (True, False):
        assert parse_json(json.dumps([text], ensure_ascii=ascii_only).encode()) == [text]


@pytest.mark.parametrize(
    "half", [r"\ud800", r"\uDfff", r"x\ud83d", r"\ud83d\ud83d\ude00", r"\ude00\ud83d", r"\\\ud800"]
)
def test_half_a_character_in_json_is_refused_by_its_line(half: str) -> None:
    with pytest.raises(NotTextError) as caught:
        decode_json(b'{\n "name": "' + half.encode() + b'"}')
    assert caught.value.line == 2
    assert half not in str(caught.value)


def test_a_backslash_in_front_of_a_u_is_no_escape_when_it_is_itself_escaped() -> None:
    assert parse_json(rb'["\\ud800", "\\\\uD800"]') == [r"\ud800", r"\\uD800"]


@pytest.mark.parametrize(
    ("raw", "line"), [(b"", 1), (b'{"a":\n 1,}', 2), (b"[" * 100_000, 1), (b"9" * 10_000, 1), (b"mine", 1)]
)
def test_what_is_not_json_is_refused_by_its_line(raw: bytes, line: int) -> None:
    with pytest.raises(NotTextError) as caught:
        parse_json(raw)
    assert caught.value.line == line
    assert "not JSON" in caught.value.fault


@given(st.binary(max_size=80))
def test_any_bytes_are_json_or_refused(raw: bytes) -> None:
    line = 1
    try:
        parse_json(raw)
    except NotTextError as refused:
        line = refused.line
    assert 1 <= line <= raw.count(b"\n") + 1


@given(st.text())
def test_pairs_of_surrogates_become_the_characters_they_mean(text: str) -> None:
    units = text.encode("utf-16-le")
    halves = "".join(chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2))
    assert join_surrogates(halves) == join_surrogates(text) == text


@pytest.mark.parametrize("alone", ["\ud800", "a\udfff", "\ude00\ud83d"])
def test_a_surrogate_alone_is_joined_to_nothing(alone: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        join_surrogates(alone)

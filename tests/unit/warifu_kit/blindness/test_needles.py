"""A secret is recognised in every form it may take, at every place in it."""

from __future__ import annotations

import base64
import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu_kit.blindness.needles import SHORTEST_NEEDLE, Secret, needles

long_enough = st.binary(min_size=12, max_size=64)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=8, max_size=20)


def _patterns(value: str | bytes) -> dict[str, bytes]:
    sought, _ = needles(Secret(kind="code", owner="somebody", value=value))
    return {needle.encoding: needle.pattern for needle in sought}


def _is_in(value: str | bytes, stream: bytes) -> bool:
    return any(pattern in stream for pattern in _patterns(value).values())


@given(value=long_enough, before=st.binary(max_size=9), after=st.binary(max_size=9))
def test_any_base64_stream_that_holds_the_value_holds_a_needle(value: bytes, before: bytes, after: bytes) -> None:
    content = before + value + after
    assert _is_in(value, base64.b64encode(content))
    assert _is_in(value, base64.urlsafe_b64encode(content))
    assert _is_in(value, base64.b64encode(content).rstrip(b"="))


@given(value=long_enough)
def test_the_value_is_recognised_as_it_is_and_in_hexadecimal(value: bytes) -> None:
    for stream in (value, value.hex().encode(), value.hex().upper().encode(), value.hex().encode("utf-16-le")):
        assert _is_in(value, b"before" + stream + b"after")


@given(value=long_enough)
def test_bytes_are_recognised_as_a_program_prints_them(value: bytes) -> None:
    printed = repr(value).encode()
    if b"'" not in value:  # a quotation mark inside changes how the rest is printed
        assert _is_in(value, printed)


@given(name=names)
def test_text_is_recognised_in_utf_8_utf_16_utf_32_and_as_json_escapes_it(name: str) -> None:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
        assert _is_in(name, f"<{name}>".encode(encoding))
    assert _is_in(name, json.dumps({"name": name}).encode())


def test_a_my_number_has_a_needle_in_every_form_and_none_is_skipped() -> None:
    sought, skipped = needles(Secret(kind="my_number", owner="resident 1", value="123456789018"))
    assert skipped == []
    assert {needle.encoding for needle in sought} == {
        "raw",
        "hex",
        *(f"base64 at {place}" for place in range(3)),
        "utf-16-le",
        "utf-16-be",
        "utf-32-le",
    }
    assert all(len(needle.pattern) >= SHORTEST_NEEDLE for needle in sought)


def test_a_form_too_short_to_mean_anything_is_skipped_and_said_to_be() -> None:
    sought, skipped = needles(Secret(kind="name", owner="resident 1", value="林一"))
    assert {found.encoding: found.length for found in skipped} == {
        "raw": 6,
        "base64 at 1": 7,
        "base64 at 2": 7,
        "base64url at 1": 7,
        "utf-16-le": 4,
        "utf-16-be": 4,
    }
    assert {needle.encoding for needle in sought} >= {"hex", "base64 at 0", "utf-32-le", "escaped text"}


def test_no_pattern_is_sought_twice_for_one_secret() -> None:
    sought, _ = needles(Secret(kind="code", owner="somebody", value=secrets.token_bytes(32)))
    patterns = [needle.pattern for needle in sought]
    assert len(patterns) == len(set(patterns))


@pytest.mark.parametrize("value", ["123456789018", b"\x01" * 32])
def test_neither_a_secret_nor_a_needle_nor_what_was_skipped_prints_the_value(value: str | bytes) -> None:
    secret = Secret(kind="code", owner="somebody", value=value)
    sought, _ = needles(secret)
    _, skipped = needles(secret, shortest=100)
    printed = repr(secret) + repr(sought) + repr(skipped)
    assert not any(needle.pattern.decode("latin-1") in printed for needle in sought)

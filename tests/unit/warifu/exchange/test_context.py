"""The context of an exchange: one canonical form, read back exactly, refused when anything in it does not fit."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.exchange.context import (
    CONTEXT_SIZE,
    LONGEST_SKEW,
    LONGEST_VALIDITY,
    NO_ITEM,
    NO_PROCEDURE,
    ContextKind,
    ExchangeContext,
    ExchangeFlags,
)
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)

institutions = st.text("0123456789", min_size=16, max_size=16).map(InstitutionCode)
names = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=14, max_size=14)
contexts = st.builds(
    ExchangeContext,
    suite=st.integers(0, 255),
    kind=st.sampled_from(ContextKind),
    request_id=st.binary(min_size=16, max_size=16),
    inquirer=institutions,
    provider=institutions,
    item_code=names.map(lambda name: ItemCode("TM" + name)),
    procedure_code=names.map(lambda name: ProcedureCode("JT" + name)),
    flags=st.integers(0, 7).map(ExchangeFlags),
    issued_ms=st.integers(0, 2**64 - 1),
    expires_ms=st.integers(0, 2**64 - 1),
    epoch_from=st.integers(0, 2**32 - 1),
    epoch_to=st.integers(0, 2**32 - 1),
    key_id_to=st.binary(min_size=8, max_size=8),
)


def made(**changes: object) -> ExchangeContext:
    context = ExchangeContext(
        suite=2,
        kind=ContextKind.EXCHANGE,
        request_id=bytes(range(16)),
        inquirer=InstitutionCode("9030110020000001"),
        provider=InstitutionCode("9020110020000001"),
        item_code=ItemCode("TM00000000000002"),
        procedure_code=ProcedureCode("JT00000000000001"),
        flags=ExchangeFlags.ORDINANCE | ExchangeFlags.CONSENT,
        issued_ms=NOW_MS,
        expires_ms=NOW_MS + 600_000,
        epoch_from=1,
        epoch_to=3,
        key_id_to=b"\xaa" * 8,
    )
    return replace(context, **changes)  # type: ignore[arg-type]  # the tests name fields


def refused(encoded: bytes) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        ExchangeContext.decode(encoded, where="inquiry.context")
    assert error.value.reason is Reason.REQUEST_MALFORMED
    return error.value


@given(contexts)
def test_every_context_is_read_back_as_it_was(context: ExchangeContext) -> None:
    encoded = context.encode()
    assert len(encoded) == CONTEXT_SIZE == 116
    assert ExchangeContext.decode(encoded) == context


@given(st.binary(min_size=116, max_size=116))
def test_bytes_are_refused_or_are_exactly_what_they_decode_to(encoded: bytes) -> None:
    try:
        context = ExchangeContext.decode(encoded)
    except WarifuError as error:
        assert error.reason is Reason.REQUEST_MALFORMED  # noqa: PT017
    else:
        assert context.encode() == encoded


@given(contexts, st.integers(0, 116 * 8 - 1))
def test_a_flipped_bit_gives_another_context_or_none(context: ExchangeContext, bit: int) -> None:
    flipped = bytearray(context.encode())
    flipped[bit // 8] ^= 1 << bit % 8
    try:
        assert ExchangeContext.decode(bytes(flipped)) != context
    except WarifuError as error:
        assert error.reason is Reason.REQUEST_MALFORMED  # noqa: PT017


def test_the_layout_is_the_documented_one() -> None:
    expected = (
        b"\x02\x01"
        + bytes(range(16))
        + b"9030110020000001"
        + b"9020110020000001"
        + b"TM00000000000002"
        + b"JT00000000000001"
        + b"\x00\x03"
        + NOW_MS.to_bytes(8, "big")
        + (NOW_MS + 600_000).to_bytes(8, "big")
        + b"\x00\x00\x00\x01\x00\x00\x00\x03"
        + b"\xaa" * 8
    )
    assert made().encode() == expected


@pytest.mark.parametrize("size", [0, 1, 115, 117, 232])
def test_bytes_of_another_length_are_refused(size: int) -> None:
    assert refused(bytes(size)).where == "inquiry.context"


BAD_FIELDS = {
    "kind 0": (1, b"\x00", "inquiry.context.kind"),
    "kind 4": (1, b"\x04", "inquiry.context.kind"),
    "an inquirer with a letter": (18, b"903011002000000x", "inquiry.context.inquirer"),
    "an inquirer with full-width digits": (18, "９０３１１".encode() + b"0", "inquiry.context"),
    "a provider of spaces": (34, b" " * 16, "inquiry.context.provider"),
    "a provider of NULs": (34, bytes(16), "inquiry.context.provider"),
    "an item in lower case": (50, b"tm00000000000002", "inquiry.context.item_code"),
    "a procedure in the item's place": (50, b"JT00000000000001", "inquiry.context.item_code"),
    "an item in the procedure's place": (66, b"TM00000000000002", "inquiry.context.procedure_code"),
    "a flag nobody knows": (82, b"\x00\x08", "inquiry.context.flags"),
    "every flag": (82, b"\xff\xff", "inquiry.context.flags"),
}


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_a_field_that_does_not_fit_is_refused_by_name(case: str) -> None:
    offset, value, where = BAD_FIELDS[case]
    encoded = bytearray(made().encode())
    encoded[offset : offset + len(value)] = value
    assert refused(bytes(encoded)).where == where


def test_a_refusal_quotes_nothing_of_what_was_sent() -> None:
    encoded = bytearray(made().encode())
    encoded[18:34] = b"Yamada Taro 1234"
    error = refused(bytes(encoded))
    assert "Yamada" not in f"{error} {error.debug}"


@pytest.mark.parametrize("changes", [{"request_id": bytes(15)}, {"request_id": bytes(17)}, {"key_id_to": bytes(7)}])
def test_a_field_of_another_length_is_not_padded_or_cut(changes: dict[str, bytes]) -> None:
    """Two request_ids that differ must never give the same bytes."""
    with pytest.raises(ValueError, match="16 bytes and key_id_to 8"):
        made(**changes).encode()


def test_nothing_about_a_person_has_a_place_in_it() -> None:
    assert {field.name for field in fields(ExchangeContext)} == {
        "suite",
        "kind",
        "request_id",
        "inquirer",
        "provider",
        "item_code",
        "procedure_code",
        "flags",
        "issued_ms",
        "expires_ms",
        "epoch_from",
        "epoch_to",
        "key_id_to",
    }


def test_the_stand_ins_of_an_issue_are_well_formed() -> None:
    context = made(kind=ContextKind.ISSUE, item_code=NO_ITEM, procedure_code=NO_PROCEDURE)
    assert ExchangeContext.decode(context.encode()) == context


MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize("after", [-LONGEST_SKEW, timedelta(), LONGEST_VALIDITY, LONGEST_VALIDITY + LONGEST_SKEW])
def test_times_within_the_skew_are_accepted_to_the_millisecond(after: timedelta) -> None:
    made().check_times(NOW + after)


@pytest.mark.parametrize(
    ("after", "where"),
    [
        (-LONGEST_SKEW - MILLISECOND, "context.issued"),
        (timedelta(minutes=-10), "context.issued"),
        (LONGEST_VALIDITY + LONGEST_SKEW + MILLISECOND, "context.expires"),
        (timedelta(days=400), "context.expires"),
    ],
)
def test_times_beyond_the_skew_are_refused_to_the_millisecond(after: timedelta, where: str) -> None:
    with pytest.raises(WarifuError) as error:
        made().check_times(NOW + after)
    assert (error.value.reason, error.value.where) == (Reason.CLOCK_SKEWED, where)


@pytest.mark.parametrize("life_ms", [-1, 0, 600_001, 3_600_000, 2**63])
def test_a_life_that_is_not_positive_or_too_long_is_refused(life_ms: int) -> None:
    with pytest.raises(WarifuError) as error:
        made(expires_ms=NOW_MS + life_ms).check_times(NOW)
    assert error.value.reason is Reason.CLOCK_SKEWED

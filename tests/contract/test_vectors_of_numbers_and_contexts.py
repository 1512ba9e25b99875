"""Identifiers and contexts: what docs/protocol/numbers.md and the layout on docs/protocol.md say is what the vectors are."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from warifu.errors import WarifuError
from warifu.exchange.context import ExchangeContext
from warifu.identifiers import (
    CorporateNumber,
    InstitutionCode,
    ItemCode,
    MunicipalityCode,
    MyNumber,
    ProcedureCode,
    ResidentRecordCode,
)

Told = Callable[[str], dict[str, Any]]


def my_number(body: str) -> int:
    weighed = sum(int(p) * (n + 1 if n <= 6 else n - 5) for n, p in enumerate(body[::-1], 1)) % 11
    return 0 if weighed in (0, 1) else 11 - weighed


def corporate_number(body: str) -> int:
    return 9 - sum(int(p) * (1 if n % 2 else 2) for n, p in enumerate(body[::-1], 1)) % 9


def municipality_code(body: str) -> int:
    return (11 - sum(int(p) * weight for p, weight in zip(body, (6, 5, 4, 3, 2), strict=True)) % 11) % 10


def resident_record_code(body: str) -> int:
    p = 10
    for d in body:
        p = ((int(d) + p) % 10 or 10) * 2 % 11
    return (11 - p) % 10


@pytest.mark.parametrize(
    "rule", [my_number, corporate_number, municipality_code, resident_record_code], ids=lambda rule: rule.__name__
)
def test_a_check_digit_is_made_as_the_page_says(told: Told, rule: Callable[[str], int]) -> None:
    cases = told("numbers")[rule.__name__]
    assert len(cases) > 2
    assert [rule(case["body"]) for case in cases] == [case["check_digit"] for case in cases]


KINDS: dict[str, Callable[[str], object]] = {
    "my_number": MyNumber.parse,
    "resident_record_code": ResidentRecordCode.parse,
    "corporate_number": CorporateNumber.parse,
    "municipality_code": MunicipalityCode.parse,
    "institution_code": InstitutionCode.parse,
    "item_code": ItemCode.parse,
    "procedure_code": ProcedureCode.parse,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_identifier_of_the_vectors_is_taken_and_a_bad_one_is_not(told: Told, kind: str) -> None:
    numbers = told("numbers")
    for text in numbers["good"][kind]:
        KINDS[kind](text)
    for text in numbers["bad"][kind]:
        with pytest.raises(WarifuError):
            KINDS[kind](text)


def test_a_context_is_its_fields_one_after_the_other(told: Told) -> None:
    for case in told("context")["good"]:
        fields = case["fields"]
        made = struct.pack(
            ">BB16s16s16s16s16sHQQII8s",
            fields["suite"],
            fields["kind"],
            bytes.fromhex(fields["request_id"]),
            *(fields[name].encode() for name in ("inquirer", "provider", "item_code", "procedure_code")),
            *(fields[name] for name in ("flags", "issued_ms", "expires_ms", "epoch_from", "epoch_to")),
            bytes.fromhex(fields["key_id_to"]),
        )
        assert made.hex() == case["bytes"]
        assert ExchangeContext.decode(made).encode() == made


def test_bytes_that_are_no_context_are_refused_at_the_field_that_the_vectors_name(told: Told) -> None:
    bad = told("context")["bad"]
    assert len(bad) > 5
    for case in bad:
        with pytest.raises(WarifuError) as refused:
            ExchangeContext.decode(bytes.fromhex(case["bytes"]))
        assert refused.value.where == f"context.{case['field']}".removesuffix("."), case["why"]

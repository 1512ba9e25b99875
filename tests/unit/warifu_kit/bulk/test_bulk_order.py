"""Under which request_ids rows are asked, and that nothing of a file's order is left in the order of asking."""

from __future__ import annotations

import random

import pytest

from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu_kit.bulk.layout import Row
from warifu_kit.bulk.order import KEY_SIZE, TOGETHER, inquiry_of, request_id_of, shuffled

CHILDCARE, TAX, RESIDENCE = "9030110020000001", "9020110020000001", "9010110020000001"


def row(line: int, provider: str = TAX) -> Row:
    return Row(
        line=line,
        cells=(str(line), provider),
        local_number=f"C-{line}",
        inquirer=InstitutionCode(CHILDCARE),
        provider=InstitutionCode(provider),
        procedure_code=ProcedureCode("JT99000000000001"),
        item_code=ItemCode("TM00000000000002"),
        fiscal_year=2026,
        non_disclosure=True,
    )


def test_a_row_has_the_same_request_id_under_the_same_key_and_another_under_another() -> None:
    one, other = bytes(KEY_SIZE), b"\1" * KEY_SIZE
    assert request_id_of(one, row(1)) == request_id_of(one, row(1))
    found = {request_id_of(key, each) for key in (one, other) for each in (row(1), row(2), row(1, RESIDENCE))}
    assert len(found) == 6
    assert {len(each) for each in found} == {16}


def test_a_row_is_asked_as_it_says() -> None:
    inquiry = inquiry_of(bytes(KEY_SIZE), row(3))
    assert (inquiry.local_number, inquiry.provider, inquiry.fiscal_year) == ("C-3", TAX, 2026)
    assert (inquiry.procedure_code, inquiry.item_code) == ("JT99000000000001", "TM00000000000002")
    assert (inquiry.non_disclosure, inquiry.ordinance, inquiry.consent) == (True, False, False)
    assert inquiry.request_id == request_id_of(bytes(KEY_SIZE), row(3))


@pytest.mark.parametrize("seed", range(3))
def test_every_row_is_asked_once_in_an_order_of_its_providers_own(seed: int) -> None:
    rows = [row(line, provider) for line in range(1, 601) for provider in (TAX, RESIDENCE)]
    order = shuffled(rows, random.Random(seed))
    assert sorted(order, key=rows.index) == rows
    at_tax, at_residence = ([each.line for each in order if each.provider == code] for code in (TAX, RESIDENCE))
    for first, second in ((at_tax, at_residence), (at_tax, list(range(1, 601))), (at_residence, list(range(1, 601)))):
        assert abs(rank_correlation(first, second)) < 0.2, f"seed {seed}"


def rank_correlation(first: list[int], second: list[int]) -> float:
    """Spearman's, of the places of the same lines; that of two orders drawn by chance is below 0.2 but for 1 in a million."""
    place = {line: at for at, line in enumerate(second)}
    count = len(first)
    apart = sum((at - place[line]) ** 2 for at, line in enumerate(first))
    return 1 - 6 * apart / (count * (count**2 - 1))


def test_rows_of_one_provider_stay_together_so_that_they_can_share() -> None:
    order = shuffled(
        [row(line, provider) for line in range(2 * TOGETHER) for provider in (TAX, RESIDENCE)], random.Random(4)
    )
    pieces = [{each.provider for each in order[start : start + TOGETHER]} for start in range(0, 4 * TOGETHER, TOGETHER)]
    assert all(len(providers) == 1 for providers in pieces)

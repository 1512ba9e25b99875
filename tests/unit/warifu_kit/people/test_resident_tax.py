"""The simplified resident tax: its steps by example, and what holds for every income."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu_kit.people.resident_tax import assess

EXAMPLES = {
    "no income, no tax": (0, 0, 0, 0, 0),
    "just exempt alone": (450_000, 0, 0, 0, 0),
    "just above exempt alone": (460_000, 0, 0, 0, 5_000),
    "a middle income": (3_000_000, 0, 2_120_000, 212_000, 5_000),
    "a middle income with two dependants": (3_000_000, 2, 1_460_000, 146_000, 5_000),
    "just exempt with two dependants": (1_360_000, 2, 66_000, 0, 0),
    "just above exempt with two dependants": (1_370_000, 2, 74_000, 7_400, 5_000),
}


@pytest.mark.parametrize("sentence", EXAMPLES)
def test_the_tax_is_right_for(sentence: str) -> None:
    income, dependants, taxable, levy, per_capita = EXAMPLES[sentence]
    tax = assess(income, dependants)
    assert (tax.taxable_income_yen, tax.income_levy_yen, tax.per_capita_levy_yen) == (taxable, levy, per_capita)
    assert tax.total_yen == levy + per_capita


@given(st.integers(0, 10**10), st.integers(0, 10**7), st.integers(0, 20))
def test_more_income_never_means_less_tax(income: int, more: int, dependants: int) -> None:
    assert assess(income, dependants).total_yen <= assess(income + more, dependants).total_yen


@given(st.integers(0, 10**10), st.integers(0, 20))
def test_more_dependants_never_mean_more_tax(income: int, dependants: int) -> None:
    assert assess(income, dependants + 1).total_yen <= assess(income, dependants).total_yen

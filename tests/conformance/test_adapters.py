"""An honest adapter passes every case; each planted mistake is caught by the case that is named for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from tests.conformance.conftest import CheckedAdapters, planted
from tests.conformance.honest_adapter import HonestAdapter

from warifu_kit.conformance.case import Verdict
from warifu_kit.conformance.outcome import FAILED, UNKNOWN_ONLY
from warifu_kit.conformance.registry import cases_of

PLANTED = planted("adapters")


async def test_an_honest_adapter_passes_every_case(checked: CheckedAdapters) -> None:
    outcome = await checked(HonestAdapter)
    not_passed = {each.case.case_id: each.words for each in outcome.finished if each.verdict is not Verdict.PASS}
    assert not_passed == {}
    assert outcome.exit_status == 0
    assert len(outcome.finished) == len(cases_of("adapter"))


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_mistake_is_caught_by_the_case_named_for_it(checked: CheckedAdapters, name: str) -> None:
    mistake: Any = import_module(f"tests.conformance.planted.adapters.{name}")
    people, party = getattr(mistake, "PEOPLE", ""), getattr(mistake, "PARTY", "tax")
    outcome = await checked(mistake.Planted, mistake.CAUGHT_BY, people=people, party=party)
    (ended,) = outcome.finished
    wanted = Verdict(getattr(mistake, "ENDS", "fail"))
    assert ended.verdict is wanted, f"{ended.verdict}: {ended.words}"
    assert outcome.exit_status == (FAILED if wanted is Verdict.FAIL else UNKNOWN_ONLY)
    assert ended.steps, "a failure without evidence"


def test_there_are_enough_planted_mistakes() -> None:
    assert len(PLANTED) >= 12

"""An honest adapter passes every case; each planted mistake is caught by the case that is named for it."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

import grpc
import pytest
from tests.conformance.conftest import CheckedAdapters, planted
from tests.conformance.honest_adapter import HonestAdapter, Looked, Told, end

from warifu_kit.conformance.case import Verdict
from warifu_kit.conformance.outcome import FAILED, UNKNOWN_ONLY
from warifu_kit.conformance.output.table import summary_lines
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


class BoundedBehindAnother(HonestAdapter):
    """Has thirty under way at most, as the contract allows, and a server in front of it that names itself."""

    _under_way = 0

    async def looked_up(self, request: Looked, context: Any) -> Told:
        await context.send_initial_metadata((("server", "Kestrel"),))
        self._under_way += 1
        try:
            if self._under_way > 30:
                await end(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too many at once")
            await asyncio.sleep(0.02)
            return await super().looked_up(request, context)
        finally:
            self._under_way -= 1


async def test_an_adapter_that_bounds_what_is_under_way_and_stands_behind_another_server_is_blamed_for_nothing(
    checked: CheckedAdapters,
) -> None:
    outcome = await checked(BoundedBehindAnother, "adapter.many", "adapter.beside", "adapter.errors", "adapter.records")
    assert [each.case.case_id for each in outcome.finished if each.verdict is Verdict.FAIL] == []


class AnswersNoLookUp(HonestAdapter):
    """Says that it is ready, and nothing else."""

    asked = 0

    async def looked_up(self, request: Looked, context: Any) -> Told:
        type(self).asked += 1
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.slow
async def test_an_adapter_that_answers_no_look_up_is_asked_once_and_then_no_more(checked: CheckedAdapters) -> None:
    outcome = await checked(AnswersNoLookUp)
    begun = [each for each in outcome.finished if each.begun]
    assert [each.verdict for each in begun] == [Verdict.PASS, Verdict.UNKNOWN]
    assert AnswersNoLookUp.asked == 1
    assert outcome.exit_status == UNKNOWN_ONLY
    *_, said, counts = summary_lines(outcome)
    assert said.startswith(
        f"{len(outcome.finished) - 2} cases were not begun: adapter.people.repeated could not be told"
    )
    assert "0 fail" in counts


@pytest.mark.slow
async def test_an_adapter_that_looks_at_no_certificate_fails_for_each_bad_one(checked: CheckedAdapters) -> None:
    mistake: Any = import_module("tests.conformance.planted.adapters.asks_for_no_certificate")
    outcome = await checked(mistake.Planted, "certificates")
    passed = {each.case.case_id for each in outcome.finished if each.verdict is not Verdict.FAIL}
    assert passed == {"adapter.certificates.right"}


LEFT_TO_GRPC = {"in-the-clear", "no-tls-at-all", "quiet", "tls", "large"}
"""Cases that no server of gRPC's libraries fails, and only one written by hand would."""


def test_every_case_is_failed_by_a_planted_mistake() -> None:
    planted_for = {import_module(f"tests.conformance.planted.adapters.{each.values[0]}").CAUGHT_BY for each in PLANTED}
    never = [each for each in cases_of("adapter") if each.case_id not in planted_for]
    assert {each.case_id.rpartition(".")[2] for each in never if each.subject != "certificates"} == LEFT_TO_GRPC
    assert len(PLANTED) >= 80

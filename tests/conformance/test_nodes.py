"""An honest node passes every case; each planted mistake is caught by the case that is named for it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import pytest
from tests.conformance.conftest import CheckedNodes, planted
from tests.conformance.honest_node import HonestNode

from warifu.clock import ManualClock, SystemClock
from warifu_kit.conformance.case import Verdict
from warifu_kit.conformance.node_under_check import NodeUnderCheck
from warifu_kit.conformance.registry import cases_of

PLANTED = planted("nodes")
WITHOUT_BUSINESS_SYSTEM = {"node.flags.released", "node.flags.refused"}
COMPARES_NOTHING = {"node.log.forked"}
SAYS_NOTHING = {
    "always": {case.case_id for case in cases_of("node") if case.subject == "sampled"},
    "sampled:2": {case.case_id for case in cases_of("node") if case.subject == "conversions"}
    - {"node.conversions.nobody"},
    "off": {case.case_id for case in cases_of("node") if case.subject in ("conversions", "sampled")}
    - {"node.conversions.nobody", "node.sampled.no-point"},
}
"""Cases that a network's policy of proofs leaves nothing to look at."""


@pytest.mark.parametrize(
    "proofs", [pytest.param(each, marks=[] if each == "always" else pytest.mark.slow) for each in SAYS_NOTHING]
)
async def test_an_honest_node_passes_every_case(checked_node: CheckedNodes, proofs: str) -> None:
    outcome = await checked_node(HonestNode, proofs=proofs)
    skipped = {each.case.case_id for each in outcome.finished if each.verdict is Verdict.SKIPPED}
    not_passed = {each.case.case_id: each.words for each in outcome.finished if each.verdict is not Verdict.PASS}
    assert set(not_passed) == skipped == WITHOUT_BUSINESS_SYSTEM | COMPARES_NOTHING | SAYS_NOTHING[proofs], not_passed
    assert outcome.exit_status == 0
    assert len(outcome.finished) == len(cases_of("node"))


async def test_the_honest_node_goes_by_the_day_in_japan(checked_node: CheckedNodes) -> None:
    days = []

    class OfTheEvening(HonestNode):
        def meet(self, about: NodeUnderCheck) -> None:
            super().meet(about)
            self.clock = ManualClock(datetime(2026, 4, 30, 15, 0, tzinfo=UTC))
            days.append(self.today())
            self.clock = SystemClock()

    await checked_node(OfTheEvening, "node.permits.honest")
    assert days == [date(2026, 5, 1)], "at three in the afternoon of UTC the next day begins in Japan"


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_mistake_is_caught_by_the_case_named_for_it(checked_node: CheckedNodes, name: str) -> None:
    mistake: Any = import_module(f"tests.conformance.planted.nodes.{name}")
    proofs = getattr(mistake, "PROOFS", "always")
    outcome = await checked_node(mistake.Planted, mistake.CAUGHT_BY, proofs=proofs)
    (ended,) = outcome.finished
    assert ended.verdict is Verdict.FAIL, f"{ended.verdict}: {ended.words}"
    assert outcome.exit_status == 1
    assert ended.steps, "a failure without evidence"


def test_there_are_enough_planted_mistakes() -> None:
    assert len(PLANTED) >= 18

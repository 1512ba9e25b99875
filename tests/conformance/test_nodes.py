"""An honest node passes every case; each planted mistake is caught by the case that is named for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from tests.conformance.conftest import CheckedNodes, planted
from tests.conformance.honest_node import HonestNode

from warifu_kit.conformance.case import Verdict
from warifu_kit.conformance.registry import cases_of

PLANTED = planted("nodes")
COMPARES_NOTHING = {"node.log.forked"}
PROVEN = {
    "node.bulk.wrong-proof",
    *(case.case_id for case in cases_of("node") if case.subject in ("conversions", "load")),
} - {"node.conversions.nobody"}
SAMPLED = {case.case_id for case in cases_of("node") if case.subject == "sampled"}
SAYS_NOTHING = {"always": SAMPLED, "sampled:2": PROVEN, "off": PROVEN | SAMPLED - {"node.sampled.no-point"}}
"""Cases that a network's policy of proofs leaves nothing to look at."""


@pytest.mark.parametrize(
    "proofs", [pytest.param(each, marks=[] if each == "always" else pytest.mark.slow) for each in SAYS_NOTHING]
)
async def test_an_honest_node_passes_every_case(checked_node: CheckedNodes, proofs: str) -> None:
    outcome = await checked_node(HonestNode, proofs=proofs)
    skipped = {each.case.case_id for each in outcome.finished if each.verdict is Verdict.SKIPPED}
    not_passed = {each.case.case_id: each.words for each in outcome.finished if each.verdict is not Verdict.PASS}
    assert set(not_passed) == skipped == COMPARES_NOTHING | SAYS_NOTHING[proofs], not_passed
    assert outcome.exit_status == 0
    assert len(outcome.finished) == len(cases_of("node"))


async def test_a_network_is_checked_in_again_though_somebody_joined_it_who_may_not_ask(
    checked_node: CheckedNodes,
) -> None:
    for _ in range(2):
        outcome = await checked_node(HonestNode, "node.assessments.withdrawn", "node.permits.honest")
        assert [each.verdict for each in outcome.finished] == [Verdict.PASS, Verdict.PASS]


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

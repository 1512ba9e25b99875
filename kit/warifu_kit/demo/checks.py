"""What must hold at the end of a demonstration, besides what is seen from outside.

Decides each check from what was planned and what came of it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from warifu_kit.demo.plan import Plan
from warifu_kit.demo.population import Population
from warifu_kit.demo.result import Check, ProcedureResult, RefusalResult

__all__ = ["population_check", "procedure_check", "refusal_checks"]


def population_check(plan: Plan, population: Population) -> Check:
    """Everybody has a number, every agency a code and a replica for each of its people."""
    planned = sum(len(agency.people) for agency in plan.agencies.values())
    complete = len(population.my_numbers) == len(plan.residents)
    holds = complete and population.codes == planned and population.replicas == planned
    detail = f"{len(population.my_numbers)} numbers, {population.codes} codes and {population.replicas} replicas"
    if not holds:
        reasons = ", ".join(f"{count} {reason}" for reason, count in population.not_acquired.items())
        detail += f" of {len(plan.residents)}, {planned} and {planned}: {reasons}"
    return Check(name="everybody registered", holds=holds, detail=detail)


def procedure_check(result: ProcedureResult) -> Check:
    """Every inquiry answered, but for those about people for whom a clerk is needed, which wait."""
    total = result.total
    detail = f"{total.asked} asked: {total.answered} answered, {total.pending} pending"
    holds = total.pending == result.expected_pending and total.answered == total.asked - result.expected_pending
    if not holds:
        reasons = ", ".join(f"{count} {reason}" for reason, count in total.reasons.items())
        detail += f"; {result.expected_pending} should be pending and the rest be answered: {reasons or 'no other end'}"
    return Check(name=result.procedure, holds=holds, detail=detail)


def refusal_checks(results: Sequence[RefusalResult]) -> Iterator[Check]:
    """Each refusal came as it should."""
    for result in results:
        detail = result.got if result.holds else f"{result.got}; expected {result.expected}"
        yield Check(name=f"refusal: {result.name}", holds=result.holds, detail=detail)

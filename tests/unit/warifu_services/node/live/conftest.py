"""A tax office that keeps no replicas, and a business system behind it that says what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from warifu.agency import Absence, Decision, Found, HeldProvision, LookUp, Pending, ProvidedRecord
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu_services.agencies.tax import TaxAgency


class LiveTax(TaxAgency):
    """Looks everybody up. ``says`` is what it says of a question, or raises; ``decides`` of a provision."""

    keeps_replicas = False

    def __init__(self) -> None:
        self.asked: list[LookUp] = []
        self.held: list[HeldProvision] = []
        self.says: Callable[[LookUp], Any] = lambda asked: tax_record(asked.fiscal_year or 2026)
        self.decides: Callable[[HeldProvision], Any] = lambda _: Decision.PENDING

    async def look_up(self, asked: LookUp) -> Found | Pending:
        self.asked.append(asked)
        said: Found | Pending = await _said(self.says(asked))
        return said

    async def decide(self, held: HeldProvision) -> Decision:
        self.held.append(held)
        decided: Decision = await _said(self.decides(held))
        return decided


async def _said(what: Any) -> Any:
    return await what if asyncio.iscoroutine(what) else what


def tax_record(year: int = 2026, income: int = 3_200_000) -> ProvidedRecord:
    record = LocalTaxRecord(fiscal_year=year, total_income_yen=income)
    return ProvidedRecord(record.DESCRIPTOR.full_name, record.SerializeToString())


def raising(error: Exception) -> Callable[[Any], Any]:
    def say(_: Any) -> Any:
        raise error

    return say


def only(known: str) -> Callable[[LookUp], Any]:
    """A business system that has one person."""
    return lambda asked: tax_record() if asked.local_number == known else Absence.NOT_HELD


@pytest.fixture
def live() -> LiveTax:
    """The business system."""
    return LiveTax()


@pytest.fixture
def two_live(two: Any, live: LiveTax) -> Any:
    """Childcare asks; tax looks people up. It knows hanako, as every tax office here does."""
    two.provider = two.new_provider(live)
    two.hub._provider = two.provider
    two.live = live
    two.told = {"record": tax_record, "raising": raising, "only": only}
    return two

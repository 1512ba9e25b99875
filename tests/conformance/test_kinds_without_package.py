"""A business system of a kind that no package describes is held to the permission table, and to all but what is in its records."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.wrappers_pb2 import UInt32Value
from tests.conformance.honest_adapter import HonestAdapter, Looked, Row, Told

from warifu.identifiers import InstitutionCode
from warifu.permissions.table import PermissionTable
from warifu.pki import Role
from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck
from warifu_kit.conformance.case import Verdict
from warifu_kit.conformance.checking import check_adapter
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.conformance.people_file import read_people
from warifu_kit.conformance.registry import cases_of, chosen
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_kit.network.creation import DEFAULT_MEMBERS, Member, create_network

ROOT = Path(__file__).resolve().parents[2]
COVERAGE = "TM99000000000004"
PENSION = Member(
    party="pension",
    role=Role.AGENCY,
    kind="pension",
    name="Pension service (SIMULATED)",
    institution=InstitutionCode.build(5, None, 1),
)
ITEMS = sorted(
    {
        str(grant.item_code)
        for row in PermissionTable.load().rows
        for grant in row.grants
        if grant.provider_kind == "pension"
    }
)
PEOPLE = f"""
item_code: {COVERAGE}
people:
  - {{local_number: T-9, records: {{2025: {{value: 3100000}}, 2026: {{value: 3200000}}}}}}
  - {{local_number: T-10, records: {{2026: {{value: 4800000}}}}, clerk: true}}
  - {{local_number: T-11, years: [2026], published_from: 2999-06-01}}
  - {{local_number: T-13, clerk: true, published_from: 2999-06-01, records: {{2026: {{value: 1700000}}}}}}
  - {{local_number: T-12, years: [2026], published_from: 2026-06-01, published_until: 2999-06-30}}
"""

Checked = Callable[..., Awaitable[Outcome]]


class PensionSystem(HonestAdapter):
    """Keeps every rule; its record is a message that no package here names."""

    def readiness(self, request: Any) -> Any:
        told = super().readiness(request)
        told.item_codes[:] = ITEMS
        return told

    def held(self, request: Looked) -> list[Row]:
        if request.item_code != COVERAGE:
            return []
        return [row for row in self.rows_of(request.local_number) if request.fiscal_year in (0, row["year"])]

    def fill(self, told: Told, row: Row) -> None:
        super().fill(told, row)
        told.record_type, told.record = UInt32Value.DESCRIPTOR.full_name, self.record(row)

    def record(self, row: Row) -> bytes:
        return UInt32Value(value=row["income"]).SerializeToString()


class LacksAnItem(PensionSystem):
    """Says one item of its kind alone."""

    def readiness(self, request: Any) -> Any:
        told = super().readiness(request)
        told.item_codes[:] = ITEMS[1:]
        return told


class SaysOneTooMany(PensionSystem):
    """Says one that the table lets nobody ask of its kind."""

    def readiness(self, request: Any) -> Any:
        told = super().readiness(request)
        told.item_codes.append("TM00000000000002")
        return told


@pytest.fixture
def checked_pension(tmp_path: Path) -> Checked:
    """Serves a pension system in a network of its own, checks it, stops it."""
    members = [each for each in DEFAULT_MEMBERS if each.party not in {"tax", "insurance"}]
    create_network(tmp_path / "net", members=(*members, PENSION))
    make_adapter_folder(tmp_path / "net", "pension", tmp_path / "system")
    file = tmp_path / "people.yaml"
    file.write_text(PEOPLE, "utf-8")

    async def check(kind: type[HonestAdapter], *only: str) -> Outcome:
        server, endpoint = await kind(tmp_path / "system").serve()
        try:
            about = AdapterUnderCheck.of(tmp_path / "net", "pension", endpoint, read_people(file))
            return await check_adapter(about, chosen(cases_of("adapter"), only), ended=lambda _: None)
        finally:
            await server.stop(0)

    return check


async def test_what_is_in_its_records_is_skipped_all_else_passes_and_the_page_says_which(
    checked_pension: Checked,
) -> None:
    outcome = await checked_pension(PensionSystem)
    ended = {each.case.case_id: each for each in outcome.finished}
    assert {name: each.words for name, each in ended.items() if each.verdict in (Verdict.FAIL, Verdict.UNKNOWN)} == {}
    assert "in another procedure" in ended.pop("adapter.askers.procedure").words  # the table has one alone for it
    skipped = {name for name, each in ended.items() if each.verdict is Verdict.SKIPPED}
    assert {ended[name].words for name in skipped} == {"no package describes the record of this item"}
    page = (ROOT / "docs" / "guide" / "prove.md").read_text("utf-8")
    (said,) = [line for line in page.splitlines() if line.startswith("Of a kind that no package describes")]
    assert set(said.split("`")[1::2]) == skipped


@pytest.mark.parametrize(("kind", "words"), [(LacksAnItem, "it lacks"), (SaysOneTooMany, "does not provide")])
async def test_the_items_that_it_says_are_held_to_the_permission_table(
    checked_pension: Checked, kind: type[HonestAdapter], words: str
) -> None:
    (ended,) = (await checked_pension(kind, "adapter.readiness.items")).finished
    assert ended.verdict is Verdict.FAIL
    assert words in ended.words

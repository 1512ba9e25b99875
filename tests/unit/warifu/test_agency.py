"""The adapter contract: records that fit, replicas that may be provided, kinds that can be found."""

from __future__ import annotations

from datetime import UTC, date, datetime
from importlib.metadata import EntryPoint
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.agency import (
    AGENCY_GROUP,
    LARGEST_RECORD,
    REPLACING_GROUP,
    Absence,
    Agency,
    Decision,
    HeldProvision,
    Provided,
    ProvidedRecord,
    ProvisionQuery,
    Replica,
    day_in_japan,
    find_agency,
    installed_kinds,
    provided_items,
)
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode

ITEM, OTHER = ItemCode("TM00000000000002"), ItemCode("TM00000000000004")
TODAY = date(2026, 6, 15)


class Office(Agency):
    """An agency as a third party would write one."""

    kind = "office"
    provides = {  # noqa: RUF012  # as an adapter author would write it
        ITEM: Provided(record_type=LocalTaxRecord, certificate="Certificate", certificate_ja="証明書")
    }


def replica(year: int = 2026, start: str = "2026-06-01", end: str | None = None, record: bytes = b"r") -> Replica:
    return Replica(
        item_code=ITEM,
        fiscal_year=year,
        publication_start=date.fromisoformat(start),
        publication_end=date.fromisoformat(end) if end else None,
        record=record,
    )


def query(*replicas: Replica, year: int = 0, item: ItemCode = ITEM) -> ProvisionQuery:
    return ProvisionQuery(
        item_code=item,
        fiscal_year=year,
        procedure_code=ProcedureCode("JT99000000000001"),
        inquirer=InstitutionCode("9030000000000001"),
        today=TODAY,
        replicas=replicas,
    )


async def test_the_replica_of_the_year_asked_for_answers() -> None:
    answer = await Office().answer(query(replica(2025, record=b"old"), replica(2026, record=b"new"), year=2025))
    assert answer == ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"old")


async def test_without_a_year_the_newest_published_replica_answers() -> None:
    unpublished = replica(2027, start="2027-06-01", record=b"next")
    answer = await Office().answer(query(replica(2025, record=b"old"), replica(2026, record=b"new"), unpublished))
    assert answer == ProvidedRecord("warifu.api.record.v1.LocalTaxRecord", b"new")


@pytest.mark.parametrize(
    ("start", "end", "given"),
    [
        ("2026-06-15", None, True),
        ("2026-06-16", None, False),
        ("2026-06-01", "2026-06-15", True),
        ("2026-06-01", "2026-06-14", False),
    ],
)
async def test_both_publication_days_are_included(start: str, end: str | None, given: bool) -> None:
    answer = await Office().answer(query(replica(start=start, end=end)))
    assert (answer is Absence.NOT_PUBLISHED) is not given


async def test_nothing_registered_and_nothing_published_are_told_apart() -> None:
    assert await Office().answer(query()) is Absence.NOT_HELD
    assert await Office().answer(query(replica(2026), year=2024)) is Absence.NOT_HELD
    assert await Office().answer(query(replica(2026, start="2026-07-01"), year=2026)) is Absence.NOT_PUBLISHED


async def test_an_item_of_another_kind_is_never_answered() -> None:
    assert await Office().answer(query(item=OTHER)) is Absence.NOT_HELD


@given(years=st.lists(st.integers(1, 9999), min_size=1, unique=True))
def test_the_newest_year_wins_in_whatever_order(years: list[int]) -> None:
    replicas = [replica(year, record=str(year).encode()) for year in years]
    answer = Office().newest_published(query(*replicas))
    assert isinstance(answer, ProvidedRecord)
    assert answer.record == str(max(years)).encode()


def test_publication_days_are_days_in_japan() -> None:
    assert day_in_japan(datetime(2026, 6, 14, 15, 0, tzinfo=UTC)) == TODAY
    assert day_in_japan(datetime(2026, 6, 14, 14, 59, tzinfo=UTC)) == date(2026, 6, 14)


def test_a_record_that_fits_is_accepted() -> None:
    Office().check_record(ITEM, LocalTaxRecord(fiscal_year=2026).SerializeToString())


@pytest.mark.parametrize("record", [b"\xff", b"\x08", b"not a message"])
def test_a_record_that_does_not_parse_is_refused(record: bytes) -> None:
    with pytest.raises(WarifuError) as refused:
        Office().check_record(ITEM, record, "replicas[3].record")
    assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, "replicas[3].record")


def test_a_field_the_item_does_not_have_cannot_travel_in_it() -> None:
    name_as_field_200 = b"\xc2\x0c\x05Hanak"
    with pytest.raises(WarifuError, match="REQUEST_MALFORMED"):
        Office().check_record(ITEM, LocalTaxRecord(fiscal_year=2026).SerializeToString() + name_as_field_200)


def test_a_record_too_large_for_the_hub_is_refused_before_anybody_asks_for_it() -> None:
    class Letters(Agency):
        kind = "letters"
        provides = {ITEM: Provided(record_type=ResidentRecord, certificate="Letter", certificate_ja="手紙")}  # noqa: RUF012

    fits = ResidentRecord(household_number="x" * (LARGEST_RECORD - 4)).SerializeToString()
    Letters().check_record(ITEM, fits)
    with pytest.raises(WarifuError, match="REQUEST_MALFORMED"):
        Letters().check_record(ITEM, ResidentRecord(household_number="x" * LARGEST_RECORD).SerializeToString())


def test_an_item_this_kind_does_not_provide_is_unknown() -> None:
    with pytest.raises(WarifuError, match="ITEM_UNKNOWN"):
        Office().check_record(OTHER, b"")


def test_a_kind_says_which_field_is_at_fault() -> None:
    class Strict(Office):
        def fault_in(self, message: Any) -> str | None:
            return "fiscal_year"

    with pytest.raises(WarifuError) as refused:
        Strict().check_record(ITEM, b"", "record")
    assert refused.value.where == "record.fiscal_year"


def test_printing_a_replica_or_a_query_shows_no_record() -> None:
    shown = repr(query(replica(record=b"secret"))) + repr(ProvidedRecord("T", b"secret"))
    assert "secret" not in shown


async def test_an_agency_that_keeps_no_replicas_looks_people_up_and_leaves_decisions_to_the_node() -> None:
    class Live(Office):
        keeps_replicas = False

    assert Office.keeps_replicas
    with pytest.raises(NotImplementedError):
        await Live().look_up(None)  # type: ignore[arg-type]  # it says so before it looks at anything
    held = HeldProvision(
        processing_number="20260615000000000001",
        local_number="T-9",
        item_code=ITEM,
        procedure_code=ProcedureCode("JT99000000000001"),
        inquirer=InstitutionCode("9030000000000001"),
        received=datetime(2026, 6, 15, tzinfo=UTC),
        seconds=1.0,
    )
    assert await Live().decide(held) is Decision.PENDING
    assert "T-9" not in repr(held)


def point(name: str, value: str, group: str = AGENCY_GROUP) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=group)


class OwnTaxAgency(Office):
    """Somebody else's tax office."""

    kind = "tax"


TAX = point("tax", "warifu_services.agencies.tax:TaxAgency")
OWN = point("tax", f"{__name__}:OwnTaxAgency", REPLACING_GROUP)


def test_a_kind_is_replaced_by_whoever_says_that_it_replaces_it() -> None:
    for points in ([TAX, OWN], [OWN, TAX]):
        assert type(find_agency("tax", points)).__name__ == "OwnTaxAgency"
        assert provided_items(points)[ITEM].certificate == "Certificate"
        assert installed_kinds(points) == ["tax"]


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ([TAX, point("tax", "own:Tax")], f"one that replaces the other is named under {REPLACING_GROUP}"),
        ([TAX, OWN, OWN], "is replaced twice"),
        ([OWN], f"replaces a kind that no package has ({__name__}:OwnTaxAgency): name it under {AGENCY_GROUP}"),
    ],
)
def test_who_answers_for_a_kind_is_never_guessed(points: list[EntryPoint], told: str) -> None:
    for find in (lambda: find_agency("tax", points), lambda: provided_items(points)):
        with pytest.raises(WarifuError) as refused:
            find()
        assert refused.value.reason is Reason.CONFIG_INVALID
        assert told in refused.value.where


def test_a_kind_is_found_by_its_entry_point() -> None:
    assert find_agency("tax", [TAX]).kind == "tax"


def test_an_unknown_kind_is_refused_with_the_known_ones_listed() -> None:
    insurance = point("insurance", "warifu_services.agencies.insurance:InsuranceAgency")
    with pytest.raises(WarifuError) as refused:
        find_agency("taxes", [TAX, insurance])
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert "known kinds: insurance, tax" in refused.value.where


@pytest.mark.parametrize(
    ("points", "told"),
    [
        ([TAX, TAX], "registered twice"),
        ([], "known kinds: none"),
        ([point("tax", "warifu_services.agencies.nowhere:TaxAgency")], "nowhere"),
        ([point("tax", "warifu_services.agencies.tax:Nothing")], "Nothing"),
        ([point("tax", "warifu_services.agencies.residence:ResidenceAgency")], "no agency of that kind"),
        ([point("tax", "warifu_services.agencies.tax:LOCAL_TAX")], "no agency of that kind"),
    ],
)
def test_an_entry_point_that_names_no_such_agency_is_refused(points: list[EntryPoint], told: str) -> None:
    with pytest.raises(WarifuError) as refused:
        find_agency("tax", points)
    assert refused.value.reason is Reason.CONFIG_INVALID
    assert told in refused.value.where


def test_every_installed_kind_says_which_certificates_it_replaces() -> None:
    assert provided_items([TAX])[ITEM].replaced_certificate.startswith("Certificate of income and resident tax (")

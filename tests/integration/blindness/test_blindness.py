"""The hub is blind: nothing personal in anything it had, found by a search that finds the same things elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from warifu_kit.blindness.search import BlindnessReport, Hit
from warifu_kit.blindness.tap import Direction, read_tap
from warifu_kit.demo.agencies import KINDS as AGENCIES

KINDS = {
    "my_number",
    "resident_record_code",
    "name",
    "kana",
    "address",
    "canary",
    "record",
    "local_number",
    "person_id",
    "person_point",
    "code",
    "row_key",
    "key",
}
"""What the hub must not have, of every resident; and the others' keys."""


def _skip_if_memory_is_closed(report: BlindnessReport) -> None:
    """Only where the system forbids it: everything else was searched, and was judged before this is called."""
    if report.forbidden:
        pytest.skip("; ".join(f"{refused.place} was not searched: {refused.why}" for refused in report.forbidden))


def _personal(observed: Any, report: BlindnessReport) -> list[Hit]:
    return [hit for hit in report.hits if hit.kind not in observed.public]


def _kinds(report: BlindnessReport, place: str) -> set[str]:
    return {hit.kind for hit in report.hits if hit.place.startswith(place)}


def test_nothing_personal_is_in_anything_the_hub_had(observed: Any) -> None:
    assert _personal(observed, observed.reports["hub"]) == []
    _skip_if_memory_is_closed(observed.reports["hub"])


def test_nothing_personal_was_there_when_codes_had_just_been_issued(observed: Any) -> None:
    assert _personal(observed, observed.middle) == []
    _skip_if_memory_is_closed(observed.middle)


def test_every_kind_of_secret_is_searched_for_and_no_form_is_too_short(observed: Any) -> None:
    assert {secret.kind for secret in observed.secrets} == KINDS
    assert observed.reports["hub"].skipped == ()
    assert len([secret for secret in observed.secrets if secret.kind == "code"]) == len(AGENCIES) * len(observed.codes)


def test_the_search_sees_the_hubs_wire_and_files(observed: Any) -> None:
    """What the hub may know is found wherever it was looked for: no place was passed over."""
    report: BlindnessReport = observed.reports["hub"]
    assert _kinds(report, "hub wire") >= {"processing_number", "request_id"}
    assert _kinds(report, "hub files: hub.sqlite3 (values)") == {"processing_number", "request_id"}
    assert _kinds(report, "hub files: party.log") >= {"log_event"}
    places = {hit.place for hit in report.hits}
    assert places & {"hub files: hub.sqlite3", "hub files: hub.sqlite3-wal"}


def test_the_search_sees_the_hubs_memory(observed: Any) -> None:
    report: BlindnessReport = observed.reports["hub"]
    _skip_if_memory_is_closed(report)
    assert _kinds(report, "hub memory") == observed.public


def test_the_wire_was_recorded_on_all_sides_of_the_hub(observed: Any) -> None:
    seen = {
        (record.direction, record.method.rpartition("/")[2].removesuffix("Stream")) for record in read_tap(observed.tap)
    }
    assert seen >= {
        (direction, method)
        for direction in (Direction.RECEIVED, Direction.SENT)
        for method in ("ConvertIssuedCodes", "Exchange", "ExchangeBulk", "Provide", "ProvideBulk", "AnnounceEndpoint")
    }


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_same_search_finds_them_at_an_agency(observed: Any, agency: str) -> None:
    report: BlindnessReport = observed.reports[agency]
    assert _kinds(report, f"{agency} files") >= {"local_number", "row_key", "key"}
    _skip_if_memory_is_closed(report)
    assert _kinds(report, f"{agency} memory") >= {"local_number", "row_key", "key"}


def test_the_same_search_finds_names_addresses_and_payloads_at_the_registry(observed: Any) -> None:
    found = _kinds(observed.reports["residence"], "residence files")
    assert found >= {"name", "kana", "address", "canary", "record"}


def test_the_same_search_finds_codes_in_the_agencies_memory(observed: Any) -> None:
    """At rest a node keeps codes sealed; an opened one lies in its memory until something else takes its place."""
    found = [(agency, _kinds(observed.reports[agency], f"{agency} memory")) for agency in AGENCIES]
    assert not any("code" in _kinds(observed.reports[agency], f"{agency} files") for agency in AGENCIES)
    _skip_if_memory_is_closed(observed.reports["residence"])
    assert any("code" in kinds for _, kinds in found)


def test_the_same_search_finds_points_and_numbers_at_the_authority(observed: Any) -> None:
    report: BlindnessReport = observed.reports["authority"]
    assert _kinds(report, "authority files") == {"person_id", "key"}
    _skip_if_memory_is_closed(report)
    assert _kinds(report, "authority memory") >= {"person_id", "person_point", "my_number", "key"}


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_codes_searched_for_are_the_ones_the_agencies_hold(observed: Any, agency: str) -> None:
    path = observed.path / agency / "node.sqlite3"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as store:
        filed = {row_key for (row_key,) in store.execute("SELECT row_key FROM person")}
    held = observed.plan.agencies[agency].people
    assert filed == {observed.codes[resident].row_keys[agency] for resident in held}
    assert filed


def test_no_two_codes_of_anybody_are_alike(observed: Any) -> None:
    values = [secret.value for secret in observed.secrets if secret.kind in {"code", "person_point"}]
    assert len(set(values)) == len(values) == (len(AGENCIES) + 1) * len(observed.codes)

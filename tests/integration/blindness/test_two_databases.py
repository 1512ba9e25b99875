"""An observer with two agencies' databases finds no column by which to match their people."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.party.network_file import read_network_file
from warifu.tlog.checkpoint import open_checkpoint
from warifu.tlog.note import Verifier
from warifu_kit.blindness.observer import Join, find_joins, mutual_exchange_values
from warifu_kit.blindness.sqlite_cells import cells
from warifu_kit.demo.agencies import KINDS as AGENCIES

PAIRS = list(itertools.combinations(AGENCIES, 2))

OfParty = Callable[[str], Path]


def database_of(network: Path, party: str) -> Path:
    names = {"hub": "hub.sqlite3", "authority": "authority.sqlite3"}
    return network / party / names.get(party, "node.sqlite3")


@pytest.fixture
def file_of(observed: Any) -> OfParty:
    """The database of a party."""
    return lambda party: database_of(observed.path, party)


@pytest.fixture
def institutions(observed: Any) -> list[str]:
    """Every institution's code: public, and in every file."""
    return [about.institution_code for about in read_network_file(observed.path).parties.values()]


@pytest.fixture(scope="session")
def checkpoints(observed: Any) -> set[bytes]:
    """The checkpoints of the log that anybody holds: the log's key signed each, and the hub gives them to everybody."""
    verifier = Verifier.parse((observed.path / "log.vkey").read_text().strip(), where="log.vkey")
    held = [
        cell.value
        for party in ("hub", *AGENCIES)
        for cell in cells(database_of(observed.path, party))
        if cell.column == "signed_note" and isinstance(cell.value, bytes)
    ]
    assert held
    for note in held:
        assert open_checkpoint(note, verifier).size > 0
    return set(held)


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_two_agencies_databases_join_on_no_person_column(
    file_of: OfParty, institutions: list[str], checkpoints: set[bytes], left: str, right: str
) -> None:
    files = file_of(left), file_of(right)
    assert find_joins(*files, public=institutions, allowed=mutual_exchange_values(*files) | checkpoints) == []


def as_recorded(column: str) -> str:
    """Until an exchange is proven to be in the log, two columns repeat what its record says."""
    repeats = {"unproven.permit": "processing_number", "unproven.answer_digest": "answer_digest"}
    return f"exchange_record.{repeats[column]}" if column in repeats else column


@pytest.mark.parametrize("left", ["residence", "tax"])
@pytest.mark.parametrize("right", ["childcare", "insurance"])
def test_all_they_share_is_what_tells_of_their_own_exchanges(
    file_of: OfParty, institutions: list[str], checkpoints: set[bytes], left: str, right: str
) -> None:
    joins = find_joins(file_of(left), file_of(right), public=institutions, allowed=checkpoints)
    assert {(as_recorded(join.left), as_recorded(join.right)) for join in joins} == {
        (f"exchange_record.{name}", f"exchange_record.{name}")
        for name in ("answer_digest", "inquiry_digest", "processing_number", "request_id")
    } | {("exchange_record.request_id", "inquiry.request_id")}


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_authoritys_database_and_an_agencys_join_on_nothing(
    file_of: OfParty, institutions: list[str], agency: str
) -> None:
    assert find_joins(file_of("authority"), file_of(agency), public=institutions) == []


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_hubs_database_and_an_agencys_join_on_exchanges_alone(
    file_of: OfParty, institutions: list[str], checkpoints: set[bytes], agency: str
) -> None:
    own = mutual_exchange_values(file_of(agency), file_of(agency)) | checkpoints
    joins = find_joins(file_of("hub"), file_of(agency), public=institutions, allowed=own)
    assert {(join.left, join.right) for join in joins} <= {
        ("exchange.answer", "provision.answer"),
        ("leaf.leaf", "provision.answer"),  # the citizen tag, which is under the answer's signature and in its leaf
        ("leaf.leaf", "unproven.permit"),
    }


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_observer_does_see_person_columns(file_of: OfParty, institutions: list[str], agency: str) -> None:
    """Somebody with the same file twice finds everybody: the observer looks where the people are."""
    joins = find_joins(file_of(agency), file_of(agency), public=institutions)
    columns = {join.left for join in joins}
    assert {"person.row_key", "person.local_number", "person.sealed_code", "replica.local_number"} <= columns
    assert Join("person.row_key", "person.row_key", _people(joins)) in joins


def _people(joins: list[Join]) -> int:
    return next(join.values for join in joins if join.left == join.right == "person.local_number")

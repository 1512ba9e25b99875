"""The contract of the authority's store, over SQLite and over memory."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu_services.authority.store import AuthorityStore, DatabaseAuthorityStore, Designation, SealedNumber


def number(name: str) -> SealedNumber:
    return SealedNumber(name.encode().ljust(32, b"."), f"sealed {name}".encode())


def designation(resident: str, person: str, lookup: str) -> Designation:
    return Designation(resident.encode().ljust(32, b"."), person.encode().ljust(16, b"."), number(lookup))


A, B = designation("resident a", "person a", "number a"), designation("resident b", "person b", "number b")


async def test_a_new_designation_stands_and_its_holder_is_found(store: AuthorityStore) -> None:
    assert await store.designate([A, B]) == [A, B]
    assert store.holders([B.number.lookup, b"?" * 32, A.number.lookup]) == [B.person_id, None, A.person_id]


async def test_the_earlier_designation_of_a_resident_stands(store: AuthorityStore) -> None:
    await store.designate([A])
    later = designation("resident a", "person x", "number x")
    assert await store.designate([later, B, B]) == [A, B, B]
    assert store.holders([later.number.lookup]) == [None]


async def test_a_number_that_was_given_out_is_not_given_to_another(store: AuthorityStore) -> None:
    await store.designate([A])
    clash = designation("resident b", "person b", "number a")
    assert await store.designate([clash, B]) == [None, B]
    assert store.holders([A.number.lookup]) == [A.person_id]


async def test_a_number_that_two_residents_of_one_call_are_proposed_goes_to_the_first(store: AuthorityStore) -> None:
    clash = designation("resident b", "person b", "number a")
    assert await store.designate([A, clash]) == [A, None]


async def test_a_replaced_number_is_nobodys_and_the_new_one_is_the_same_persons(store: AuthorityStore) -> None:
    await store.designate([A])
    assert await store.replace(A.number.lookup, number("new"))
    assert store.holders([A.number.lookup, number("new").lookup]) == [None, A.person_id]
    assert await store.designate([A]) == [Designation(A.resident, A.person_id, number("new"))]


async def test_a_retired_number_is_never_given_out_again(store: AuthorityStore) -> None:
    await store.designate([A])
    await store.replace(A.number.lookup, number("new"))
    assert await store.designate([designation("resident b", "person b", "number a")]) == [None]
    assert not await store.replace(number("new").lookup, A.number)
    assert store.holders([number("new").lookup]) == [A.person_id]


@pytest.mark.parametrize("retired_before", [True, False])
async def test_a_number_that_nobody_holds_is_not_replaced(store: AuthorityStore, retired_before: bool) -> None:
    if retired_before:
        await store.designate([A])
        await store.replace(A.number.lookup, number("new"))
    with pytest.raises(WarifuError) as refused:
        await store.replace(A.number.lookup, number("newer"))
    assert refused.value.reason is Reason.NUMBER_NOT_DESIGNATED
    assert store.holders([number("newer").lookup]) == [None]


async def test_many_holders_are_found_at_once_and_in_order(store: AuthorityStore) -> None:
    many = [designation(f"resident {n}", f"person {n}", f"number {n}") for n in range(1_200)]
    await store.designate(many)
    assert store.holders([each.number.lookup for each in reversed(many)]) == [each.person_id for each in reversed(many)]
    assert store.holders([]) == []


async def test_issued_codes_are_counted(store: AuthorityStore) -> None:
    assert store.codes_issued() == 0
    await store.count_issued(3)
    await store.count_issued(4)
    assert store.codes_issued() == 7


def test_what_is_stored_does_not_show_itself() -> None:
    assert not any(part in repr(A) + repr(A.number) for part in ("resident a", "person a", "number a"))


async def test_a_reopened_file_holds_everything(tmp_path: Path) -> None:
    first = DatabaseAuthorityStore(tmp_path / "a.sqlite3")
    await first.designate([A, B])
    await first.replace(A.number.lookup, number("new"))
    await first.count_issued(5)
    first.close()
    again = DatabaseAuthorityStore(tmp_path / "a.sqlite3")
    assert again.holders([A.number.lookup, number("new").lookup, B.number.lookup]) == [None, A.person_id, B.person_id]
    assert again.codes_issued() == 5
    again.close()


async def test_the_file_has_no_column_for_who_asked_or_when(tmp_path: Path) -> None:
    DatabaseAuthorityStore(tmp_path / "a.sqlite3").close()
    connection = sqlite3.connect(tmp_path / "a.sqlite3")
    columns = connection.execute("SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c").fetchall()
    connection.close()
    assert {column for table, column in columns if not table.startswith("sqlite_")} == {
        "resident",
        "person_id",
        "lookup",
        "sealed",
        "retired",
        "only",
        "codes_issued",
        "check_value",
    }


async def test_rows_lie_in_the_order_of_their_keys_not_of_their_arrival(tmp_path: Path) -> None:
    store = DatabaseAuthorityStore(tmp_path / "a.sqlite3")
    await store.designate([designation(name, f"p {name}", f"n {name}") for name in ("z", "a", "m")])
    rows = [row[0][:1] for row in store.database.reader.execute("SELECT * FROM person")]
    store.close()
    assert rows == [b"a", b"m", b"z"]


async def test_a_disk_that_refuses_is_a_store_that_is_unavailable(tmp_path: Path) -> None:
    store = DatabaseAuthorityStore(tmp_path / "a.sqlite3")
    as_large_as_it_is = "PRAGMA max_page_count = 1"
    await store.database.write(lambda connection: connection.execute(as_large_as_it_is).fetchone())
    many = [designation(f"resident {n}", f"person {n}", f"number {n}") for n in range(2_000)]
    with pytest.raises(WarifuError) as refused:
        await store.designate(many)
    assert refused.value.reason is Reason.STORE_UNAVAILABLE
    assert store.holders([each.number.lookup for each in many]) == [None] * len(many)
    store.close()

"""Registering replicas: whole or not at all, with every fault at its place."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.errors import Reason, WarifuError
from warifu.identifiers import ItemCode
from warifu_services.agencies.tax import TaxAgency
from warifu_services.node.registration import Registrar, ReplicaText
from warifu_services.node.store import Person, PersonFlags
from warifu_services.node.store_memory import MemoryNodeStore

RECORD = LocalTaxRecord(fiscal_year=2026).SerializeToString()


@pytest.fixture
async def store() -> MemoryNodeStore:
    """A store that knows T-1 and T-2."""
    made = MemoryNodeStore()
    await made.add_people(
        [Person(local_number=f"T-{n}", row_key=bytes([n]) * 16, sealed_code=b"", code_epoch=1) for n in (1, 2)]
    )
    return made


@pytest.fixture
def registrar(store: MemoryNodeStore) -> Registrar:
    """Tax's registrar."""
    return Registrar(TaxAgency(), store)


def text(**changes: Any) -> ReplicaText:
    values: dict[str, Any] = {
        "local_number": "T-1",
        "item_code": "TM00000000000002",
        "fiscal_year": 2026,
        "publication_start": "2026-06-01",
        "publication_end": "",
        "record": RECORD,
    }
    return ReplicaText(**{**values, **changes})


def held(store: MemoryNodeStore, number: int) -> int:
    found = store.find_by_row_key(bytes([number]) * 16, ItemCode("TM00000000000002"))
    return len(found.replicas) if found else 0


async def test_replicas_are_registered_together(registrar: Registrar, store: MemoryNodeStore) -> None:
    record = LocalTaxRecord(fiscal_year=2025).SerializeToString()
    later = text(fiscal_year=2025, publication_end="2026-05-31", publication_start="2025-06-01", record=record)
    await registrar.register([text(), later, text(local_number="T-2")])
    assert (held(store, 1), held(store, 2)) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"item_code": "TM0"}, Reason.REQUEST_MALFORMED, "item_code"),
        ({"item_code": "TM99000000000001"}, Reason.ITEM_UNKNOWN, "item_code"),
        ({"fiscal_year": 10_000}, Reason.REQUEST_MALFORMED, "fiscal_year"),
        ({"fiscal_year": 2025}, Reason.REQUEST_MALFORMED, "fiscal_year"),  # the record says 2026
        ({"fiscal_year": 0}, Reason.REQUEST_MALFORMED, "fiscal_year"),
        ({"publication_start": ""}, Reason.REQUEST_MALFORMED, "publication_start"),
        ({"publication_start": "2026-02-29"}, Reason.REQUEST_MALFORMED, "publication_start"),
        ({"publication_start": "20260601"}, Reason.REQUEST_MALFORMED, "publication_start"),
        ({"publication_end": "2026-05-31"}, Reason.REQUEST_MALFORMED, "publication_end"),
        ({"publication_end": "later"}, Reason.REQUEST_MALFORMED, "publication_end"),
        ({"record": b"\xff"}, Reason.REQUEST_MALFORMED, "record"),
        ({"record": b""}, Reason.REQUEST_MALFORMED, "record.fiscal_year"),
        ({"local_number": "T-9"}, Reason.CODE_NOT_ACQUIRED, "local_number"),
    ],
)
async def test_one_bad_replica_is_located_and_none_is_registered(
    registrar: Registrar, store: MemoryNodeStore, changes: dict[str, Any], reason: Reason, field: str
) -> None:
    with pytest.raises(WarifuError) as refused:
        await registrar.register([text(), text(local_number="T-2"), text(**changes)])
    assert (refused.value.reason, refused.value.where) == (reason, f"replicas[2].{field}")
    assert (held(store, 1), held(store, 2)) == (0, 0)


async def test_flags_need_a_person(registrar: Registrar, store: MemoryNodeStore) -> None:
    await registrar.set_flags("T-1", PersonFlags.NON_DISCLOSURE)
    person = store.person("T-1")
    assert person is not None
    assert person.flags == PersonFlags.NON_DISCLOSURE
    with pytest.raises(WarifuError) as refused:
        await registrar.set_flags("T-9", PersonFlags.NONE)
    assert (refused.value.reason, refused.value.where) == (Reason.CODE_NOT_ACQUIRED, "local_number")


def test_printing_a_replica_shows_neither_person_nor_record() -> None:
    shown = repr(text(local_number="SECRET", record=b"SECRET"))
    assert "SECRET" not in shown

"""What a node does each hour to let go of what is due costs what is due, however many records it keeps."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.database import Database
from warifu_services.node.store import ExchangeOutcome, ExchangeRecord, ExchangeSide, KeptInquiry, KeptProvision
from warifu_services.node.store_database import DatabaseNodeStore

OWN, PEER = InstitutionCode("9030110020000001"), InstitutionCode("9020110020000001")


def record(number: int, side: ExchangeSide, at_ms: int) -> ExchangeRecord:
    asking, asked = (OWN, PEER) if side is ExchangeSide.INQUIRER else (PEER, OWN)
    return ExchangeRecord(
        side=side,
        request_id=number.to_bytes(16, "big"),
        inquirer=asking,
        provider=asked,
        procedure_code=ProcedureCode("JT99000000000001"),
        item_code=ItemCode("TM00000000000002"),
        requested_ms=at_ms,
        inquiry_digest=b"d" * 32,
        non_disclosure=False,
        processing_number=f"{number:020d}",
        provided_ms=at_ms,
        outcome=ExchangeOutcome.ANSWERED,
        answer_digest=b"a" * 32,
    )


async def exchange(store: DatabaseNodeStore, number: int, at_ms: int) -> None:
    """One inquiry and one provision, both answered."""
    asked = record(number, ExchangeSide.INQUIRER, at_ms)
    kept = KeptInquiry(record=asked, content=b"c" * 32, sealed_secrets=b"secrets", changed_ms=at_ms)
    await store.begin_inquiry(kept)
    given = record(number, ExchangeSide.PROVIDER, at_ms)
    await store.settle_provision(KeptProvision(record=given, answer=b"answer", changed_ms=at_ms))


async def steps_to_prune(path: Path, others: int) -> int:
    """How many steps of SQLite's machine three exchanges take, beside so many others that went before and that stay."""
    store = DatabaseNodeStore(path)
    for number in range(others):
        await exchange(store, number, 2_000)
    await store.purge(requested_before_ms=0, changed_before_ms=2_001)
    for number in range(others, 2 * others):
        await exchange(store, number, 3_000)
    for number in range(2 * others, 2 * others + 3):
        await exchange(store, number, 2_000)
    steps = Counter[str]()
    assert isinstance(store.database, Database)
    store.database._engine.connection.set_progress_handler(lambda: steps.update(["step"]), 1)
    await store.purge(requested_before_ms=1_000, changed_before_ms=2_001)
    assert store.inquiry((2 * others).to_bytes(16, "big")) is None
    assert store.inquiry((2 * others - 1).to_bytes(16, "big")) is not None
    store.close()
    return steps["step"]


async def test_to_prune_costs_what_there_is_to_prune(tmp_path: Path) -> None:
    few, many = [await steps_to_prune(tmp_path / f"{others}.sqlite3", others) for others in (10, 300)]
    assert few == many

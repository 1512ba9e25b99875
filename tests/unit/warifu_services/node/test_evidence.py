"""What a node keeps of a hub that breaks the rules: the first permits of a kind, and an alarm for a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warifu.clock import ManualClock
from warifu.party.alarms import AlarmKind
from warifu_services.node.evidence import STANDS, EvidenceBook
from warifu_services.node.evidence_store import MOST_OF_A_KIND, EvidenceStore, KeptEvidence
from warifu_services.node.store_database import DatabaseNodeStore

FORBIDDEN = AlarmKind.PERMIT_FORBIDDEN


class Kept:
    """A node's file with evidence in it, and a clock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock(datetime(2026, 6, 15, tzinfo=UTC))
        self.begin()

    def begin(self) -> None:
        self.file = DatabaseNodeStore(self.path)
        self.store = EvidenceStore(self.file.database)
        self.book = EvidenceBook(self.store, self.clock)

    def found(self, number: int) -> KeptEvidence:
        return KeptEvidence(
            kind=FORBIDDEN.value,
            processing_number=f"{number:020d}",
            kept_ms=self.clock.unix_ms(),
            inquiry_digest=bytes(32),
            permit=b"permit %d" % number,
        )


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path / "node.sqlite3")
    yield made
    made.file.close()


async def test_an_alarm_stands_for_a_day_after_it_was_noticed_last(kept: Kept) -> None:
    assert kept.book.amiss(FORBIDDEN) is None
    await kept.book.notice(FORBIDDEN, kept.found(1), "EXCHANGE_NOT_PERMITTED")
    assert kept.book.amiss(FORBIDDEN) == f"exchange {1:020d}: EXCHANGE_NOT_PERMITTED"
    assert kept.book.amiss(AlarmKind.PERMIT_HELD_BACK) is None
    kept.clock.advance(STANDS - timedelta(hours=1))
    await kept.book.notice(FORBIDDEN, kept.found(2), "EXCHANGE_NOT_PERMITTED")
    kept.clock.advance(STANDS)
    assert kept.book.amiss(FORBIDDEN) == f"exchange {2:020d}: EXCHANGE_NOT_PERMITTED; 2 in all"
    kept.clock.advance(timedelta(seconds=1))
    assert kept.book.amiss(FORBIDDEN) is None
    assert len(list(kept.store.kept())) == 2


async def test_a_node_that_starts_again_has_the_alarm_and_the_permit_still(kept: Kept) -> None:
    await kept.book.notice(FORBIDDEN, kept.found(1), "EXCHANGE_NOT_PERMITTED")
    kept.file.close()
    kept.begin()
    assert kept.book.amiss(FORBIDDEN) == f"exchange {1:020d}"
    assert [each.permit for each in kept.store.kept()] == [b"permit 1"]


async def test_a_hub_that_breaks_the_rules_without_end_fills_no_disk(kept: Kept) -> None:
    for number in range(MOST_OF_A_KIND + 20):
        await kept.book.notice(FORBIDDEN, kept.found(number), "EXCHANGE_NOT_PERMITTED")
    assert [each.processing_number for each in kept.store.kept()] == [f"{n:020d}" for n in range(MOST_OF_A_KIND)]
    assert str(kept.book.amiss(FORBIDDEN)).endswith(f"; {MOST_OF_A_KIND} or more in all")

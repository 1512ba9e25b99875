"""A node's store in memory: for scenarios and for tests of what is built on the contract. Nothing survives the process."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter

from warifu.agency import Replica
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode
from warifu_services.node.store import (
    ClerkDecision,
    ExchangeOutcome,
    ExchangeRecord,
    ExchangeSide,
    KeptInquiry,
    KeptProvision,
    Person,
    PersonFlags,
    PersonReplicas,
)

__all__ = ["MemoryNodeStore"]

_RecordKey = tuple[ExchangeSide, InstitutionCode, bytes]


def _key(record: ExchangeRecord) -> _RecordKey:
    return record.side, record.inquirer, record.request_id


class MemoryNodeStore:
    """:class:`warifu_services.node.store.NodeStore` in dictionaries."""

    def __init__(self) -> None:
        self._people: dict[str, Person] = {}
        self._by_row_key: dict[bytes, str] = {}
        self._replicas: dict[tuple[str, ItemCode], dict[int, Replica]] = {}
        self._records: dict[_RecordKey, tuple[int, ExchangeRecord]] = {}
        self._inquiries: dict[bytes, KeptInquiry] = {}
        self._provisions: dict[_RecordKey, KeptProvision] = {}
        self._under_number: dict[str, _RecordKey] = {}
        self._misses: Counter[InstitutionCode] = Counter()
        self._written: list[tuple[int, _RecordKey]] = []  # by sequence number
        self._last_sequence = 0
        self._rotated: dict[tuple[str, int], Person] = {}

    async def add_people(self, people: Sequence[Person]) -> list[bool]:
        """See the contract."""
        return [self._add_person(person) for person in people]

    def _add_person(self, person: Person) -> bool:
        beside = self._rotated.get((person.local_number, person.code_epoch))
        if beside is not None and beside.row_key == person.row_key:
            return True
        known = self._people.get(person.local_number)
        holder = self._by_row_key.get(person.row_key, person.local_number)
        if holder != person.local_number or (known is not None and known.row_key != person.row_key):
            return False
        self._people[person.local_number] = replace(person, flags=known.flags) if known else person
        self._by_row_key[person.row_key] = person.local_number
        return True

    def person(self, local_number: str) -> Person | None:
        """See the contract."""
        return self._people.get(local_number)

    def rotated(self, local_number: str, code_epoch: int) -> Person | None:
        """See the contract."""
        return self._rotated.get((local_number, code_epoch))

    def people_behind(self, code_epoch: int, count: int) -> list[Person]:
        """See the contract."""
        newest = {number: person.code_epoch for number, person in self._people.items()}
        for number, epoch in self._rotated:
            newest[number] = max(newest[number], epoch)
        behind = (person for number, person in self._people.items() if newest[number] < code_epoch)
        return list(islice(behind, count))

    async def add_rotated(self, people: Sequence[Person]) -> int:
        """See the contract."""
        added = 0
        for person in people:
            key = (person.local_number, person.code_epoch)
            if key not in self._rotated and person.row_key not in self._by_row_key:
                self._rotated[key] = person
                self._by_row_key[person.row_key] = person.local_number
                added += 1
        return added

    async def settle_codes(self, code_epoch: int, count: int) -> int:
        """See the contract."""
        settled = [person for (_, epoch), person in self._rotated.items() if epoch == code_epoch][:count]
        for person in settled:
            former = self._people[person.local_number]
            del self._by_row_key[former.row_key], self._rotated[person.local_number, code_epoch]
            self._people[person.local_number] = replace(person, flags=former.flags)
            for key in [key for key in self._rotated if key[0] == person.local_number and key[1] < code_epoch]:
                del self._by_row_key[self._rotated.pop(key).row_key]
        return len(settled)

    def code_epochs(self) -> dict[int, int]:
        """See the contract."""
        return dict(Counter(person.code_epoch for person in (*self._people.values(), *self._rotated.values())))

    def unknown_people(self, local_numbers: Sequence[str]) -> set[str]:
        """See the contract."""
        return {number for number in local_numbers if number not in self._people}

    async def set_flags(self, local_number: str, flags: PersonFlags) -> bool:
        """See the contract."""
        known = self._people.get(local_number)
        if known is None:
            return False
        self._people[local_number] = replace(known, flags=flags)
        return True

    async def put_replicas(self, replicas: Sequence[tuple[str, Replica]]) -> None:
        """See the contract."""
        for local_number, replica in replicas:
            self._replicas.setdefault((local_number, replica.item_code), {})[replica.fiscal_year] = replica

    def find_by_row_key(self, row_key: bytes, item_code: ItemCode) -> PersonReplicas | None:
        """See the contract."""
        local_number = self._by_row_key.get(row_key)
        return self.find_by_local_number(local_number, item_code) if local_number is not None else None

    def find_by_local_number(self, local_number: str, item_code: ItemCode) -> PersonReplicas | None:
        """See the contract."""
        if local_number not in self._people:
            return None
        replicas = self._replicas.get((local_number, item_code), {})
        return PersonReplicas(
            local_number=local_number,
            flags=self._people[local_number].flags,
            replicas=tuple(replicas[year] for year in sorted(replicas)),
        )

    async def begin_inquiry(self, kept: KeptInquiry) -> bool:
        """See the contract."""
        if _key(kept.record) in self._records:
            return False
        self._write_record(kept.record)
        self._inquiries[kept.record.request_id] = kept
        return True

    def inquiry(self, request_id: bytes) -> KeptInquiry | None:
        """See the contract."""
        return self._inquiries.get(request_id)

    async def put_inquiry(self, kept: KeptInquiry) -> None:
        """See the contract."""
        self._write_record(kept.record)
        self._inquiries[kept.record.request_id] = kept

    def open_inquiries(self) -> list[bytes]:
        """See the contract."""
        return [
            request_id for request_id, kept in self._inquiries.items() if kept.record.outcome is ExchangeOutcome.OPEN
        ]

    def provision(self, inquirer: InstitutionCode, request_id: bytes) -> KeptProvision | None:
        """See the contract."""
        return self._provisions.get((ExchangeSide.PROVIDER, inquirer, request_id))

    async def settle_provision(self, kept: KeptProvision, *, missed: bool = False) -> KeptProvision:
        """See the contract."""
        stored = self._provisions.get(_key(kept.record))
        if stored is not None and not kept.ends(stored):
            return stored
        if self._under_number.setdefault(kept.record.processing_number, _key(kept.record)) != _key(kept.record):
            raise WarifuError(Reason.PERMIT_REUSED, where="permit.processing_number")
        self._write_record(kept.record)
        self._provisions[_key(kept.record)] = kept
        self._misses[kept.record.inquirer] += missed
        return kept

    def pending_provisions(self, after: int, count: int) -> list[tuple[int, KeptProvision]]:
        """See the contract."""
        pending = (
            (sequence, self._provisions[key])
            for sequence, key in self._written_after(after)
            if key in self._provisions and self._provisions[key].record.outcome is ExchangeOutcome.PENDING
        )
        return list(islice(pending, count))

    async def decide(self, processing_number: str, decision: ClerkDecision) -> bool:
        """See the contract."""
        key = self._under_number.get(processing_number)
        if key is None or self._provisions[key].record.outcome is not ExchangeOutcome.PENDING:
            return False
        self._provisions[key] = replace(self._provisions[key], decision=decision)
        return True

    def misses(self, inquirer: InstitutionCode) -> int:
        """See the contract."""
        return self._misses[inquirer]

    def records(self, after: int, count: int) -> list[tuple[int, ExchangeRecord]]:
        """See the contract."""
        return [self._records[key] for _, key in islice(self._written_after(after), count)]

    def _written_after(self, after: int) -> Iterator[tuple[int, _RecordKey]]:
        return islice(self._written, bisect_right(self._written, after, key=itemgetter(0)), None)

    async def purge(self, *, requested_before_ms: int, changed_before_ms: int) -> None:
        """See the contract."""
        waiting = (ExchangeOutcome.OPEN, ExchangeOutcome.PENDING)
        for request_id, inquiry in list(self._inquiries.items()):
            if inquiry.changed_ms < changed_before_ms and inquiry.record.outcome not in waiting:
                del self._inquiries[request_id]
        for key, provision in list(self._provisions.items()):
            if provision.changed_ms < changed_before_ms and provision.record.outcome not in waiting:
                self._provisions[key] = replace(provision, answer=b"", sealed_person=b"")
        for key, (_, record) in list(self._records.items()):
            if record.requested_ms < requested_before_ms:
                del self._records[key]
                self._provisions.pop(key, None)
                if record.side is ExchangeSide.PROVIDER:
                    self._under_number.pop(record.processing_number, None)
                if record.side is ExchangeSide.INQUIRER:
                    self._inquiries.pop(record.request_id, None)
        self._written = [entry for entry in self._written if entry[1] in self._records]

    def close(self) -> None:
        """See the contract."""

    def _write_record(self, record: ExchangeRecord) -> None:
        known = self._records.get(_key(record))
        if known is None:
            self._last_sequence += 1
            self._written.append((self._last_sequence, _key(record)))
        self._records[_key(record)] = (known[0] if known else self._last_sequence, record)

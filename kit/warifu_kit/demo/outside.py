"""What can be seen from outside: the log verified with the public key only, three sides reconciled, the hub searched.

Decides what each of the three comes to, as a check with its detail. The log is verified from a copy on disk; the
reconciliation uses that copy, not the hub's word; the search looks for every value of the plan that the hub must not
have, and looks for the same values in the registry's node, where some must be, to show that it finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warifu.api.node.v1.node_service_pb2 import ExchangeRecord
from warifu.client import NodeClient
from warifu.errors import WarifuError
from warifu.tlog import VerifiedLog, verify_copy
from warifu_kit.audit.log_copy import copy_log
from warifu_kit.audit.reconciliation import Reconciliation, reconcile
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.process_memory import with_children
from warifu_kit.blindness.search import BlindnessReport, BlindnessSearch
from warifu_kit.demo.offices import Offices
from warifu_kit.demo.plan import Plan
from warifu_kit.demo.population import Population
from warifu_kit.demo.result import Check

__all__ = [
    "LogSeen",
    "blindness_check",
    "control_check",
    "look_from_outside",
    "reconciliation_check",
    "search_party",
    "secrets_of",
]

_SHOWN = 5
_MEBIBYTE = 1024 * 1024
_SHORTEST_RECORD = 16
"""A record of fewer bytes says too little to be told from chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSeen:
    """What came of the log: two checks, and the size that verified (0 when it did not)."""

    verified: Check
    reconciled: Check
    entries: int


async def look_from_outside(offices: Offices, copy: Path, vkey: str) -> LogSeen:
    """Copy the log as the supervisor, verify it offline, and hold it against the nodes' own records.

    ``vkey`` is the hub's public key for its log, in text form.
    """
    await offices.patience.of(lambda: copy_log(offices.log, copy))
    try:
        verified = verify_copy(copy, vkey)
    except WarifuError as error:
        failed = Check(name="log verified (public key only)", holds=False, detail=str(error))
        missing = Check(name="three sides reconciled", holds=False, detail="there is no log that verifies")
        return LogSeen(verified=failed, reconciled=missing, entries=0)
    reconciled = await _reconciled(offices, verified)
    return LogSeen(verified=_verified_check(verified), reconciled=reconciled, entries=verified.size)


def _verified_check(verified: VerifiedLog) -> Check:
    detail = f"{verified.size} entries, root {verified.root_hash.hex()[:8]}…, offline"
    return Check(name="log verified (public key only)", holds=True, detail=detail)


async def _reconciled(offices: Offices, verified: VerifiedLog) -> Check:
    records: dict[str, list[ExchangeRecord]] = {}
    for agency, node in offices.nodes.items():
        records[offices.institution(agency)] = await _records(offices, node)
    return reconciliation_check(reconcile(verified.leaves(), records))


async def _records(offices: Offices, node: NodeClient) -> list[ExchangeRecord]:
    return await offices.patience.of(node.exchange_records)


def reconciliation_check(found: Reconciliation) -> Check:
    """The comparison as a check: the counts, and the first few differences."""
    counts = ", ".join(f"{count} {ending.value.replace('_', ' ')}" for ending, count in found.counts.items() if count)
    shown = [
        f"{each.subject}: {each.side} {each.what} is {each.found}, not {each.expected}"
        for each in found.differences[:_SHOWN]
    ]
    detail = "; ".join(
        [f"{len(found.differences)} differences in {sum(found.counts.values())} exchanges: {counts}", *shown]
    )
    return Check(name="three sides reconciled", holds=found.agrees, detail=detail)


def secrets_of(plan: Plan, population: Population) -> Iterator[Secret]:
    """Everything about the residents that the hub must not have; nothing here names anybody."""
    for resident, record_code in zip(plan.residents, plan.record_codes, strict=True):
        owner = f"resident {resident.resident_number}"
        yield Secret(kind="my_number", owner=owner, value=population.my_numbers[resident.resident_number])
        yield Secret(kind="resident_record_code", owner=owner, value=record_code.digits)
        yield Secret(kind="name", owner=owner, value=resident.name)
        yield Secret(kind="address", owner=owner, value=resident.address)
    for agency in plan.agencies.values():
        for number, held in agency.people.items():
            owner = f"resident {number} at {agency.agency}"
            yield Secret(kind="local_number", owner=owner, value=held.local_number)
            if len(held.replica.record) >= _SHORTEST_RECORD:
                yield Secret(kind="record", owner=owner, value=held.replica.record)


def search_party(party: str, folder: Path, pid: int, search: BlindnessSearch) -> None:
    """Search everything one party has: its folder, with database, log and keys, and the memory of all its processes."""
    search.folder(party, folder)
    for each in with_children(pid):
        search.memory(f"{party} memory", each)


def blindness_check(report: BlindnessReport) -> Check:
    """The search of the hub as a check. Memory that may not be looked at is said, and does not fail it."""
    looked = f"{report.needle_count} values sought in {report.bytes_searched / _MEBIBYTE:.0f} MiB"
    if report.forbidden:
        looked += "; could not look at " + ", ".join(f"{each.place} ({each.why})" for each in report.forbidden)
    else:
        looked += " of files and process memory"
    hits = [f"{hit.kind} of {hit.owner} as {hit.encoding} in {hit.place}" for hit in report.hits[:_SHOWN]]
    detail = "; ".join([f"{len(report.hits)} hits: {looked}", *hits])
    return Check(name="hub is blind", holds=report.is_blind, detail=detail)


def control_check(report: BlindnessReport) -> Check:
    """The same search of a node, which must find something, or the search proves nothing."""
    found = ", ".join(sorted(kind.replace("_", " ") for kind in report.kinds_found()))
    unseen = bool(report.forbidden)
    detail = f"in the registry's node it finds: {found or 'nothing'}"
    if unseen:
        detail += "; its memory could not be looked at"
    return Check(name="search works (control)", holds=bool(report.hits) or unseen, detail=detail)

"""Awkward networks under concurrent traffic: everything is answered, three sides agree, and a seed does it again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from warifu.api.node.v1.node_service_pb2 import INQUIRY_STATE_ANSWERED, INQUIRY_STATE_PENDING, Inquiry
from warifu.errors import Reason
from warifu.tlog import verify_copy
from warifu_kit.audit.log_copy import copy_log
from warifu_kit.audit.reconciliation import reconcile
from warifu_kit.bulk.told import ASKED_AGAIN
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.faults.kinds import KNOBS
from warifu_kit.faults.settings import FaultSettings

SEED = 20260401
OFTEN = {
    "delay": 0.5,
    "unavailable_before": 0.2,
    "unavailable_after": 0.2,
    "duplicate": 0.3,
    "expiring_permit": 0.3,
    "retired_key": 0.2,
    "unknown_field": 0.5,
    "short_page": 0.5,
}


async def asked(
    offices: Offices, net: Any, inquiries: Sequence[Inquiry], at_once: int, kill_hub: bool = False
) -> Counter[int]:
    """Ask everything, so many at a time, each again and again under its request_id; how the ends were."""
    slots, states = asyncio.Semaphore(at_once), Counter[int]()
    agencies = {str(planned.procedure_code): planned.agencies[0] for planned in net.plan.procedures}

    async def one(inquiry: Inquiry) -> None:
        node = offices.nodes[agencies[inquiry.procedure_code]]
        async with slots:
            result = await offices.patience.of(lambda: node.inquire(inquiry))
        states[result.state] += 1
        if kill_hub and states.total() == len(inquiries) // 4:
            net.running.kill("hub")

    await asyncio.gather(*map(one, inquiries))
    return states


async def run(net: Any, *, order: int, at_once: int, kill_hub: bool = False) -> tuple[Counter[int], Any]:
    """Ask everything in an order of its own, and compare what the three sides say of it."""
    inquiries = list(net.inquiries())
    random.Random(order).shuffle(inquiries)
    async with open_offices(net.path) as offices:
        states = await asked(offices, net, inquiries, at_once, kill_hub)
        await copy_log(offices.log, net.path.parent / "copy")
        records: dict[str, Any] = {
            offices.institution(each): await node.exchange_records() for each, node in offices.nodes.items()
        }
    verified = verify_copy(net.path.parent / "copy", (net.path / "log.vkey").read_text("ascii").strip())
    return states, reconcile(verified.leaves(), records)


def about_exchanges(net: Any) -> list[str]:
    """What all ledgers say of exchanges, in an order of its own."""
    lines = (line for party in ("hub", "tax", "residence", "childcare", "insurance") for line in net.ledger(party))
    return sorted(str(line) for line in lines if line.exchange)


def alarms(net: Any) -> list[str]:
    """What parties found amiss: awkwardness is nobody's fault, and accuses nobody."""
    logs = (net.path / party / "party.log" for party in net.running.parties)
    return [line for log in logs for line in log.read_text("utf-8").splitlines() if '"alarm"' in line]


def test_one_seed_does_the_same_to_the_same_calls_whatever_their_order(
    begin_awkward: Callable[[FaultSettings], Any],
) -> None:
    settings = FaultSettings(seed=SEED, rates=OFTEN)
    one, other = begin_awkward(settings), begin_awkward(settings)
    first, reconciled = asyncio.run(run(one, order=1, at_once=32))
    second, _ = asyncio.run(run(other, order=2, at_once=3))
    assert first == second
    assert set(first) <= {INQUIRY_STATE_ANSWERED, INQUIRY_STATE_PENDING}
    assert sum(first.values()) == len(list(one.inquiries()))
    assert reconciled.differences == ()
    assert alarms(one) == alarms(other) == []
    assert about_exchanges(one) == about_exchanges(other)
    done = {fault.partition(":")[0] for line in one.ledger("hub") for fault in line.faults.split("+")}
    assert done >= {"delay", "unavailable_before", "unavailable_after", "duplicate", "unknown_field"}, f"seed {SEED}"


async def _bulk(net: Any) -> tuple[Counter[str], Any]:
    """Childcare's questions, asked in bulk until the end of each is known."""
    asked = [each for each in net.inquiries() if each.procedure_code == net.plan.procedures[0].procedure_code]
    ends: dict[bytes, str] = {}
    async with open_offices(net.path) as offices:
        for _ in range(9):
            left = [each for each in asked if each.request_id not in ends]
            async for result in offices.nodes["childcare"].bulk_inquire(left):
                if result.WhichOneof("end") == "result":
                    ends[result.request_id] = "result"
                elif Reason[result.failure.reason] not in ASKED_AGAIN:
                    ends[result.request_id] = result.failure.reason
        await copy_log(offices.log, net.path.parent / "copy")
        records: dict[str, Any] = {
            offices.institution(each): await node.exchange_records() for each, node in offices.nodes.items()
        }
    assert len(ends) == len(asked)
    verified = verify_copy(net.path.parent / "copy", (net.path / "log.vkey").read_text("ascii").strip())
    return Counter(ends.values()), reconcile(verified.leaves(), records)


def test_what_is_asked_in_bulk_meets_the_same_faults_and_all_of_it_ends(
    begin_awkward: Callable[[FaultSettings], Any],
) -> None:
    net = begin_awkward(FaultSettings(seed=SEED, rates=OFTEN))
    ends, reconciled = asyncio.run(_bulk(net))
    assert set(ends) == {"result"}, f"seed {SEED}"
    assert reconciled.differences == (), f"seed {SEED}"
    assert alarms(net) == [], f"seed {SEED}"
    done = {fault.partition(":")[0] for line in net.ledger("hub") for fault in line.faults.split("+")}
    assert done >= {"delay", "unavailable_after", "duplicate"}, f"seed {SEED}"


def test_as_awkward_as_it_is_by_itself_everything_is_answered(begin_awkward: Callable[[FaultSettings], Any]) -> None:
    net = begin_awkward(FaultSettings(seed=SEED))
    states, reconciled = asyncio.run(run(net, order=3, at_once=16))
    assert sum(states.values()) == len(list(net.inquiries())), f"seed {SEED}"
    assert reconciled.differences == (), f"seed {SEED}"
    assert alarms(net) == [], f"seed {SEED}"
    assert {line.by for line in net.ledger("hub")} == {"seed"}


def test_a_hub_that_dies_meanwhile_loses_nothing(begin_awkward: Callable[[FaultSettings], Any]) -> None:
    net = begin_awkward(FaultSettings(seed=SEED, rates={"unavailable_after": 0.1, "unavailable_before": 0.1}))
    states, reconciled = asyncio.run(run(net, order=5, at_once=8, kill_hub=True))
    assert sum(states.values()) == len(list(net.inquiries())), f"seed {SEED}"
    assert reconciled.differences == (), f"seed {SEED}"
    assert "hub" in {party for event, party in net.events if event == "died"}


def test_nothing_personal_is_in_a_ledger(begin_awkward: Callable[[FaultSettings], Any]) -> None:
    net = begin_awkward(
        FaultSettings(seed=SEED, rates=dict.fromkeys((kind.name for kind in KNOBS), 0.0) | {"delay": 1})
    )
    asyncio.run(run(net, order=4, at_once=16))
    written = b"".join((net.path / party / "faults.jsonl").read_bytes() for party in net.running.parties)
    assert written.count(b"\n") > len(list(net.inquiries()))
    numbers = {inquiry.local_number for inquiry in net.inquiries()}
    assert [number for number in numbers if number.encode() in written] == []
    assert Path(net.path / "hub" / "faults.jsonl").stat().st_mode & 0o077 == 0

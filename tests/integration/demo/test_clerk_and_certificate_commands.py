"""``warifu clerk`` and ``warifu certificate``, against a network that is up."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.client import BlockingNodeClient, NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MyNumber, ResidentRecordCode
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.plan import Plan
from warifu_kit.demo.population import flags_of
from warifu_kit.demo.procedures import ask, new_inquiry
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.residence import RESIDENT_RECORD
from warifu_services.agencies.tax import LOCAL_TAX


@asynccontextmanager
async def _waiting_answer(offices: Offices, plan: Plan) -> AsyncIterator[tuple[node_pb2.Inquiry, str]]:
    """An answer that waits for the registry's clerk: the inquiry and its processing number."""
    case, registry = plan.clerk_case, offices.nodes["residence"]
    flags = flags_of(case.resident, plan.agencies["residence"].people[case.resident.resident_number].local_number)
    protected = node_pb2.SetFlagsRequest(local_number=flags.local_number, auto_response_disabled=True)
    await registry.set_flags(protected)
    inquiry = new_inquiry(
        case.local_number, CHILD_ALLOWANCE_PROCEDURE, offices.institution("residence"), RESIDENT_RECORD
    )
    ended = await ask(offices.nodes["childcare"], inquiry, offices.patience)
    assert ended.result is not None
    assert ended.result.state == node_pb2.INQUIRY_STATE_PENDING
    yield inquiry, ended.result.processing_number
    await registry.set_flags(flags)


async def test_a_clerk_lists_and_releases_and_the_inquirer_fetches(running: Any, warifu: Any) -> None:
    async with open_offices(running.folder) as offices, _waiting_answer(offices, running.plan) as (inquiry, number):
        listed = await asyncio.to_thread(warifu, "clerk", "list", running.folder, "residence")
        assert listed.returncode == 0, listed.stderr
        assert number in listed.stdout
        assert re.search(r"\d{2}:\d{2}:", listed.stdout) is None, "a node keeps the minute, and shows no seconds"
        released = await asyncio.to_thread(warifu, "clerk", "release", running.folder, "residence", number)
        assert released.returncode == 0, released.stderr
        result = await offices.nodes["childcare"].fetch_answer(inquiry.request_id, wait=10)
        assert result.state == node_pb2.INQUIRY_STATE_ANSWERED
        assert result.record


async def test_what_a_clerk_refuses_is_refused(running: Any, warifu: Any) -> None:
    async with open_offices(running.folder) as offices, _waiting_answer(offices, running.plan) as (inquiry, number):
        refused = await asyncio.to_thread(warifu, "clerk", "refuse", running.folder, "residence", number)
        assert refused.returncode == 0, refused.stderr
        with pytest.raises(WarifuError) as raised:
            await offices.nodes["childcare"].fetch_answer(inquiry.request_id, wait=10)
        assert raised.value.reason is Reason.RELEASE_REFUSED


def test_nothing_pending_is_said_in_words(running: Any, warifu: Any) -> None:
    listed = warifu("clerk", "list", running.folder, "insurance")
    assert (listed.returncode, listed.stdout) == (0, "nothing waits for a clerk of insurance\n")


def test_a_number_nobody_waits_for_is_refused(running: Any, warifu: Any) -> None:
    ended = warifu("clerk", "release", running.folder, "tax", "0" * 20)
    assert ended.returncode == 1
    assert "INQUIRY_UNKNOWN" in ended.stderr


def test_an_agency_that_is_not_there_is_named(running: Any, warifu: Any) -> None:
    ended = warifu("clerk", "list", running.folder, "library")
    assert ended.returncode == 1
    assert "no party is called library" in ended.stderr


def _until(call: Callable[[], Reason | None], awaited: Reason | None, seconds: float) -> Reason | None:
    """Call until the call ends as awaited, at most that long; how it ended last, None for well."""
    give_up = time.monotonic() + seconds
    while (ended := call()) is not awaited and time.monotonic() < give_up:
        time.sleep(0.05)
    return ended


def _ask_the_node(client: BlockingNodeClient) -> Reason | None:
    try:
        client.pending_provisions()
    except WarifuError as error:
        return error.reason
    return None


def _ask_through_the_node(client: BlockingNodeClient) -> Reason | None:
    """Have the node call the authority with its own certificate, about a number that was never designated."""
    person = node_pb2.PersonToAcquire(local_number="X-0", my_number=MyNumber.from_body("1" * 11).digits)
    try:
        (result,) = client.acquire_codes([person])
    except WarifuError as error:
        return error.reason
    return Reason[result.reason]


def test_a_revoked_party_is_refused_until_its_certificates_are_renewed(
    running: Any, warifu: Any, settle_seconds: float
) -> None:
    connection = NetworkDescription.load(running.folder).to_node("tax")
    with BlockingNodeClient(connection) as client:
        assert _ask_the_node(client) is None
        assert warifu("certificate", "revoke", running.folder, "tax").returncode == 0
        revoked = Reason.PEER_NOT_TRUSTED  # who calls looks first: the node's own certificate is taken back too
        assert _until(lambda: _ask_the_node(client), revoked, settle_seconds) is revoked
    assert warifu("certificate", "renew", running.folder, "tax").returncode == 0
    with BlockingNodeClient(connection) as client:
        assert _until(lambda: _ask_the_node(client), None, settle_seconds) is None
        served = Reason.NUMBER_NOT_DESIGNATED
        assert _until(lambda: _ask_through_the_node(client), served, settle_seconds) is served


def test_only_an_agency_is_asked_for_whose_business_system_needs_a_certificate(warifu: Any) -> None:
    shown = " ".join(warifu("certificate", "adapter", "--help").stdout.split())
    assert "The agency whose it is, such as tax." in shown
    assert "supervisor" not in shown


def test_a_party_nobody_knows_has_no_certificates(running: Any, warifu: Any) -> None:
    ended = warifu("certificate", "renew", running.folder, "library")
    assert ended.returncode == 1
    assert "library" in ended.stderr


def test_a_processing_number_that_is_no_text_is_refused_by_its_field(running: Any, warifu: Any) -> None:
    # Half a character: what Python makes of an argument that is not UTF-8.
    ended = warifu("clerk", "release", running.folder, "residence", "\udcff")
    assert ended.returncode == 1
    assert "REQUEST_MALFORMED" in ended.stderr
    assert "processing_number" in ended.stderr
    assert "Traceback" not in ended.stderr


FOREIGN = ("[b]1001", "K-[a2]77", "[/b]9", "\x1b[31mRED", "plain\nnewline", "表示 番号")


async def test_a_clerks_list_shows_local_numbers_as_they_are_and_whole(
    running: Any, warifu_command: Any, warifu: Any
) -> None:
    async with open_offices(running.folder) as offices:
        await _have_waiting(offices)
    listed = warifu("clerk", "list", running.folder, "tax", "--json")
    assert (listed.returncode, listed.stderr) == (0, "")
    waiting = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [each["local_number"] for each in waiting] == list(FOREIGN)
    assert {each["inquirer"] for each in waiting} == {"childcare"}
    ended = await asyncio.to_thread(
        subprocess.run,
        warifu_command("clerk", "list", running.folder, "tax"),
        env={**os.environ, "COLUMNS": "40", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    rows = [line.split() for line in ended.stdout.decode("utf-8").splitlines()[-len(FOREIGN) :]]
    assert [row[0] for row in rows] == [each["processing_number"] for each in waiting]
    assert [" ".join(row[3:-2]) for row in rows] == [
        "[b]1001", "K-[a2]77", "[/b]9", "\\x1b[31mRED", "plain\\nnewline", "表示 番号"
    ]  # fmt: skip
    for each in waiting:
        assert warifu("clerk", "refuse", running.folder, "tax", each["processing_number"]).returncode == 0


async def _have_waiting(offices: Offices) -> None:
    """One inquiry about each of some people with odd local numbers, waiting for a clerk of the tax office."""
    bodies = [ResidentRecordCode.from_body(f"{77_000 + number:010d}").digits for number in range(len(FOREIGN))]
    numbers = await offices.authorities["residence"].designate_my_numbers(bodies)
    childcare, tax = offices.nodes["childcare"], offices.nodes["tax"]
    for node, names in ((childcare, [f"C{number}" for number in range(len(FOREIGN))]), (tax, FOREIGN)):
        people = [
            node_pb2.PersonToAcquire(local_number=name, my_number=number)
            for name, number in zip(names, numbers, strict=True)
        ]
        assert [each.reason async for each in node.acquire_codes(people)] == [""] * len(FOREIGN)
    record = LocalTaxRecord(fiscal_year=2026, total_income_yen=1).SerializeToString()
    replicas = [
        node_pb2.Replica(
            local_number=name,
            item_code=LOCAL_TAX,
            fiscal_year=2026,
            publication_start="2026-06-01",
            record=record,
        )
        for name in FOREIGN
    ]
    await tax.register_replicas(replicas)
    for number, name in enumerate(FOREIGN):
        await tax.set_flags(node_pb2.SetFlagsRequest(local_number=name, auto_response_disabled=True))
        inquiry = new_inquiry(f"C{number}", CHILD_ALLOWANCE_PROCEDURE, offices.institution("tax"), LOCAL_TAX)
        ended = await ask(childcare, inquiry, offices.patience)
        assert ended.result is not None
        assert ended.result.state == node_pb2.INQUIRY_STATE_PENDING

"""Both examples answer exchanges, as processes, behind a node that is one: the same people, the same answers."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.adapter.v1.adapter_service_pb2_grpc import AdapterServiceStub
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.client import BlockingNodeClient
from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles
from warifu.rpc.channel import PeerChannel

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_a_record_is_looked_up_and_given(town: Any) -> None:
    town.meets(childcare="C-1", tax="T-9")
    for year, income in ((0, 3_200_000), (2026, 3_200_000), (2025, 3_100_000)):
        result = town.ask(town.question("C-1", fiscal_year=year))
        assert LocalTaxRecord.FromString(result.record).total_income_yen == income
        assert result.replaced_certificate.startswith("Certificate of income")
    assert town.amiss() == set()


def test_what_there_is_not_and_what_is_not_published_are_told_apart(town: Any) -> None:
    town.meets(childcare="C-2", tax="T-12")  # in nobody's file
    town.meets(childcare="C-3", tax="T-11")
    town.meets(childcare="C-4")  # tax has never heard of them
    for local_number, year, reason in (
        ("C-2", 0, Reason.RECORD_NOT_HELD),
        ("C-3", 0, Reason.RECORD_NOT_PUBLISHED),
        ("C-3", 1999, Reason.RECORD_NOT_HELD),
        ("C-4", 0, Reason.RECORD_NOT_HELD),
    ):
        with pytest.raises(WarifuError) as told:
            town.ask(town.question(local_number, fiscal_year=year))
        assert told.value.reason is reason


def test_a_clerk_decides_about_whom_the_business_system_holds_back(town: Any) -> None:
    town.meets(childcare="C-10", tax="T-10")
    question = town.question("C-10")
    result = town.ask(question)
    assert result.state == node_pb2.INQUIRY_STATE_PENDING
    assert town.ask(question).state == node_pb2.INQUIRY_STATE_PENDING
    assert town.command("clerk", "release", str(town.path), "tax", result.processing_number)[0] == 0
    with BlockingNodeClient(town.described.to_node("childcare")) as node:
        fetched = node.fetch_answer(question.request_id, wait=20)
    assert LocalTaxRecord.FromString(fetched.record).total_income_yen == 4_800_000


@pytest.mark.parametrize("whose", ["childcare", "hub", "supervisor", "tax/business"])
async def test_nobody_but_its_node_is_let_in(town: Any, whose: str) -> None:
    own = town.path / whose
    system = CredentialFiles(town.path.parent / "system" / "tls.pem", town.path.parent / "system" / "tls.key")
    channel = PeerChannel(
        town.example.endpoint,
        credential=CredentialFiles(own / "tls.pem", own / "tls.key"),
        root_pem=(town.path / "root" / "root.pem").read_bytes(),
        expect=system.current().identity,
    )
    request = adapter_pb2.LookUpRequest(local_number="T-9", item_code="TM00000000000002", asked_on="2026-06-15")
    try:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.stub(AdapterServiceStub).LookUp(request, timeout=10)
    finally:
        await channel.close()
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_one_that_is_killed_fails_exchanges_which_can_be_asked_again(town: Any) -> None:
    town.meets(childcare="C-20", tax="T-20")
    question = town.question("C-20")
    town.example.end(signal.SIGKILL)
    with pytest.raises(WarifuError) as failed:
        town.ask(question)
    assert (failed.value.reason, failed.value.where) == (Reason.PROVIDER_FAILED, "provider: ADAPTER_UNREACHABLE")
    assert town.amiss() == {("tax", "ADAPTER_NOT_IN_CONTACT")}
    town.until(lambda: town.health("tax") == "NOT_SERVING")
    town.example.start()
    with pytest.raises(WarifuError) as answered:
        town.ask(question)
    assert answered.value.reason is Reason.RECORD_NOT_HELD  # T-20 is in nobody's file, and now somebody says so
    town.until(lambda: not town.amiss() and town.health("tax") == "SERVING")
    log = (town.path / "tax" / "party.log").read_text("utf-8")
    assert "alarm_begun" in log
    assert "alarm_ended" in log


def test_a_node_that_starts_without_its_business_system_says_so_and_takes_it_up(town: Any) -> None:
    town.example.end(signal.SIGKILL)
    town.running.kill("tax")
    town.until(lambda: ("amiss", "tax") in {(event, party) for event, party, _ in town.events})
    told = next(detail for event, party, detail in town.events if (event, party) == ("amiss", "tax"))
    assert told.startswith("ADAPTER_UNREACHABLE")
    town.example.start()
    town.until(lambda: not town.amiss() and town.health("tax") == "SERVING")


def test_the_examples_are_as_short_as_their_page_says() -> None:
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in EXAMPLES.rglob("adapter.*")}
    assert lines["adapter.py"] <= 55
    assert lines["adapter.js"] <= 110


def test_an_example_stops_when_it_is_asked_to(town_of: Any) -> None:
    for language in ("Python", "JavaScript"):
        example = town_of(language).example
        example.close()
        example.start()
        assert example.end() == 0

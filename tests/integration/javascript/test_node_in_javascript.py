"""The node in JavaScript, written from docs/protocol alone, works with our hub, authority and nodes, in both roles and suites."""

from __future__ import annotations

import json
import re

import pytest
from tests.integration.javascript.conftest import IN_JAVASCRIPT, Town, income, its_own_tests

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.resident_record_pb2 import ResidentRecord
from warifu.errors import Reason, WarifuError

ANSWERED, PENDING = node_pb2.INQUIRY_STATE_ANSWERED, node_pb2.INQUIRY_STATE_PENDING
RESIDENT = "TM99000000000001"
ROTATED = {
    "hub": ("signing", "opening", "log"),
    "authority": ("signing",),
    "tax": ("agency", "sealing", "signing"),
    "childcare": ("signing",),
}
INSURER = {"procedure_code": "JT99000000000004"}


def test_it_makes_every_vector_again_and_takes_nothing_for_an_answer_that_is_none() -> None:
    ended = its_own_tests()
    assert ended.returncode == 0, ended.stdout
    passed = re.search(r"^# pass ([0-9]+)$", ended.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= 50


def test_it_asks_itself_and_every_way_an_answer_can_be_comes_back(town: Town) -> None:
    town.meets(tax="T-1", childcare="C-1")
    town.taxed("T-1", 4_321_000)
    town.taxed("T-1", 1_000, fiscal_year=2025)
    town.taxed("T-1", 2_000, fiscal_year=2024, publication_start="2999-01-01")
    town.meets(childcare="C-2")
    assert income(town.ask(town.question("C-1"))) == 4_321_000
    assert income(town.ask(town.question("C-1", fiscal_year=2025))) == 1_000
    for question, reason in (
        (town.question("C-1", fiscal_year=2023), Reason.RECORD_NOT_HELD),
        (town.question("C-1", fiscal_year=2024), Reason.RECORD_NOT_PUBLISHED),
        (town.question("C-2"), Reason.RECORD_NOT_HELD),
        (town.question("C-3"), Reason.CODE_NOT_ACQUIRED),
        (town.question("C-1", item_code=RESIDENT), Reason.EXCHANGE_NOT_PERMITTED),
        (town.question("C-1", provider="9" * 16), Reason.INSTITUTION_UNKNOWN),
        (town.question("C-1", request_id=b"short"), Reason.REQUEST_MALFORMED),
    ):
        with pytest.raises(WarifuError) as refused:
            town.ask(question)
        assert refused.value.reason is reason


def test_our_node_is_answered_by_it(town: Town) -> None:
    town.meets(tax="T-10", insurance="I-10")
    town.taxed("T-10", 10_000_000)
    assert income(town.ask(town.question("I-10", **INSURER), party="insurance")) == 10_000_000


def test_it_is_answered_by_our_node(town: Town) -> None:
    town.meets(residence="R-20", childcare="C-20")
    asked = {"item_code": RESIDENT, "provider": town.described().institution("residence")}
    with pytest.raises(WarifuError) as refused:
        town.ask(town.question("C-20", **asked))
    assert refused.value.reason is Reason.RECORD_NOT_HELD
    record = ResidentRecord(
        household_number="1", relationship_to_head="妻", household_size=3, became_resident_on="2020-04-01"
    )
    replica = node_pb2.Replica(local_number="R-20", item_code=RESIDENT, publication_start="2026-01-01")
    replica.record = record.SerializeToString()
    with town.at("residence") as node:
        node.register_replicas([replica])
    assert ResidentRecord.FromString(town.ask(town.question("C-20", **asked)).record) == record


@pytest.mark.parametrize("released", [True, False])
def test_a_clerk_decides_and_the_same_inquiry_fetches_the_end(town: Town, released: bool) -> None:
    number = f"30-{released}"
    town.meets(tax=f"T-{number}", childcare=f"C-{number}")
    town.taxed(f"T-{number}", 30)
    with town.at("tax") as tax:
        tax.set_flags(node_pb2.SetFlagsRequest(local_number=f"T-{number}", auto_response_disabled=True))
        question = town.question(f"C-{number}")
        assert [town.ask(question).state for _ in range(2)] == [PENDING, PENDING]
        waiting = [each for each in tax.pending_provisions() if each.local_number == f"T-{number}"]
        decision = node_pb2.CLERK_DECISION_RELEASE if released else node_pb2.CLERK_DECISION_REFUSE
        tax.decide_provision(waiting[0].processing_number, decision)
    if released:
        assert income(town.ask(question)) == 30
        return
    with pytest.raises(WarifuError) as refused:
        town.ask(question)
    assert refused.value.reason is Reason.RELEASE_REFUSED


def test_killed_it_forgets_nothing_and_answers_the_same_again(town: Town) -> None:
    town.meets(tax="T-40", childcare="C-40")
    town.taxed("T-40", 40)
    question = town.question("C-40")
    first = town.ask(question)
    for party in ("tax", "childcare"):
        town.dies(party)
    assert town.ask(question) == first
    assert income(town.ask(town.question("C-40"))) == 40
    with town.at("tax") as tax, town.at("childcare") as childcare:
        provided, asked = list(tax.exchange_records()), list(childcare.exchange_records())
    (ours,) = [each for each in asked if each.request_id == question.request_id]
    (theirs,) = [each for each in provided if each.request_id == question.request_id]
    assert (ours.inquiry_digest, ours.answer_digest) == (theirs.inquiry_digest, theirs.answer_digest)
    assert ours.processing_number == first.processing_number
    changed = node_pb2.Inquiry()
    changed.CopyFrom(question)
    changed.fiscal_year = 2025
    with pytest.raises(WarifuError) as refused:
        town.ask(changed)
    assert refused.value.reason is Reason.REQUEST_REUSED


def test_a_number_that_nobody_has_is_refused_in_its_place(town: Town) -> None:
    my_number = town.meets(tax="T-50")
    people = [("T-50", my_number), ("T-51", my_number), ("T-52", "123456789018"), ("T-53", "123456789012")]
    with town.at("tax") as node:
        results = node.acquire_codes([node_pb2.PersonToAcquire(local_number=n, my_number=m) for n, m in people])
    reasons = [result.reason for result in results]
    assert reasons == ["", "CODE_ALREADY_HELD", "NUMBER_NOT_DESIGNATED", "NUMBER_MALFORMED"]


def test_many_codes_are_acquired_in_batches_that_are_proven(town: Town) -> None:
    my_number = town.meets()
    people = [node_pb2.PersonToAcquire(local_number="T-60", my_number=my_number) for _ in range(53)]
    with town.at("tax") as node:
        assert {result.reason for result in node.acquire_codes(people)} == {""}


def test_only_the_hub_may_hand_it_permits_and_only_its_own_business_system_may_ask_it(town: Town) -> None:
    assert town.refused_at_tax("tax", "agency.v1.AgencyService/Provide") == (Reason.CALLER_NOT_ALLOWED, True)
    assert town.refused_at_tax("childcare", "node.v1.NodeService/SetFlags") == (Reason.CALLER_NOT_ALLOWED, True)


def test_what_does_not_parse_has_its_reason(town: Town) -> None:
    assert town.refused_at_tax("tax", "node.v1.NodeService/SetFlags", b"\xff") == (Reason.REQUEST_MALFORMED, True)


def test_it_takes_new_keys_of_everybody_from_the_directory(town: Town) -> None:
    town.meets(tax="T-70", childcare="C-70", insurance="I-70")
    town.taxed("T-70", 70)
    for party, kinds in ROTATED.items():
        town.command("keys", "rotate", str(town.path), party, *(f"--{kind}-key" for kind in kinds))
    assert income(town.ask(town.question("C-70"))) == 70
    assert income(town.ask(town.question("I-70", **INSURER), party="insurance")) == 70


@pytest.mark.parametrize("party", IN_JAVASCRIPT)
def test_its_codes_are_rotated_and_nobody_is_lost(town: Town, party: str) -> None:
    number = f"75-{party}"
    town.meets(tax=f"T-{number}", childcare=f"C-{number}", insurance=f"I-{number}")
    town.taxed(f"T-{number}", 75)
    town.command("keys", "rotate", str(town.path), party, "--codes")
    assert income(town.ask(town.question(f"C-{number}"))) == 75
    assert income(town.ask(town.question(f"I-{number}", **INSURER), party="insurance")) == 75
    town.meets(tax=f"T-{number}-later", childcare=f"C-{number}-later")
    town.taxed(f"T-{number}-later", 76)
    assert income(town.ask(town.question(f"C-{number}-later"))) == 76


def test_the_network_sees_how_it_is(town: Town) -> None:
    told = json.loads(town.command("status", str(town.path), "--json", ends=1))
    assert {(each["party"], each["kind"]) for each in told["warnings"]} == {
        (p, "RELEASE_DIFFERS") for p in IN_JAVASCRIPT
    }
    assert {told["parties"][party]["answers"] for party in IN_JAVASCRIPT} == {True}


def test_it_has_permits_proven_that_it_draws(sampled_town: Town) -> None:
    sampled_town.meets(tax="T-90", childcare="C-90")
    sampled_town.taxed("T-90", 90)
    assert [sampled_town.income_of("C-90") for _ in range(8)] == [90] * 8


def test_a_certificate_of_its_own_is_replaced_while_it_runs(town: Town) -> None:
    town.meets(tax="T-80", childcare="C-80")
    town.taxed("T-80", 80)
    pids = [town.network.parties[party].pid for party in IN_JAVASCRIPT]
    for party in IN_JAVASCRIPT:
        town.command("certificate", "revoke", str(town.path), party)
        town.command("certificate", "renew", str(town.path), party)
    town.until(lambda: town.income_of("C-80") == 80)
    assert [town.network.parties[party].pid for party in IN_JAVASCRIPT] == pids


def test_whose_certificate_was_taken_back_is_refused(town: Town) -> None:
    call = "childcare", "node.v1.NodeService/SetFlags"
    assert town.refused_at_tax(*call) == (Reason.CALLER_NOT_ALLOWED, True)
    town.command("certificate", "revoke", str(town.path), "childcare")
    town.until(lambda: town.refused_at_tax(*call) == (Reason.CALLER_REVOKED, True))

"""Rules that somebody asked of a party, and what a network goes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from warifu.api.adapter.v1.adapter_service_pb2 import LookUpRequest
from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest
from warifu.api.node.v1.node_service_pb2 import InquireRequest, Inquiry
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit, SignedInquiry
from warifu.errors import Reason, WarifuError
from warifu_kit.faults import ledger
from warifu_kit.faults.asking import ask_for, party_folders
from warifu_kit.faults.folder import begin_faults, end_faults, faults_in_force
from warifu_kit.faults.ledger import LEDGER_FILE, read_ledger, uses_of_rules
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.rpcs import MADE_BY, SERVED_BY, WITHOUT_FAULTS, every_rpc
from warifu_kit.faults.rules import RULES_FILE, add_rule, clear_rules, read_rules, set_calm
from warifu_kit.faults.settings import FaultSettings, knobs_set
from warifu_kit.network.creation import create_network

CALM = FaultSettings(seed=0, calm=True)
INQUIRE, PROVIDE, LOOK_UP = (
    every_rpc()[name] for name in ("NodeService.Inquire", "AgencyService.Provide", "AdapterService.LookUp")
)


def request(number: int) -> bytes:
    return InquireRequest(inquiry=Inquiry(request_id=bytes([number] * 16))).SerializeToString()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path)
    return path


@pytest.fixture
def network(made: Path) -> Path:
    begin_faults(made, ["hub", "tax"], CALM)
    return made


def met(faults: PartyFaults, number: int = 1) -> str:
    meeting = faults.meet(INQUIRE, request(number))
    return "" if meeting is None else f"{meeting.by}: {meeting.text}"


def test_a_rule_is_for_the_next_calls_and_then_over(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    assert met(faults) == ""
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="refuse:OVERLOADED", times=2)
    assert [met(faults, number) for number in range(3)] == ["rule 1: refuse:OVERLOADED"] * 2 + [""]


def test_a_rule_without_an_end_goes_on_until_it_is_taken_back(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate", times=0)
    assert [met(faults) for _ in range(5)] == ["rule 1: duplicate"] * 5
    assert clear_rules(tmp_path) == 1
    assert met(faults) == ""


def test_a_rule_for_one_exchange_passes_others_by(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate", exchange="07" * 16)
    assert [met(faults, number) for number in (6, 7, 7)] == ["", "rule 1: duplicate", ""]


def permitted(request_id: bytes, number: str) -> bytes:
    context = bytes(2) + request_id + bytes(98)
    inquiry = SignedInquiry(context=context, sealed_query=b"x")
    return ProvideRequest(permit=ProvisionPermit(inquiry=inquiry, processing_number=number)).SerializeToString()


def looked_up(faults: PartyFaults, number: str) -> str:
    asked = LookUpRequest(local_number="T-9", processing_number=number).SerializeToString()
    meeting = faults.meet(LOOK_UP, asked, made=True)
    return "" if meeting is None else f"{meeting.by}: {meeting.line.exchange}"


def test_what_a_node_asks_its_business_system_is_about_the_exchange_whose_permit_it_was_brought(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="AdapterService.LookUp", faults="delay:1ms", times=0, exchange="07" * 16)
    for about in (6, 7):
        assert faults.meet(PROVIDE, permitted(bytes([about] * 16), f"{about:020d}")) is None
    assert looked_up(faults, f"{6:020d}") == ""
    assert looked_up(faults, f"{7:020d}") == f"rule 1: {'07' * 16}"
    assert looked_up(faults, f"{8:020d}") == ""


def test_a_rule_for_another_rpc_passes_calls_by(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.FetchAnswer", faults="duplicate", times=0)
    assert met(faults) == ""


def test_rules_are_used_up_in_their_order(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate")
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="delay:1ms")
    assert [met(faults) for _ in range(3)] == ["rule 1: duplicate", "rule 2: delay:1ms", ""]


def test_a_party_that_is_started_again_goes_on_counting(tmp_path: Path) -> None:
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate", times=2)
    assert met(PartyFaults("tax", tmp_path, CALM)) == "rule 1: duplicate"
    again = PartyFaults("tax", tmp_path, CALM)
    assert [met(again), met(again)] == ["rule 1: duplicate", ""]
    assert uses_of_rules(tmp_path) == {1: 2}


def test_a_number_is_never_given_twice(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate")
    assert met(faults) == "rule 1: duplicate"
    clear_rules(tmp_path)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate")
    assert met(faults) == "rule 2: duplicate"


def test_only_its_owner_reads_and_writes_what_a_party_was_asked_for(tmp_path: Path) -> None:
    PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate")
    assert {oct((tmp_path / name).stat().st_mode & 0o777) for name in (RULES_FILE, LEDGER_FILE)} == {"0o600"}


def test_rules_that_cannot_be_read_change_nothing(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, CALM)
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate", times=0)
    assert met(faults) == "rule 1: duplicate"
    (tmp_path / RULES_FILE).write_text("{")
    assert met(faults) == "rule 1: duplicate"
    with pytest.raises(WarifuError):
        read_rules(tmp_path)


@pytest.mark.parametrize(
    ("party", "rpc", "faults", "exchange", "said"),
    [
        ("nobody", "NodeService.Inquire", "duplicate", "", "no party nobody"),
        ("supervisor", "NodeService.Inquire", "duplicate", "", "no party supervisor"),
        ("tax", "NodeService.Inquier", "duplicate", "", "no RPC is called NodeService.Inquier"),
        ("tax", "LogService.ListLeaves", "duplicate", "", "tax neither serves nor calls"),
        ("tax", "HubService.Exchange", "skew:1m", "", "served elsewhere"),
        ("hub", "AgencyService.Provide", "short_page", "", "served elsewhere"),
        ("tax", "NodeService.Inquire", "short_page", "", "no page_size"),
        ("tax", "NodeService.FetchAnswer", "expiring_permit", "", "no inquiry"),
        ("hub", "HubService.ExchangeStream", "duplicate", "", "say that"),
        ("tax", "NodeService.AcquireCodes", "duplicate", "", "stream of requests"),
        ("tax", "AgencyService.Provide", "skew:121s", "", "accuse the hub"),
        ("tax", "AgencyService.Provide", "skew:1m+skew:61s", "", "accuse the hub"),
        ("tax", "NodeService.Inquire", "skew:1441m", "", "more than a day"),
        ("tax", "NodeService.Inquire", "twice", "", "no fault is called"),
        ("tax", "NodeService.Inquire", "duplicate", "07", "no request_id"),
        ("tax", "AdapterService.GetReadiness", "delay:1s", "07" * 16, "does not say which exchange"),
        ("tax", "AdapterService.LookUp", "tamper", "", "no field of bytes in its request"),
        ("tax", "AdapterService.LookUp", "retired_key", "", "means nothing to AdapterService"),
    ],
)
def test_what_no_call_could_meet_is_refused(
    network: Path, party: str, rpc: str, faults: str, exchange: str, said: str
) -> None:
    with pytest.raises(WarifuError, match=said) as refused:
        ask_for(network, party, rpc=rpc, faults=faults, exchange=exchange)
    assert refused.value.reason is Reason.CONFIG_INVALID


def test_a_network_that_takes_no_faults_says_so(network: Path) -> None:
    end_faults(network)
    with pytest.raises(WarifuError, match="take no faults"):
        party_folders(network)


def test_every_start_begins_anew(network: Path) -> None:
    ask_for(network, "tax", rpc="NodeService.Inquire", faults="duplicate")
    met(PartyFaults("tax", network / "tax", CALM))
    begin_faults(network, ["tax"], FaultSettings(seed=9))
    assert faults_in_force(network) == FaultSettings(seed=9)
    assert read_rules(network / "tax") == ()
    assert uses_of_rules(network / "tax") == {}


def test_settings_are_the_same_after_the_way_through_a_word() -> None:
    settings = FaultSettings(seed=2**63 - 1, calm=False, rates=knobs_set(["delay=1", "duplicate=0.5"]))
    assert FaultSettings.from_json(settings.to_json()) == settings
    seed = str(2**63 - 1)
    assert settings.words() == ["--awkward", "--seed", seed, "--knob", "delay=1", "--knob", "duplicate=0.5"]


@pytest.mark.parametrize("told", ["refuse=0.5", "delay=2", "delay=-1", "delay=often", "delay", "delay=nan"])
def test_a_knob_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(WarifuError, match="knob"):
        FaultSettings(seed=1, rates=knobs_set([told]))


def test_what_a_party_serves_is_what_it_can_be_asked_for() -> None:
    services = {name.partition(".")[0] for name in every_rpc()}
    served, made = (frozenset().union(*each.values()) for each in (SERVED_BY, MADE_BY))
    assert services - served - WITHOUT_FAULTS <= made
    assert services >= served | WITHOUT_FAULTS
    assert not WITHOUT_FAULTS & (served | made)


def test_what_a_call_asks_for_goes_before_a_rule_and_a_rule_before_what_is_drawn(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, FaultSettings(seed=1, rates={"unknown_field": 1}))
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate")
    asked = faults.meet(INQUIRE, request(1), asked="delay:1ms")
    assert asked is not None
    assert (asked.by, asked.text) == ("call", "delay:1ms")
    assert met(faults) == "rule 1: duplicate"
    assert met(faults).startswith("seed: ")


def test_nothing_ends_a_call_by_chance_after_the_second_attempt(tmp_path: Path) -> None:
    rates = {"unavailable_before": 1.0, "unavailable_after": 1.0, "delay": 0.0, "unknown_field": 0.0}
    faults = PartyFaults("tax", tmp_path, FaultSettings(seed=1, rates=rates | {"duplicate": 0, "expiring_permit": 0}))
    assert [met(faults) for _ in range(4)] == ["seed: unavailable_before"] * 2 + [""] * 2


def test_a_party_that_is_started_again_counts_attempts_from_one(tmp_path: Path) -> None:
    for _ in range(2):
        faults = PartyFaults("tax", tmp_path, CALM)
        faults.meet(INQUIRE, request(1), asked="duplicate")
    assert [line.attempt for line in read_ledger(tmp_path)] == [1, 1]


def test_to_a_call_that_a_party_makes_nothing_is_done_but_by_a_rule(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, FaultSettings(seed=1, rates={"unknown_field": 1, "delay": 1}))
    assert faults.meet(INQUIRE, request(1), made=True) is None
    add_rule(tmp_path, rpc="NodeService.Inquire", faults="duplicate")
    assert faults.meet(INQUIRE, request(1), made=True) is not None


def test_a_party_that_is_to_be_calm_draws_nothing_and_does_what_it_is_asked(tmp_path: Path) -> None:
    faults = PartyFaults("tax", tmp_path, FaultSettings(seed=1, rates={"delay": 1}))
    assert faults.meet(INQUIRE, request(1)) is not None
    set_calm(tmp_path, True)
    assert faults.meet(INQUIRE, request(2)) is None
    add_rule(tmp_path, rpc=INQUIRE.name, faults="duplicate")
    clear_rules(tmp_path)
    add_rule(tmp_path, rpc=INQUIRE.name, faults="duplicate")
    assert [faults.meet(INQUIRE, request(number)) is None for number in (3, 4)] == [False, True]
    set_calm(tmp_path, False)
    assert faults.meet(INQUIRE, request(5)) is not None


def test_once_the_ledger_is_full_nothing_is_done_that_does_not_stand_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MOST_BYTES", 600)
    faults = PartyFaults("tax", tmp_path, FaultSettings(seed=1, rates={"delay": 1}))
    met = [faults.meet(INQUIRE, request(number)) for number in range(1, 20)]
    done = sum(each is not None for each in met)
    assert 0 < done < len(met)
    assert len(list(read_ledger(tmp_path))) == done
    begun_again = PartyFaults("tax", tmp_path, FaultSettings(seed=1, rates={"delay": 1}))
    assert begun_again.meet(INQUIRE, request(30), "duplicate") is None

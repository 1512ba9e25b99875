"""What a node asked its business system is recorded, and asked again of other builds, each a process."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck
from warifu_kit.network.creation import create_network
from warifu_kit.recording.recording_file import Recording, read_recording
from warifu_kit.recording.replayed import replayable
from warifu_kit.recording.replaying import replay

INCOME, OTHER_INCOME = "3200000", "9876543"


def calls_of(recording: Recording, rpc: str) -> list[Any]:
    return [each for each in recording.calls.values() if each.rpc == rpc]


@pytest.fixture(scope="module")
def recorded(town: Any) -> Path:
    """What the tax office was asked, and asked, while childcare asked four times."""
    file = Path(town.path.parent / "tax.jsonl")
    status, said = town.command("record", town.path, "tax", "--out", file)
    assert (status, "recording tax into" in said) == (0, True), said
    town.meets(childcare="C-1", tax="T-9")
    town.meets(childcare="C-2", tax="T-12")  # in nobody's file
    assert all(town.ask("C-1", fiscal_year=year).record for year in (0, 2025, 2026))
    with pytest.raises(WarifuError) as refused:
        town.ask("C-2")
    assert refused.value.reason is Reason.RECORD_NOT_HELD
    town.until(lambda: bool(calls_of(read_recording(file), "AdapterService.GetReadiness")))
    status, said = town.command("record", town.path, "tax", "--end")
    assert (status, f"calls of tax in {file}" in said) == (0, True), said
    return file


def test_both_directions_are_recorded_and_only_the_owner_may_read_them(town: Any, recorded: Path) -> None:
    recording = read_recording(recorded)
    assert recorded.stat().st_mode & 0o777 == 0o600
    assert (recording.beginning.party, recording.beginning.role, recording.beginning.contract) == (
        "tax",
        "agency",
        "v1",
    )
    looked_up = calls_of(recording, "AdapterService.LookUp")
    assert {(each.direction, each.caller, each.status) for each in looked_up} == {("made", "agency", "OK")}
    numbers = [adapter_pb2.LookUpRequest.FromString(each.request).local_number for each in looked_up]
    assert {"T-9", "T-12"} <= set(numbers)
    provided = calls_of(recording, "AgencyService.Provide")
    assert [(each.direction, each.caller) for each in provided] == [("served", "hub")] * 4
    assert [each.at_ms for each in recording.calls.values()] == sorted(each.at_ms for each in recording.calls.values())


def test_of_a_stream_that_is_not_many_calls_only_the_messages_are_counted(recorded: Path) -> None:
    acquired = calls_of(read_recording(recorded), "NodeService.AcquireCodes")
    assert [(each.caller, each.status, each.messages) for each in acquired] == [("business", "OK", (1, 1))] * 2
    assert not any(each.request or each.reply for each in acquired)
    assert '"request":' not in next(line for line in recorded.read_text("utf-8").splitlines() if "AcquireCodes" in line)


def test_the_same_build_answers_the_same(town: Any, recorded: Path) -> None:
    status, said = town.command("replay", recorded, town.path, "--target", town.endpoint)
    assert status == 0, said
    assert " 0 differs, 0 failed, 0 skipped" in said
    assert "calls of other services are left out" in said


def test_a_build_that_answers_otherwise_is_told_by_the_field_and_never_by_what_is_in_it(
    town: Any, recorded: Path
) -> None:
    build = town.build("changed")
    people = (build / "people.csv").read_text("utf-8")
    (build / "people.csv").write_text(people.replace(INCOME, OTHER_INCOME), "utf-8")
    with town.running(build) as endpoint:
        status, said = town.command("replay", recorded, town.path, "--target", endpoint)
        told = json.loads(town.command("replay", recorded, town.path, "--target", endpoint, "--json", "-")[1])
    assert status == told["exit_status"] == 1
    assert "AdapterService.LookUp  differs: record.total_income_yen" in said
    assert not {word for word in (INCOME, OTHER_INCOME, "T-9") if word in said or word in json.dumps(told)}
    fields = {field for each in told["calls"] for field in each["fields"]}
    assert fields == {"record.total_income_yen"}


def test_a_build_that_falls_over_is_told_by_how_it_ended(town: Any, recorded: Path) -> None:
    build = town.build("broken")
    (build / "people.csv").unlink()
    with town.running(build) as endpoint:
        status, said = town.command("replay", recorded, town.path, "--target", endpoint)
    assert status == 1
    assert "AdapterService.LookUp  differs: status (OK before, " in said


def test_a_build_that_has_died_is_asked_no_more(town: Any, recorded: Path) -> None:
    build = town.build("dying")
    program = (build / "adapter.py").read_text("utf-8")
    dying = program.replace("        with PEOPLE.open", "        os._exit(1)\n        with PEOPLE.open")
    (build / "adapter.py").write_text(dying.replace("import csv\n", "import csv\nimport os\n"), "utf-8")
    with town.running(build) as endpoint:
        told = json.loads(town.command("replay", recorded, town.path, "--target", endpoint, "--json", "-")[1])
    assert (told["exit_status"], told["counts"]["failed"]) == (1, 3)
    assert told["counts"]["skipped"] > 0
    assert told["calls"][-1]["words"] == "not asked: 3 calls before had no answer"


async def test_pauses_are_kept_where_that_is_asked_for(town: Any, recorded: Path) -> None:
    recording, waited = read_recording(recorded), list[float]()

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    for paced in (False, True):
        about = AdapterUnderCheck.of(town.path, "tax", town.endpoint)
        await replay(recording, about, paced=paced, ended=lambda _: None, wait=wait)
    at = [call.at_ms for call in replayable(recording).values()]
    assert waited == [pytest.approx((late - early) / 1000) for early, late in pairwise(at)]


def test_a_party_that_takes_no_faults_cannot_be_recorded(town: Any, tmp_path: Path) -> None:
    create_network(tmp_path / "net")
    status, said = town.command("record", tmp_path / "net", "tax", "--out", tmp_path / "tax.jsonl")
    assert (status, "`warifu up` starts parties that can" in said) == (1, True), said
    assert not (tmp_path / "tax.jsonl").exists()


def test_what_cannot_be_reached_as_itself_is_asked_nothing(town: Any, recorded: Path) -> None:
    for endpoint in ("127.0.0.1:1", town.described.to_node("childcare").endpoint):
        status, said = town.command("replay", recorded, town.path, "--target", endpoint)
        assert (status, said.partition(":")[0]) == (2, "warifu"), said


def test_a_recording_of_a_party_without_a_business_system_says_why_it_cannot_be_replayed(
    town: Any, recorded: Path
) -> None:
    file = town.path.parent / "hub.jsonl"
    assert town.command("record", town.path, "hub", "--out", file)[0] == 0
    assert town.ask("C-1").record
    assert town.command("record", town.path, "hub", "--end")[0] == 0
    recording = read_recording(file)
    assert {(each.direction, each.caller) for each in calls_of(recording, "HubService.Exchange")} == {
        ("served", "agency")
    }
    assert [each.direction for each in calls_of(recording, "AgencyService.Provide")] == ["made"]
    status, said = town.command("replay", file, town.path, "--target", town.endpoint)
    assert status == 2
    assert "cannot be asked again: permits expire, and what is signed is good once" in said


def test_a_file_that_is_there_is_kept_and_a_party_is_recorded_once_at_a_time(town: Any, recorded: Path) -> None:
    before = recorded.read_bytes()
    status, said = town.command("record", town.path, "tax", "--out", recorded)
    assert (status, "File exists" in said) == (1, True), said
    assert town.command("record", town.path, "childcare", "--out", town.path.parent / "one.jsonl")[0] == 0
    status, said = town.command("record", town.path, "childcare", "--out", town.path.parent / "two.jsonl")
    assert (status, "is being recorded into" in said) == (1, True), said
    assert town.command("record", town.path, "childcare", "--end")[0] == 0
    status, said = town.command("record", town.path, "childcare", "--end")
    assert (status, "is not being recorded" in said) == (1, True), said
    assert recorded.read_bytes() == before


def test_a_recording_whose_file_is_gone_ends_and_no_call_fails(town: Any, recorded: Path) -> None:
    folder = town.path.parent / "gone"
    folder.mkdir()
    assert town.command("record", town.path, "tax", "--out", folder / "tax.jsonl")[0] == 0
    shutil.rmtree(folder)
    assert town.ask("C-1").record
    status, said = town.command("record", town.path, "tax", "--end")
    assert (status, "its party.log says if it was ended" in said) == (1, True), said
    assert "recording_ended" in (town.path / "tax" / "party.log").read_text("utf-8")

"""What a network's answers and files mean, without any network."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind
from warifu.party.network_file import NetworkFile
from warifu.pki.revocation import RevocationList
from warifu.pki.validity import Validity
from warifu.printable import printable
from warifu_kit.network.run_file import Ends
from warifu_kit.status.condition import NetworkCondition, judge
from warifu_kit.status.on_disk import FilesOfParty
from warifu_kit.status.report import WIDTH, as_json, as_lines

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FOLDER = Path("/srv/a net")
ROLES = {"hub": "hub", "authority": "authority", "supervisor": "supervisor", "tax": "agency"}
DESCRIBED = NetworkFile.model_validate(
    {
        "network": "sim-1",
        "suite": 2,
        "root_certificate": "root/root.pem",
        "log_verifier_key": "key",
        "parties": {
            party: {
                "role": role,
                "institution_code": f"99{number}0000000000001",
                "institution_kind": "tax",
                "institution_name": party,
                "endpoint": None,
                "folder": party,
                "certificate": f"{party}/tls.pem",
                "private_key": f"{party}/tls.key",
            }
            for number, (party, role) in enumerate(ROLES.items())
        },
    }
)


def files(*, own: timedelta = timedelta(days=60), **changes: Any) -> FilesOfParty:
    held = {
        use: Validity(serial=serial, not_before=NOW, not_after=NOW + ends)
        for serial, (use, ends) in enumerate({"own": own, "root": timedelta(days=3000)}.items(), 1)
    }
    listed = RevocationList(serials=frozenset(), made_at=NOW, good_until=NOW + timedelta(days=20), number=7)
    values = {"certificates": held, "revocation_list": listed, "free_bytes": 2**40, "faults": ()}
    return FilesOfParty(**{**values, **changes})


def reply(role: str = "agency", **changes: Any) -> party_pb2.GetStatusResponse:
    told = party_pb2.GetStatusResponse(role=role, release="1.0", free_disk_bytes=2**40, **changes)
    for use, days in (("own", 60), ("root", 3000)):
        certificate = told.certificates.add(use=use, serial="1f")
        certificate.not_after.FromDatetime(NOW + timedelta(days=days))
    return told


def alarm(kind: AlarmKind, where: str = "somewhere") -> party_pb2.Alarm:
    told = party_pb2.Alarm(kind=f"ALARM_KIND_{kind.value}", where=where)
    told.since.FromDatetime(NOW - timedelta(hours=1))
    return told


def judged(answers: dict[str, Any] | None = None, on_disk: dict[str, FilesOfParty] | None = None) -> NetworkCondition:
    everybody = {party: reply(role) for party, role in ROLES.items() if role != "supervisor"}
    held = {party: files() for party in ROLES}
    return judge(
        FOLDER, DESCRIBED, answers={**everybody, **(answers or {})}, files={**held, **(on_disk or {})}, now=NOW
    )


def test_a_network_in_which_everybody_answers_and_nothing_ends_is_well() -> None:
    condition = judged()
    assert condition.warnings == ()
    assert (condition.up, condition.processes) == (3, 3)
    assert list(as_lines(condition))[-1] == "All is well: nothing amiss, nothing ends soon."
    assert as_json(condition)["well"] is True


@pytest.mark.parametrize("kind", AlarmKind)
def test_every_alarm_is_a_warning_that_says_what_to_do(kind: AlarmKind) -> None:
    condition = judged({"tax": reply(alarms=[alarm(kind)])})
    if kind is AlarmKind.ROOT_ENDS_SOON:  # it is told once, by the certificates themselves
        assert condition.warnings == ()
        return
    (warned,) = condition.warnings
    assert (warned.party, warned.kind, warned.text) == ("tax", kind.value, "somewhere")
    assert warned.since == NOW - timedelta(hours=1)
    assert warned.next_step
    assert "{" not in warned.next_step
    if "/srv" in warned.next_step:
        assert "'/srv/a net'" in warned.next_step, "a folder with a blank can be copied into a shell"


def test_codes_half_rotated_are_shown_with_how_many_are_left_and_what_ends_it() -> None:
    told = reply()
    told.counts.person_count, told.counts.code_behind_count = 12, 3
    condition = judged({"tax": told}, {"tax": files(codes_announced=True)})
    (warned,) = condition.warnings
    assert (warned.party, warned.kind, warned.text) == ("tax", "CODES_ANNOUNCED", "its codes are being rotated: 3 left")
    assert warned.next_step.endswith(" tax --codes")
    assert "12 people, 3 codes to rotate" in "\n".join(as_lines(condition))
    told.counts.code_behind_count = 0
    assert "to rotate" not in "\n".join(as_lines(judged({"tax": told})))


def below(party: str, lines: list[str]) -> str:
    """What stands below a party's line, as one."""
    start = next(place for place, line in enumerate(lines) if line.startswith(f"{party} ")) + 1
    more = (line for line in lines[start:])
    return " ".join(line.strip() for line in takewhile(lambda line: line.startswith("    "), more))


def test_what_a_party_holds_is_below_it_and_whole() -> None:
    told = reply(directory_version=3, epoch=2)
    told.counts.person_count, told.counts.record_count = 123_456, 7_654_321
    told.release = "1.0.0+" + "f" * 40
    lines = list(as_lines(judged({"tax": told})))
    assert below("tax", lines) == "directory 3, epoch 2; 123,456 people, 7,654,321 exchange records"
    assert below("supervisor", lines) == ""
    assert max(map(len, lines[: lines.index("", 3)])) <= WIDTH


def test_who_ended_and_was_started_again_is_shown_with_how_and_since_when_it_is_up() -> None:
    told = reply()
    told.started_time.FromDatetime(NOW)
    ended = {"tax": files(ends=Ends(3, "signal 9"))}
    condition = judged({"tax": told}, ended)
    assert "ended 3 times since the network was started, the last time by signal 9; up since 2026-06-01 00:00 UTC" in (
        below("tax", list(as_lines(condition)))
    )
    assert (as_json(condition)["parties"]["tax"]["ended"], as_json(condition)["parties"]["hub"]["ended"]) == (3, 0)
    assert "times since the network" not in "\n".join(
        as_lines(judged({"tax": WarifuError(Reason.NODE_UNREACHABLE)}, ended))
    )


def test_over_how_many_seconds_an_agency_spreads_inquiries_is_shown() -> None:
    condition = judged(on_disk={"tax": files(spread_s=30.0)})
    assert "spreads inquiries over 30 s" in below("tax", list(as_lines(condition)))
    assert as_json(condition)["parties"]["tax"]["spread_s"] == 30
    assert "spreads" not in "\n".join(as_lines(judged()))


def test_an_alarm_of_a_newer_release_is_shown_all_the_same() -> None:
    told = reply()
    told.alarms.add(kind=4711, where="new")  # as a newer party would send it
    (warned,) = judged({"tax": told}).warnings
    assert (warned.kind, warned.text) == ("4711", "new")


def test_a_party_that_does_not_answer_is_shown_with_why_beside_the_others() -> None:
    condition = judged({"tax": WarifuError(Reason.NODE_TIMED_OUT)})
    (warned,) = condition.warnings
    assert (warned.party, warned.kind) == ("tax", "NO_ANSWER")
    assert warned.text.startswith("NODE_TIMED_OUT")
    assert condition.up == 2


def test_a_network_in_which_nobody_answers_is_down_and_said_once() -> None:
    away = WarifuError(Reason.NODE_UNREACHABLE)
    condition = judged({"hub": away, "authority": away, "tax": away})
    (warned,) = condition.warnings
    assert (warned.party, warned.kind, warned.next_step) == ("", "NETWORK_DOWN", "warifu up '/srv/a net'")
    assert "or network.json does not say where" in warned.text
    shown = [line.split()[:3] for line in as_lines(condition) if line.startswith(("hub", "supervisor"))]
    assert shown == [["hub", "no", "answer"], ["supervisor", "no", "process"]]


@pytest.mark.parametrize(("days", "warns"), [(15, False), (14, True), (0, True), (-3, True)])
def test_a_certificate_is_warned_of_two_weeks_before_it_ends(days: int, warns: bool) -> None:
    condition = judged(on_disk={"supervisor": files(own=timedelta(days=days))})
    kinds = [(warned.party, warned.kind) for warned in condition.warnings]
    assert kinds == ([("supervisor", "CERTIFICATE_ENDS_SOON")] if warns else [])


def test_what_a_party_says_of_its_certificate_counts_more_than_a_file_here() -> None:
    assert judged(on_disk={"tax": files(own=timedelta(days=1))}).warnings == ()
    soon = reply(alarms=[alarm(AlarmKind.CERTIFICATE_ENDS_SOON)])
    soon.certificates[0].not_after.FromDatetime(NOW + timedelta(days=1))
    assert [warned.kind for warned in judged({"tax": soon}).warnings] == ["CERTIFICATE_ENDS_SOON"]


def test_a_root_that_ends_is_told_once_for_all() -> None:
    ending = {party: reply(role, alarms=[alarm(AlarmKind.ROOT_ENDS_SOON)]) for party, role in ROLES.items()}
    for each in ending.values():
        each.certificates[1].not_after.FromDatetime(NOW + timedelta(days=80))
    del ending["supervisor"]
    assert [(warned.party, warned.kind) for warned in judged(ending).warnings] == [("", "ROOT_ENDS_SOON")]


def test_a_list_that_ends_is_told_once_by_a_party_or_by_the_files() -> None:
    old = RevocationList(serials=frozenset(), made_at=NOW, good_until=NOW + timedelta(days=7), number=7)
    held = {party: files(revocation_list=old) for party in ROLES}
    assert [(each.party, each.kind) for each in judged(on_disk=held).warnings] == [("", "REVOCATION_LIST_ENDS_SOON")]
    told = {"hub": reply("hub", alarms=[alarm(AlarmKind.REVOCATION_LIST_ENDS_SOON)])}
    assert [(each.party, each.kind) for each in judged(told, held).warnings] == [("hub", "REVOCATION_LIST_ENDS_SOON")]


def test_a_party_of_another_directory_version_or_release_than_the_hub_is_warned_of() -> None:
    condition = judged({"tax": reply(directory_version=3), "hub": reply("hub", directory_version=4)})
    assert [(each.party, each.kind) for each in condition.warnings] == [
        ("authority", "DIRECTORY_BEHIND"),
        ("tax", "DIRECTORY_BEHIND"),
    ]
    other = reply()
    other.release = "0.9"
    assert [each.kind for each in judged({"tax": other}).warnings] == ["RELEASE_DIFFERS"]


def test_files_that_cannot_be_read_are_told_of_a_party_that_is_silent() -> None:
    broken = {"supervisor": files(faults=("supervisor/tls.pem: missing, or no certificate",))}
    (warned,) = judged(on_disk=broken).warnings
    assert (warned.party, warned.kind) == ("supervisor", "FILE_INVALID")
    assert judged(on_disk={"tax": files(faults=("gone",))}).warnings == (), "it answers: it may run on another host"


@given(where=st.text(max_size=400))
def test_whatever_a_party_says_no_line_of_the_report_is_more_than_one_line_and_none_speaks_to_the_terminal(
    where: str,
) -> None:
    told = reply(alarms=[alarm(AlarmKind.DISK_LOW, where.encode("utf-8", "replace").decode())])
    told.release = "1.0\x1b[31m"
    for line in as_lines(judged({"tax": told})):
        assert line == printable(line)


def test_the_table_fits_80_columns_however_much_is_held() -> None:
    counts = party_pb2.HoldingCounts(leaf_count=2**63, person_count=2**63, record_count=2**63, code_count=2**63)
    lines = list(as_lines(judged({"hub": reply("hub", counts=counts, directory_version=2**40, epoch=2**31)})))
    assert max(map(len, lines[: lines.index("", 4)])) <= WIDTH == 80


def test_one_is_said_as_one_and_more_as_more() -> None:
    told = reply("hub", counts=party_pb2.HoldingCounts(leaf_count=1))
    told.checkpoint.size = 1
    lines = list(as_lines(judged({"hub": told, "tax": reply(counts=party_pb2.HoldingCounts(person_count=1000))})))
    assert "last checkpoint: 1 leaf" in lines
    assert [below(party, lines).rpartition("; ")[2] for party in ("hub", "tax")] == ["1 leaf", "1,000 people"]


def test_the_json_is_json_and_names_every_party() -> None:
    told = reply("hub", counts=party_pb2.HoldingCounts(leaf_count=5))
    told.checkpoint.size = 5
    shown = json.loads(json.dumps(as_json(judged({"hub": told, "tax": WarifuError(Reason.NODE_UNREACHABLE)}))))
    assert set(shown["parties"]) == set(ROLES)
    assert shown["checkpoint"] == {"size": 5, "published": None}
    assert shown["parties"]["hub"]["counts"] == {"leaves": 5}
    assert shown["parties"]["tax"]["answers"] is False
    assert shown["parties"]["hub"]["certificates"]["own"] == {"serial": "1f", "not_after": "2026-07-31T00:00:00Z"}
    assert shown["warnings"][0]["party"] == "tax"

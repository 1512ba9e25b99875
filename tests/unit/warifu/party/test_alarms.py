"""What is amiss at a party: said once, as long as it stands, in words of the contract."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind, Alarms
from warifu.party.lookout import certificate_ending, list_ending
from warifu.pki import Identity, Role, Root
from warifu.pki.revocation import RevocationList
from warifu.pki.validity import validity_of
from warifu.rpc import logging as party_logging

START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    before = party_logging._Output.level, party_logging._Output.stream
    party_logging._Output.level, party_logging._Output.stream = "warning", stream
    yield stream
    party_logging._Output.level, party_logging._Output.stream = before


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    return [{name: line[name] for name in ("event", "alarm", "where") if name in line} for line in told]


def test_the_contract_and_the_code_know_the_same_alarms() -> None:
    contract = {name.removeprefix("ALARM_KIND_") for name in party_pb2.AlarmKind.keys()} - {"UNSPECIFIED"}  # noqa: SIM118  # an enum, no mapping
    assert contract == set(AlarmKind.__members__)
    assert all(kind.name == kind.value for kind in AlarmKind)


def test_an_alarm_is_logged_when_it_begins_when_it_changes_and_when_it_ends(
    log: io.StringIO, clock: ManualClock, tmp_path: Path
) -> None:
    alarms = Alarms("tax", tmp_path, clock)
    for where in ("one", "one", "two", "two"):
        alarms.begin(AlarmKind.DISK_LOW, where)
    alarms.end(AlarmKind.DISK_LOW)
    alarms.end(AlarmKind.DISK_LOW)
    assert lines(log) == [
        {"event": "alarm_begun", "alarm": "DISK_LOW", "where": "one"},
        {"event": "alarm_changed", "alarm": "DISK_LOW", "where": "two"},
        {"event": "alarm_ended", "alarm": "DISK_LOW"},
    ]


def test_an_alarm_that_goes_on_keeps_the_time_it_began_and_the_oldest_comes_first(
    log: io.StringIO, clock: ManualClock, tmp_path: Path
) -> None:
    alarms = Alarms("tax", tmp_path, clock)
    alarms.settle(AlarmKind.STARTED_EMPTY, "a")
    clock.advance(timedelta(hours=1))
    alarms.settle(AlarmKind.DISK_LOW, "b")
    alarms.settle(AlarmKind.STARTED_EMPTY, "c")
    standing = alarms.standing()
    assert [(alarm.kind, alarm.since, alarm.where) for alarm in standing] == [
        (AlarmKind.STARTED_EMPTY, START, "c"),
        (AlarmKind.DISK_LOW, START + timedelta(hours=1), "b"),
    ]
    alarms.settle(AlarmKind.STARTED_EMPTY, None)
    assert [alarm.kind for alarm in alarms.standing()] == [AlarmKind.DISK_LOW]


def test_a_refused_file_is_told_by_its_place_in_the_partys_folder_and_why(
    log: io.StringIO, clock: ManualClock, tmp_path: Path
) -> None:
    alarms = Alarms("tax", tmp_path, clock)
    error = WarifuError(Reason.KEY_INVALID, where=str(tmp_path / "tls.pem"), debug="the key is not the certificate's")
    alarms.refused(AlarmKind.CREDENTIAL_REFUSED)(error)
    (alarm,) = alarms.standing()
    assert alarm.where == "tls.pem: the key is not the certificate's"
    alarms.taken(AlarmKind.CREDENTIAL_REFUSED)()
    assert alarms.standing() == ()


def test_a_certificate_ends_soon_from_so_long_before_and_for_ever_after() -> None:
    clock = ManualClock(START)
    identity = Identity.parse_uri("warifu://dev/agency/9010000000000001")
    assert identity.role is Role.AGENCY
    held = validity_of(Root.create("dev", clock).issue(identity, valid_days=90).cert_pem)
    warning = timedelta(days=14)
    assert held.not_after == START + timedelta(days=90)
    last_quiet = held.not_after - warning - timedelta(seconds=1)
    assert certificate_ending("tls.pem", held, warning, last_quiet) is None
    assert (
        certificate_ending("tls.pem", held, warning, held.not_after - warning) == "tls.pem: ends 2026-08-30 00:00 UTC"
    )
    assert certificate_ending("tls.pem", held, warning, held.not_after) == "tls.pem: ended 2026-08-30 00:00 UTC"


def test_a_list_ends_soon_from_a_week_before_and_for_ever_after() -> None:
    until = START + timedelta(days=30)
    held = RevocationList(serials=frozenset(), made_at=START, good_until=until, number=1)
    assert list_ending(None, START) is None
    assert list_ending(held, until - timedelta(days=7, seconds=1)) is None
    for now in (until - timedelta(days=7), until, until + timedelta(days=700)):
        assert list_ending(held, now) == "revoked.pem: good until 2026-07-01 00:00 UTC"

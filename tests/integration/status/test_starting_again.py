"""What a network says when it starts again: elsewhere, or without what it had written; and what it renews while it is up."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.clock import ManualClock
from warifu.party.folder import PartyFolder
from warifu.party.served import SERVED_FILE
from warifu.pki import Root
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network

PARTIES = ("hub", "authority", "tax")


def test_a_party_that_lost_its_database_and_a_listener_that_moved_are_said_until_they_are_settled(
    tmp_path: Path, until: Any, small_members: Any, looked_after: Any
) -> None:
    path = tmp_path / "net"
    create_network(path, members=small_members)
    with Network(path) as running:
        hub = running.endpoint("hub")
        assert looked_after(path, running).status()[0] == 0
    for database in path.glob("*/*.sqlite3*"):
        if not database.name.endswith(".lock"):
            database.unlink()
    with socket.create_server(("127.0.0.1", int(hub.rpartition(":")[2]))), looked_after(path).up() as again:
        assert [event[:2] for event in again.events if event[0] == "moved"] == [("moved", "hub")]
        moved = again.running.endpoint("hub")
        assert moved != hub
        empty = {(party, "STARTED_EMPTY") for party in PARTIES}
        assert again.amiss() == {*empty, ("hub", "LISTENER_MOVED")}
        (text,) = [each["text"] for each in again.status()[1]["warnings"] if each["kind"] == "LISTENER_MOVED"]
        assert hub in text
        assert moved in text
        for party in PARTIES:
            assert ("alarm_begun", "STARTED_EMPTY") in again.logged(party)
            until(lambda party=party: again.health(party, "warifu.party.alarms") == "NOT_SERVING")
    with looked_after(path).up() as again:
        assert again.running.endpoint("hub") == moved
        assert again.amiss() == empty
    for party in PARTIES:
        (path / party / SERVED_FILE).unlink()
    with looked_after(path).up() as again:
        assert again.status()[0] == 0


def test_certificates_that_end_are_renewed_while_the_network_is_up_and_its_parties_take_them(
    tmp_path: Path, until: Any, small_members: Any, looked_after: Any
) -> None:
    path, clock = tmp_path / "net", ManualClock(datetime.now(UTC) - timedelta(hours=3))
    create_network(path, members=small_members, clock=clock)
    with looked_after(path).up(clock=clock) as town:
        identity = PartyFolder(path / "tax").identity()
        ending = Root.load(path / "root", clock).issue(identity, valid_days=10)
        ending.save(path / "tax" / "tls.pem", path / "tax" / "tls.key")
        until(lambda: ("tax", "CERTIFICATE_ENDS_SOON") in town.amiss())
        clock.advance(timedelta(minutes=61))
        until(lambda: ("renewed", "tax") in [event[:2] for event in town.events])
        until(lambda: town.status()[0] == 0)
        in_use = town.status()[1]["parties"]["tax"]["certificates"]["own"]
        assert in_use["serial"] == f"{PartyFolder(path / 'tax').credential().current().serial:x}"
        assert in_use["serial"] != f"{ending.serial:x}"
        (path / "root" / "root.key").unlink()
        ending.save(path / "tax" / "tls.pem", path / "tax" / "tls.key")
        clock.advance(timedelta(minutes=61))
        until(lambda: ("not renewed", "tax") in [event[:2] for event in town.events])


@pytest.mark.parametrize("content", [None, "garbage"])
def test_the_status_of_a_folder_without_a_network_ends_with_2(
    tmp_path: Path, run_status: Any, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "network.json").write_text(content)
    result = run_status(tmp_path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "CONFIG_INVALID" in result.stderr


def test_a_network_that_was_never_up_is_shown_by_its_files(tmp_path: Path, run_status: Any, small_members: Any) -> None:
    create_network(tmp_path / "net", members=small_members)
    (tmp_path / "net" / "tax" / "tls.pem").unlink()
    result = run_status(tmp_path / "net")
    assert result.exit_code == 1
    assert "0 of 3 up" in result.stdout
    assert f"do: warifu up {tmp_path / 'net'}" in result.stdout
    assert "tax: FILE_INVALID" in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines() if not line.startswith("    "))

"""Watching over a network: deaths, restarts and the end."""

from __future__ import annotations

import errno
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.printable import shell_command
from warifu_kit.commands.up import show_network
from warifu_kit.network import network as network_module
from warifu_kit.network import party_process as process_module
from warifu_kit.network.network import Network
from warifu_kit.network.party_process import party_command

AGENCIES = ("tax", "childcare")


def test_a_party_that_dies_is_started_again_where_it_listened(
    network: Network, path: Path, events: Any, until: Any, started: Any
) -> None:
    before, pid = network.endpoint("tax"), network.parties["tax"].pid
    network.kill("tax")
    until(lambda: events.of("restarted"))
    assert events.of("died") == [("tax", "signal 9")]
    assert events.of("restarted") == [("tax", before)]
    assert network.parties["tax"].pid != pid
    assert started(path)[-1][0] == "tax"
    assert started(path)[-1][1][-2:] == ["--listen", before]
    network.check()


def test_the_hub_comes_first_again_when_it_dies_while_another_is_started(
    path: Path, events: Any, until: Any, stand_in: Any
) -> None:
    takes_the_hub_along = (
        "import os\npids = folder.parent / 'pids'\nif pids.exists():\n"
        "    [os.kill(int(pid), 9) for pid in pids.read_text().split()]; pids.unlink()"
    )
    (path / "tax" / "act").write_text(takes_the_hub_along)
    with Network(path, on_event=events, command=stand_in) as network:
        (path / "pids").write_text(f"{network.parties['hub'].pid} {network.parties['childcare'].pid}")
        network.kill("tax")
        until(lambda: len(events.of("restarted")) == 3)
    assert [party for party, _ in events.of("restarted")] == ["tax", "hub", "childcare"]


def test_a_party_that_ends_by_itself_is_started_again_too(path: Path, events: Any, until: Any, stand_in: Any) -> None:
    once = "import os\nif not (folder / 'been').exists():\n    (folder / 'been').touch(); ready(); os._exit(3)"
    (path / "childcare" / "act").write_text(once)
    with Network(path, on_event=events, command=stand_in):
        until(lambda: events.of("restarted"))
    assert events.of("died") == [("childcare", "exit status 3")]


def test_a_party_that_keeps_dying_is_given_up_and_said_by_name(
    path: Path, events: Any, until: Any, stand_in: Any
) -> None:
    (path / "tax" / "act").write_text("import os; ready(); os._exit(4)")
    with Network(path, on_event=events, command=stand_in) as network:
        until(lambda: len(events.of("died")) > 5)

        def given_up() -> bool:
            try:
                network.check()
            except WarifuError as error:
                return error.reason is Reason.PARTY_NOT_STARTED and "tax/party.log" in error.where
            return False

        until(given_up)
    assert len(events.of("restarted")) == 5


def test_a_party_that_does_not_come_back_is_tried_again_and_the_others_go_on(
    path: Path, events: Any, until: Any, stand_in: Any
) -> None:
    with Network(path, on_event=events, command=stand_in) as network:
        (path / "tax" / "act").write_text("sys.exit('broken for a while')")
        network.kill("tax")
        until(lambda: events.of("failed"))
        (path / "tax" / "act").unlink()
        until(lambda: events.of("restarted"))
        assert "broken for a while" in events.of("failed")[0][1]
        assert all(process.exit_status() is None for process in network.parties.values())


@pytest.mark.parametrize(
    "act",
    [
        "sys.exit('CONFIG_INVALID: permissions.yaml:3 rows.0.number')",
        "print('not json', flush=True); sys.exit('CONFIG_INVALID: permissions.yaml:3 rows.0.number')",
        "print('[]', flush=True); sys.exit('CONFIG_INVALID: permissions.yaml:3 rows.0.number')",
        "print('{}', flush=True); sys.stderr.write('CONFIG_INVALID: permissions.yaml:3 rows.0.number'); time.sleep(60)",
    ],
    ids=["it ends", "it says nonsense", "it says no object", "it names no endpoint"],
)
def test_a_party_that_does_not_start_is_told_with_its_last_words_and_stops_the_rest(
    path: Path, act: str, stand_in: Any, started: Any
) -> None:
    (path / "hub" / "act").write_text(act)
    network = Network(path, command=stand_in)
    with pytest.raises(WarifuError) as error, network:
        pytest.fail("it started")
    assert error.value.reason is Reason.PARTY_NOT_STARTED
    assert error.value.where.startswith("hub did not start")
    if "print('{}'" not in act and "print('[]'" not in act and "not json" not in act:
        assert "permissions.yaml:3 rows.0.number" in error.value.where
    assert all(process.exit_status() is not None for process in network.parties.values())


def test_a_party_that_is_never_ready_is_given_up_in_time(
    path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Any, started: Any
) -> None:
    monkeypatch.setattr(process_module, "_READY_SECONDS", 0.2)
    (path / "hub" / "act").write_text("time.sleep(60)")
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in):
        pytest.fail("it started")
    assert error.value.where.startswith("hub did not start")


def test_agencies_stop_before_the_authority_and_the_hub_last_also_after_restarts(
    path: Path, events: Any, until: Any, stand_in: Any
) -> None:
    with Network(path, on_event=events, command=stand_in) as network:
        network.kill("hub")
        until(lambda: events.of("restarted"))
    stopped = (path / "stopped").read_text().split()
    assert sorted(stopped[:2]) == sorted(AGENCIES)
    assert stopped[2:] == ["authority", "hub"]


def test_a_party_that_will_not_stop_is_ended_by_force(
    path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Any
) -> None:
    monkeypatch.setattr(network_module, "STOP_SECONDS", 0.2)
    (path / "tax" / "act").write_text("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with Network(path, command=stand_in) as network:
        pass
    assert network.parties["tax"].exit_status() == -9
    assert network.parties["hub"].exit_status() == 0


def test_parties_that_will_not_stop_are_waited_for_together(
    path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Any
) -> None:
    monkeypatch.setattr(network_module, "STOP_SECONDS", 1.0)
    monkeypatch.setattr(network_module, "_HEAD_START_SECONDS", 0.1)
    for party in ("tax", "childcare", "authority", "hub"):
        (path / party / "act").write_text("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with Network(path, command=stand_in) as network:
        began = time.monotonic()
    assert time.monotonic() - began < 3.5, "a second for the agencies, a second for authority and hub"
    assert all(process.exit_status() == -9 for process in network.parties.values())


def test_a_party_that_is_just_being_started_again_does_not_hold_up_the_stop(
    path: Path, events: Any, until: Any, stand_in: Any
) -> None:
    with Network(path, on_event=events, command=stand_in) as network:
        (path / "tax" / "act").write_text("note('waits', party); time.sleep(60)")
        network.kill("tax")
        until((path / "waits").exists)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert network.parties["tax"].exit_status() == -9


def test_a_party_whose_log_cannot_be_opened_is_tried_again_and_its_siblings_stay(
    path: Path, events: Any, until: Any, stand_in: Any
) -> None:
    with Network(path, on_event=events, command=stand_in) as network:
        network.kill("childcare")
        until(lambda: events.of("restarted"))
        log = path / "tax" / "party.log"
        log.unlink()
        log.mkdir()
        network.kill("tax")
        until(lambda: len(events.of("failed")) > 1)
        network.check()
        assert "party.log: Is a directory" in events.of("failed")[0][1]
        log.rmdir()
        until(lambda: len(events.of("restarted")) > 1)
        assert events.of("died") == [("childcare", "signal 9"), ("tax", "signal 9")]
        assert all(process.exit_status() is None for process in network.parties.values())


def test_a_party_that_can_never_be_started_again_ends_the_network(
    path: Path, events: Any, monkeypatch: pytest.MonkeyPatch, until: Any, stand_in: Any
) -> None:
    monkeypatch.setattr(network_module, "_RETRY_SECONDS", 0.001)
    with Network(path, on_event=events, command=stand_in) as network:
        (path / "tax" / "party.log").unlink()
        (path / "tax" / "party.log").mkdir()
        network.kill("tax")

        def given_up() -> bool:
            try:
                network.check()
            except WarifuError as error:
                return error.reason is Reason.PARTY_NOT_STARTED and error.where.startswith("tax died 6 times")
            return False

        until(given_up)
    assert len(events.of("failed")) == 5


def test_whatever_goes_wrong_in_a_restart_the_watch_goes_on(
    path: Path, events: Any, monkeypatch: pytest.MonkeyPatch, until: Any, stand_in: Any
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    with Network(path, on_event=events, command=stand_in) as network:
        with monkeypatch.context() as patched:
            patched.setattr(process_module.PartyProcess, "restart", fail)
            network.kill("tax")
            until(lambda: events.of("failed"))
        until(lambda: events.of("restarted"))
    assert events.of("failed")[0] == ("tax", "RuntimeError")


def test_a_listener_that_fails_does_not_end_the_watch(path: Path, until: Any, stand_in: Any) -> None:
    told = []

    def listen(event: str, *_: str) -> None:
        told.append(event)
        if event != "ready":
            raise BrokenPipeError

    with Network(path, on_event=listen, command=stand_in) as network:
        for times in (1, 2):
            network.kill("tax")
            until(lambda times=times: told.count("restarted") == times)
        network.check()


def test_a_network_that_nobody_watches_any_more_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Any
) -> None:
    monkeypatch.setattr(Network, "_watch", lambda _: None)
    with Network(path, command=stand_in) as network:
        network._watcher.join()
        with pytest.raises(WarifuError) as error:
            network.check()
    assert error.value.reason is Reason.PARTY_NOT_STARTED
    network.check()


def test_a_party_whose_log_cannot_be_opened_does_not_start(path: Path, stand_in: Any, started: Any) -> None:
    (path / "tax" / "party.log").mkdir()
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in):
        pytest.fail("it started")
    assert error.value.reason is Reason.PARTY_NOT_STARTED
    assert error.value.where == f"tax did not start: {path / 'tax' / 'party.log'}: Is a directory"


def test_stopping_twice_and_stopping_what_never_started_do_no_harm(path: Path, stand_in: Any) -> None:
    Network(path, command=stand_in).stop()
    network = Network(path, command=stand_in)
    with network:
        pass
    network.stop()


def test_what_is_not_started_has_no_process_id(path: Path) -> None:
    process = process_module.PartyProcess("tax", path / "tax", ["true"])
    assert process.exit_status() is None
    assert process.wait_stopped(1) is None
    for act in (lambda: process.pid, process.wait_ready):
        with pytest.raises(WarifuError) as error:
            act()
        assert error.value.reason is Reason.INTERNAL


def test_a_party_that_found_no_hub_is_told_of_as_such_with_where_to_look(
    path: Path, events: Any, stand_in: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (path / "tax" / "act").write_text(
        "print(json.dumps({'ready': True, 'endpoint': endpoint, 'party': party, 'hub_reached': False}), flush=True)"
    )
    with Network(path, on_event=events, command=stand_in) as network:
        show_network(network)
    log = path / "tax" / "party.log"
    assert events.of("without hub") == [("tax", f"it has not reached the hub; see {log}")]
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {line[0] for line in shown if line[-1:] == ["reached"]} == {"authority", "childcare"}
    assert [line[-2:] for line in shown if line[:1] == ["tax"]] == [
        ["NOT", "REACHED"],
        shell_command("tail", log).split(),
    ]


def test_a_partys_words_go_to_its_own_log(path: Path, stand_in: Any) -> None:
    (path / "tax" / "act").write_text("sys.stderr.write('heard\\n')")
    with Network(path, command=stand_in):
        pass
    assert (path / "tax" / "party.log").read_text() == "heard\n"


def test_a_party_is_started_with_the_words_a_person_would_type_and_does_not_outlive_who_started_it(
    tmp_path: Path,
) -> None:
    command = party_command("tax", tmp_path / "tax", ["--hub", "127.0.0.1:1"])
    assert command[:6] == [sys.executable, "-P", "-m", "warifu_kit.network.party_entry", "agency", "tax"]
    assert command[6:] == ["--dir", str(tmp_path / "tax"), "--hub", "127.0.0.1:1", "--stop-with-parent"]
    assert party_command("hub", tmp_path, [])[4:5] == ["hub"]


def test_a_network_that_is_up_is_not_started_again_and_keeps_running(
    path: Path, events: Any, stand_in: Any, started: Any
) -> None:
    with Network(path, on_event=events, command=stand_in) as first:
        pids = {party: process.pid for party, process in first.parties.items()}
        with pytest.raises(WarifuError) as refused, Network(path, command=stand_in):
            pytest.fail("it started twice")
        assert (refused.value.reason, refused.value.where) == (
            Reason.PATH_UNUSABLE,
            f"{path}: the network is up already",
        )
        assert {party: process.pid for party, process in first.parties.items()} == pids


def test_a_network_on_a_disk_without_locks_says_that_and_not_that_it_is_up(
    path: Path, monkeypatch: pytest.MonkeyPatch, stand_in: Any, started: Any
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("warifu.party.claim.fcntl.flock", flock)
    with pytest.raises(WarifuError) as refused, Network(path, command=stand_in):
        pytest.fail("it started")
    assert refused.value.reason is Reason.PATH_UNUSABLE
    assert refused.value.where.startswith(f"{path / 'network.lock'}: the file system cannot lock files")
    assert not (path / "started").exists()

"""How a network's processes are started, watched, started again and stopped; with small stand-ins for the parties."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.network_file import read_network_file
from warifu.pki import Role
from warifu_kit import network as network_module
from warifu_kit.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network import Network, party_command

AGENCIES = ("tax", "childcare")
SMALL = tuple(member for member in DEFAULT_MEMBERS if member.role is not Role.AGENCY or member.party in AGENCIES)

# argv: party, folder, options. Says where it listens; a file "act" in its folder, if there, is run instead.
STAND_IN = """
import json, signal, sys, time
from pathlib import Path
party, folder, options = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
def note(name, text):
    with (folder.parent / name).open("a") as file:
        file.write(text + "\\n")
def stop(*_):
    note("stopped", party)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("started", json.dumps([party, options]))
at = [value for name, value in zip(options, options[1:]) if name == "--listen"]
endpoint = at[-1] if at else "127.0.0.1:" + str(20000 + sum(map(ord, party)))
def ready():
    print(json.dumps({"ready": True, "endpoint": endpoint, "party": party}), flush=True)
act = folder / "act"
if act.exists():
    exec(act.read_text())
ready()
while True:
    time.sleep(60)
"""


def stand_in(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    return [sys.executable, "-S", "-c", STAND_IN, party, str(folder), *options]


class Events:
    """What a network tells of itself."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    def __call__(self, *event: str) -> None:
        self.told.append((event[0], event[1], event[2]))

    def of(self, kind: str) -> list[tuple[str, str]]:
        return [(party, detail) for name, party, detail in self.told if name == kind]


def until(holds: Callable[[], object]) -> None:
    """Wait for a condition; fails when it does not hold within ten seconds."""
    give_up = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        threading.Event().wait(0.01)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "net"
    create_network(path, members=SMALL)
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "net"))


@pytest.fixture
def network(path: Path, events: Events) -> Iterator[Network]:
    with Network(path, on_event=events, command=stand_in) as running:
        yield running


def started(path: Path) -> list[tuple[str, list[str]]]:
    return [(party, options) for party, options in map(json.loads, (path / "started").read_text().splitlines())]


def test_every_party_but_the_supervisor_is_started_and_told_where_the_others_are(network: Network, path: Path) -> None:
    told = dict(started(path))
    hub, authority = network.endpoint("hub"), network.endpoint("authority")
    assert told.pop("hub") == ["--listen", hub]
    assert told.pop("authority") == ["--listen", authority, "--hub", hub]
    assert told == {kind: ["--hub", hub, "--authority", authority] for kind in AGENCIES}


def test_the_network_file_says_where_every_party_listens(network: Network, path: Path, events: Events) -> None:
    described = read_network_file(path).parties
    for party in ("hub", "authority", *AGENCIES):
        assert described[party].endpoint == network.endpoint(party)
    assert described["supervisor"].endpoint is None
    assert dict(events.of("ready")) == {party: network.endpoint(party) for party in network.parties}


def test_a_folder_without_a_network_gets_one(tmp_path: Path) -> None:
    with Network(tmp_path / "new", command=stand_in):
        assert read_network_file(tmp_path / "new").parties["hub"].endpoint


def test_a_network_keeps_its_suite_and_refuses_to_be_another(path: Path) -> None:
    assert read_network_file(path).suite == 2
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in, suite=1):
        pass
    assert error.value.reason is Reason.CONFIG_INVALID
    assert "the network has suite 2" in error.value.where
    assert not (path / "started").exists()


Spoil = Callable[[dict[str, Any]], object]

SPOILT: dict[str, tuple[Spoil, str]] = {
    "no parties": (lambda told: told.pop("parties"), "parties is missing"),
    "parties in a list": (lambda told: told.update(parties=["hub"]), "parties should be"),
    "no hub": (lambda told: told["parties"].pop("hub"), "parties.hub is missing"),
    "a hub that is nothing": (lambda told: told["parties"].update(hub=None), "parties.hub should be"),
    "no role": (lambda told: told["parties"]["tax"].pop("role"), "parties.tax.role is missing"),
    "another role": (lambda told: told["parties"]["tax"].update(role="hub"), "parties.tax.role does not fit"),
    "no endpoint": (lambda told: told["parties"]["hub"].pop("endpoint"), "parties.hub.endpoint is missing"),
    "a number as endpoint": (lambda told: told["parties"]["hub"].update(endpoint=5), "parties.hub.endpoint should be"),
    "no port": (lambda told: told["parties"]["hub"].update(endpoint="nonsense"), "parties.hub.endpoint should be"),
    "a port too high": (lambda told: told["parties"]["tax"].update(endpoint="h:99999"), "parties.tax.endpoint should"),
    "no code": (lambda told: told["parties"]["tax"].pop("institution_code"), "parties.tax.institution_code is missing"),
    "a party without a folder": (
        lambda told: told["parties"].update(zzz={**told["parties"]["tax"], "folder": "zzz"}),
        "parties.zzz has no folder",
    ),
    "a path as party": (lambda told: told["parties"].update({"../x": told["parties"]["tax"]}), "parties.../x"),
    "another party's folder": (lambda told: told["parties"]["tax"].update(folder="hub"), "parties.tax.folder should"),
    "a suite nobody knows": (lambda told: told.update(suite=7), "suite should be 1 or 2"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_description_that_does_not_hold_together_is_refused_where_it_does_not_before_anything_starts(
    path: Path, spoilt: str
) -> None:
    spoil, fault = SPOILT[spoilt]
    told = json.loads((path / "network.json").read_text("utf-8"))
    spoil(told)
    (path / "network.json").write_text(json.dumps(told), "utf-8")
    refused_before_anything_starts(path, fault)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b'{"network": ', b"\xff\xfe{}", b"[" * 20_000], ids=range(6))
def test_a_description_that_is_none_is_refused_by_its_file(path: Path, content: bytes) -> None:
    (path / "network.json").write_bytes(content)
    refused_before_anything_starts(path, "")


def refused_before_anything_starts(path: Path, fault: str) -> None:
    before = (path / "hub" / "revoked.pem").read_bytes()
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in):
        pytest.fail("it started")
    assert error.value.reason is Reason.CONFIG_INVALID
    assert error.value.where.startswith(f"{path / 'network.json'}:")
    assert fault in error.value.where
    assert not (path / "started").exists()
    assert (path / "hub" / "revoked.pem").read_bytes() == before


def test_the_same_folder_again_listens_where_it_did(path: Path) -> None:
    places = []
    for _ in range(2):
        with Network(path, command=stand_in) as network:
            places.append({party: network.endpoint(party) for party in ("hub", "authority")})
    assert places[0] == places[1]


def test_an_endpoint_that_somebody_took_meanwhile_is_replaced(path: Path) -> None:
    with Network(path, command=stand_in) as network:
        before = network.endpoint("hub")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(before.rpartition(":")[2])))
        taken.listen()
        with Network(path, command=stand_in) as network:
            assert network.endpoint("hub") != before
            assert dict(started(path))["tax"][1] == network.endpoint("hub")


def test_starting_and_stopping_changes_nothing_but_the_endpoints_in_the_network_file(path: Path) -> None:
    before = json.loads((path / "network.json").read_text("utf-8"))
    with Network(path, command=stand_in) as network:
        after = json.loads((path / "network.json").read_text("utf-8"))
        for party in network.parties:
            assert after["parties"][party].pop("endpoint") == network.endpoint(party)
            before["parties"][party].pop("endpoint")
    assert after == before


def test_a_party_that_dies_is_started_again_where_it_listened(network: Network, path: Path, events: Events) -> None:
    before, pid = network.endpoint("tax"), network.parties["tax"].pid
    network.kill("tax")
    until(lambda: events.of("restarted"))
    assert events.of("died") == [("tax", "signal 9")]
    assert events.of("restarted") == [("tax", before)]
    assert network.parties["tax"].pid != pid
    assert started(path)[-1][0] == "tax"
    assert started(path)[-1][1][-2:] == ["--listen", before]
    network.check()


def test_a_party_that_ends_by_itself_is_started_again_too(path: Path, events: Events) -> None:
    once = "import os\nif not (folder / 'been').exists():\n    (folder / 'been').touch(); ready(); os._exit(3)"
    (path / "childcare" / "act").write_text(once)
    with Network(path, on_event=events, command=stand_in):
        until(lambda: events.of("restarted"))
    assert events.of("died") == [("childcare", "exit status 3")]


def test_a_party_that_keeps_dying_is_given_up_and_said_by_name(path: Path, events: Events) -> None:
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


def test_a_party_that_does_not_come_back_is_tried_again_and_the_others_go_on(path: Path, events: Events) -> None:
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
def test_a_party_that_does_not_start_is_told_with_its_last_words_and_stops_the_rest(path: Path, act: str) -> None:
    (path / "hub" / "act").write_text(act)
    network = Network(path, command=stand_in)
    with pytest.raises(WarifuError) as error, network:
        pytest.fail("it started")
    assert error.value.reason is Reason.PARTY_NOT_STARTED
    assert error.value.where.startswith("hub did not start")
    if "print('{}'" not in act and "print('[]'" not in act and "not json" not in act:
        assert "permissions.yaml:3 rows.0.number" in error.value.where
    assert all(process.exit_status() is not None for process in network.parties.values())


def test_a_party_that_is_never_ready_is_given_up_in_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "_READY_SECONDS", 0.2)
    (path / "hub" / "act").write_text("time.sleep(60)")
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in):
        pytest.fail("it started")
    assert error.value.where.startswith("hub did not start")


def test_agencies_stop_before_the_authority_and_the_hub_last_also_after_restarts(path: Path, events: Events) -> None:
    with Network(path, on_event=events, command=stand_in) as network:
        network.kill("hub")
        until(lambda: events.of("restarted"))
    stopped = (path / "stopped").read_text().split()
    assert sorted(stopped[:2]) == sorted(AGENCIES)
    assert stopped[2:] == ["authority", "hub"]


def test_a_party_that_will_not_stop_is_ended_by_force(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "_STOP_SECONDS", 0.2)
    (path / "tax" / "act").write_text("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with Network(path, command=stand_in) as network:
        pass
    assert network.parties["tax"].exit_status() == -9
    assert network.parties["hub"].exit_status() == 0


def test_parties_that_will_not_stop_are_waited_for_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "_STOP_SECONDS", 1.0)
    monkeypatch.setattr(network_module, "_HEAD_START_SECONDS", 0.1)
    for party in ("tax", "childcare", "authority", "hub"):
        (path / party / "act").write_text("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    with Network(path, command=stand_in) as network:
        began = time.monotonic()
    assert time.monotonic() - began < 3.5, "a second for the agencies, a second for authority and hub"
    assert all(process.exit_status() == -9 for process in network.parties.values())


def test_a_party_that_is_just_being_started_again_does_not_hold_up_the_stop(path: Path, events: Events) -> None:
    with Network(path, on_event=events, command=stand_in) as network:
        (path / "tax" / "act").write_text("note('waits', party); time.sleep(60)")
        network.kill("tax")
        until((path / "waits").exists)
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert network.parties["tax"].exit_status() == -9


def test_a_party_whose_log_cannot_be_opened_is_tried_again_and_its_siblings_stay(path: Path, events: Events) -> None:
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
    path: Path, events: Events, monkeypatch: pytest.MonkeyPatch
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
    path: Path, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError

    with Network(path, on_event=events, command=stand_in) as network:
        with monkeypatch.context() as patched:
            patched.setattr(network_module.PartyProcess, "restart", fail)
            network.kill("tax")
            until(lambda: events.of("failed"))
        until(lambda: events.of("restarted"))
    assert events.of("failed")[0] == ("tax", "RuntimeError")


def test_a_listener_that_fails_does_not_end_the_watch(path: Path) -> None:
    told = []

    def listen(event: str, *_: str) -> None:
        told.append(event)
        if event != "ready":
            raise BrokenPipeError

    with Network(path, on_event=listen, command=stand_in) as network:
        for times in (1, 2):
            network.kill("tax")
            until(lambda times=times: told.count("restarted") == times)  # type: ignore[misc]
        network.check()


def test_a_network_that_nobody_watches_any_more_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "_watch", lambda _: None)
    with Network(path, command=stand_in) as network:
        network._watcher.join()
        with pytest.raises(WarifuError) as error:
            network.check()
    assert error.value.reason is Reason.PARTY_NOT_STARTED
    network.check()


def test_a_party_whose_log_cannot_be_opened_does_not_start(path: Path) -> None:
    (path / "tax" / "party.log").mkdir()
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in):
        pytest.fail("it started")
    assert error.value.reason is Reason.PARTY_NOT_STARTED
    assert error.value.where == f"tax did not start: {path / 'tax' / 'party.log'}: Is a directory"


def test_stopping_twice_and_stopping_what_never_started_do_no_harm(path: Path) -> None:
    Network(path, command=stand_in).stop()
    network = Network(path, command=stand_in)
    with network:
        pass
    network.stop()


def test_what_is_not_started_has_no_process_id(path: Path) -> None:
    process = network_module.PartyProcess("tax", path / "tax", ["true"])
    assert process.exit_status() is None
    assert process.wait_stopped(1) is None
    for act in (lambda: process.pid, process.wait_ready):
        with pytest.raises(WarifuError) as error:
            act()
        assert error.value.reason is Reason.INTERNAL


def test_a_partys_words_go_to_its_own_log(path: Path) -> None:
    (path / "tax" / "act").write_text("sys.stderr.write('heard\\n')")
    with Network(path, command=stand_in):
        pass
    assert (path / "tax" / "party.log").read_text() == "heard\n"


def test_a_party_is_started_as_a_person_would_and_does_not_outlive_who_started_it(tmp_path: Path) -> None:
    command = party_command("tax", tmp_path / "tax", ["--hub", "127.0.0.1:1"])
    assert command[:5] == [sys.executable, "-m", "warifu_kit.cli", "agency", "tax"]
    assert command[5:] == ["--dir", str(tmp_path / "tax"), "--hub", "127.0.0.1:1", "--stop-with-parent"]
    assert party_command("hub", tmp_path, [])[3:4] == ["hub"]


def test_a_network_that_is_up_is_not_started_again_and_keeps_running(path: Path, events: Events) -> None:
    with Network(path, on_event=events, command=stand_in) as first:
        pids = {party: process.pid for party, process in first.parties.items()}
        with pytest.raises(WarifuError) as refused, Network(path, command=stand_in):
            pytest.fail("it started twice")
        assert (refused.value.reason, refused.value.where) == (
            Reason.PATH_UNUSABLE,
            f"{path}: the network is up already",
        )
        assert {party: process.pid for party, process in first.parties.items()} == pids

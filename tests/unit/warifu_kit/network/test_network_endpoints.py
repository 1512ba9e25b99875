"""A party listens where it listened, over IPv4 and IPv6; where it cannot, it moves, this is said, and the others hear it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warifu.party.network_file import read_network_file, write_network_file
from warifu_kit.network import network as network_module
from warifu_kit.network.creation import DEFAULT_MEMBERS, create_network
from warifu_kit.network.network import Network

PARTIES = ("hub", "authority", "tax", "childcare")


@contextmanager
def taken(endpoint: str) -> Iterator[None]:
    """Somebody else listens there."""
    host, _, port = endpoint.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host.strip("[]"), int(port)), family=family):
        yield


def listened_at(path: Path, host: str) -> dict[str, str]:
    """Write into the network's file that every party listened at a port of ``host``, one that is free now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    servers = [socket.create_server((host.strip("[]"), 0), family=family) for _ in PARTIES]
    places = {party: f"{host}:{server.getsockname()[1]}" for party, server in zip(PARTIES, servers, strict=True)}
    for server in servers:
        server.close()
    write_network_file(path, read_network_file(path).listening_at(places))
    return places


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_every_party_listens_where_it_did(path: Path, host: str, stand_in: Any, events: Any) -> None:
    places = listened_at(path, host)
    with Network(path, command=stand_in, on_event=events) as network:
        assert {party: network.endpoint(party) for party in PARTIES} == places
    assert events.of("moved") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
@pytest.mark.parametrize("party", ["hub", "tax"])
def test_a_party_whose_endpoint_somebody_has_moves_and_it_is_said_from_where_to_where(
    path: Path, host: str, party: str, stand_in: Any, started: Any, events: Any
) -> None:
    places = listened_at(path, host)
    with taken(places[party]), Network(path, command=stand_in, on_event=events) as network:
        now = network.endpoint(party)
        assert events.of("moved") == [(party, f"from {places[party]}, which cannot be had, to {now}")]
        assert now.rpartition(":")[0] == host
        assert read_network_file(path).parties[party].endpoint == now
        assert dict(started(path))["childcare"][1] == network.endpoint("hub")
        assert all(network.endpoint(other) == places[other] for other in PARTIES if other != party)


def test_a_party_that_has_never_run_listens_where_its_folder_says(tmp_path: Path, stand_in: Any) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        place = f"[::1]:{server.getsockname()[1]}"
    members = [member for member in DEFAULT_MEMBERS if member.party in (*PARTIES, "supervisor")]
    chosen = tuple(replace(member, listen=place) if member.party == "tax" else member for member in members)
    create_network(tmp_path / "net", members=chosen)
    with Network(tmp_path / "net", command=stand_in) as network:
        assert network.endpoint("tax") == place


def test_a_hub_that_dies_and_finds_its_endpoint_taken_moves_and_the_others_are_started_with_the_new_one(
    path: Path, stand_in: Any, started: Any, events: Any, until: Any
) -> None:
    with Network(path, command=stand_in, on_event=events) as network:
        before = network.endpoint("hub")
        with taken(before):
            network.kill("hub")
            until(lambda: ("hub", network.endpoint("hub")) in events.of("restarted"))
        now = network.endpoint("hub")
        assert events.of("moved") == [("hub", f"from {before}, which cannot be had, to {now}")]
        assert [party for party, _ in events.of("told")] == ["authority", "tax", "childcare"]
        for party, options in started(path)[-3:]:
            assert options[options.index("--hub") + 1] == now, party
        assert read_network_file(path).parties["hub"].endpoint == now
        network.check()


def test_an_agency_that_dies_and_finds_its_endpoint_taken_moves_alone(
    path: Path, stand_in: Any, started: Any, events: Any, until: Any
) -> None:
    with Network(path, command=stand_in, on_event=events) as network:
        before = network.endpoint("tax")
        with taken(before):
            network.kill("tax")
            until(lambda: events.of("restarted"))
        assert events.of("restarted") == [("tax", network.endpoint("tax"))]
        assert network.endpoint("tax") != before
        assert events.of("told") == []
        assert read_network_file(path).parties["tax"].endpoint == network.endpoint("tax")


def test_parties_are_started_a_few_at_a_time(
    path: Path, stand_in: Any, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_module, "_STARTED_AT_ONCE", 1)
    running: list[int] = []

    def seen(event: str, *_: str) -> None:
        if event == "ready":
            running.append(len(network.parties))

    network = Network(path, command=stand_in, on_event=seen)
    with network:
        assert running == [1, 2, 3, 4]

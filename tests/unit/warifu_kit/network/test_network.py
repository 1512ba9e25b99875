"""Starting a network: what parties are told, and what network.json says."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.network_file import read_network_file
from warifu_kit.network.network import Network

AGENCIES = ("tax", "childcare")


def test_every_party_but_the_supervisor_is_started_and_told_where_the_others_are(
    network: Network, path: Path, started: Any
) -> None:
    told = dict(started(path))
    hub, authority = network.endpoint("hub"), network.endpoint("authority")
    assert told.pop("hub") == ["--listen", hub]
    assert told.pop("authority") == ["--hub", hub, "--listen", authority]
    assert told == {kind: ["--hub", hub, "--authority", authority] for kind in AGENCIES}


def test_the_network_file_says_where_every_party_listens(network: Network, path: Path, events: Any) -> None:
    described = read_network_file(path).parties
    for party in ("hub", "authority", *AGENCIES):
        assert described[party].endpoint == network.endpoint(party)
    assert described["supervisor"].endpoint is None
    assert dict(events.of("ready")) == {party: network.endpoint(party) for party in network.parties}


def test_a_folder_without_a_network_gets_one(tmp_path: Path, stand_in: Any) -> None:
    with Network(tmp_path / "new", command=stand_in):
        assert read_network_file(tmp_path / "new").parties["hub"].endpoint


def test_a_network_keeps_its_suite_and_refuses_to_be_another(path: Path, stand_in: Any, started: Any) -> None:
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
    path: Path, spoilt: str, stand_in: Any, started: Any
) -> None:
    spoil, fault = SPOILT[spoilt]
    told = json.loads((path / "network.json").read_text("utf-8"))
    spoil(told)
    (path / "network.json").write_text(json.dumps(told), "utf-8")
    refused_before_anything_starts(path, fault, stand_in, started)


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b'{"network": ', b"\xff\xfe{}", b"[" * 20_000], ids=range(6))
def test_a_description_that_is_none_is_refused_by_its_file(
    path: Path, content: bytes, stand_in: Any, started: Any
) -> None:
    (path / "network.json").write_bytes(content)
    refused_before_anything_starts(path, "", stand_in, started)


def refused_before_anything_starts(path: Path, fault: str, stand_in: Any, started: Any) -> None:
    before = (path / "hub" / "revoked.pem").read_bytes()
    with pytest.raises(WarifuError) as error, Network(path, command=stand_in):
        pytest.fail("it started")
    assert error.value.reason is Reason.CONFIG_INVALID
    assert error.value.where.startswith(f"{path / 'network.json'}:")
    assert fault in error.value.where
    assert not (path / "started").exists()
    assert (path / "hub" / "revoked.pem").read_bytes() == before


def test_the_same_folder_again_listens_where_it_did(path: Path, stand_in: Any) -> None:
    places = []
    for _ in range(2):
        with Network(path, command=stand_in) as network:
            places.append({party: network.endpoint(party) for party in ("hub", "authority")})
    assert places[0] == places[1]


def test_an_endpoint_that_somebody_took_meanwhile_is_replaced(path: Path, stand_in: Any, started: Any) -> None:
    with Network(path, command=stand_in) as network:
        before = network.endpoint("hub")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(before.rpartition(":")[2])))
        taken.listen()
        with Network(path, command=stand_in) as network:
            assert network.endpoint("hub") != before
            assert dict(started(path))["tax"][1] == network.endpoint("hub")


def test_starting_and_stopping_changes_nothing_but_the_endpoints_in_the_network_file(path: Path, stand_in: Any) -> None:
    before = json.loads((path / "network.json").read_text("utf-8"))
    with Network(path, command=stand_in) as network:
        after = json.loads((path / "network.json").read_text("utf-8"))
        for party in network.parties:
            assert after["parties"][party].pop("endpoint") == network.endpoint(party)
            before["parties"][party].pop("endpoint")
    assert after == before

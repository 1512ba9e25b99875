"""In which order parties start, whom each is told of, and what a network is started without."""

from __future__ import annotations

import pytest

from warifu.party.network_file import NetworkFile
from warifu_kit.network.creation import DEFAULT_MEMBERS, JPKI_MEMBERS
from warifu_kit.network.one_party import describe_party
from warifu_kit.network.order import ASKED, asked_by, starting_order

MEMBERS = (*JPKI_MEMBERS, *DEFAULT_MEMBERS)


@pytest.fixture(scope="module")
def described() -> NetworkFile:
    told = {
        "network": "n",
        "suite": 2,
        "root_certificate": "root/root.pem",
        "log_verifier_key": "key",
        "parties": {member.party: describe_party(member) for member in MEMBERS},
    }
    return NetworkFile.model_validate(told)


def test_the_hub_starts_first_and_then_the_authority(described: NetworkFile) -> None:
    assert starting_order(described)[:2] == ["hub", "authority"]
    assert "supervisor" not in starting_order(described)


def test_everybody_starts_but_who_is_left_out(described: NetworkFile) -> None:
    left_out = set(starting_order(described)) - set(starting_order(described, ["jpki"]))
    assert left_out == {"jpki", "verifier"}


def test_nobody_who_certifies_or_relies_is_told_where_the_hub_is(described: NetworkFile) -> None:
    told = {party: asked_by(party) for party in starting_order(described)}
    assert (told["jpki"], told["verifier"], told["tax"]) == ((), ("jpki",), ("hub", "authority"))
    assert {whom for asked in told.values() for whom in asked} == set(ASKED)

"""What a network made for tests is: the same keys from the same seed, certificates that outlast its clock, and loud."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from warifu.clock import SystemClock
from warifu.party.network_file import read_network_file
from warifu.pki.validity import validity_of
from warifu_kit.network.creation import create_network
from warifu_kit.network.custody import keep_fresh, renew
from warifu_kit.network.for_tests import LIKE_OTHERS, ForTests
from warifu_kit.network.settable_clock import FARTHEST


def _secrets(network: Path) -> dict[str, bytes]:
    return {path.relative_to(network).as_posix(): path.read_bytes() for path in sorted(network.rglob("*.key"))}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seeded") / "net"
    create_network(path, for_tests=ForTests(seed=7))
    return path


def test_the_same_seed_gives_every_party_the_same_keys(seeded: Path, tmp_path: Path) -> None:
    create_network(tmp_path / "again", for_tests=ForTests(seed=7))
    keys = _secrets(seeded)
    assert {"root/root.key", "hub/factor.key", "tax/agency.key", "authority/point.key", "tax/tls.key"} <= set(keys)
    assert _secrets(tmp_path / "again") == keys
    assert read_network_file(tmp_path / "again").network == read_network_file(seeded).network == "sim-seed-7"


@pytest.mark.parametrize("terms", [ForTests(seed=8), LIKE_OTHERS])
def test_another_seed_or_none_shares_no_key_with_it(seeded: Path, tmp_path: Path, terms: ForTests) -> None:
    create_network(tmp_path / "other", for_tests=terms)
    assert set(_secrets(tmp_path / "other").values()) & set(_secrets(seeded).values()) == set()


def test_no_two_keys_of_a_seeded_network_are_the_same(seeded: Path) -> None:
    keys = list(_secrets(seeded).values())
    assert len(set(keys)) == len(keys)


def test_the_file_that_describes_it_says_so_loudly(seeded: Path) -> None:
    described = read_network_file(seeded)
    assert described.seed == 7
    assert "SIMULATED" in described.notice
    assert "MADE FROM SEED 7" in described.notice


def test_a_network_like_others_says_nothing_of_tests(tmp_path: Path) -> None:
    create_network(tmp_path / "net")
    text = (tmp_path / "net" / "network.json").read_text("utf-8")
    assert [word for word in ('"seed"', '"clock"', "SEED", "CLOCK") if word in text] == []
    assert LIKE_OTHERS.loudly() == []
    assert LIKE_OTHERS.options(tmp_path, "authority") == []


def test_certificates_and_list_are_good_wherever_its_clock_can_be(tmp_path: Path) -> None:
    network = tmp_path / "net"
    create_network(network, for_tests=ForTests(settable_clock=True))
    keep_fresh(network)
    renew(network, "tax")
    now, reach = SystemClock().now(), FARTHEST + timedelta(days=30)
    for certificate in network.rglob("*.pem"):
        if certificate.name != "revoked.pem":
            validity = validity_of(certificate.read_bytes())
            assert validity.not_before < now - reach, certificate
            assert validity.not_after > now + reach, certificate
    assert ForTests(settable_clock=True).list_valid_for > reach


def test_only_the_authority_is_told_the_seed(tmp_path: Path) -> None:
    terms = ForTests(seed=7, settable_clock=True)
    assert terms.options(tmp_path, "tax") == ["--clock", str(tmp_path / "clock")]
    assert terms.options(tmp_path, "authority") == ["--clock", str(tmp_path / "clock"), "--seed", "7"]

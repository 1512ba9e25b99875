"""A whole network with its certificate authority and verifier: commands of people, who holds what, what is left out.

Two are slow: the page of the guide has the same commands typed, and tests with a verifier alone show the same refusals.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warifu.card.secrets import Pin
from warifu.client import BlockingVerifierClient, NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessSearch
from warifu_kit.demo.outside import search_party
from warifu_kit.jpki.applicant import read_application
from warifu_kit.jpki.desk import ServiceDesk
from warifu_kit.jpki.holder import HeldCard
from warifu_kit.network.creation import DEFAULT_MEMBERS, JPKI_MEMBERS, create_network
from warifu_kit.network.network import Network
from warifu_kit.reader.card_file import CardInField, kept_card

Warifu = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    path = tmp_path_factory.mktemp("cards") / "net"
    create_network(path, members=(*DEFAULT_MEMBERS, *JPKI_MEMBERS))
    with Network(path) as network:
        yield network


@pytest.fixture
def warifu(tmp_path: Path) -> Warifu:
    def run(*words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "warifu_kit.cli", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, input=typed, cwd=tmp_path, check=False)

    return run


def collected(network: Network, warifu: Warifu, folder: Path, seed: int) -> Path:
    """The card of a made-up person, whose PINs are 1234 and HOLDER77."""
    assert warifu("card", "apply", network.path, folder, "--seed", str(seed)).returncode == 0
    card = folder.with_suffix(".card")
    done = warifu("card", "collect", network.path, folder, card, typed="1234\nHOLDER77\n")
    assert done.returncode == 0, done.stderr
    return card


@pytest.mark.slow
def test_a_card_that_was_collected_is_used_and_after_a_reissue_only_the_new_one(
    network: Network, warifu: Warifu, tmp_path: Path
) -> None:
    first = CardInField(collected(network, warifu, tmp_path / "first", 11))
    password, pin = Pin.of("HOLDER77"), Pin.of("1234")
    with BlockingVerifierClient(NetworkDescription.load(network.path).to_verifier()) as client:
        held = ServiceDesk(client, HeldCard(first.answer))
        user = held.register(password)
        assert held.log_in(pin) == user
        kept = read_application(tmp_path / "first" / "application.json")
        account, checks = held.open_account(kept.applicant.items, "生計費決済", "会社員", password)
        assert (len(account), len(checks), len(held.check_identity(kept))) == (7, 8, 8)

        done = warifu("card", "reissue", network.path, tmp_path / "first", tmp_path / "second")
        assert done.returncode == 0, done.stderr
        assert held.log_in(pin) == user  # the old one is good until the new one is collected
        new = tmp_path / "new.card"
        done = warifu("card", "collect", network.path, tmp_path / "second", new, typed="1234\nHOLDER77\n")
        assert done.returncode == 0, done.stderr
        with pytest.raises(WarifuError) as refused:
            held.log_in(pin)
        assert refused.value.reason is Reason.CERTIFICATE_REVOKED
        second = CardInField(new)
        again = ServiceDesk(client, HeldCard(second.answer))
        assert again.replace(password) == user
        assert again.log_in(pin) == user
        second.take_out()
    first.take_out()


@pytest.mark.slow
def test_what_cannot_be_done_is_refused_in_a_sentence(network: Network, warifu: Warifu, tmp_path: Path) -> None:
    folder = tmp_path / "hers"
    assert warifu("card", "apply", network.path, folder, "--seed", "12").returncode == 0
    early = warifu("card", "suspend", network.path, folder)
    assert (early.returncode, "suspend: the card is notified" in early.stderr) == (1, True)
    short = warifu("card", "collect", network.path, folder, tmp_path / "a.card", typed="123\nHOLDER77\n")
    assert (short.returncode, "the wrong length" in short.stderr) == (2, True)
    assert not (tmp_path / "a.card").exists()
    assert "123" not in short.stderr
    told = warifu("card", "history", network.path, folder, "--json").stdout.splitlines()
    assert [json.loads(line)["state"] for line in told] == ["applied", "ordered", "personalised", "notified"]
    again = warifu("card", "apply", network.path, folder)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)


def test_neither_the_authority_nor_the_verifier_nor_any_log_holds_a_number_a_pin_or_a_chips_key(
    network: Network, warifu: Warifu, tmp_path: Path
) -> None:
    card = CardInField(collected(network, warifu, tmp_path / "hers", 13))
    kept = read_application(tmp_path / "hers" / "application.json")
    with BlockingVerifierClient(NetworkDescription.load(network.path).to_verifier()) as client:
        held = ServiceDesk(client, HeldCard(card.answer))
        held.register(Pin.of("HOLDER77"))
        held.check_identity(kept)
    card.take_out()
    keys = [key.private_key.loaded() for each in kept_card(card.path).applications for key in each.keys]
    primes = {key.private_numbers().p.to_bytes(128, "big") for key in keys}
    sought = [
        Secret(kind="my_number", owner="holder", value=kept.applicant.my_number.digits),
        Secret(kind="password", owner="holder", value="HOLDER77"),
        *(Secret(kind="key", owner="chip", value=prime) for prime in primes),
    ]
    for party in ("jpki", "verifier", "hub"):
        search = BlindnessSearch(sought)
        search_party(party, network.path / party, network.parties[party].pid, search)
        assert search.report().hits == (), party
    names = BlindnessSearch([Secret(kind="name", owner="holder", value=kept.applicant.items.name)])
    search_party("hub", network.path / "hub", network.parties["hub"].pid, names)
    for party in ("jpki", "verifier"):
        assert kept.applicant.items.name not in (network.path / party / "party.log").read_text("utf-8")
    assert names.report().hits == ()


def test_a_network_can_be_made_and_started_without_them(warifu: Warifu, tmp_path: Path) -> None:
    for words, parties in ((("--without", "jpki"), False), ((), True)):
        path = tmp_path / ("with" if parties else "without")
        assert warifu("new", path, *words).returncode == 0
        described = json.loads((path / "network.json").read_text("utf-8"))
        assert ({"jpki", "verifier"} <= set(described["parties"])) is parties
    with Network(tmp_path / "with", without=("jpki",)) as network:
        assert set(network.parties) & {"jpki", "verifier"} == set()

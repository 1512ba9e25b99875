"""Whatever is amiss at a running party is in its log, in its health and in ``warifu status``, and ends when it is mended.

Nobody calls the parties meanwhile but the status command: a party looks after itself.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.client import Connection, PartyClient
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import ALARMS_SERVICE
from warifu.party.folder import PartyFolder
from warifu.pki import write_public_file
from warifu_kit.network.custody import renew
from warifu_kit.network.versions import make_version, write_version

CENTRAL, ALL = ("hub", "authority"), ("hub", "authority", "tax")
DATABASES = {"hub": "hub.sqlite3", "authority": "authority.sqlite3", "tax": "node.sqlite3"}


def missing(path: Path) -> None:
    path.unlink()


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage")


def of_another(path: Path) -> None:
    """The same file of another party, or of the business system."""
    other = path.parent.parent / ("supervisor" if path.parent.name != "supervisor" else "hub") / path.name
    path.write_bytes(other.read_bytes())


SPOILT = [
    *(("tls.pem", spoil, "CREDENTIAL_REFUSED", ALL) for spoil in (missing, garbage, of_another)),
    *(("tls.key", spoil, "CREDENTIAL_REFUSED", ALL) for spoil in (missing, garbage)),
    *(("revoked.pem", spoil, "REVOCATION_LIST_REFUSED", CENTRAL) for spoil in (missing, garbage)),
    *(("directory.json", spoil, "DIRECTORY_REFUSED", ALL) for spoil in (missing, garbage)),
]


@pytest.mark.parametrize(
    ("name", "spoil", "kind", "parties"), SPOILT, ids=[f"{name} {spoil.__name__}" for name, spoil, *_ in SPOILT]
)
def test_a_bad_replacement_of_a_watched_file_is_said_everywhere_until_it_is_good_again(
    small: Any, until: Any, name: str, spoil: Callable[[Path], None], kind: str, parties: tuple[str, ...]
) -> None:
    logged = {party: len(small.logged(party)) for party in parties}
    good = {party: (small.path / party / name).read_bytes() for party in parties}

    def everywhere(*events: str) -> bool:
        expected = [(event, kind) for event in events]
        return all(small.logged(party)[logged[party] :] == expected for party in parties)

    def healthy() -> set[str]:
        return {small.health(party, ALARMS_SERVICE) for party in parties}

    try:
        for party in parties:
            spoil(small.path / party / name)
        until(lambda: everywhere("alarm_begun"))
        until(lambda: healthy() == {"NOT_SERVING"})
        assert {small.health(party) for party in parties} == {"SERVING"}
        exit_code, told = small.status()
        assert (exit_code, told["well"]) == (1, False)
        assert {(warned["party"], warned["kind"]) for warned in told["warnings"]} == {(each, kind) for each in parties}
        assert all(warned["text"].startswith(name) and warned["do"] for warned in told["warnings"])
    finally:
        for party in parties:
            path = small.path / party / name
            path.write_bytes(good[party])
            path.chmod(0o600 if name.endswith(".key") else 0o644)
    until(lambda: everywhere("alarm_begun", "alarm_ended"))
    until(lambda: healthy() == {"SERVING"})
    assert small.status()[0] == 0


def test_what_status_says_to_do_about_a_spoilt_certificate_mends_it(small: Any, until: Any) -> None:
    garbage(small.path / "tax" / "tls.pem")
    until(lambda: ("tax", "CREDENTIAL_REFUSED") in small.amiss())
    (warned,) = small.status()[1]["warnings"]
    assert warned["do"] == f"warifu certificate renew {small.path} tax"
    renew(small.path, "tax")
    until(lambda: small.status()[0] == 0)


def test_a_node_whose_list_was_spoilt_says_so_and_takes_the_hubs(small: Any, until: Any) -> None:
    path, logged = small.path / "tax" / "revoked.pem", len(small.logged("tax"))
    write_public_file(path, b"garbage")
    until(lambda: path.read_bytes() == (small.path / "hub" / "revoked.pem").read_bytes())
    said = [("alarm_begun", "REVOCATION_LIST_REFUSED"), ("alarm_ended", "REVOCATION_LIST_REFUSED")]
    until(lambda: small.logged("tax")[logged:] == said)


def test_a_database_that_is_moved_away_under_a_running_party_is_said(small: Any, until: Any) -> None:
    for party, name in DATABASES.items():
        (small.path / party / name).rename(small.path / party / "aside")
    until(lambda: small.amiss() == {(party, "DATABASE_REPLACED") for party in ALL})
    for party, name in DATABASES.items():
        assert not (small.path / party / name).exists(), "looking makes no new one"
        (small.path / party / "aside").rename(small.path / party / name)
    until(lambda: small.status()[0] == 0)


def test_a_hub_that_hangs_is_shown_with_why_and_its_node_says_that_it_is_out_of_contact(small: Any, until: Any) -> None:
    hub = small.running.parties["hub"]
    hub.send(signal.SIGSTOP)
    try:
        until(lambda: ("begun", "HUB_NOT_IN_CONTACT") in [(e[6:], a) for e, a in small.logged("tax")])
        exit_code, told = small.status()
    finally:
        hub.send(signal.SIGCONT)
    assert exit_code == 1
    assert told["parties"]["hub"]["answers"] is False
    why_not = told["parties"]["hub"]["why_not"]
    assert why_not.startswith(Reason.NOT_CONNECTED.value)  # it is asked anew, and a hub that hangs greets nobody
    assert "no answer within" in why_not
    found = {warned["kind"]: warned for warned in told["warnings"]}
    assert found["NO_ANSWER"]["party"] == "hub"
    assert found["HUB_NOT_IN_CONTACT"]["party"] == "tax"
    until(lambda: small.status()[0] == 0)


def test_a_party_that_is_gone_is_shown_beside_those_that_are_there(small: Any, until: Any) -> None:
    pid, tax = small.running.parties["tax"].pid, small.running.parties["tax"]
    tax.send(signal.SIGKILL)
    until(lambda: ("restarted", "tax") in [event[:2] for event in small.events] and tax.is_ready)
    assert tax.pid != pid
    until(lambda: small.status()[0] == 0)
    assert small.status()[1]["up"] == 3


@pytest.mark.parametrize(
    ("party", "caller", "answered"),
    [
        ("tax", "supervisor", True),
        ("tax", "tax", True),
        ("tax", "tax/business", True),
        ("tax", "hub", False),
        ("tax", "authority", False),
        ("hub", "supervisor", True),
        ("hub", "tax", False),
        ("hub", "tax/business", False),
        ("authority", "tax/business", False),
    ],
)
async def test_a_party_tells_the_supervisor_and_its_own_institution_and_nobody_else(
    small: Any, party: str, caller: str, answered: bool
) -> None:
    own = small.path / caller
    connection = Connection(
        endpoint=small.running.endpoint(party),
        expect=PartyFolder(small.path / party).identity(),
        certificate=own / "tls.pem",
        private_key=own / "tls.key",
        root_certificate=small.path / party / "root.pem",
    )
    async with PartyClient(connection) as client:
        if answered:
            assert (await client.status()).institution_code == connection.expect.institution
        else:
            with pytest.raises(WarifuError) as refused:
                await client.status()
            assert refused.value.reason is Reason.CALLER_NOT_ALLOWED


def test_a_directory_version_that_a_party_cannot_work_with_is_said_until_it_takes_one(small: Any, until: Any) -> None:
    key = small.path / "tax" / "agency.key"

    def next_version() -> int:
        version = make_version(small.path, lambda _: None, clock=SystemClock())
        write_version(small.path, version)
        return int(version.header.version)

    def version_of(party: str) -> Any:
        return small.status()[1]["parties"][party]["directory_version"]

    key.rename(small.path / "aside.key")
    refused = next_version()
    until(lambda: small.amiss() == {("tax", "DIRECTORY_VERSION_REFUSED"), ("tax", "DIRECTORY_BEHIND")})
    assert (version_of("hub"), version_of("authority"), version_of("tax")) == (refused, refused, refused - 1)
    assert "agency.key" in next(each["text"] for each in small.status()[1]["warnings"] if "REFUSED" in each["kind"])
    (small.path / "aside.key").rename(key)
    taken = next_version()
    until(lambda: {version_of(party) for party in ALL} == {taken})
    until(lambda: small.status()[0] == 0)

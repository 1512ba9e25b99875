"""``warifu card`` as people use it: made, shown, changed, spoilt; and no PIN where others could see one."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.integration.card.conftest import Reader
from typer.testing import CliRunner

from warifu.card.applications import jpki
from warifu.card.chip_file import written_chip
from warifu.card.chip_state import Chip
from warifu.card.personalisation_file import written_personalisation
from warifu.errors import WarifuError
from warifu.pki.files import write_private_file
from warifu_kit.card.specimen import specimen
from warifu_kit.cli import app
from warifu_kit.reader.card_file import kept_card


def _run(*arguments: str | Path, stdin: str = "", status: int = 0) -> str:
    """What the command prints, with the error that ends it; in this process, for a start takes longer than what it does."""
    told = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["card", *map(str, arguments)], input=stdin)
    ended, shown = told.exit_code, told.output
    if isinstance(told.exception, WarifuError):
        ended, shown = 1, f"{shown}{told.exception} {told.exception.where}"
    elif told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    assert ended == status, shown
    return shown


@pytest.fixture
def card(tmp_path: Path, specimen_chip: Chip) -> Path:
    path = tmp_path / "card.json"
    write_private_file(path, written_chip(specimen_chip))
    return path


def test_a_specimen_is_its_owners_alone_and_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "new" / "card.json"
    assert "SIMULATED" in _run("specimen", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    assert "not written over" in _run("specimen", path, status=1)
    assert path.read_bytes() == before


def test_a_card_is_made_from_what_an_authority_left(tmp_path: Path) -> None:
    bundle, path = tmp_path / "bundle.json", tmp_path / "card.json"
    given = specimen(datetime.now(UTC))
    write_private_file(bundle, written_personalisation(given))
    assert "SIMULATED card (card)" in _run("personalise", bundle, path)
    application = kept_card(path).application(jpki.AID)
    assert application is not None
    certificate = application.file(jpki.AUTHENTICATION_CERTIFICATE)
    assert certificate is not None
    assert certificate.content == given.authentication.certificate
    told = json.loads(bundle.read_bytes())
    bundle.write_text(json.dumps({**told, "serial": "SIM"}), "utf-8")
    assert "serial should be" in _run("personalise", bundle, tmp_path / "other.json", status=1)
    bundle.write_text("{}")
    assert "FILE_INVALID" in _run("personalise", bundle, tmp_path / "other.json", status=1)


def test_what_is_shown_is_nothing_of_the_holder(card: Path) -> None:
    shown = _run("show", card) + _run("show", card, "--json")
    assert "authentication 3 of 3, signing 5 of 5" in " ".join(shown.split()), "as the commands call them"
    assert json.loads(shown.splitlines()[-1])["applications"][0]["tries_left"] == {"0018": 3, "001B": 5}
    assert not any(secret in shown for secret in ("見本", "1234", "SPECIMEN1", "2001"))


def test_a_pin_is_changed_by_the_old_one_and_a_wrong_one_costs_a_try(card: Path) -> None:
    assert "changed" in _run("pin", "change", card, "authentication", stdin="1234\n9876\n")
    wrong = _run("pin", "change", card, "authentication", stdin="1234\n1111\n", status=1)
    assert "tries left: 2" in wrong
    assert "set anew" in _run("pin", "unblock", card, "authentication", stdin="5555\n")
    assert "9876" not in wrong
    assert "wrong length" in _run("pin", "unblock", card, "signing", stdin="short\n", status=2)
    assert "6A80" in _run("pin", "change", card, "signing", stdin="SPECIMEN1\nshort\n", status=1)


def test_a_pin_that_is_not_typed_is_asked_for_and_no_argument(card: Path) -> None:
    assert "type it" in _run("pin", "unblock", card, "authentication", status=2)
    assert "No such option" in _run("pin", "unblock", card, "authentication", "--pin", "1234", status=2)


def test_free_space_holds_what_a_municipality_puts_there(card: Path, tmp_path: Path) -> None:
    file = tmp_path / "membership"
    file.write_text("member 17")
    added = _run("free-space", "add", card, "library", file, "--pin", stdin="8080\n")
    assert "F05741524946550001" in added
    assert "library" in _run("show", card)
    assert "there is an application" in _run("free-space", "add", card, "library", file, status=2)


def test_spoilt_cards_are_copies_that_say_what_was_done(card: Path, tmp_path: Path) -> None:
    told = _run("spoil", card, tmp_path / "bad.json", "--tampered", "--cloned", "--revoked", "--worn-out", "5")
    assert "cloned, revoked, tampered, worn out" in told
    assert kept_card(card).switches == frozenset()
    refused = _run("spoil", card, tmp_path / "none.json", status=2)
    assert all(how in refused for how in ("say one of them", "--tampered", "--cloned", "--revoked", "--worn-out"))


def test_a_card_is_in_one_reader_and_nothing_changes_it_from_outside(reader: Reader) -> None:
    assert "is in the reader" in _run("insert", reader.card, "--socket", reader.socket, status=1)
    assert "take it out" in _run("pin", "unblock", reader.card, "authentication", stdin="1111\n", status=1)
    assert f"PCSCLITE_CSOCK_NAME={reader.socket}" in _run("shell", "--socket", reader.socket)
    assert "is out of the reader" in _run("remove", "--socket", reader.socket)
    assert "no card" in _run("remove", "--socket", reader.socket)
    assert "is in the reader" in _run("insert", reader.card, "--socket", reader.socket)


def test_where_no_reader_can_be_it_is_said_why(card: Path, tmp_path: Path) -> None:
    assert "no reader is there" in _run("remove", "--socket", tmp_path / "nowhere", status=1)
    assert "at most" in _run("insert", card, "--socket", tmp_path / ("long" * 30), status=1)
    assert "no such" in _run("insert", tmp_path / "none.json", "--socket", tmp_path / "r", status=1).lower()
    for elsewhere in ("192.0.2.1:35963", "localhost", "127.0.0.1:0"):
        assert "on this machine" in _run("insert", card, "--vpcd", elsewhere, status=1)


def test_a_pin_is_in_no_argument_no_environment_and_no_log_of_the_reader(own_reader: Reader) -> None:
    from tests.integration.card.pcsc_by_hand import Client

    with Client(own_reader.socket) as client:
        held = client.begin_session().connected()
        for apdu in ("00A4040C0AD392F000260100000001", "00A4020C02001B", "002000800B" + b"SECRETPIN42".hex()):
            client.transmit(held, bytes.fromhex(apdu))
        process = Path("/proc") / str(own_reader.process.pid)
        outside = process.joinpath("cmdline").read_bytes() + process.joinpath("environ").read_bytes()
    assert b"SECRETPIN42" not in outside
    assert own_reader.stop() == ""

"""What a hub process refuses to start with: it ends with status 1 and says file, line and field."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.folder import PartyFolder
from warifu.tlog.note import Verifier
from warifu_hub.app import build_hub
from warifu_hub.ledger import Ledger
from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.network.party_process import party_command


def last_words(path: Path) -> dict[str, Any]:
    """Start the hub in ``path``, which must end by itself with status 1; the one line it leaves."""
    command = party_command("hub", path / "hub", ["--listen", "127.0.0.1:0"])
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == "", "it never said that it is ready"
    (line,) = ended.stderr.splitlines()
    told: dict[str, Any] = json.loads(line)
    assert told["event"] == "party_failed"
    return told


def table(path: Path) -> Path:
    return path / "hub" / "permissions.yaml"


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(table(path).read_text("utf-8").splitlines(), 1) if text in line)


def replaced(path: Path, old: str, new: str) -> None:
    content = table(path).read_text("utf-8")
    assert old in content
    table(path).write_text(content.replace(old, new, 1), "utf-8")


def test_a_malformed_permission_table_is_refused_with_every_fault_by_file_line_and_field(fresh_network: Path) -> None:
    line = line_of(fresh_network, "number: R01")
    replaced(fresh_network, "number: R01", "number: X01")
    replaced(fresh_network, "inquirers: [childcare]", "inquirers: [fortune_teller]")
    told = last_words(fresh_network)
    assert told["reason"] == Reason.CONFIG_INVALID.value
    assert f"permissions.yaml:{line} rows[0].number" in told["where"]
    assert told["text"] == "A configuration file is not valid."


async def refused(path: Path) -> WarifuError:
    """What building the hub in ``path`` ends with; the same that the process would end with."""
    with pytest.raises(WarifuError) as error:
        build_hub(PartyFolder(path / "hub"))
    return error.value


async def test_a_table_that_contradicts_itself_is_refused_by_line_and_field(fresh_network: Path) -> None:
    line = line_of(fresh_network, "inquirers: [childcare]")
    replaced(fresh_network, "inquirers: [childcare]", "inquirers: [fortune_teller]")
    error = await refused(fresh_network)
    assert f"permissions.yaml:{line} rows[0].inquirers[0] is not a kind of this file" in error.where


@pytest.mark.parametrize("content", ["", "rows: [", "- a\n- b\n", "\t", "kinds: &a [*a]\n"], ids=range(5))
async def test_a_table_that_is_no_table_is_refused_by_its_name(fresh_network: Path, content: str) -> None:
    table(fresh_network).write_text(content)
    error = await refused(fresh_network)
    assert error.reason is Reason.CONFIG_INVALID
    assert "permissions.yaml" in error.where


def spoilt_directory(path: Path) -> None:
    file = path / "hub" / "directory.json"
    directory = json.loads(file.read_text())
    directory["entries"][2]["institutionName"] = "Somebody else"
    file.write_text(json.dumps(directory))


def changed_leaf(path: Path, position: int = 1, *, of: int = 3) -> None:
    """A log that somebody changed after its checkpoint was published."""

    async def publish() -> None:
        folder = PartyFolder(path / "hub")
        store = DatabaseHubStore(folder.path / "hub.sqlite3")
        verifier = Verifier.parse(folder.directory().log_verifier_key)
        await asyncio.gather(*(store.append_leaf(b"leaf %d" % number) for number in range(of)))
        await Ledger(store, log_key=folder.secret("log.key"), verifier=verifier).publish()
        store.close()

    asyncio.run(publish())
    connection = sqlite3.connect(path / "hub" / "hub.sqlite3")
    connection.execute("UPDATE leaf SET leaf = x'64' WHERE position = ?", (position,))
    connection.commit()
    connection.close()


def newer_schema(path: Path) -> None:
    connection = sqlite3.connect(path / "hub" / "hub.sqlite3")
    connection.execute("PRAGMA user_version=999")
    connection.close()


def other(name: str) -> Callable[[Path], object]:
    """Another key in place of the hub's own."""
    return lambda path: (path / "hub" / name).write_text("ab" * 32 + "\n")


def another_party(party: str) -> Callable[[Path], object]:
    """The settings of another party in place of the hub's."""
    return lambda path: shutil.copyfile(path / party / "party.json", path / "hub" / "party.json")


def settings(**changes: str) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        file = path / "hub" / "party.json"
        file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), **changes}), "utf-8")

    return change


SPOILT: dict[str, tuple[Callable[[Path], object], Reason, str]] = {
    "no permission table": (lambda path: table(path).unlink(), Reason.CONFIG_INVALID, "permissions.yaml"),
    "no settings": (lambda path: (path / "hub" / "party.json").unlink(), Reason.CONFIG_INVALID, "party.json"),
    "an agency's settings": (another_party("tax"), Reason.CONFIG_INVALID, "party.json: not the hub"),
    "the authority's role": (settings(role="authority"), Reason.CONFIG_INVALID, "party.json: not the hub"),
    "another network's settings": (settings(network="other"), Reason.CONFIG_INVALID, "party.json: not the network"),
    "a port that is none": (settings(listen="127.0.0.1:99999"), Reason.CONFIG_INVALID, "listen 127.0.0.1:99999"),
    "a socket's path": (settings(listen="unix:hub"), Reason.CONFIG_INVALID, "listen unix:hub"),
    "no factor key": (lambda path: (path / "hub" / "factor.key").unlink(), Reason.KEY_INVALID, "factor.key"),
    "a key open to others": (lambda path: (path / "hub" / "opening.key").chmod(0o644), Reason.KEY_INVALID, "chmod 600"),
    "no certificate": (lambda path: (path / "hub" / "tls.pem").unlink(), Reason.KEY_INVALID, "tls.pem"),
    "another's certificate key": (
        lambda path: shutil.copyfile(path / "tax" / "tls.key", path / "hub" / "tls.key"),
        Reason.KEY_INVALID,
        "tls",
    ),
    "no root": (lambda path: (path / "hub" / "root.pem").unlink(), Reason.KEY_INVALID, "root.pem"),
    "a changed directory entry": (spoilt_directory, Reason.DIRECTORY_INVALID, "directory.entries["),
    "an empty revocation list": (
        lambda path: (path / "hub" / "revoked.pem").write_text(""),
        Reason.FILE_INVALID,
        "revoked.pem",
    ),
    "a database of a newer version": (newer_schema, Reason.LOG_UNAVAILABLE, "hub.sqlite3"),
    "no database but other bytes": (
        lambda path: (path / "hub" / "hub.sqlite3").write_bytes(b"not a database" * 1000),
        Reason.LOG_UNAVAILABLE,
        "hub.sqlite3",
    ),
    **{
        f"another {name}": (other(name), Reason.KEY_INVALID, f"{name}: not the key in the directory")
        for name in ("log.key", "signing.key", "factor.key", "opening.key")
    },
}


@pytest.mark.parametrize("case", SPOILT)
async def test_a_hub_does_not_start_on_a_folder_whose_parts_do_not_belong_together(
    fresh_network: Path, case: str
) -> None:
    spoil, reason, where = SPOILT[case]
    spoil(fresh_network)
    error = await refused(fresh_network)
    assert (error.reason, where in error.where) == (reason, True), error
    assert "ab" * 32 not in f"{error} {error.debug}"


def test_a_hub_does_not_start_on_a_log_that_somebody_changed(fresh_network: Path) -> None:
    changed_leaf(fresh_network)
    told = last_words(fresh_network)
    assert (told["reason"], told["where"]) == (Reason.LOG_INVALID.value, "leaf 1: not the one that was published")


def test_a_hub_whose_log_was_changed_further_back_starts_finds_it_and_starts_no_more(fresh_network: Path) -> None:
    changed_leaf(fresh_network, 300, of=1000)
    command = party_command("hub", fresh_network / "hub", ["--listen", "127.0.0.1:0"])
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["ready"] is True
    where = "leaf 300: not the one that was published"
    told = json.loads(ended.stderr.splitlines()[-1])
    assert (told["event"], told["reason"], told["where"]) == ("party_failed", Reason.LOG_INVALID.value, where)
    assert last_words(fresh_network)["where"] == where


def test_a_second_hub_does_not_start_on_the_folder_of_one_that_runs(lone_hub: Any) -> None:
    told = last_words(lone_hub.path)
    assert (told["reason"], told["where"]) == ("LOG_UNAVAILABLE", "hub.sqlite3: in use by another process")
    assert lone_hub.process.exit_status() is None


def test_a_hub_does_not_start_on_an_address_it_cannot_have(fresh_network: Path) -> None:
    command = party_command("hub", fresh_network / "hub", ["--listen", "192.0.2.1:7400"])
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert json.loads(ended.stderr.splitlines()[-1])["where"] == (
        "listen 192.0.2.1:7400: is no address of this machine"
    )

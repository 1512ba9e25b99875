"""Starting an authority from its folder, and refusing to when the folder does not hold together."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.signature import SigningKey
from warifu.party.folder import PartyFolder
from warifu_services.authority.app import build_authority, run_authority

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def folder(network: Path, tmp_path: Path) -> PartyFolder:
    """An authority's folder that a test may spoil."""
    shutil.copytree(network / "authority", tmp_path / "authority")
    return PartyFolder(tmp_path / "authority")


def other_party(folder: PartyFolder) -> None:
    folder.write_settings(replace(folder.settings(), role="hub"))


def other_network(folder: PartyFolder) -> None:
    folder.write_settings(replace(folder.settings(), network="elsewhere"))


def other_institution(folder: PartyFolder) -> None:
    hub = folder.directory().hub
    folder.write_settings(replace(folder.settings(), institution_code=hub))


def other_signing_key(folder: PartyFolder) -> None:
    (folder.path / "signing.key").unlink()
    folder.write_secret("signing.key", SigningKey.generate().to_bytes())


def no_point_key(folder: PartyFolder) -> None:
    (folder.path / "point.key").unlink()


def a_point_key_open_to_others(folder: PartyFolder) -> None:
    (folder.path / "point.key").chmod(0o644)


def no_directory(folder: PartyFolder) -> None:
    (folder.path / "directory.json").unlink()


def a_spoilt_directory(folder: PartyFolder) -> None:
    path = folder.path / "directory.json"
    directory = json.loads(path.read_text())
    directory["entries"][0]["institutionName"] += "!"
    path.write_text(json.dumps(directory))


def a_database_that_is_none(folder: PartyFolder) -> None:
    (folder.path / "authority.sqlite3").write_bytes(b"not a database, but long enough to be looked at" * 100)


def no_revocation_list(folder: PartyFolder) -> None:
    (folder.path / "revoked.pem").unlink()


@pytest.mark.parametrize(
    ("spoil", "reason", "where"),
    [
        (other_party, Reason.CONFIG_INVALID, "party.json"),
        (other_network, Reason.CONFIG_INVALID, "party.json"),
        (other_institution, Reason.CONFIG_INVALID, "party.json"),
        (other_signing_key, Reason.KEY_INVALID, "signing.key"),
        (no_point_key, Reason.KEY_INVALID, "point.key"),
        (a_point_key_open_to_others, Reason.KEY_INVALID, "point.key"),
        (no_directory, Reason.DIRECTORY_INVALID, "directory.json"),
        (a_spoilt_directory, Reason.DIRECTORY_INVALID, "directory.entries"),
        (a_database_that_is_none, Reason.STORE_UNAVAILABLE, "authority.sqlite3"),
        (no_revocation_list, Reason.FILE_INVALID, "revoked.pem"),
    ],
)
async def test_a_folder_that_does_not_hold_together_starts_nothing(
    folder: PartyFolder, spoil: Callable[[PartyFolder], None], reason: Reason, where: str
) -> None:
    spoil(folder)
    with pytest.raises(WarifuError) as refused:
        build_authority(folder, hub=NOWHERE)
    assert refused.value.reason is reason
    assert where in refused.value.where


async def test_a_hub_address_that_is_none_is_refused_by_its_option(folder: PartyFolder) -> None:
    with pytest.raises(WarifuError) as refused:
        build_authority(folder, hub="127.0.0.1:99999")
    assert (refused.value.reason, refused.value.where) == (Reason.CONFIG_INVALID, "hub 127.0.0.1:99999")


async def test_a_point_key_that_is_not_the_databases_starts_nothing(folder: PartyFolder) -> None:
    await build_authority(folder, hub=NOWHERE).close()
    (folder.path / "point.key").write_text("ab" * 32, "ascii")
    with pytest.raises(WarifuError) as refused:
        build_authority(folder, hub=NOWHERE)
    assert refused.value.reason is Reason.KEY_INVALID
    assert refused.value.where.startswith("point.key: ")
    assert "ab" * 32 not in f"{refused.value} {refused.value.debug}"


async def test_it_says_where_it_listens_and_stops_when_asked(
    folder: PartyFolder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warifu_services.authority.app.HUB_SOUGHT_S", 0.05)
    stop = asyncio.Event()
    running = asyncio.create_task(run_authority(stop, folder.path, hub=NOWHERE, listen="127.0.0.1:0"))
    said = ""
    while not said:
        await asyncio.sleep(0.01)
        said = capsys.readouterr().out
    ready = json.loads(said)
    assert (ready["ready"], ready["party"]) == (True, "authority")
    assert ready["hub_reached"] is False
    host, _, port = ready["endpoint"].rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await writer.wait_closed()
    stop.set()
    await asyncio.wait_for(running, 20)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))

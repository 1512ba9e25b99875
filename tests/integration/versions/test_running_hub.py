"""A running hub takes what is put into its folder, also when the first try fails."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.alarms import AlarmKind
from warifu.party.folder import PartyFolder
from warifu.tlog.checkpoint import Checkpoint, sign_checkpoint
from warifu.tlog.note import Verifier
from warifu_hub.app import running
from warifu_hub.standing import Standing
from warifu_hub.standing_store import StandingStore
from warifu_hub.store_database import DatabaseHubStore
from warifu_kit.network.rotation import rotate_log_key, rotate_signing_key


async def test_each_version_is_taken_as_it_is_put_into_the_folder(
    place: Any, told: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.run(monkeypatch)
    for version in (2, 3):
        rotate_signing_key(place.path, "hub")
        await until(
            lambda version=version: [line["version"] for line in told("directory_version_taken")][-1:] == [version]
        )


async def test_a_version_that_a_full_disk_kept_out_of_the_log_is_taken_when_there_is_room_again(
    place: Any, told: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_TAKE_AGAIN_SECONDS", 0.01)
    put = DatabaseHubStore.put_directory_header
    full = asyncio.Event()

    async def sometimes(store: DatabaseHubStore, version: int, header: bytes, leaf: bytes) -> int:
        if full.is_set():
            raise WarifuError(Reason.LOG_UNAVAILABLE)
        return await put(store, version, header, leaf)

    monkeypatch.setattr(DatabaseHubStore, "put_directory_header", sometimes)
    await place.run(monkeypatch)
    full.set()
    rotate_log_key(place.path)
    await until(lambda: told("alarm_begun"))
    full.clear()
    await until(lambda: told("directory_version_taken"))
    await until(lambda: told("alarm_ended"))
    refused = AlarmKind.DIRECTORY_REFUSED.value
    assert [line["alarm"] for line in (*told("alarm_begun"), *told("alarm_ended"))] == [refused, refused]


async def test_a_version_that_comes_while_the_hub_starts_is_not_missed(
    place: Any, told: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.run(monkeypatch, lambda: rotate_signing_key(place.path, "authority"))
    await until(lambda: told("directory_version_taken"))


async def test_whatever_goes_wrong_in_taking_a_version_the_hub_tries_again(
    place: Any, told: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_TAKE_AGAIN_SECONDS", 0.01)
    put = DatabaseHubStore.put_directory_header
    failures = [RuntimeError("never thought of")]

    async def failing(store: DatabaseHubStore, version: int, header: bytes, leaf: bytes) -> int:
        if version == 2 and failures:
            raise failures.pop()
        return await put(store, version, header, leaf)

    monkeypatch.setattr(DatabaseHubStore, "put_directory_header", failing)
    await place.run(monkeypatch)
    rotate_signing_key(place.path, "authority")
    await until(lambda: told("directory_version_taken"))


def seen_by_others(place: Any) -> bytes:
    """A checkpoint of more than this log has, under the log key that is in force in the folder."""
    folder = PartyFolder(place.path / "hub")
    origin = Verifier.parse(folder.directory().log_verifier_key).name
    return sign_checkpoint(Checkpoint(origin=origin, size=50, root_hash=bytes(32)), folder.secret("log.key"))


async def shown(place: Any, note: bytes) -> None:
    """The hub, which is down, was shown it before."""
    store = DatabaseHubStore(place.path / "hub" / "hub.sqlite3")
    await StandingStore(store.database).keep_shown(note)
    store.close()


def logged(place: Any) -> list[int]:
    connection = sqlite3.connect(place.path / "hub" / "hub.sqlite3")
    versions = [version for (version,) in connection.execute("SELECT version FROM directory_version ORDER BY version")]
    connection.close()
    return versions


async def test_a_hub_that_starts_behind_serves_by_the_version_its_log_has_until_it_is_told_to_go_on(
    place: Any, told: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_TAKE_AGAIN_SECONDS", 0.01)
    note = seen_by_others(place)
    await place.run(monkeypatch)
    await place.stop()
    await shown(place, note)
    rotate_log_key(place.path)
    await place.run(monkeypatch)
    alarms = {line["alarm"]: line["where"] for line in told("alarm_begun")}
    assert set(alarms) >= {AlarmKind.LOG_BEHIND.value, AlarmKind.DIRECTORY_REFUSED.value}
    assert "50 seen by others" in alarms[AlarmKind.DIRECTORY_REFUSED.value]
    await place.stop()
    assert logged(place) == [1]
    assert not told("checkpoint_not_published")
    await place.run(monkeypatch, go_on=True)
    await place.stop()
    assert logged(place) == [1, 2]


async def test_a_running_hub_that_is_behind_takes_no_version(
    place: Any, told: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_TAKE_AGAIN_SECONDS", 0.01)
    standings: list[Standing] = []
    begin = Standing.begin

    async def begun(standing: Standing) -> None:
        standings.append(standing)
        await begin(standing)

    monkeypatch.setattr(Standing, "begin", begun)
    note = seen_by_others(place)
    await place.run(monkeypatch)
    await standings[0].shown(note)
    rotate_signing_key(place.path, "authority")
    await until(lambda: AlarmKind.DIRECTORY_REFUSED.value in [line["alarm"] for line in told("alarm_begun")])
    await place.stop()
    assert logged(place) == [1]

"""Versions of the directory at the hub: each is in the log before it is in force, and there is one chain."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import sign_header
from warifu.party.directory_file import read_directory_file, write_directory_file
from warifu.pki import Root
from warifu_hub.store import HubStore
from warifu_hub.versions import DirectoryVersions
from warifu_kit.network.rotation import (
    announce_codes,
    put_codes_in_force,
    rotate_log_key,
    rotate_opening_key,
    rotate_signing_key,
)


async def refused(versions: DirectoryVersions) -> WarifuError:
    before = (versions.current(), versions.file, versions.keys.current())
    with pytest.raises(WarifuError) as error:
        await versions.take()
    assert (versions.current(), versions.file, versions.keys.current()) == before
    return error.value


async def test_the_first_version_is_put_into_the_log_and_taking_again_changes_nothing(place: Any) -> None:
    versions = place.started()
    assert await versions.take()
    assert place.logged() == [1]
    for _ in range(3):
        assert not await versions.take()
    assert not await place.started().take()
    assert place.logged() == [1]


async def test_a_version_is_in_the_log_before_it_is_in_force(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = place.started()
    await versions.take()
    place.change()
    put: Callable[..., Any] = place.store.put_directory_header
    seen: list[tuple[int, int]] = []

    async def watched(version: int, header: bytes, leaf: bytes) -> int:
        position = int(await put(version, header, leaf))
        seen.append((version, versions.current().version))
        return position

    monkeypatch.setattr(place.store, "put_directory_header", watched)
    assert await versions.take()
    assert seen == [(2, 1)]
    assert (versions.current().version, versions.file.header.version) == (2, 2)


async def test_a_log_that_cannot_be_written_leaves_the_version_in_force_and_the_next_try_takes_it(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = place.started()
    await versions.take()
    place.change()

    async def full(*_: object) -> int:
        raise WarifuError(Reason.LOG_UNAVAILABLE)

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "put_directory_header", full)
        assert (await refused(versions)).reason is Reason.LOG_UNAVAILABLE
    assert place.logged() == [1]
    assert await versions.take()
    assert place.logged() == [1, 2]


async def test_versions_that_came_while_the_hub_was_down_all_enter_the_log_in_order(place: Any) -> None:
    await place.started().take()
    for _ in range(3):
        place.change()
    versions = place.started()
    assert place.logged() == [1]
    assert await versions.take()
    assert place.logged() == [1, 2, 3, 4]
    assert versions.current().version == 4


@pytest.mark.parametrize("killed_at", [2, 3])
async def test_a_hub_killed_between_two_versions_goes_on_with_the_one_it_lacks(
    place: Any, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.started().take()
    place.change()
    place.change()
    put: Callable[..., Any] = place.store.put_directory_header

    async def killed(version: int, header: bytes, leaf: bytes) -> int:
        if version == killed_at:
            raise KeyboardInterrupt
        return int(await put(version, header, leaf))

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "put_directory_header", killed)
        with pytest.raises(KeyboardInterrupt):
            await place.started().take()
    assert place.logged() == list(range(1, killed_at))
    assert await place.started().take()
    assert place.logged() == [1, 2, 3]


async def test_a_version_missing_in_between_is_named_and_nothing_enters_the_log(place: Any) -> None:
    versions = place.started()
    await versions.take()
    for _ in range(3):
        place.change()
    kept = place.version(3).read_bytes()
    place.version(3).unlink()
    error = await refused(versions)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, "3.json")
    assert place.logged() == [1]
    place.version(3).write_bytes(kept)
    assert await versions.take()
    assert place.logged() == [1, 2, 3, 4]


async def test_a_version_in_between_that_is_another_does_not_enter_the_log(place: Any) -> None:
    versions = place.started()
    await versions.take()
    for _ in range(3):
        place.change()
    shutil.copyfile(place.version(2), place.version(3))
    assert (await refused(versions)).where == "directory.header.version"
    other = read_directory_file(place.version(2))
    other.header.version, other.header.previous_digest = 3, bytes(32)
    sign_header(Root.load(place.path / "root", place.clock), other.header)
    write_directory_file(place.version(3), other)
    assert (await refused(versions)).where == "directory.header.previous_digest"
    assert place.logged() == [1]


async def test_an_older_directory_than_the_log_has_is_refused(place: Any) -> None:
    versions = place.started()
    await versions.take()
    place.change()
    await versions.take()
    shutil.copyfile(place.version(1), place.newest)
    assert "older than what the log has" in (await refused(versions)).where
    again = place.started()
    assert "older than what the log has" in (await refused(again)).where
    assert place.logged() == [1, 2]


async def test_another_version_with_the_number_of_the_newest_is_refused(place: Any) -> None:
    versions = place.started()
    await versions.take()
    place.change()
    await versions.take()
    other = read_directory_file(place.newest)
    other.header.made_ms += 1
    sign_header(Root.load(place.path / "root", place.clock), other.header)
    write_directory_file(place.newest, other)
    assert "another version 2" in (await refused(versions)).where
    assert place.logged() == [1, 2]


async def test_a_first_log_does_not_begin_with_a_later_version(place: Any) -> None:
    place.change()
    shutil.copyfile(place.version(2), place.version(1))
    error = await refused(place.started())
    assert error.reason is Reason.DIRECTORY_INVALID
    assert place.logged() == []


@pytest.mark.parametrize(
    ("rotate", "missing"),
    [
        (rotate_opening_key, "opening.2.key"),
        (lambda path: rotate_signing_key(path, "hub"), "signing.2.key"),
        (rotate_log_key, "log.2.key"),
    ],
    ids=["opening key", "signing key", "log key"],
)
async def test_a_version_the_hub_lacks_the_key_of_is_refused_until_it_is_there(
    place: Any, rotate: Callable[[Path], int], missing: str
) -> None:
    versions = place.started()
    await versions.take()
    rotate(place.path)
    key = place.path / "hub" / missing
    away = key.rename(key.with_suffix(".away"))
    assert (await refused(versions)).reason is Reason.KEY_INVALID
    with pytest.raises(WarifuError):
        place.started()
    assert place.logged() == [1]
    away.rename(key)
    assert await versions.take()
    assert place.logged() == [1, 2]


async def test_whoever_waits_for_a_newer_version_is_woken_when_it_is_in_force(place: Any) -> None:
    versions = place.started()
    await versions.take()
    waiting = asyncio.create_task(versions.wait_newer(1, 60))
    await asyncio.sleep(0)
    place.change()
    await versions.take()
    await waiting
    await versions.wait_newer(1, 60)
    await versions.wait_newer(2, 0)


async def test_a_version_of_codes_announced_and_in_force_needs_no_new_secret_of_the_hub(place: Any) -> None:
    versions = place.started()
    await versions.take()
    announce_codes(place.path, "tax", clock=place.clock)
    assert await versions.take()
    put_codes_in_force(place.path, "tax", clock=place.clock)
    assert await versions.take()
    assert place.logged() == [1, 2, 3]


async def test_headers_are_listed_in_order_in_pieces_with_their_places(place: Any) -> None:
    versions = place.started()
    await versions.take()
    await place.store.append_leaf(b"something else")
    for _ in range(3):
        place.change()
    await versions.take()
    listed = place.store.directory_headers(0, 100)
    assert [place for _, place in listed] == [0, 2, 3, 4]
    assert place.store.directory_headers(1, 2) == listed[1:3]
    assert place.store.directory_headers(4, 2) == []
    assert place.store.directory_headers(0, 0) == []
    assert place.store.newest_directory_header() == listed[-1][0]


async def test_a_version_that_is_in_the_log_is_not_put_there_again(store: HubStore) -> None:
    assert store.newest_directory_header() is None
    await store.put_directory_header(1, b"header", b"leaf")
    with pytest.raises(WarifuError) as error:
        await store.put_directory_header(1, b"other", b"leaf again")
    assert error.value.reason is Reason.LOG_INVALID
    assert store.directory_headers(0, 9) == [(b"header", 0)]
    assert store.leaves(0, 9) == [b"leaf"]

"""Versions of the directory at the hub: each is in the log before it is in force, and there is one chain."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader
from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import says_published, sign_header
from warifu.party.directory_file import VERSIONS_FOLDER, read_directory_file, write_directory_file
from warifu.party.folder import PartyFolder
from warifu.pki import Root
from warifu.tlog.checkpoint import open_checkpoint
from warifu.tlog.note import Verifier
from warifu_hub.ledger import Ledger
from warifu_hub.store import HubStore
from warifu_hub.store_memory import MemoryHubStore
from warifu_hub.store_sqlite import SqliteHubStore
from warifu_hub.versions import DirectoryVersions
from warifu_kit.network.creation import create_network
from warifu_kit.network.rotation import (
    AgencyKeys,
    announce_codes,
    put_codes_in_force,
    rotate_agency_keys,
    rotate_log_key,
    rotate_opening_key,
    rotate_signing_key,
)

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)


class Place:
    """A network's folder, and its hub's versions over a store that outlives it."""

    def __init__(self, path: Path, store: HubStore) -> None:
        self.path, self.store, self.clock = path, store, ManualClock(START)
        self.folder = PartyFolder(path / "hub")

    def started(self) -> DirectoryVersions:
        """The hub's versions, as they are after it was started."""
        return DirectoryVersions(self.folder, self.folder.root_pem(), self.store, self.clock)

    def change(self) -> None:
        """One more version: tax signs with a new key."""
        rotate_agency_keys(self.path, "tax", AgencyKeys(signing_key=True), clock=self.clock)

    def version(self, number: int) -> Path:
        return self.path / "hub" / VERSIONS_FOLDER / f"{number}.json"

    @property
    def newest(self) -> Path:
        return self.path / "hub" / "directory.json"

    def logged(self) -> list[int]:
        """The versions in the log, each seen to have the leaf that says so."""
        headers = [(DirectoryHeader.FromString(raw), place) for raw, place in self.store.directory_headers(0, 100)]
        for header, place in headers:
            (leaf,) = self.store.leaves(place, 1)
            assert says_published(leaf, header)
        assert self.store.leaf_count() == len(headers)
        return [header.version for header, _ in headers]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "net"
    create_network(path, clock=ManualClock(START))
    return path


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HubStore]:
    """An empty store of each kind."""
    kept: HubStore = MemoryHubStore() if request.param == "memory" else SqliteHubStore(tmp_path / "hub.sqlite3")
    yield kept
    kept.close()


@pytest.fixture
def place(made: Path, tmp_path: Path, store: HubStore) -> Place:
    return Place(Path(shutil.copytree(made, tmp_path / "net")), store)


async def refused(versions: DirectoryVersions) -> WarifuError:
    before = (versions.current(), versions.file, versions.keys.current())
    with pytest.raises(WarifuError) as error:
        await versions.take()
    assert (versions.current(), versions.file, versions.keys.current()) == before
    return error.value


async def test_the_first_version_is_put_into_the_log_and_taking_again_changes_nothing(place: Place) -> None:
    versions = place.started()
    assert await versions.take()
    assert place.logged() == [1]
    for _ in range(3):
        assert not await versions.take()
    assert not await place.started().take()
    assert place.logged() == [1]


async def test_a_version_is_in_the_log_before_it_is_in_force(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
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
    place: Place, monkeypatch: pytest.MonkeyPatch
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


async def test_versions_that_came_while_the_hub_was_down_all_enter_the_log_in_order(place: Place) -> None:
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
    place: Place, killed_at: int, monkeypatch: pytest.MonkeyPatch
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


async def test_a_version_missing_in_between_is_named_and_nothing_enters_the_log(place: Place) -> None:
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


async def test_a_version_in_between_that_is_another_does_not_enter_the_log(place: Place) -> None:
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


async def test_an_older_directory_than_the_log_has_is_refused(place: Place) -> None:
    versions = place.started()
    await versions.take()
    place.change()
    await versions.take()
    shutil.copyfile(place.version(1), place.newest)
    assert "older than what the log has" in (await refused(versions)).where
    again = place.started()
    assert "older than what the log has" in (await refused(again)).where
    assert place.logged() == [1, 2]


async def test_another_version_with_the_number_of_the_newest_is_refused(place: Place) -> None:
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


async def test_a_first_log_does_not_begin_with_a_later_version(place: Place) -> None:
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
    place: Place, rotate: Callable[[Path], int], missing: str
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


async def test_whoever_waits_for_a_newer_version_is_woken_when_it_is_in_force(place: Place) -> None:
    versions = place.started()
    await versions.take()
    waiting = asyncio.create_task(versions.wait_newer(1, 60))
    await asyncio.sleep(0)
    place.change()
    await versions.take()
    await waiting
    await versions.wait_newer(1, 60)
    await versions.wait_newer(2, 0)


def former(versions: DirectoryVersions) -> list[Verifier]:
    return [Verifier.parse(key) for key in versions.current().former_log_verifier_keys]


def ledger_of(place: Place, versions: DirectoryVersions) -> Ledger:
    keys = versions.keys.current()
    return Ledger(place.store, log_key=keys.log_key, verifier=keys.verifier, former=former(versions))


async def test_the_log_goes_on_under_another_key_and_a_restart_believes_the_checkpoint_of_the_former(
    place: Place,
) -> None:
    versions = place.started()
    await versions.take()
    ledger = ledger_of(place, versions)
    first, first_key = await ledger.publish(), versions.keys.current().verifier
    rotate_log_key(place.path, clock=place.clock)
    restarted = place.started()  # killed before it took the version: the checkpoint on disk bears the former key
    reopened = ledger_of(place, restarted)
    await restarted.take()
    note, key = await reopened.publish(), restarted.keys.current().verifier
    assert key != first_key
    assert open_checkpoint(note, key).size == 2
    with pytest.raises(WarifuError):
        open_checkpoint(note, first_key)
    assert open_checkpoint(first, first_key).size == 1
    rotate_log_key(place.path, clock=place.clock)
    rotate_log_key(place.path, clock=place.clock)
    again = place.started()
    assert len(former(again)) == 3
    ledger_of(place, again)


async def test_a_checkpoint_of_a_key_that_was_never_the_logs_is_not_believed_after_a_change_either(
    place: Place,
) -> None:
    versions = place.started()
    await versions.take()
    await ledger_of(place, versions).publish()
    rotate_log_key(place.path, clock=place.clock)
    keys = place.started().keys.current()
    with pytest.raises(WarifuError) as error:
        Ledger(place.store, log_key=keys.log_key, verifier=keys.verifier)
    assert error.value.reason is Reason.LOG_INVALID


async def test_a_running_log_signs_with_the_new_key_from_the_next_checkpoint_on(place: Place) -> None:
    versions = place.started()
    await versions.take()
    ledger = ledger_of(place, versions)
    await ledger.publish()
    rotate_log_key(place.path, clock=place.clock)
    await versions.take()
    keys = versions.keys.current()
    ledger.sign_with(keys.log_key, keys.verifier)
    assert open_checkpoint(await ledger.publish(), keys.verifier).size == 2


def behind() -> None:
    raise WarifuError(Reason.LOG_BEHIND, where="log of 1 entries, 9 seen by others")


async def test_no_version_comes_into_a_log_that_is_behind(place: Place) -> None:
    versions = place.started()
    await versions.take()
    place.change()
    rotate_log_key(place.path, clock=place.clock)
    before = (versions.current(), versions.file, versions.keys.current())
    with pytest.raises(WarifuError) as error:
        await versions.take(behind)
    assert error.value.reason is Reason.LOG_BEHIND
    assert (versions.current(), versions.file, versions.keys.current()) == before
    assert place.logged() == [1]
    assert await versions.take()
    assert place.logged() == [1, 2, 3]
    assert not await versions.take(behind), "what the log has already needs no leaf"


async def test_a_hub_that_may_not_take_a_version_at_its_start_goes_by_the_one_that_its_log_has(place: Place) -> None:
    versions = place.started()
    await versions.take()
    key = versions.keys.current().log_key
    rotate_log_key(place.path, clock=place.clock)
    restarted = place.started()
    assert restarted.current().version == 2
    restarted.hold_logged()
    assert (restarted.current().version, restarted.file.header) == (1, versions.file.header)
    assert restarted.keys.current().log_key == key
    assert await restarted.take()
    restarted.hold_logged()
    assert restarted.current().version == 2


async def test_a_version_in_the_folder_that_is_not_the_logs_is_not_gone_by(place: Place) -> None:
    await place.started().take()
    place.change()
    write_directory_file(place.version(1), read_directory_file(place.newest))
    restarted = place.started()
    with pytest.raises(WarifuError) as error:
        restarted.hold_logged()
    assert (error.value.reason, error.value.where) == (
        Reason.DIRECTORY_INVALID,
        "versions/1.json: another version than the log has",
    )


async def test_a_version_of_codes_announced_and_in_force_needs_no_new_secret_of_the_hub(place: Place) -> None:
    versions = place.started()
    await versions.take()
    announce_codes(place.path, "tax", clock=place.clock)
    assert await versions.take()
    put_codes_in_force(place.path, "tax", clock=place.clock)
    assert await versions.take()
    assert place.logged() == [1, 2, 3]


async def test_headers_are_listed_in_order_in_pieces_with_their_places(place: Place) -> None:
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

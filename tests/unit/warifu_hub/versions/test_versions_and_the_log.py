"""A version that replaces the log's key, and versions at a hub whose log is behind."""

from __future__ import annotations

from typing import Any

import pytest

from warifu.errors import Reason, WarifuError
from warifu.party.directory_file import read_directory_file, write_directory_file
from warifu.tlog.checkpoint import open_checkpoint
from warifu.tlog.note import Verifier
from warifu_hub.ledger import Ledger
from warifu_hub.versions import DirectoryVersions
from warifu_kit.network.rotation import rotate_log_key


def former(versions: DirectoryVersions) -> list[Verifier]:
    return [Verifier.parse(key) for key in versions.current().former_log_verifier_keys]


def ledger_of(place: Any, versions: DirectoryVersions) -> Ledger:
    keys = versions.keys.current()
    return Ledger(place.store, log_key=keys.log_key, verifier=keys.verifier, former=former(versions))


async def test_the_log_goes_on_under_another_key_and_a_restart_believes_the_checkpoint_of_the_former(
    place: Any,
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
    place: Any,
) -> None:
    versions = place.started()
    await versions.take()
    await ledger_of(place, versions).publish()
    rotate_log_key(place.path, clock=place.clock)
    keys = place.started().keys.current()
    with pytest.raises(WarifuError) as error:
        Ledger(place.store, log_key=keys.log_key, verifier=keys.verifier)
    assert error.value.reason is Reason.LOG_INVALID


async def test_a_running_log_signs_with_the_new_key_from_the_next_checkpoint_on(place: Any) -> None:
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


async def test_no_version_comes_into_a_log_that_is_behind(place: Any) -> None:
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


async def test_a_hub_that_may_not_take_a_version_at_its_start_goes_by_the_one_that_its_log_has(place: Any) -> None:
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


async def test_a_version_in_the_folder_that_is_not_the_logs_is_not_gone_by(place: Any) -> None:
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

"""Following the hub's directory over TLS: what is newer is taken, whatever else the hub shows is not, and that is said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory_header import sign_header
from warifu.party import following
from warifu.party.alarms import AlarmKind
from warifu.party.directory_file import VERSIONS_FOLDER, read_directory_file, write_directory_file
from warifu.pki import Root
from warifu.rpc import paging
from warifu_kit.network.rotation import AgencyKeys, rotate_agency_keys, rotate_log_key, rotate_signing_key


def change(place: Any, times: int = 1) -> None:
    """So many more versions: tax signs with a new key in each."""
    for _ in range(times):
        rotate_agency_keys(place.path, "tax", AgencyKeys(signing_key=True))


async def test_a_newer_version_is_taken_and_kept_in_the_file(place: Any, told: Any) -> None:
    await place.start()
    tax = place.follower()
    assert not await tax.follower.refresh()
    change(place)
    await place.take()
    assert await tax.follower.refresh()
    assert (tax.version, tax.ready) == (2, [2])
    assert [line["version"] for line in told("directory_version_taken")] == [2]
    assert not await tax.follower.refresh()


async def test_a_party_that_missed_several_versions_takes_the_newest_in_one_step(place: Any) -> None:
    await place.start()
    tax = place.follower()
    change(place, 4)
    await place.take()
    assert await tax.follower.refresh()
    assert (tax.version, tax.ready) == (5, [5])


async def test_a_party_that_was_away_while_the_key_of_the_log_changed_twice_catches_up(place: Any) -> None:
    await place.start()
    tax = place.follower()
    change(place)
    rotate_log_key(place.path)
    rotate_signing_key(place.path, "hub")
    rotate_log_key(place.path)
    change(place)
    await place.take()
    assert await tax.follower.refresh()
    assert tax.version == 6


async def test_headers_and_entries_come_in_pages(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "LARGEST_PAGE", 3)
    spoilt = await place.start_spoilt()
    tax = place.follower()
    change(place, 7)
    await place.take()
    assert await tax.follower.refresh()
    assert tax.version == 8
    assert spoilt.asked.count("ListVersions") == 3
    assert spoilt.asked.count("ListEntries") == 4  # four entries in force, seven former ones


async def test_headers_that_grew_come_in_pages_that_a_message_can_hold(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 700)
    spoilt = await place.start_spoilt()
    tax = place.follower()
    change(place, 4)
    await place.take()
    assert await tax.follower.refresh()
    assert tax.version == 5
    assert spoilt.asked.count("ListVersions") > 1


def other_version(place: Any, version: int) -> DirectoryFile:
    """Another version of that number, signed by the root as well: what two logs would be needed for."""
    file = read_directory_file(place.path / "hub" / VERSIONS_FOLDER / f"{version}.json")
    file.header.made_ms += 1
    sign_header(Root.load(place.path / "root", SystemClock()), file.header)
    return file


async def refused_at(tax: Any) -> str:
    """It stays with version 1, and an alarm says why: where the fault lies."""
    assert not await tax.follower.refresh()
    assert (tax.version, tax.ready) == (1, [])
    (alarm,) = tax.alarms.standing()
    assert alarm.kind is AlarmKind.DIRECTORY_VERSION_REFUSED
    return str(alarm.where)


async def test_a_version_that_is_not_the_one_in_the_log_is_not_taken(place: Any) -> None:
    spoilt = await place.start_spoilt()
    change(place)
    await place.take()
    other = other_version(place, 2)
    spoilt.change["ListVersions"] = lambda _, answer: answer.headers[0].CopyFrom(other.header)
    assert "not version 2" in await refused_at(place.follower())


async def test_a_version_in_between_that_is_not_the_one_in_the_log_is_not_passed_over(place: Any) -> None:
    spoilt = await place.start_spoilt()
    change(place, 2)
    await place.take()
    spoilt.change["ListVersions"] = lambda _, answer: answer.positions.__setitem__(0, answer.positions[1])
    assert "not version 2" in await refused_at(place.follower())


async def test_a_header_nobody_signed_a_gap_and_the_wrong_order_are_not_taken(place: Any) -> None:
    spoilt = await place.start_spoilt()
    change(place, 2)
    await place.take()

    def unsigned(_: Any, answer: Any) -> None:
        answer.headers[1].made_ms += 1

    def gap(_: Any, answer: Any) -> None:
        del answer.headers[0], answer.positions[0]

    def turned(_: Any, answer: Any) -> None:
        first, second = answer.headers[1], answer.headers[0]
        answer.headers.extend([first, second])
        del answer.headers[:2]

    wanted = {
        unsigned: "directory.header.root_signature",
        gap: "directory.header.version",
        turned: "directory.header.version",
    }
    for spoil, where in wanted.items():
        spoilt.change["ListVersions"] = spoil
        assert (await refused_at(place.follower())).startswith(where)


@pytest.mark.parametrize("left", [0, 1])
async def test_headers_without_a_place_in_the_log_each_are_not_taken_and_not_asked_for_for_ever(
    place: Any, left: int
) -> None:
    spoilt = await place.start_spoilt()
    change(place, 2)
    await place.take()

    def fewer(_: Any, answer: Any) -> None:
        del answer.positions[left:]

    spoilt.change["ListVersions"] = fewer
    assert (await refused_at(place.follower())).startswith("positions")
    assert spoilt.asked.count("ListVersions") == 1


async def test_a_hub_that_tells_of_a_version_and_does_not_show_it_is_said_to(place: Any) -> None:
    spoilt = await place.start_spoilt()
    change(place)
    await place.take()

    def withheld(_: Any, answer: Any) -> None:
        del answer.headers[:], answer.positions[:]

    spoilt.change["ListVersions"] = withheld
    assert "none after version 1" in await refused_at(place.follower())


async def test_entries_that_are_not_those_of_the_header_are_not_taken(place: Any) -> None:
    spoilt = await place.start_spoilt()
    change(place)
    await place.take()
    first = read_directory_file(place.path / "hub" / VERSIONS_FOLDER / "1.json")

    def of_another_version(_: Any, answer: Any) -> None:
        del answer.entries[:]
        answer.entries.extend(first.entries)

    def one_short(_: Any, answer: Any) -> None:
        del answer.dated_entries[:]
        answer.entry_count -= 1

    for spoil in (of_another_version, one_short):
        spoilt.change["ListEntries"] = spoil
        where = await refused_at(place.follower())
        assert where.startswith("directory.")


async def test_entries_without_end_are_given_up(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_MOST_ENTRIES", 50)
    monkeypatch.setattr(paging, "LARGEST_PAGE", 2)
    tokens: list[str] = []
    spoilt = await place.start_spoilt()
    change(place)
    await place.take()

    def more(_: Any, answer: Any) -> None:
        tokens.append(answer.next_page_token)
        answer.next_page_token = tokens[0]

    spoilt.change["ListEntries"] = more
    assert (
        await refused_at(place.follower())
        == "directory.entries: What came back through the hub does not verify; it was discarded."
    )
    assert spoilt.asked.count("ListEntries") < 60

    def none(_: Any, answer: Any) -> None:
        del answer.entries[:], answer.dated_entries[:]
        answer.next_page_token = tokens[0]

    spoilt.change["ListEntries"] = none
    assert (await refused_at(place.follower())).startswith("directory.entries")


@pytest.mark.parametrize("method", ["ListVersions", "ListEntries", "GetCheckpoint", "GetInclusionProof"])
async def test_a_hub_that_fails_halfway_leaves_the_party_where_it_was(place: Any, method: str) -> None:
    spoilt = await place.start_spoilt()
    change(place)
    await place.take()

    def failing(_: Any, __: Any) -> Any:
        raise WarifuError(Reason.LOG_UNAVAILABLE)

    spoilt.change[method] = failing
    tax = place.follower()
    await refused_at(tax)
    del spoilt.change[method]
    assert await tax.follower.refresh()


async def test_a_version_the_party_has_no_keys_for_is_not_taken(place: Any) -> None:
    await place.start()
    tax = place.follower()
    tax.refuses = True
    change(place)
    await place.take()
    assert (await refused_at(tax)).startswith("agency.key")
    tax.refuses = False
    assert await tax.follower.refresh()


async def test_a_version_that_cannot_be_written_is_not_in_force(place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await place.start()
    tax = place.follower()
    change(place)
    await place.take()

    def full(path: Path, _: DirectoryFile) -> None:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(following, "write_directory_file", full)
        assert not await tax.follower.refresh()
    assert (tax.version, tax.ready) == (1, [])
    assert [alarm.where for alarm in tax.alarms.standing()] == ["directory.json: cannot be written (OSError)"]
    assert await tax.follower.refresh()


async def test_calls_at_once_share_one_asking(place: Any) -> None:
    spoilt = await place.start_spoilt()
    tax = place.follower()
    change(place)
    await place.take()
    assert await asyncio.gather(*(tax.follower.refresh() for _ in range(20))) == [True] * 20
    assert (tax.ready, spoilt.asked.count("ListEntries")) == ([2], 1)


async def test_one_caller_that_gives_up_does_not_take_the_version_from_the_others(place: Any) -> None:
    await place.start()
    tax = place.follower()
    change(place)
    await place.take()
    impatient = asyncio.create_task(tax.follower.refresh())
    patient = asyncio.create_task(tax.follower.refresh())
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient
    assert tax.version == 2


async def test_whoever_follows_takes_each_version_as_it_comes(place: Any, until: Any) -> None:
    await place.start()
    tax = place.follower()
    place.keep(tax)
    await tax.follower.caught_up.wait()
    for version in (2, 3):
        change(place)
        await place.take()
        await until(lambda version=version: tax.held.current().version == version)
    assert tax.ready == [2, 3]


async def test_a_version_that_could_not_be_taken_is_asked_for_again(place: Any, until: Any, told: Any) -> None:
    spoilt = await place.start_spoilt()
    tax = place.follower()
    failures = 2

    def passing(_: Any, answer: Any) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise WarifuError(Reason.LOG_UNAVAILABLE)

    spoilt.change["GetCheckpoint"] = passing
    place.keep(tax)
    await tax.follower.caught_up.wait()
    change(place)
    await place.take()
    await until(lambda: tax.held.current().version == 2)
    assert [line["alarm"] for line in told("alarm_begun")] == ["DIRECTORY_VERSION_REFUSED"]
    assert not tax.alarms.standing()


async def test_whatever_goes_wrong_in_taking_a_version_following_goes_on(
    place: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.start()
    tax = place.follower()
    once = [True]

    def failing(path: Path, file: DirectoryFile) -> None:
        if once:
            once.pop()
            raise OSError(28, "No space left on device", str(path))
        write_directory_file(path, file)

    monkeypatch.setattr(following, "write_directory_file", failing)
    place.keep(tax)
    await tax.follower.caught_up.wait()
    change(place)
    await place.take()
    await until(lambda: tax.held.current().version == 2)
    assert not once


async def test_a_hub_with_an_older_version_is_said_and_not_followed_back(
    place: Any, made_network: Path, until: Any, told: Any
) -> None:
    hub = await place.start()
    tax = place.follower()
    change(place, 2)
    newer = read_directory_file(place.path / "hub" / "directory.json")
    tax.held.hold(type(tax.held.current()).from_message(newer, tax.folder.root_pem()))
    place.keep(tax)
    await until(lambda: told("hub_has_older_directory"))
    line = told("hub_has_older_directory")[0]
    assert (line["version"], line["held"]) == (1, 3)
    assert tax.held.current().version == 3
    assert tax.ready == []
    assert hub.versions.current().version == 1
    await until(tax.alarms.standing)
    (alarm,) = tax.alarms.standing()
    assert alarm.kind is AlarmKind.DIRECTORY_VERSION_REFUSED
    assert "the hub is behind, at version 1 where 3 is held here" in alarm.where
    await place.take()
    await until(lambda: not tax.alarms.standing())
    assert tax.held.current().version == 3


async def test_nobody_is_told_of_a_version_that_the_hub_is_still_putting_into_the_log(place: Any, told: Any) -> None:
    hub = await place.start()
    tax = place.follower()
    change(place, 2)
    reached, go_on = asyncio.Event(), asyncio.Event()
    put: Callable[..., Any] = hub.store.put_directory_header

    async def slow(version: int, header: bytes, leaf: bytes) -> int:
        if version == 3:
            reached.set()
            await go_on.wait()
        return int(await put(version, header, leaf))

    hub.store.put_directory_header = slow
    taking = asyncio.create_task(place.take())
    await reached.wait()
    assert not await tax.follower.refresh()
    assert not told("directory_version_refused")
    go_on.set()
    await taking
    assert await tax.follower.refresh()
    assert tax.version == 3

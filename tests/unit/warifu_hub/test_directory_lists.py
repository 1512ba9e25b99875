"""The directory in pages: the entries of one version, and the versions after the one held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2 import DatedEntry, DirectoryEntry, DirectoryFile, DirectoryHeader
from warifu.errors import Reason, WarifuError
from warifu.rpc.paging import Turns
from warifu_hub.servicers.directory import DirectoryServicer
from warifu_hub.store_memory import MemoryHubStore

HUB = "9010000020000001"
IN_FORCE, DATED = 260, 7


def version_of(number: int) -> DirectoryFile:
    """A version of that number with entries that can be told apart; nothing here verifies it."""
    entries = [DirectoryEntry(institution_code=f"{place:016d}", epoch=2) for place in range(IN_FORCE)]
    dated = [DatedEntry(entry=DirectoryEntry(institution_code=f"{place:016d}", epoch=1)) for place in range(DATED)]
    header = DirectoryHeader(version=number, hub_institution_code=HUB)
    return DirectoryFile(header=header, entries=entries, dated_entries=dated)


class Versions:
    """Stands in for the hub's versions: one is in force, and another when a test says so."""

    def __init__(self) -> None:
        self.file = version_of(1)

    def current(self) -> Any:
        return SimpleNamespace(version=self.file.header.version, hub=HUB)


@pytest.fixture
def versions() -> Versions:
    return Versions()


@pytest.fixture
def store() -> MemoryHubStore:
    return MemoryHubStore()


@pytest.fixture
def servicer(versions: Versions, store: MemoryHubStore) -> DirectoryServicer:
    return DirectoryServicer(versions=cast(Any, versions), store=store, turns=Turns(), revocations=cast(Any, None))


async def entries(servicer: DirectoryServicer, **asked: Any) -> directory_pb2.ListEntriesResponse:
    return await servicer.ListEntries(directory_pb2.ListEntriesRequest(**asked), cast(Any, None))


@pytest.mark.parametrize("page_size", [0, 1, 7, 100, 266, 267, 1000])
async def test_the_pages_of_a_version_are_its_entries_those_in_force_first(
    servicer: DirectoryServicer, page_size: int
) -> None:
    got, token, pages = DirectoryFile(header=version_of(1).header), "", 0
    while not pages or token:
        page = await entries(servicer, version=1, page_size=page_size, page_token=token)
        assert (page.version, page.entry_count) == (1, IN_FORCE + DATED)
        assert len(page.entries) + len(page.dated_entries) <= (page_size or 250)
        got.entries.extend(page.entries)
        got.dated_entries.extend(page.dated_entries)
        token, pages = page.next_page_token, pages + 1
    assert got == version_of(1)


async def test_a_token_of_an_earlier_version_is_not_good_for_the_next_one(
    servicer: DirectoryServicer, versions: Versions
) -> None:
    token = (await entries(servicer, page_size=5)).next_page_token
    versions.file = version_of(2)
    for version, where in ((1, "version"), (0, "page_token"), (2, "page_token")):
        with pytest.raises(WarifuError) as refused:
            await entries(servicer, version=version, page_token=token)
        assert (refused.value.reason, refused.value.where) == (Reason.REQUEST_MALFORMED, where)


@pytest.mark.parametrize("held", [0, 3, 11, 12, 2**32 - 1])
async def test_the_versions_after_the_one_held_come_in_pages(
    servicer: DirectoryServicer, versions: Versions, store: MemoryHubStore, held: int
) -> None:
    for number in range(1, 13):
        await store.put_directory_header(number, DirectoryHeader(version=number).SerializeToString(), b"leaf")
    versions.file = version_of(12)
    told: list[tuple[int, int]] = []
    token = ""
    while True:
        request = directory_pb2.ListVersionsRequest(held_version=held, page_size=5, page_token=token)
        page = await servicer.ListVersions(request, cast(Any, None))
        assert page.newest_version == 12
        assert len(page.headers) <= 5
        told += zip((header.version for header in page.headers), page.positions, strict=True)
        token = page.next_page_token
        if not token:
            break
    assert told == [(version, version - 1) for version in range(held + 1, 13)]

"""DirectoryService: who is in the network, with which keys, where, and whose certificate was taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeAlias

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2 import DatedEntry, DirectoryEntry, DirectoryFile, DirectoryHeader
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.pki import RevocationFile, Role
from warifu.rpc.access import EVERY_ROLE, AccessTable
from warifu.rpc.address import check_address
from warifu.rpc.identity import AnyContext, caller, source_address
from warifu.rpc.paging import LARGEST_PAGE, PagedList, Turns, row_number
from warifu.rpc.token_bucket import Buckets, Rate
from warifu_hub.endpoints import endpoint_at, is_of_this_machine, looked_up
from warifu_hub.newest_streams import NewestStreams
from warifu_hub.store import HubStore
from warifu_hub.version_in_force import VersionInForce
from warifu_hub.versions import DirectoryVersions

__all__ = ["DIRECTORY_ACCESS", "DirectoryServicer", "InForceServicer"]

_Entry: TypeAlias = DirectoryEntry | DatedEntry
_SERVICE = "/warifu.api.directory.v1.DirectoryService"
_LOOK_AGAIN_S = 1.0
"""How often a follower's stream looks for another revocation list, in seconds; a version is told at once."""

_MOST_STREAMS = 4
"""How many streams one caller may follow by: one is needed, and those whose loss the hub has not noticed are more."""

_MOVES = Rate(per_second=2.0, burst=200)
"""How often a node may listen elsewhere than before: each time the hub writes it down, and connects anew."""

DIRECTORY_ACCESS: AccessTable = {
    f"{_SERVICE}/ListVersions": EVERY_ROLE,
    f"{_SERVICE}/ListEntries": EVERY_ROLE,
    f"{_SERVICE}/FollowVersions": EVERY_ROLE,
    f"{_SERVICE}/GetRevocationList": EVERY_ROLE,
    f"{_SERVICE}/AnnounceEndpoint": frozenset({Role.AGENCY}),
}
"""Who may call which method of DirectoryService."""


class InForceServicer:
    """What any process of a hub answers that knows the version in force. The generated base says what each method is for."""

    def __init__(
        self,
        *,
        versions: VersionInForce,
        turns: Turns,
        revocations: RevocationFile,
        stopping: asyncio.Event | None = None,
    ) -> None:
        """Streams end once ``stopping`` is set."""
        self._versions = versions
        self._revocations = revocations
        self._stopping = stopping or asyncio.Event()
        self._turns = turns
        self._following = NewestStreams(_MOST_STREAMS)

    async def ListEntries(
        self, request: directory_pb2.ListEntriesRequest, context: AnyContext
    ) -> directory_pb2.ListEntriesResponse:
        """Give entries of the version in force as the hub has it; the caller verifies them."""
        file = self._versions.file
        if request.version not in {0, file.header.version}:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="version", debug=f"the newest is {file.header.version}")
        page = await _entries(file).page(self._turns, request.page_size, request.page_token)
        return directory_pb2.ListEntriesResponse(
            version=file.header.version,
            entries=[each for each in page.items if isinstance(each, DirectoryEntry)],
            dated_entries=[each for each in page.items if isinstance(each, DatedEntry)],
            entry_count=len(file.entries) + len(file.dated_entries),
            next_page_token=page.next_page_token,
        )

    async def FollowVersions(
        self, request: directory_pb2.FollowVersionsRequest, context: AnyContext
    ) -> AsyncIterator[directory_pb2.FollowVersionsResponse]:
        """Tell which version and which revocation list is the newest, whenever one changes."""
        told: tuple[int, int] | None = None
        async with self._following.place(caller(context)):
            while not self._stopping.is_set():
                newest = (self._versions.current().version, self._revocations.number())
                if newest != told:
                    told = newest
                    yield directory_pb2.FollowVersionsResponse(
                        directory_version=newest[0], revocation_list_number=newest[1]
                    )
                await self._versions.wait_newer(newest[0], _LOOK_AGAIN_S)

    async def GetRevocationList(
        self, request: directory_pb2.GetRevocationListRequest, context: AnyContext
    ) -> directory_pb2.GetRevocationListResponse:
        """Give the revocation list as the root signed it."""
        return directory_pb2.GetRevocationListResponse(revocation_list_pem=self._revocations.list_pem())


class DirectoryServicer(InForceServicer, DirectoryServiceServicer):
    """All of it: of the process that keeps what the hub knows."""

    def __init__(
        self,
        *,
        versions: DirectoryVersions,
        store: HubStore,
        turns: Turns,
        revocations: RevocationFile,
        stopping: asyncio.Event | None = None,
    ) -> None:
        """Streams end once ``stopping`` is set."""
        super().__init__(versions=versions, turns=turns, revocations=revocations, stopping=stopping)
        self._store = store
        self._moves = Buckets(_MOVES)

    async def ListVersions(
        self, request: directory_pb2.ListVersionsRequest, context: AnyContext
    ) -> directory_pb2.ListVersionsResponse:
        """Give the headers of the versions that the caller lacks; the caller verifies each."""
        newest = self._versions.current().version
        page = await self._published(request.held_version).page(self._turns, request.page_size, request.page_token)
        response = directory_pb2.ListVersionsResponse(newest_version=newest, next_page_token=page.next_page_token)
        for each in page.items:
            response.MergeFrom(each)
        return response

    async def AnnounceEndpoint(
        self, request: directory_pb2.AnnounceEndpointRequest, context: AnyContext
    ) -> directory_pb2.AnnounceEndpointResponse:
        """Remember where the calling agency's node listens."""
        institution = caller(context).institution
        self._versions.current().entry(institution, where="certificate")
        check_address(request.endpoint, where="endpoint", reason=Reason.REQUEST_MALFORMED)
        source = source_address(context)
        endpoint = await endpoint_at(request.endpoint, source, look_up=looked_up, is_local=is_of_this_machine)
        if await self._store.endpoint(institution) != endpoint:
            if not self._moves.take(institution, asyncio.get_running_loop().time()):
                raise WarifuError(Reason.OVERLOADED, where="endpoint")
            try:
                await self._store.put_endpoint(institution, endpoint)
            except WarifuError as error:  # nothing was to be logged here
                raise WarifuError(Reason.STORE_UNAVAILABLE, debug=error.debug) from error
        return directory_pb2.AnnounceEndpointResponse()

    def _published(self, held: int) -> PagedList[int, tuple[bytes, int], directory_pb2.ListVersionsResponse]:
        """The versions after the one held, each as the part it is of a response. A key is a version."""
        newest = self._versions.current()  # of one that is just being taken, nobody is told

        def rows(after: int, count: int) -> list[tuple[int, tuple[bytes, int]]]:
            known = min(count, max(0, newest.version - after))
            return list(enumerate(self._store.directory_headers(after, known), start=after + 1))

        scope = ("ListVersions", newest.hub, str(held))
        return PagedList(scope=scope, first=held, parse_key=row_number, rows=rows, item=_version)


def _version(published: tuple[bytes, int]) -> directory_pb2.ListVersionsResponse:
    header, position = published
    return directory_pb2.ListVersionsResponse(headers=[DirectoryHeader.FromString(header)], positions=[position])


def _entries(file: DirectoryFile) -> PagedList[int, _Entry, _Entry]:
    """The entries of one version, which lie in memory. A key is how many came before."""

    def rows(after: int, count: int) -> list[tuple[int, _Entry]]:
        dated = max(0, after - len(file.entries))
        found: list[_Entry] = list(file.entries[after : after + count])
        found += file.dated_entries[dated : dated + count - len(found)]
        return list(enumerate(found, start=after + 1))

    return PagedList(
        scope=("ListEntries", file.header.hub_institution_code, str(file.header.version)),
        first=0,
        parse_key=row_number,
        rows=rows,
        item=_as_it_is,
        rows_in_a_turn=LARGEST_PAGE,
    )


def _as_it_is(entry: _Entry) -> _Entry:
    return entry

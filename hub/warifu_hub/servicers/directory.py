"""DirectoryService: who is in the network, with which keys, where, and whose certificate was taken back."""

from __future__ import annotations

from collections.abc import Callable

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.api.directory.v1.directory_service_pb2_grpc import DirectoryServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.pki import Role
from warifu.rpc.access import EVERY_ROLE, AccessTable
from warifu.rpc.address import check_address
from warifu.rpc.identity import AnyContext, caller
from warifu_hub.store import HubStore

__all__ = ["DIRECTORY_ACCESS", "DirectoryServicer"]

_SERVICE = "/warifu.api.directory.v1.DirectoryService"

DIRECTORY_ACCESS: AccessTable = {
    f"{_SERVICE}/ListEntries": EVERY_ROLE,
    f"{_SERVICE}/GetRevocationList": EVERY_ROLE,
    f"{_SERVICE}/AnnounceEndpoint": frozenset({Role.AGENCY}),
}
"""Who may call which method of DirectoryService."""


class DirectoryServicer(DirectoryServiceServicer):
    """The generated base says what each method is for."""

    def __init__(
        self,
        *,
        directory: Directory,
        directory_file: directory_pb2.DirectoryFile,
        store: HubStore,
        revocation_list: Callable[[], bytes],
    ) -> None:
        self._directory = directory
        self._directory_file = directory_file
        self._store = store
        self._revocation_list = revocation_list

    async def ListEntries(
        self, request: directory_pb2.ListEntriesRequest, context: AnyContext
    ) -> directory_pb2.ListEntriesResponse:
        """Give the directory as the hub has it; the caller verifies it."""
        return directory_pb2.ListEntriesResponse(directory=self._directory_file)

    async def AnnounceEndpoint(
        self, request: directory_pb2.AnnounceEndpointRequest, context: AnyContext
    ) -> directory_pb2.AnnounceEndpointResponse:
        """Remember where the calling agency's node listens."""
        institution = caller(context).institution
        self._directory.entry(institution, where="certificate")
        check_address(request.endpoint, where="endpoint", reason=Reason.REQUEST_MALFORMED)
        if self._store.endpoint(institution) != request.endpoint:
            try:
                await self._store.put_endpoint(institution, request.endpoint)
            except WarifuError as error:  # nothing was to be logged here
                raise WarifuError(Reason.STORE_UNAVAILABLE, debug=error.debug) from error
        return directory_pb2.AnnounceEndpointResponse()

    async def GetRevocationList(
        self, request: directory_pb2.GetRevocationListRequest, context: AnyContext
    ) -> directory_pb2.GetRevocationListResponse:
        """Give the revocation list as the root signed it."""
        return directory_pb2.GetRevocationListResponse(revocation_list_pem=self._revocation_list())

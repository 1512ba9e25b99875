"""Which version of the directory the hub shows, changed by the kit; the rest stays the hub's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import grpc

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, ListEntriesResponse, ListVersionsResponse
from warifu.rpc.edge import behaviour_of

__all__ = ["PlayedDirectory"]

_SERVICE = "/warifu.api.directory.v1.DirectoryService"


class PlayedDirectory(grpc.aio.ServerInterceptor):
    """``shown`` is the one version that it shows instead of what follows; None for the hub's own. ``asked`` counts how often."""

    def __init__(self) -> None:
        self.shown: DirectoryFile | None = None
        self.asked = 0

    def rest(self) -> None:
        """Show the hub's own."""
        self.shown = None

    async def intercept_service(self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any) -> Any:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        told = {f"{_SERVICE}/ListVersions": _headers, f"{_SERVICE}/ListEntries": _entries}
        tell = told.get(handler_call_details.method)
        if handler is None or tell is None:
            return handler
        behaviour = behaviour_of(handler)

        async def call(received: Any, context: Any) -> bytes:
            if self.shown is None:
                own: bytes = await behaviour(received, context)
                return own
            self.asked += 1
            return tell(self.shown)

        return grpc.stream_unary_rpc_method_handler(call)


def _headers(shown: DirectoryFile) -> bytes:
    told = ListVersionsResponse(newest_version=shown.header.version, headers=[shown.header], positions=[0])
    return told.SerializeToString()


def _entries(shown: DirectoryFile) -> bytes:
    told = ListEntriesResponse(
        version=shown.header.version,
        entries=shown.entries,
        dated_entries=shown.dated_entries,
        entry_count=len(shown.entries) + len(shown.dated_entries),
    )
    return told.SerializeToString()

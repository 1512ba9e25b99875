"""A provider that keeps the rules and listens: a node that notes when each permit came, to the millisecond.

``python -m warifu_kit.pooling.listening PARTY --dir DIR --hub HOST:PORT --authority HOST:PORT [--listen HOST:PORT]``

Decides nothing: it is the node's own process with an interceptor at its server. The node has no switch for this. Whoever runs
a provider can do the same, so what is promised against providers must hold against this one.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import grpc

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest, ProvideStreamRequest
from warifu.exchange.context import request_id_of
from warifu.party.process import run_party
from warifu.rpc.edge import Handler, behaviour_of
from warifu_kit.pooling.held import HEARD_FILE
from warifu_services.node.app import run_node

__all__ = ["listening_command", "main"]


def listening_command(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    """The command of an agency's node that listens; ``options`` as for ``warifu agency``."""
    words = [party, "--dir", str(folder), *options, "--stop-with-parent"]
    return [sys.executable, "-m", "warifu_kit.pooling.listening", *words]


class _Ear(grpc.aio.ServerInterceptor):
    """Notes when the permits come, by sitting where bytes become messages."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="ascii", buffering=1)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """See :class:`grpc.aio.ServerInterceptor`."""
        handler = await continuation(handler_call_details)
        if handler is None or "/Provide" not in handler_call_details.method:
            return handler
        streamed = handler.request_streaming
        make = grpc.stream_stream_rpc_method_handler if streamed else grpc.unary_unary_rpc_method_handler
        return make(
            behaviour_of(handler),
            request_deserializer=self._noting(handler.request_deserializer or bytes, streamed=streamed),
            response_serializer=handler.response_serializer,
        )

    def _noting(self, parse: Callable[[bytes], Any], *, streamed: bool) -> Callable[[bytes], Any]:
        def parsed(received: bytes) -> Any:
            if streamed:
                calls = [call.request for call in ProvideStreamRequest.FromString(received).calls]
            else:
                calls = [ProvideRequest.FromString(received)]
            for call in calls:
                self._note(call)
            return parse(received)

        return parsed

    def _note(self, call: ProvideRequest) -> None:
        note = {"request_id": request_id_of(call.permit.inquiry.context), "unix_ms": time.time_ns() / 1e6}
        self._file.write(json.dumps(note) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a listening node until it is asked to stop; the exit status."""
    parser = argparse.ArgumentParser(prog="warifu_kit.pooling.listening", description="Run a node that listens.")
    parser.add_argument("party")
    parser.add_argument("--dir", type=Path, required=True, help="the agency's folder")
    parser.add_argument("--hub", required=True, help="where the hub listens")
    parser.add_argument("--authority", required=True, help="where the authority listens")
    parser.add_argument("--listen", help="where to listen")
    parser.add_argument("--stop-with-parent", action="store_true", help="stop when the starting process ends")
    given = parser.parse_args(arguments)
    return run_party(
        lambda stop: run_node(
            stop,
            given.dir,
            party=given.party,
            hub=given.hub,
            authority=given.authority,
            listen=given.listen,
            server_interceptors=[_Ear(given.dir / HEARD_FILE)],
        ),
        party=given.party,
        log_level="warning",
        stop_with_parent=given.stop_with_parent,
    )


if __name__ == "__main__":
    sys.exit(main())

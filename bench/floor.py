"""The floor: a bare relay and a bare echo, with nothing of this project in the path of a call.

    python bench/floor.py echo  --dir NET/tax  --reply-bytes N
    python bench/floor.py relay --dir NET/hub  --echo HOST:PORT --more-bytes N --reply-bytes N

Handlers take and give bytes: no protobuf, no cryptography but TLS, no log, no access table. Certificates, event loop,
scheduling class and gRPC options are those of the real parties. Messages have the sizes of a real exchange, which
grows at the hub: so does the relay's.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc

from warifu.party.folder import PartyFolder
from warifu.party.process import announce_ready, run_party, serve_until
from warifu.pki import Credential, Identity, Role
from warifu.rpc.channel import secure_channel
from warifu.rpc.server import SERVER_OPTIONS

METHOD = "/warifu.bench.Floor/Call"

Handle = Callable[[bytes, Any], Awaitable[bytes]]


class _OneMethod(grpc.GenericRpcHandler):
    def __init__(self, handle: Handle) -> None:
        self._handler: Any = grpc.unary_unary_rpc_method_handler(handle)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return self._handler if handler_call_details.method == METHOD else None


def bare_channel(folder: Path, target: str, role: Role) -> grpc.aio.Channel:
    """A channel with the options and certificates of the party in ``folder``, to the peer of that role there."""
    party = PartyFolder(folder)
    return secure_channel(
        target, credential=party.credential().current(), root_pem=party.root_pem(), expect=_peer(party, role)
    )


def _peer(party: PartyFolder, role: Role) -> Identity:
    directory, network = party.directory(), party.settings().network
    if role is Role.HUB:
        return Identity(network=network, role=role, institution=directory.hub)
    (tax,) = directory.of_kind("tax")
    return Identity(network=network, role=role, institution=tax.institution)


def _server(party: PartyFolder, handle: Handle) -> tuple[grpc.aio.Server, int]:
    credential: Credential = party.credential().current()
    server = grpc.aio.server(options=SERVER_OPTIONS)
    server.add_generic_rpc_handlers((_OneMethod(handle),))
    credentials = grpc.ssl_server_credentials(
        [(credential.key_pem, credential.cert_pem)], party.root_pem(), require_client_auth=True
    )
    return server, server.add_secure_port("127.0.0.1:0", credentials)


async def _echo(stop: asyncio.Event, folder: Path, reply_bytes: int) -> None:
    reply = bytes(reply_bytes)

    async def handle(_: bytes, __: Any) -> bytes:
        return reply

    await _serve(stop, "echo", *_server(PartyFolder(folder), handle))


async def _relay(stop: asyncio.Event, folder: Path, echo: str, more_bytes: int, reply_bytes: int) -> None:
    channel = bare_channel(folder, echo, Role.AGENCY)
    call: Any = channel.unary_unary(METHOD)
    more, more_back = bytes(more_bytes), bytes(reply_bytes)

    async def handle(request: bytes, _: Any) -> bytes:
        reply: bytes = await call(request + more, timeout=20)
        return reply + more_back

    await _serve(stop, "relay", *_server(PartyFolder(folder), handle))
    await channel.close()


async def _serve(stop: asyncio.Event, party: str, server: grpc.aio.Server, port: int) -> None:
    await server.start()
    announce_ready(party=party, endpoint=f"127.0.0.1:{port}")
    await serve_until(stop, server, grace_s=0.5)


def main() -> int:
    """Run one floor process until it is told to stop."""
    parser = argparse.ArgumentParser(description="A bare relay or a bare echo, for comparison.")
    parser.add_argument("party", choices=("echo", "relay"))
    parser.add_argument("--dir", type=Path, required=True, help="party folder whose certificate is used")
    parser.add_argument("--echo", default="", help="where the echo listens (relay)")
    parser.add_argument("--more-bytes", type=int, default=0, help="what the relay adds to a request")
    parser.add_argument(
        "--reply-bytes", type=int, default=0, help="size of the echo's reply; what the relay adds to it"
    )
    told = parser.parse_args()

    async def run(stop: asyncio.Event) -> None:
        if told.party == "echo":
            await _echo(stop, told.dir, told.reply_bytes)
        else:
            await _relay(stop, told.dir, told.echo, told.more_bytes, told.reply_bytes)

    return run_party(run, party=told.party, log_level="warning", stop_with_parent=True)


if __name__ == "__main__":
    sys.exit(main())

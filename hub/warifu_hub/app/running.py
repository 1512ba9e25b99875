"""The process of a hub that is one, from its start to its end. What it is made of is not known here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import grpc

from warifu.clock import Clock
from warifu.party.folder import PartyFolder
from warifu.party.postgres.owner import OwnedElsewhereError
from warifu.party.process import announce_ready, serve_until
from warifu.party.unproven import say_if_unproven
from warifu.rpc.server import MakeService
from warifu_hub.app.construction import build_hub
from warifu_hub.app.keeping import begin_keeping

__all__ = ["in_turn", "run_hub"]

Built = TypeVar("Built")

_STAND_BY_SECONDS = 0.5


async def run_hub(
    stop: asyncio.Event,
    path: Path,
    *,
    listen: str | None = None,
    go_on: bool = False,
    store: str | None = None,
    stand_by: bool = False,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run the hub in ``path`` until ``stop`` is set; says on standard output where it listens.

    ``store`` is the address of a PostgreSQL database, in place of the folder's file; with ``stand_by`` a hub whose rows another
    hub owns waits until that has ended, and serves then. ``go_on`` is what an operator says of a log that was restored from an older state. ``clock`` is the machine's unless given.

    Raises:
        WarifuError: as :func:`build_hub`; LOG_INVALID also later, when it finds that the log was changed further back.
    """
    build = partial(
        build_hub,
        PartyFolder(path),
        listen=listen,
        clock=clock,
        stopping=stop,
        go_on=go_on,
        store=store,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
        beside=beside,
    )
    hub = await in_turn(build, stop) if stand_by else build()
    if hub is None:
        return
    keeping = await begin_keeping(hub)
    await hub.server.start()
    hub.lookout.serving_at(hub.endpoint)
    say_if_unproven("hub", hub.versions.current())
    announce_ready(party="hub", endpoint=hub.endpoint)
    keeping.begin(stop)
    await serve_until(stop, hub.server)
    await keeping.end()
    await hub.close()
    keeping.check()


async def in_turn(build: Callable[[], Built], stop: asyncio.Event) -> Built | None:
    """What is built, once nobody else owns its rows; None when it is stopped before."""
    while not stop.is_set():
        try:
            return build()
        except OwnedElsewhereError:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _STAND_BY_SECONDS)
    return None

"""A node that is built, from its first call to its last: what it does beside answering, and in which order it lets go."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import grpc

from warifu.clock import Clock
from warifu.errors import WarifuError
from warifu.party.chores import Chores
from warifu.party.following import DirectoryFollower
from warifu.party.lookout import Lookout
from warifu.rpc.channel import ChannelPool
from warifu.rpc.logging import error_fields, get_logger
from warifu_services.node.adapter.link import AdapterContact
from warifu_services.node.comparison import keep_comparing
from warifu_services.node.drawn_permits import DrawnPermits
from warifu_services.node.hub_link import HubContact, HubLog, StreamedHub
from warifu_services.node.inquirer import Inquirer
from warifu_services.node.provider import Provider
from warifu_services.node.proving import Prover
from warifu_services.node.rotation import CodeRotator
from warifu_services.node.standing import Standing
from warifu_services.node.store import NodeStore, expired_before
from warifu_services.node.views import Views

__all__ = ["ANSWERS_KEPT", "Node", "purge"]

ANSWERS_KEPT = timedelta(hours=24)
"""How long answers and results are kept for whoever asks again."""

_PURGE_S = 3600.0


@dataclass(slots=True, kw_only=True)
class Node:
    """A node that is built. ``endpoint`` is where it listens, ``contact`` keeps the hub told of it."""

    server: grpc.aio.Server
    endpoint: str
    store: NodeStore
    lookout: Lookout
    inquirer: Inquirer
    provider: Provider
    contact: HubContact
    follower: DirectoryFollower
    rotator: CodeRotator
    standing: Standing
    prover: Prover
    views: Views
    hub_log: HubLog
    hub: StreamedHub
    bulk: StreamedHub
    drawn: DrawnPermits
    adapter: AdapterContact | None
    channels: ChannelPool
    workers: ThreadPoolExecutor
    clock: Clock
    chores: Chores

    async def start(self) -> None:
        """Delete what is past its time, go on with inquiries left open, serve, and tell the hub."""
        await purge(self.store, self.clock)
        self.inquirer.resume()  # first: whoever asks about one that is being spread finds it under way
        await self.server.start()
        self.lookout.serving_at(self.endpoint)
        self.chores.begin("contact with the hub", self.contact.keep)
        self.chores.begin("following the directory", self.follower.keep)
        self.chores.begin("rotating codes", self.rotator.keep)
        self.chores.begin("comparing with the hub", partial(keep_comparing, self.hub_log, self.standing, self.prover))
        self.chores.begin("weighing what others saw", partial(self.views.keep, self.hub_log))
        if self.adapter is not None:
            reached = self.provider.adapter_reached
            self.chores.begin("contact with the adapter", partial(self.adapter.keep, reached))
        self.chores.begin("lookout", self.lookout.keep)
        self.chores.begin("purging", partial(_purge_now_and_then, self))

    async def close(self, grace_s: float = 0.0) -> None:
        """Take no new calls, give those under way ``grace_s`` seconds, and let go of everything."""
        await self.server.stop(grace_s)
        await self.chores.end()
        await self.inquirer.close()
        await self.drawn.close()
        await self.hub.close()
        await self.bulk.close()
        await self.channels.close()
        self.workers.shutdown()
        self.store.close()


async def purge(store: NodeStore, clock: Clock) -> None:
    """Delete records kept for seven years, and answers kept for a day. Raises: STORE_UNAVAILABLE."""
    changed_before = clock.now() - ANSWERS_KEPT
    await store.purge(
        requested_before_ms=expired_before(clock.now()), changed_before_ms=int(changed_before.timestamp() * 1000)
    )


async def _purge_now_and_then(node: Node) -> None:
    while True:
        await asyncio.sleep(_PURGE_S)
        try:
            await purge(node.store, node.clock)
        except WarifuError as error:
            get_logger("node").warning("not_purged", **error_fields(error))

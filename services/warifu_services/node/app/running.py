"""An agency's process, from its start to its end. What it is made of is not known here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import grpc

from warifu.agency import Agency
from warifu.clock import Clock
from warifu.errors import WarifuError
from warifu.party.folder import PartyFolder
from warifu.party.process import HUB_SOUGHT_S, announce_ready, happens_before, serve_until
from warifu.party.unproven import say_if_unproven
from warifu.rpc.logging import get_logger
from warifu.rpc.server import MakeService
from warifu_services.node.app.construction import build_node
from warifu_services.node.app.fitting import agency_of
from warifu_services.node.app.serving import Node

__all__ = ["run_node"]

_ADAPTER_SOUGHT_S = 2.0
"""How long the business system is looked for before the node says that it is ready without it."""


async def run_node(
    stop: asyncio.Event,
    path: Path,
    *,
    party: str,
    hub: str,
    authority: str,
    listen: str | None = None,
    go_on: bool = False,
    spread_s: float | None = None,
    adapter: str | None = None,
    agency: Agency | None = None,
    clock: Clock | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    beside: MakeService | None = None,
) -> None:
    """Run the agency in ``path`` until ``stop`` is set; says on standard output where it listens.

    ``party`` is the agency's name, which is its folder's, or its kind. The line comes once the hub knows where it
    listens too, and both have compared what they hold, since exchanges go through only then; without a hub, after ten
    seconds, and then it says that as well. ``go_on`` is what an operator says of a node that was restored from an older
    state; ``spread_s`` and ``adapter`` stand in for the folder's own settings, ``agency`` for the adapter of its kind,
    ``clock`` for the machine's.
    """
    node = build_node(
        PartyFolder(path),
        hub=hub,
        authority=authority,
        agency=agency or _named(party, PartyFolder(path), adapter),
        listen=listen,
        clock=clock,
        stopping=stop,
        go_on=go_on,
        spread_s=spread_s,
        adapter=adapter,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
        beside=beside,
    )
    try:
        await node.start()
        say_if_unproven("node", PartyFolder(path).directory())
        hub_reached = await happens_before(stop, _in_contact(node), HUB_SOUGHT_S)
        if not (hub_reached or stop.is_set()):
            get_logger("node").warning("ready_without_hub", hub=hub, **node.contact.fault_fields())
        if node.adapter is not None:
            await happens_before(stop, node.adapter.tried.wait(), _ADAPTER_SOUGHT_S)
        announce_ready(party=party, endpoint=node.endpoint, hub_reached=hub_reached, amiss=_amiss(node))
        await serve_until(stop, node.server)
    finally:
        await node.close()


def _named(party: str, folder: PartyFolder, adapter: str | None) -> Agency:
    """What is known of the agency called so, by its folder or by its kind. Raises: CONFIG_INVALID."""
    by_name = party == folder.path.resolve().name
    return agency_of(folder.settings().institution_kind if by_name else party, folder, adapter)


def _amiss(node: Node) -> str:
    try:
        node.standing.check()
    except WarifuError as error:
        return str(error)
    return (node.adapter.absence() or "") if node.adapter is not None else ""


async def _in_contact(node: Node) -> None:
    """Wait until the hub was told where the node listens, both compared, and the node has the newest directory."""
    await node.contact.announced.wait()
    await node.standing.tried.wait()
    await node.follower.caught_up.wait()

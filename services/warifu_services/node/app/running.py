"""An agency's process, from its start to its end. What it is made of is not known here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import grpc

from warifu.agency import Agency, find_agency
from warifu.clock import Clock
from warifu.errors import WarifuError
from warifu.party.folder import PartyFolder
from warifu.party.process import HUB_SOUGHT_S, announce_ready, happens_before, serve_until
from warifu.party.unproven import say_if_unproven
from warifu.rpc.logging import get_logger
from warifu_services.node.app.construction import build_node
from warifu_services.node.app.serving import Node

__all__ = ["run_node"]


async def run_node(
    stop: asyncio.Event,
    path: Path,
    *,
    party: str,
    hub: str,
    authority: str,
    listen: str | None = None,
    clock: Clock | None = None,
    go_on: bool = False,
    spread_s: float | None = None,
    agency: Agency | None = None,
    server_interceptors: Sequence[grpc.aio.ServerInterceptor] = (),
    channel_interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
) -> None:
    """Run the agency in ``path`` until ``stop`` is set; says on standard output where it listens.

    ``party`` is the agency's name, which is its folder's, or its kind. The line comes once the hub knows where it
    listens too, and both have compared what they hold, since exchanges go through only then; without a hub, after ten
    seconds, and then it says that as well. ``go_on`` is what an operator says of a node that was restored from an older
    state; ``spread_s`` stands in for the folder's own setting, ``agency`` for the adapter of its kind, ``clock`` for the
    machine's.
    """
    node = build_node(
        PartyFolder(path),
        hub=hub,
        authority=authority,
        agency=agency or _named(party, PartyFolder(path)),
        listen=listen,
        clock=clock,
        stopping=stop,
        go_on=go_on,
        spread_s=spread_s,
        server_interceptors=server_interceptors,
        channel_interceptors=channel_interceptors,
    )
    try:
        await node.start()
        say_if_unproven("node", PartyFolder(path).directory())
        hub_reached = await happens_before(stop, _in_contact(node), HUB_SOUGHT_S)
        if not (hub_reached or stop.is_set()):
            get_logger("node").warning("ready_without_hub", hub=hub, **node.contact.fault_fields())
        announce_ready(party=party, endpoint=node.endpoint, hub_reached=hub_reached, amiss=_amiss(node))
        await serve_until(stop, node.server)
    finally:
        await node.close()


def _named(party: str, folder: PartyFolder) -> Agency:
    """The adapter of the agency called so, by its folder or by its kind. Raises: CONFIG_INVALID."""
    by_name = party == folder.path.resolve().name
    return find_agency(folder.settings().institution_kind if by_name else party)


def _amiss(node: Node) -> str:
    try:
        node.standing.check()
    except WarifuError as error:
        return str(error)
    return ""


async def _in_contact(node: Node) -> None:
    """Wait until the hub was told where the node listens, both compared, and the node has the newest directory."""
    await node.contact.announced.wait()
    await node.standing.tried.wait()
    await node.follower.caught_up.wait()

"""Comparing with the hub, again and again: what was seen of its log, and what it knows of this node.

Decides when: at once, every few seconds, and soon after the connection was lost, for a hub that comes back may be an older
one. What follows from a comparison is decided in ``standing``; then the node's own exchanges are proven (``proving``).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from warifu.api.log.v1.log_service_pb2 import CompareLogRequest, CompareLogResponse
from warifu.errors import Reason, WarifuError
from warifu.rpc.logging import error_fields, get_logger
from warifu_services.node.proving import Prover, ProvingPort
from warifu_services.node.standing import Standing

__all__ = ["HubLogPort", "compare_once", "keep_comparing"]

_EVERY_S = 5.0
_SOON_S = 0.2
_ABSENT = frozenset({Reason.HUB_UNREACHABLE, Reason.HUB_TIMED_OUT})


class HubLogPort(ProvingPort, Protocol):
    """The hub's log, however it is reached."""

    async def compare(self, request: CompareLogRequest) -> CompareLogResponse:
        """What the hub says. Raises: what the hub said; HUB_UNREACHABLE or HUB_TIMED_OUT when it said nothing."""

    async def connection_lost(self, within_s: float) -> None:
        """Return when the connection is lost, or after ``within_s`` seconds."""


async def compare_once(hub: HubLogPort, standing: Standing, prover: Prover | None = None) -> None:
    """Compare, and prove what was known before. Raises: what the hub said, or that it said nothing; STORE_UNAVAILABLE."""
    began_ms = standing.now_ms()
    async with standing.turn:
        await standing.take(await hub.compare(standing.request()))
    if prover is None:
        return
    prover.compared()
    if standing.follows:
        await prover.prove(hub, began_ms)


async def keep_comparing(hub: HubLogPort, standing: Standing, prover: Prover | None = None) -> None:
    """Compare until cancelled."""
    while True:
        try:
            await compare_once(hub, standing, prover)
        except WarifuError as error:
            if error.reason in _ABSENT:
                await asyncio.sleep(_SOON_S)
                continue
            get_logger("node").warning("not_compared_with_hub", **error_fields(error))
            standing.give_up()
            await asyncio.sleep(_EVERY_S)
        else:
            await hub.connection_lost(_EVERY_S)

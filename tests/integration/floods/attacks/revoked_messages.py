"""Somebody whose certificate was taken back sends hundreds of messages of eight mebibytes at once, and again."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.integration.floods.attacks.place import Place, in_full_swing

CALLER = "residence"  # taken back
_TOGETHER = 200
_SIZE = 8 * 1024 * 1024 - 1024


def flood(place: Place) -> None:
    asyncio.run(_flood(place))


async def _flood(place: Place) -> None:
    channels = [place.channel(own=number) for number in range(4)]
    calls: list[Any] = [channel.unary_unary("/warifu.api.hub.v1.HubService/Exchange") for channel in channels]
    large, told = bytes(_SIZE), False
    while True:
        sent = [calls[number % len(calls)](large, timeout=20) for number in range(_TOGETHER)]
        await asyncio.sleep(0.5)
        if not told:
            in_full_swing()
            told = True
        await asyncio.gather(*sent, return_exceptions=True)

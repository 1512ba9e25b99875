"""A member tells the hub of one address after another."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import grpc
from tests.integration.floods.attacks.place import Place, in_full_swing

from warifu.api.directory.v1.directory_service_pb2 import AnnounceEndpointRequest

CALLER = "insurance"


def flood(place: Place) -> None:
    asyncio.run(_flood(place))


async def _flood(place: Place) -> None:
    announce: Any = place.channel().unary_unary("/warifu.api.directory.v1.DirectoryService/AnnounceEndpoint")
    for number in count():
        endpoint = f"127.0.0.1:{1024 + number % 60_000}"
        try:
            await announce(AnnounceEndpointRequest(endpoint=endpoint).SerializeToString(), timeout=10)
        except grpc.aio.AioRpcError:
            await asyncio.sleep(0.001)
        if number == 20:
            in_full_swing()

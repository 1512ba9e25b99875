"""Compares with the hub's log, and takes whatever it is shown."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import grpc
from tests.conformance.honest_node import HonestNode
from tests.conformance.to_hub import channel_to_hub

from warifu.api.log.v1.log_service_pb2 import CompareLogRequest
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub

CAUGHT_BY = "node.log.forked"


class Planted(HonestNode):
    async def serve(self) -> str:
        self.comparing = asyncio.create_task(self.compare())
        return await super().serve()

    async def compare(self) -> None:
        async with channel_to_hub(self.stage) as channel:
            stub: Any = LogServiceStub(channel)
            with suppress(grpc.aio.AioRpcError):
                while True:
                    await stub.CompareLog(CompareLogRequest(), timeout=5)
                    await asyncio.sleep(0.2)

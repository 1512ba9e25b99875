"""Takes a newer directory when a permit does not fit, and at no other time."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.directory.v1.directory_service_pb2 import FollowVersionsResponse

CAUGHT_BY = "node.rotation.follows"


class Planted(HonestNode):
    async def hear(self, told: FollowVersionsResponse) -> None:
        pass

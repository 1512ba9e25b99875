"""Takes what the hub calls the newest version, whether it follows or not."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.directory.v1.directory_service_pb2 import DirectoryHeader

CAUGHT_BY = "node.rotation.goes-back"


class Planted(HonestNode):
    def follow(self, headers: list[DirectoryHeader]) -> bool:
        return True

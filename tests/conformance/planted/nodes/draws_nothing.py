"""Takes every permit of a network where they are sampled as it comes."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import EncryptedCode

CAUGHT_BY = "node.sampled.drawn"
PROOFS = "sampled:2"


class Planted(HonestNode):
    def is_drawn(self, asked: bytes, made: EncryptedCode) -> bool:
        return False

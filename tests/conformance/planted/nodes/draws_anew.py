"""Draws by chance at each call, so that a hub need only bring a permit again."""

from __future__ import annotations

import secrets

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import EncryptedCode

CAUGHT_BY = "node.sampled.drawn-again"
PROOFS = "sampled:2"


class Planted(HonestNode):
    def is_drawn(self, asked: bytes, made: EncryptedCode) -> bool:
        return not secrets.randbelow(2)

"""Refuses requests with a field that it does not know."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.agency.v1.agency_service_pb2 import ProvideRequest

CAUGHT_BY = "node.errors.later-version"


class Planted(HonestNode):
    def parse(self, body: bytes) -> ProvideRequest:
        request = super().parse(body)
        known = ProvideRequest.FromString(body)
        known.DiscardUnknownFields()
        if known.ByteSize() != request.ByteSize():
            raise ValueError("unknown fields")
        return request

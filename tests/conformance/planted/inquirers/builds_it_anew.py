"""Builds the inquiry anew when it asks again."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.node.v1 import node_service_pb2 as node_pb2

CAUGHT_BY = "inquirer.again.after-internal"


class Planted(HonestInquirer):
    def known(self, question: node_pb2.Inquiry) -> Kept | None:
        kept = super().known(question)
        return kept if kept is not None and kept.result is not None else None

"""Gives what is stored under a request_id, whatever is asked."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.api.node.v1 import node_service_pb2 as node_pb2

CAUGHT_BY = "inquirer.again.other-content"


class Planted(HonestInquirer):
    def known(self, question: node_pb2.Inquiry) -> Kept | None:
        return self.kept.get(question.request_id)

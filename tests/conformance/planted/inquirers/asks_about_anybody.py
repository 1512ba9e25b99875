"""Makes up a code for somebody whose code it does not hold."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.curve.group import Point

CAUGHT_BY = "inquirer.again.unknown-person"


class Planted(HonestInquirer):
    def code(self, question: node_pb2.Inquiry) -> Point:
        return self.codes.get(question.local_number, self.directory.group.generator)

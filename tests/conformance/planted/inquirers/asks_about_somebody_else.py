"""Asks about the first person whose code it holds."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.curve.group import Point

CAUGHT_BY = "inquirer.inquiries.person"


class Planted(HonestInquirer):
    def code(self, question: node_pb2.Inquiry) -> Point:
        super().code(question)
        return next(iter(self.codes.values()))

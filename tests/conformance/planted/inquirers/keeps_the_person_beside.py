"""Writes down whom the question is about where the next question writes it as well, before it builds the inquiry."""

from __future__ import annotations

import asyncio

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.curve.group import Point

CAUGHT_BY = "inquirer.together.people"


class Planted(HonestInquirer):
    local_number = ""

    async def inquire(self, question: node_pb2.Inquiry, left: float) -> node_pb2.InquiryResult:
        self.local_number = question.local_number
        await asyncio.sleep(0.02)
        return await super().inquire(question, left)

    def code(self, question: node_pb2.Inquiry) -> Point:
        return self.codes[self.local_number]

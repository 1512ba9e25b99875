"""Says in an error which person it was about, so that clerks find the case again."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import WarifuError

CAUGHT_BY = "inquirer.errors.nothing-personal"


class Planted(HonestInquirer):
    async def inquire(self, question: node_pb2.Inquiry, left: float) -> node_pb2.InquiryResult:
        try:
            return await super().inquire(question, left)
        except WarifuError as error:
            raise WarifuError(error.reason, where=f"inquiry about {question.local_number}") from None

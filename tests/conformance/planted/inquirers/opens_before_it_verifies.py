"""Takes for verified whatever opens: only the provider knows the answer key."""

from __future__ import annotations

from tests.conformance.honest_inquirer import HonestInquirer, Kept

from warifu.agency import ProvidedRecord
from warifu.api.hub.v1.hub_service_pb2 import ExchangeResponse
from warifu.api.record.v1.sealed_pb2 import SealedAnswer
from warifu.errors import WarifuError
from warifu.exchange.boxes_together import answer_info
from warifu.exchange.inquiry import OpenedAnswer
from warifu.exchange.seal import LEAST_ANSWER, open_sealed

CAUGHT_BY = "inquirer.answers.zero-signature"


class Planted(HonestInquirer):
    def opened(self, kept: Kept, response: ExchangeResponse) -> OpenedAnswer:
        answer = response.answer
        try:
            return super().opened(kept, response)
        except WarifuError:
            info = answer_info(kept.inquiry.context)
            plain = open_sealed(kept.answer_key, info, answer.sealed_answer, where="", least=LEAST_ANSWER)
            record = SealedAnswer.FromString(plain).record
            found = ProvidedRecord(record.record_type, record.record)
            return OpenedAnswer(outcome=answer.outcome, found=found, provided_ms=0, digest=b"")

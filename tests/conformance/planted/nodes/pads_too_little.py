"""Pads answers as queries are padded, to 256 bytes."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.agency import Absence, Found, ProvidedRecord
from warifu.api.record.v1.sealed_pb2 import ABSENCE_NOT_HELD, SealedAnswer
from warifu.exchange.boxes_together import answer_info
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu.exchange.seal import seal

CAUGHT_BY = "node.answers.size"


class Planted(HonestNode):
    def sealed(self, found: Found, query: OpenedQuery, checked: CheckedPermit) -> bytes:
        message = SealedAnswer(absence=ABSENCE_NOT_HELD) if isinstance(found, Absence) else SealedAnswer()
        if isinstance(found, ProvidedRecord):
            message.record.record_type, message.record.record = found.record_type, found.record
        return seal(query.answer_key, answer_info(checked.encoded_context), message.SerializeToString())

"""Takes for digits whatever Unicode calls so."""

from __future__ import annotations

import re

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError

CAUGHT_BY = "node.permits.number"


class Planted(HonestNode):
    def check_number(self, permit: ProvisionPermit) -> None:
        if not re.fullmatch(r"\d{20}", permit.processing_number):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.processing_number")

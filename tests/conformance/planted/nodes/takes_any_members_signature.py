"""Takes a signature of whichever key the directory has."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import WarifuError
from warifu.exchange import statements

CAUGHT_BY = "node.permits.signed-by-another"


class Planted(HonestNode):
    def check_hub(self, permit: ProvisionPermit, asked: bytes) -> None:
        try:
            super().check_hub(permit, asked)
        except WarifuError:
            entry = self.inquirer(self.read_context(permit))
            statements.check_permit(entry.signing_key, permit, asked)

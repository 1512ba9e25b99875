"""Does not look at the inquirer's signature: the hub has."""

from __future__ import annotations

from tests.conformance.honest_node import Context, HonestNode

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.exchange.directory_entry import DirectoryEntry

CAUGHT_BY = "node.permits.inquiry-of-the-hub"


class Planted(HonestNode):
    def check_inquirer(self, permit: ProvisionPermit, context: Context) -> DirectoryEntry:
        return self.inquirer(context)

"""Goes by the entries in force alone."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory_entry import DirectoryEntry

CAUGHT_BY = "node.rotation.begun-before"


class Planted(HonestNode):
    def inquirer(self, context: ExchangeContext) -> DirectoryEntry:
        entry = self.directory.entry(context.inquirer)
        if entry.epoch != context.epoch_from:
            raise WarifuError(Reason.EPOCH_STALE, where="permit.inquiry.context.epoch_from")
        return entry

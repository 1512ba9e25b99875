"""Looks at the epoch and not at the id of its keys."""

from __future__ import annotations

from tests.conformance.honest_node import Context, HonestNode

CAUGHT_BY = "node.permits.key-id"


class Planted(HonestNode):
    def check_keys(self, context: Context) -> None:
        own = self.keys.own.institution
        self.directory.entry_for(own, context.epoch_to, context.issued_ms)

"""Opens no query that shares its set-up with others."""

from __future__ import annotations

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import CheckedPermit, OpenedQuery
from warifu.exchange.seal import is_together

CAUGHT_BY = "node.answers.query-together"


class Planted(HonestNode):
    def open_query(self, checked: CheckedPermit) -> OpenedQuery:
        if is_together(checked.sealed_query):
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permit.inquiry.sealed_query")
        return super().open_query(checked)

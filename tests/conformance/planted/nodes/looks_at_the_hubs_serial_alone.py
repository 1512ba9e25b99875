"""Looks at the serial of whoever comes as the hub, and not of its business system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.honest_node import HonestNode

from warifu.errors import Reason, WarifuError

CAUGHT_BY = "node.revocation.business-system"


class Planted(HonestNode):
    def check_caller(self, context: Any, admits: Callable[[list[str]], bool]) -> None:
        try:
            super().check_caller(context, admits)
        except WarifuError as error:
            if admits != self.admits_business or error.reason is not Reason.CALLER_REVOKED:
                raise

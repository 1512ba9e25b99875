"""Looks at the caller of a stream when it begins, and never again."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

from tests.conformance.honest_node import HonestNode

CAUGHT_BY = "node.revocation.open-stream"


class Planted(HonestNode):
    def while_good(self, context: Any) -> AbstractAsyncContextManager[None]:
        return nullcontext()

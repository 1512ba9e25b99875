"""Looks for whoever is not there in the archive as well."""

from __future__ import annotations

import time

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import CheckedPermit
from warifu_kit.conformance.cast import CastPerson

CAUGHT_BY = "node.pace.strangers"


class Planted(HonestNode):
    def find(self, checked: CheckedPermit) -> CastPerson | None:
        found = super().find(checked)
        if found is None:
            time.sleep(0.08)
        return found

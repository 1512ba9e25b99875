"""Reads the keys in force, and none that they replaced."""

from __future__ import annotations

from dataclasses import replace

from tests.conformance.honest_node import HonestNode

from warifu.exchange.provision import ProviderKeys

CAUGHT_BY = "node.rotation.own-keys"


class Planted(HonestNode):
    def own_keys(self) -> ProviderKeys:
        return replace(super().own_keys(), others={})

"""Conformance: whether an adapter or a node keeps the contract, rule by rule, with evidence. SIMULATED."""

"""The pages below docs/protocol, and what each is about."""

from __future__ import annotations

PAGES = {
    "node": "writing a node, both roles: what to do when, and where it stands; the vectors",
    "bytes": "how values become bytes, hashes, scalars and points",
    "codes": "from a person to a row: the two groups, encrypting, converting, opening, rotating",
    "signed": "every field under each signature and digest; shared signatures",
    "sealed": "HPKE, framing and padding, what is in a query and an answer, gossip",
    "directory": "the chain of versions, epochs, the permission table, endpoints, revocation",
    "log": "leaves, proofs, checkpoints, notes, cosignatures, what a node does with them",
    "checks": "who checks what, in which order, and the reason that it raises",
    "transport": "certificates and TLS names, bounds, deadlines, errors, sending again",
    "adapter": "a business system that its node asks: what it has to do",
    "files": "a party's folder, key files, evidence",
    "numbers": "identifiers and check digits",
    "jpki": "certificates of people, what a card signs, the order in which that is believed",
}
"""The pages below docs/protocol, in the order in which they are read."""

"""Checking conversion proofs by hand, from docs/proofs.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.contract import protocol_by_hand as by_hand
from tests.contract.groups_by_hand import Element, minus, plus, times

Pair = tuple[bytes, bytes]


class Terms(NamedTuple):
    """What is public of all conversions between two entries: S_A, S_B, H and Y."""

    source: bytes
    target: bytes
    opening: bytes
    own: bytes


def leaf_of(
    suite: Any, terms: Terms, shared: Sequence[int], z_k: int, context: bytes, given: Pair, made: Pair
) -> bytes:
    """The hash of one conversion's leaf, as the responses give it."""
    e, z_t, z_u = shared
    c1, c2, d1, d2 = (suite.read(each) for each in (*given, *made))
    own: Element = suite.read(terms.own)
    third = minus(plus(times(z_u, c1), times(z_k, suite.base)), times(e, d1))
    fourth = minus(plus(times(z_t, c2), times(z_k, own)), times(e, d2))
    points = (*given, *made, suite.write(third), suite.write(fourth))
    return by_hand.leaf_hash(by_hand.digest("warifu-v1/conversion-leaf", context, *points))


def holds(suite: Any, terms: Terms, shared: Sequence[int], root: bytes) -> bool:
    """Whether the challenge came after everything it is over."""
    e, z_t, z_u = shared
    source, target, opening, own = (suite.read(each) for each in terms)
    first = minus(times(z_t, source), times(e, target))
    second = minus(times(z_u, suite.base), times(z_t, opening))
    public = [suite.write(each) for each in (suite.base, source, target, opening, own, first, second)]
    return by_hand.to_scalar(suite.number, "warifu-v1/conversion-proof", *public, root) == e


def numbers_in(proof: bytes) -> list[int]:
    """The scalars of a proof."""
    return [by_hand.read(proof[at : at + 32]) for at in range(0, len(proof), 32)]


def followed(leaf: bytes, way: bytes) -> bytes:
    """The root to which a way leads from a leaf."""
    for place in range((len(way) - 1) // 32 if way else 0):
        sibling = way[1 + 32 * place : 33 + 32 * place]
        leaf = by_hand.node(sibling, leaf) if way[0] >> place & 1 else by_hand.node(leaf, sibling)
    return leaf

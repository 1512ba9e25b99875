"""Under which request_ids the rows of a file are asked, and in which order.

Decides both without a clock and without a network. A request_id is a function of the run's key and the row alone, so a run that
goes on asks under the ones it asked under before; without the key nobody can tell which row one belongs to. The order is drawn
for each provider by itself: two providers that put side by side what came to them find no order in it that says who is who.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from random import Random

from warifu.api.node.v1.node_service_pb2 import Inquiry
from warifu_kit.bulk.layout import Row

__all__ = ["KEY_SIZE", "TOGETHER", "inquiry_of", "request_id_of", "shuffled"]

KEY_SIZE = 32
"""Bytes of a run's key."""

TOGETHER = 192
"""Rows in one message: as many rows of one provider stay beside each other, where there are as many."""

_REQUEST_ID_SIZE = 16


def request_id_of(key: bytes, row: Row) -> bytes:
    """16 bytes: the row's line and content under the run's key."""
    content = row.line.to_bytes(4, "big") + ",".join(row.cells).encode("cp932")
    return hmac.digest(key, content, "sha256")[:_REQUEST_ID_SIZE]


def inquiry_of(key: bytes, row: Row) -> Inquiry:
    """What the row asks, as the node is asked."""
    return Inquiry(
        request_id=request_id_of(key, row),
        local_number=row.local_number,
        procedure_code=row.procedure_code,
        provider=row.provider,
        item_code=row.item_code,
        fiscal_year=row.fiscal_year,
        non_disclosure=row.non_disclosure,
    )


def shuffled(rows: Sequence[Row], rng: Random) -> list[Row]:
    """The rows in an order drawn for each provider, in pieces of one provider whose order is drawn as well."""
    of_provider: dict[str, list[Row]] = {}
    for row in rows:
        of_provider.setdefault(row.provider, []).append(row)
    pieces = []
    for each in of_provider.values():
        rng.shuffle(each)
        pieces += [each[start : start + TOGETHER] for start in range(0, len(each), TOGETHER)]
    rng.shuffle(pieces)
    return [row for piece in pieces for row in piece]

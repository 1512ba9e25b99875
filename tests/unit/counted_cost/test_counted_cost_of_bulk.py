"""What a bulk row costs, counted: what an exchange costs, and everything that is shared is shared by the whole message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warifu_kit.bulk.order import TOGETHER

Parties = Callable[[str], Awaitable[Any]]

ONCE = {
    "messages": {"to hub": 1, "from hub": 1, "to provider": 1, "from provider": 1},
    "disk": {"inquirer syncs": 2, "hub syncs": 2, "provider syncs": 1},
}
"""What a message of rows needs, however many there are."""


@pytest.mark.parametrize("proofs", ["always", "off"])
async def test_a_message_of_rows_needs_of_what_is_shared_what_one_exchange_needs(
    parties_with: Parties, proofs: str
) -> None:
    parties = await parties_with(proofs)
    told = (await parties.ask_in_bulk(TOGETHER)).told()
    for part, kinds in ONCE.items():
        assert {kind: told[part].get(kind) for kind in kinds} == kinds
    assert told["disk"]["hub records"] == 2 * TOGETHER
    assert {party: (told[party]["sign"], told[party]["verify"]) for party in ("inquirer", "hub", "provider")} == {
        "inquirer": (1, 1), "hub": (1, 2), "provider": (1, 2),
    }  # fmt: skip
    assert {party: (told[party]["hpke_set_up"], told[party]["x25519"]) for party in ("inquirer", "provider")} == {
        "inquirer": (2, 2), "provider": (2, 2),
    }  # fmt: skip
    assert told["inquirer"]["box"] == told["provider"]["box"] == 2 * TOGETHER


@pytest.mark.parametrize("proofs", ["always", "off"])
async def test_each_row_needs_what_each_exchange_needs_and_nothing_else(parties_with: Parties, proofs: str) -> None:
    """The work of 40 rows less that of 30 is ten rows' own; so it is with exchanges."""
    parties = await parties_with(proofs)
    costs = [(await ask(count)).told() for ask in (parties.ask_in_bulk, parties.ask_together) for count in (30, 40)]
    row, exchange = (
        {
            (party, kind): more[party][kind] - less[party].get(kind, 0)
            for party in ("inquirer", "hub", "provider")
            for kind in more[party]
        }
        for less, more in (costs[:2], costs[2:])
    )
    assert row == exchange

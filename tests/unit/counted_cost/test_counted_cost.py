"""What an exchange costs, counted: nothing is added to it that is not written down here.

Times depend on the machine and the minute; counts do not. For each kind of work there are two numbers: how often each
exchange needs it, and how often all that go in step need it once. Whoever adds one changes the number here, and says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warifu.exchange.provision import open_query
from warifu_services.node import provider

Parties = Callable[[str], Awaitable[Any]]

UNPROVEN: dict[str, dict[str, tuple[int, int]]] = {
    "inquirer": {
        "multiply": (1, 0),
        "base_multiply": (2, 0),
        "add": (1, 0),
        "sign": (0, 1),
        "verify": (0, 1),
        "hpke_seal": (1, 0),
        "hpke_open": (1, 0),
        "x25519": (2, 0),
        "x25519_base": (2, 0),
        "at_rest": (2, 0),
        "from_rest": (1, 0),
    },
    "hub": {
        "multiply": (4, 0),
        "base_multiply": (2, 0),
        "add": (2, 0),
        "subtract": (1, 0),
        "sign": (0, 1),
        "verify": (0, 2),
    },
    "provider": {
        "multiply": (1, 0),
        "subtract": (1, 0),
        "validate": (1, 0),
        "sign": (0, 1),
        "verify": (0, 2),
        "hpke_seal": (1, 0),
        "hpke_open": (1, 0),
        "x25519": (2, 0),
        "x25519_base": (1, 0),
    },
    "messages": {"to hub": (0, 1), "from hub": (0, 1), "to provider": (0, 1), "from provider": (0, 1)},
    "disk": {
        "inquirer records": (2, 0),
        "inquirer syncs": (0, 2),
        "hub records": (2, 0),
        "hub syncs": (0, 2),
        "provider records": (1, 0),
        "provider syncs": (0, 1),
    },
}
"""Each exchange, and all in step, where conversions are not proven. The streams are open: no RPC is begun."""

PROOF: dict[str, dict[str, tuple[int, int]]] = {
    "hub": {"multiply": (3, 2), "base_multiply": (1, 1), "add": (2, 0), "subtract": (0, 1)},
    "provider": {"multiply": (4, 3), "base_multiply": (2, 1), "add": (2, 0), "subtract": (2, 2), "validate": (-1, 0)},
}
"""What the proof of a conversion adds. Its check multiplies what is opened, and so has seen that it is in the group."""


def _cost(count: int, *tables: dict[str, dict[str, tuple[int, int]]]) -> dict[str, dict[str, int]]:
    """What ``count`` exchanges in step cost by these tables together."""
    summed: dict[str, dict[str, int]] = {}
    for table in tables:
        for party, kinds in table.items():
            of_party = summed.setdefault(party, {})
            for kind, (each, shared) in kinds.items():
                of_party[kind] = of_party.get(kind, 0) + each * count + shared
    return {party: {kind: number for kind, number in kinds.items() if number} for party, kinds in summed.items()}


@pytest.mark.parametrize("count", [1, 16, 32])
async def test_an_exchange_costs_what_is_written_here_and_nothing_else(parties_with: Parties, count: int) -> None:
    parties = await parties_with("always")
    tally = await parties.ask_together(count)
    assert tally.told() == _cost(count, UNPROVEN, PROOF)


@pytest.mark.parametrize("count", [1, 16, 32])
async def test_without_proofs_it_costs_that_much_less(parties_with: Parties, count: int) -> None:
    parties = await parties_with("off")
    tally = await parties.ask_together(count)
    assert tally.told() == _cost(count, UNPROVEN)


async def test_one_thing_done_twice_is_seen(parties_with: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    parties = await parties_with("off")

    def twice(*words: Any) -> Any:
        open_query(*words)
        return open_query(*words)

    monkeypatch.setattr(provider, "open_query", twice)
    tally = await parties.ask_together(3)
    assert tally.told()["provider"]["hpke_open"] == 2 * _cost(3, UNPROVEN)["provider"]["hpke_open"]

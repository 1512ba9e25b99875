"""What an exchange costs, counted: nothing is added to it that is not written down.

Times depend on the machine and the minute; counts do not. For each kind of work there are two numbers: how often each
exchange needs it, and how often all that go in step need it once (``costs.py``). Whoever adds one changes the number there, and
says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.counted_cost.costs import BYTES_ON_DISK, PROOF, UNPROVEN, Costs

from warifu.exchange.provision import open_query
from warifu_services.node import provider

Parties = Callable[[str], Awaitable[Any]]


def _cost(count: int, *tables: Costs) -> dict[str, dict[str, int]]:
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
    assert tally.told()["provider"]["box"] == 3 + _cost(3, UNPROVEN)["provider"]["box"]


async def test_an_exchange_leaves_as_many_bytes_on_disk_as_the_sizing_page_says(parties_with: Parties) -> None:
    parties = await parties_with("always")
    left = await parties.bytes_left_by(groups=20, size=32)
    assert left == {party: pytest.approx(each, rel=0.1) for party, each in BYTES_ON_DISK.items()}

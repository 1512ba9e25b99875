"""A file is asked in the same way where conversions are sampled, and where nothing is proven."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from warifu.client import NetworkDescription
from warifu.exchange.proof_policy import ProofPolicy
from warifu_kit.demo.offices import open_offices
from warifu_kit.demo.progress import teller
from warifu_kit.network.creation import create_network
from warifu_kit.network.network import Network
from warifu_kit.output import Terminal
from warifu_kit.people.residents import AS_OF, generate
from warifu_kit.settling import settle


@pytest.mark.parametrize("policy", ["sampled:2", "off"])
async def test_every_row_ends_and_the_three_sides_agree(
    policy: str, tmp_path: Path, batch_in: Any, outside_of: Any
) -> None:
    path = tmp_path / "net"
    create_network(path, proofs=ProofPolicy.parse(policy))
    with Network(path):
        with teller(Terminal(file=io.StringIO())) as telling:
            settled = await settle(path, generate(1, 12), 1, AS_OF, telling)
        town = SimpleNamespace(path=path, plan=settled.plan, institution=NetworkDescription.load(path).institution)
        batch = batch_in(town)
        batch.write(batch.rows(400))
        ended = batch.run()
        assert ended.returncode == 0, ended.stderr
        async with open_offices(path) as offices:
            outside = outside_of(town, offices)
            assert await outside.permitted(batch.request_ids()) == dict.fromkeys(batch.request_ids(), 1)
    assert not list(path.glob("*/evidence/*")), "a hub that keeps the rules convicts itself of nothing"

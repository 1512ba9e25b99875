"""Asking every party of a network how it is, all at once, as the supervisor.

Decides how long a party may take and that one which does not answer keeps nobody waiting for the others. What an answer
means is ``condition``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from warifu.api.party.v1.party_service_pb2 import GetStatusResponse
from warifu.client import NetworkDescription, PartyClient
from warifu.errors import WarifuError
from warifu.pki import Role

__all__ = ["Answer", "ask_everybody"]

Answer = GetStatusResponse | WarifuError
"""What a party said, or why it said nothing."""

_SECONDS = 5.0


async def ask_everybody(network: NetworkDescription, seconds: float = _SECONDS) -> Mapping[str, Answer]:
    """What each party that is a process says, or why nothing came of it within ``seconds``. Never raises for a party."""
    parties = [name for name, about in network.parties.items() if about["role"] != Role.SUPERVISOR.value]
    answers = await asyncio.gather(*(_ask(network, party, seconds) for party in parties))
    return dict(zip(parties, answers, strict=True))


async def _ask(network: NetworkDescription, party: str, seconds: float) -> Answer:
    try:
        async with PartyClient(network.to_party(party)) as client:
            return await client.status(timeout=seconds)
    except WarifuError as error:
        return error

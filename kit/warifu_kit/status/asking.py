"""Asking every party of a network how it is, all at once, as the supervisor.

Decides how long a party may take, that one which does not answer keeps nobody waiting for the others, and that one whose
answer holds what is no time or no number has not answered. What an answer means is ``condition``'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from warifu.api.party.v1.party_service_pb2 import GetStatusResponse
from warifu.client import NetworkDescription, PartyClient
from warifu.errors import Reason, WarifuError
from warifu.pki import Role

__all__ = ["Answer", "ask_everybody", "checked"]

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
            return checked(await client.status(timeout=seconds))
    except WarifuError as error:
        return error


def checked(reply: GetStatusResponse) -> GetStatusResponse:
    """``reply``, if every time and serial number in it is one. Raises: INTERNAL, which is the party's."""
    try:
        for stamp in _times_in(reply):
            stamp.ToDatetime()
        for certificate in reply.certificates:
            int(certificate.serial, 16)
    except (ValueError, OverflowError):
        raise WarifuError(Reason.INTERNAL, where="its status: a time or a serial number that is none") from None
    return reply


def _times_in(message: Message) -> Iterator[Timestamp]:
    if isinstance(message, Timestamp):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if not isinstance(value, Message) else (value,):
                yield from _times_in(each)

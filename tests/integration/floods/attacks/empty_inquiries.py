"""A member sends inquiries with nothing in them, many to a message, as fast as they are taken."""

from __future__ import annotations

from tests.integration.floods.attacks.again_and_again import on_each
from tests.integration.floods.attacks.place import Place
from tests.integration.floods.attacks.wire import Wire, message

from warifu.api.hub.v1.hub_service_pb2 import ExchangeCall, ExchangeStreamRequest

CALLER = "insurance"


def flood(place: Place) -> None:
    on_each(place, 4, _empty)


def _empty(wire: Wire) -> None:
    calls = [ExchangeCall(call_number=number, timeout_ms=10_000) for number in range(256)]
    sent = message(ExchangeStreamRequest(calls=calls).SerializeToString())
    stream = wire.begin("/warifu.api.hub.v1.HubService/ExchangeStream")
    while wire.is_open:
        wire.data(stream, sent)

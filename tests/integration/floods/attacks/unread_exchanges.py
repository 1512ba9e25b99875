"""A member sends exchanges on its streams as fast as they are taken and reads no reply."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from tests.integration.floods.attacks.place import Place, in_full_swing
from tests.integration.floods.attacks.wire import Wire, message

from warifu.api.hub.v1.hub_service_pb2 import ExchangeCall, ExchangeRequest, ExchangeStreamRequest
from warifu.api.type.v1.inquiry_pb2 import SignedInquiry

CALLER = "insurance"
_CONNECTIONS, _STREAMS = 8, 8


def flood(place: Place) -> None:
    threads = [threading.Thread(target=_keep, args=(place,)) for _ in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    in_full_swing()
    for thread in threads:
        thread.join()


def _keep(place: Place) -> None:
    inquiry = SignedInquiry(context=bytes(200), sealed_query=bytes(60_000))
    calls = [
        ExchangeCall(call_number=n, timeout_ms=60_000, request=ExchangeRequest(inquiry=inquiry)) for n in range(16)
    ]
    sent = message(ExchangeStreamRequest(calls=calls).SerializeToString())
    while True:
        with suppress(OSError):
            wire = Wire(place, window=0)
            streams = [wire.begin("/warifu.api.hub.v1.HubService/ExchangeStream") for _ in range(_STREAMS)]
            while wire.is_open:
                for stream in streams:
                    wire.data(stream, sent)
        time.sleep(0.01)

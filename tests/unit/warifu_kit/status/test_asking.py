"""A party's answer about itself is looked at before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from warifu.api.party.v1.party_service_pb2 import GetStatusResponse
from warifu.errors import Reason, WarifuError
from warifu_kit.status.asking import checked

NO_TIME = 2**62


def good() -> GetStatusResponse:
    reply = GetStatusResponse(release="1")
    reply.started_time.FromSeconds(1_800_000_000)
    reply.certificates.add(use="own", serial="a1").not_after.FromSeconds(1_800_000_000)
    reply.alarms.add(where="here").since.FromSeconds(1_800_000_000)
    reply.checkpoint.published_time.FromSeconds(1_800_000_000)
    return reply


def test_an_answer_that_makes_sense_is_taken() -> None:
    assert checked(good()) == good()
    assert checked(GetStatusResponse()) == GetStatusResponse()


SPOILS: dict[str, Callable[[GetStatusResponse], None]] = {
    "started": lambda reply: setattr(reply.started_time, "seconds", NO_TIME),
    "certificate": lambda reply: setattr(reply.certificates[0].not_after, "seconds", -NO_TIME),
    "alarm": lambda reply: setattr(reply.alarms[0].since, "seconds", NO_TIME),
    "checkpoint": lambda reply: setattr(reply.checkpoint.published_time, "seconds", NO_TIME),
    "serial": lambda reply: setattr(reply.certificates[0], "serial", "none"),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_one_that_holds_no_time_or_no_number_counts_as_none(spoil: Callable[[GetStatusResponse], None]) -> None:
    reply = good()
    spoil(reply)
    with pytest.raises(WarifuError) as refused:
        checked(reply)
    assert refused.value.reason is Reason.INTERNAL

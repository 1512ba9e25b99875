"""When a business system is told of as gone and back: by what its node says, once each."""

from __future__ import annotations

import pytest

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu_kit.network.adapter_watch import AdapterContact

WELL = party_pb2.GetStatusResponse(alarms=[party_pb2.Alarm(kind="ALARM_KIND_DISK_LOW", where="disk")])
AWAY = party_pb2.GetStatusResponse(
    alarms=[party_pb2.Alarm(kind="ALARM_KIND_ADAPTER_NOT_IN_CONTACT", where="nobody listens there")]
)
GONE, BACK = ("adapter gone", "nobody listens there"), ("adapter back", "its business system answers")


def test_each_change_is_told_once() -> None:
    contact = AdapterContact()
    replies = [WELL, AWAY, AWAY, WELL, WELL, AWAY]
    assert [contact.change(each) for each in replies] == [None, GONE, None, BACK, None, GONE]


@pytest.mark.parametrize(("reply", "told"), [(AWAY, None), (WELL, BACK)])
def test_one_that_was_not_there_at_the_start_is_told_of_when_it_comes(
    reply: party_pb2.GetStatusResponse, told: tuple[str, str] | None
) -> None:
    assert AdapterContact(is_there=False).change(reply) == told

"""A node in front of a business system that is down, slow or wrong, or is none: over real mutual TLS, with the real hub."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import closing, suppress
from typing import Any

import pytest

from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.errors import Reason


async def test_the_business_system_answers_and_only_its_node_has_asked_it(office: Any) -> None:
    town = office.town
    result = await town.client("childcare").inquire(town.inquiry(1, fiscal_year=2026))
    assert LocalTaxRecord.FromString(result.record).total_income_yen == 7_000_000
    (asked,) = office.asked
    assert (asked.local_number, asked.fiscal_year) == ("tax-1", 2026)
    assert asked.processing_number == result.processing_number
    assert asked.inquirer == town.code("childcare")
    assert set(office.callers) == {town.folder("tax").identity().uri}
    assert office.fault() == ""


INVALID = Reason.ADAPTER_ANSWER_INVALID
WRONG: dict[str, tuple[Any, Reason, str]] = {
    "another person's record": ({"local_number": "tax-1"}, INVALID, "local_number"),
    "another item": ({"item_code": "TM00000000000004"}, INVALID, "item_code"),
    "another record": ({"record_type": "warifu.api.record.v1.ResidentRecord"}, INVALID, "record_type"),
    "a record that is too large": ({"record": b"x" * 1_000_001}, INVALID, "record does not fit"),
    "more than a message may hold": ({"record": b"x" * 9_000_000}, INVALID, "RESOURCE_EXHAUSTED"),
    "nothing in particular": ({"outcome": 0, "local_number": "", "record": b""}, INVALID, "local_number"),
    "an exception": ("failing", INVALID, "INTERNAL"),
    "that it has no room": ("having_no_room", Reason.ADAPTER_UNREACHABLE, "RESOURCE_EXHAUSTED"),
    "nothing for ever": ("taking_for_ever", Reason.ADAPTER_TIMED_OUT, "adapter"),
}
"""What it says in place of a good reply, the reason, and what the alarm says of it."""


@pytest.mark.usefixtures("asked_once_whether_it_is_there")
@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_answer_fails_the_exchange_and_the_same_bytes_ask_again(
    office: Any, refused: Any, what: str
) -> None:
    town, (wrong, reason, told) = office.town, WRONG[what]
    office.say = getattr(office, wrong) if isinstance(wrong, str) else lambda request: office.good(request, **wrong)
    asking = town.inquiry(0)
    error = await refused(town.client("childcare").inquire(asking, timeout=4.0))
    assert (error.reason, error.where) == (Reason.PROVIDER_FAILED, f"provider: {reason.value}")
    assert not error.definite
    assert reason.value in office.fault()
    assert told in office.fault()
    assert "tax-" not in office.fault()
    assert await town.client("tax").exchange_records() == []  # nothing was provided, so nothing is recorded
    office.say = office.good
    result = await town.client("childcare").inquire(asking)
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED
    assert len({each.processing_number for each in office.asked}) == 1
    assert office.fault() == ""


async def test_two_answers_that_the_business_system_mixed_up_are_given_to_nobody(office: Any, refused: Any) -> None:
    town, met = office.town, asyncio.Barrier(2)
    waiting: list[adapter_pb2.LookUpRequest] = []

    async def mixed_up(request: adapter_pb2.LookUpRequest) -> Any:
        waiting.append(request)
        place = len(waiting) - 1
        await met.wait()
        return office.good(waiting[1 - place])

    office.say = mixed_up
    askings = [town.inquiry(0), town.inquiry(1)]
    errors = await asyncio.gather(*(refused(town.client("childcare").inquire(asking)) for asking in askings))
    assert {error.where for error in errors} == {"provider: ADAPTER_ANSWER_INVALID"}
    office.say = office.good
    results = [await town.client("childcare").inquire(asking) for asking in askings]
    assert {result.state for result in results} == {node_pb2.INQUIRY_STATE_ANSWERED}


async def test_many_at_once_are_looked_up_at_once(office: Any) -> None:
    town, met = office.town, asyncio.Barrier(12)

    async def together(request: adapter_pb2.LookUpRequest) -> Any:
        await met.wait()
        return office.good(request)

    office.say = together
    askings = [town.client("childcare").inquire(town.inquiry(n % 3)) for n in range(12)]
    results = await asyncio.gather(*askings)
    assert len({result.processing_number for result in results}) == 12


async def test_somebody_who_is_not_here_meets_the_same_faults(office: Any, refused: Any) -> None:
    town = office.town
    numbers = await town.my_numbers(1)
    await town.acquire("childcare", ["", "", "", *numbers])  # tax knows nothing of the fourth
    office.say = office.failing
    for place in (0, 3):
        error = await refused(town.client("childcare").inquire(town.inquiry(place)))
        assert error.where == "provider: ADAPTER_ANSWER_INVALID"
    office.say = office.good
    assert (await refused(town.client("childcare").inquire(town.inquiry(3)))).reason is Reason.RECORD_NOT_HELD
    assert len(office.asked) == 3
    assert office.asked[-1].local_number not in {f"tax-{n}" for n in range(3)}


async def test_a_business_system_that_went_down_is_shown_and_taken_up_again(office: Any, refused: Any) -> None:
    town, asking = office.town, office.town.inquiry(0)
    await office.stop()
    error = await refused(town.client("childcare").inquire(asking))
    assert error.where == "provider: ADAPTER_UNREACHABLE"
    assert "nobody listens there" in office.fault()
    await office.start(town.path / "tax-system")
    assert (await town.client("childcare").inquire(asking)).state == node_pb2.INQUIRY_STATE_ANSWERED
    await town.until(lambda: office.fault() == "")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ({"ready": False}, "it says that it is not ready"),
        ({"institution": "9030000000000001"}, "institution_code is another's"),
    ],
)
async def test_one_that_is_not_ready_or_another_institutions_is_shown(
    office: Any, spoil: dict[str, Any], told: str
) -> None:
    town = office.town
    for name, value in spoil.items():
        setattr(office, name, value)
    await town.stop_node("tax")
    await town.start_node("tax", adapter=office.endpoint)
    await town.until(lambda: told in office.fault())


async def test_one_that_says_it_is_not_ready_is_asked_all_the_same(office: Any) -> None:
    town, office.ready = office.town, False
    await town.stop_node("tax")
    await town.start_node("tax", adapter=office.endpoint)
    await town.until(lambda: "not ready" in office.fault())
    answered = await town.client("childcare").inquire(town.inquiry(0))
    assert answered.state == node_pb2.INQUIRY_STATE_ANSWERED
    assert "not ready" in office.fault()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes connections and says nothing."""
    with suppress(ConnectionError), closing(writer):
        await reader.read()


async def chatty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks, and no TLS."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    writer.close()


@pytest.mark.parametrize(("program", "told"), [(silent, "no answer"), (chatty, "another program or a proxy")])
async def test_what_is_no_business_system_at_all_is_unreachable(
    office: Any, refused: Any, program: Any, told: str
) -> None:
    town = office.town
    server = await asyncio.start_server(program, "127.0.0.1", 0)
    await restarted(town, server.sockets[0])
    asking = town.inquiry(0)
    error = await refused(town.client("childcare").inquire(asking, timeout=3.0))
    assert error.where in {"provider: ADAPTER_UNREACHABLE", "provider: ADAPTER_TIMED_OUT"}
    assert told in office.fault()
    await town.stop_node("tax")
    server.close()
    await town.start_node("tax", adapter=office.endpoint)
    assert (await town.client("childcare").inquire(asking)).state == node_pb2.INQUIRY_STATE_ANSWERED


@pytest.mark.parametrize("whose", ["tax", "residence/business", "hub"])
async def test_anybody_elses_certificate_is_not_the_business_systems(office: Any, refused: Any, whose: str) -> None:
    town, folder = office.town, office.town.path / whose
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    context.set_alpn_protocols(["h2"])
    server = await asyncio.start_server(silent, "127.0.0.1", 0, ssl=context)
    await restarted(town, server.sockets[0])
    error = await refused(town.client("childcare").inquire(town.inquiry(0)))
    assert error.where == "provider: ADAPTER_UNREACHABLE"
    assert "another party answers there" in office.fault()
    server.close()


async def restarted(town: Any, listening: socket.socket) -> None:
    """Tax again, in front of something else."""
    await town.stop_node("tax")
    await town.start_node("tax", adapter=f"127.0.0.1:{listening.getsockname()[1]}")

"""Acquiring codes: an agency opens its own, the hub learns nothing, and every failure has a name."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest

from warifu.api.authority.v1 import authority_service_pb2 as messages
from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ConvertIssuedCodesResponse
from warifu.errors import Reason, WarifuError
from warifu.exchange.statements import check_conversion
from warifu.identifiers import MyNumber
from warifu.party.folder import PartyFolder
from warifu.rpc.server import build_server
from warifu_hub.app import build_hub
from warifu_kit.blindness.needles import Secret, needles

Refusal = Callable[[Awaitable[Any]], Awaitable[WarifuError]]
Acquisitions = Callable[[Sequence[str]], list[messages.Acquisition]]
Batch = Callable[[Sequence[str]], messages.AcquireCodesRequest]

UNKNOWN = "123456789018"  # well formed, and no draw in a test will ever give it


@pytest.fixture
def one(acquisitions: Acquisitions) -> Callable[[str], messages.AcquireCodeRequest]:
    """Asks for one code."""
    return lambda number: messages.AcquireCodeRequest(acquisition=acquisitions([number])[0])


@pytest.fixture
def batch(acquisitions: Acquisitions) -> Batch:
    """Asks for a batch of codes."""
    return lambda numbers: messages.AcquireCodesRequest(acquisitions=acquisitions(numbers))


async def everything(call: Any) -> list[messages.AcquireCodesResponse]:
    return [reply async for reply in call]


def forms(number: str) -> Iterator[bytes]:
    """How a My Number might look in a message: as text of any kind, and as an integer of five to eight bytes."""
    for needle in needles(Secret(kind="my_number", owner="test", value=number))[0]:
        yield needle.pattern
    for size in (5, 8):
        yield int(number).to_bytes(size, "big")
        yield int(number).to_bytes(size, "little")


async def test_an_agency_opens_its_code_and_the_hub_signed_it(town: Any, one: Any) -> None:
    (number,) = await town.designate(1)
    request = one(number)
    reply = await town.caller("tax").AcquireCode(request)
    assert reply.issued_code.acquisition_number == request.acquisition.acquisition_number
    assert town.opened("tax", reply.issued_code) == town.expected("tax", number)
    check_conversion(
        town.directory.hub_signing_key,
        reply.receipt.hub_signature,
        reply.receipt.context,
        [reply.issued_code.converted_code],
        reply.receipt.conversion_proofs,
    )


async def test_a_second_issuance_gives_the_same_code_even_after_a_restart(town: Any, one: Any) -> None:
    (number,) = await town.designate(1)
    first = await town.caller("tax").AcquireCode(one(number))
    await town.stop_authority()
    await town.start_authority()
    second = await town.caller("tax").AcquireCode(one(number))
    assert first.issued_code.converted_code != second.issued_code.converted_code
    assert town.opened("tax", first.issued_code) == town.opened("tax", second.issued_code)


async def test_a_changed_number_changes_no_code_at_any_agency(town: Any, one: Any, refusal: Refusal) -> None:
    (old,) = await town.designate(1)
    kinds = ("residence", "tax", "childcare", "insurance")
    before = [town.opened(kind, (await town.caller(kind).AcquireCode(one(old))).issued_code) for kind in kinds]
    request = messages.ReplaceMyNumberRequest(my_number=old)
    new = (await town.caller("residence/business").ReplaceMyNumber(request)).my_number
    after = [town.opened(kind, (await town.caller(kind).AcquireCode(one(new))).issued_code) for kind in kinds]
    assert before == after
    assert len(set(after)) == len(kinds)
    assert (await refusal(town.caller("tax").AcquireCode(one(old)))).reason is Reason.NUMBER_NOT_DESIGNATED


async def test_the_hub_itself_converts_what_the_authority_issues(town: Any, batch: Batch) -> None:
    numbers = await town.designate(3)
    hub = build_hub(PartyFolder(town.path / "hub"))
    await hub.server.start()
    await town.stop_authority()
    await town.start_authority(hub=hub.endpoint)
    (reply,) = await everything(town.caller("tax").AcquireCodes(iter([batch(numbers)])))
    await hub.server.stop(0)
    await hub.close()
    assert [town.opened("tax", code) for code in reply.issued_codes] == [town.expected("tax", n) for n in numbers]


async def test_a_batch_of_a_thousand_is_issued(town: Any, batch: Batch) -> None:
    numbers = await town.designate(1000)
    request = batch(numbers)
    (reply,) = await everything(town.caller("tax").AcquireCodes(iter([request])))
    asked = [acquisition.acquisition_number for acquisition in request.acquisitions]
    assert [issued.acquisition_number for issued in reply.issued_codes] == asked
    opened = [town.opened("tax", issued) for issued in reply.issued_codes]
    assert len(set(opened)) == 1000
    assert opened[::50] == [town.expected("tax", number) for number in numbers[::50]]


@pytest.mark.slow
async def test_ten_thousand_codes_come_over_one_stream_in_the_order_asked(town: Any, batch: Batch) -> None:
    numbers = [number for start in range(0, 10_000, 1000) for number in await town.designate(1000, first=start)]
    requests = [batch(numbers[start : start + 1000]) for start in range(0, 10_000, 1000)]
    replies = await everything(town.caller("tax").AcquireCodes(iter(requests)))
    asked = [acquisition.acquisition_number for request in requests for acquisition in request.acquisitions]
    issued = [code for reply in replies for code in reply.issued_codes]
    assert [code.acquisition_number for code in issued] == asked
    assert [town.opened("tax", code) for code in issued[::211]] == [
        town.expected("tax", number) for number in numbers[::211]
    ]
    assert len(town.recorder.received) == 10
    assert town.authority.store.codes_issued() == 10_000


async def test_bad_numbers_in_a_batch_are_refused_in_their_places(town: Any, batch: Batch) -> None:
    numbers = await town.designate(5)
    asked = [numbers[0], "12345", numbers[1], UNKNOWN, numbers[2], "", numbers[3], numbers[4][:-1] + "x"]
    (reply,) = await everything(town.caller("tax").AcquireCodes(iter([batch(asked)])))
    failures = {
        place: (issued.failure.reason, issued.failure.where)
        for place, issued in enumerate(reply.issued_codes)
        if issued.WhichOneof("result") == "failure"
    }
    assert failures == {
        1: ("NUMBER_MALFORMED", "acquisitions[1].my_number"),
        3: ("NUMBER_NOT_DESIGNATED", "acquisitions[3].my_number"),
        5: ("NUMBER_MALFORMED", "acquisitions[5].my_number"),
        7: ("NUMBER_MALFORMED", "acquisitions[7].my_number"),
    }
    issued = [code for place, code in enumerate(reply.issued_codes) if place not in failures]
    assert [town.opened("tax", code) for code in issued] == [town.expected("tax", number) for number in numbers[:4]]
    codes = [code.converted_code for code in issued]
    receipt = reply.receipt
    check_conversion(
        town.directory.hub_signing_key, receipt.hub_signature, receipt.context, codes, receipt.conversion_proofs
    )


async def test_a_batch_without_a_code_has_an_empty_receipt(town: Any, batch: Batch) -> None:
    (reply,) = await everything(town.caller("tax").AcquireCodes(iter([batch([UNKNOWN])])))
    assert reply.receipt == messages.ConversionReceipt()
    assert town.recorder.received == []


@pytest.mark.parametrize(
    ("number", "reason"), [(UNKNOWN, Reason.NUMBER_NOT_DESIGNATED), ("123456789012", Reason.NUMBER_MALFORMED)]
)
async def test_a_refused_number_is_neither_kept_nor_logged_nor_repeated(
    town: Any, one: Any, batch: Batch, refusal: Refusal, log: io.StringIO, number: str, reason: Reason
) -> None:
    await town.designate(3)
    error = await refusal(town.caller("tax").AcquireCode(one(number)))
    assert (error.reason, error.where) == (reason, "acquisition.my_number")
    (reply,) = await everything(town.caller("tax").AcquireCodes(iter([batch([number])])))
    files = b"".join(path.read_bytes() for path in (town.path / "authority").glob("authority.sqlite3*"))
    left_behind = files + log.getvalue().encode() + str(error).encode() + reply.SerializeToString()
    assert not [form for form in forms(number) if form in left_behind]
    if reason is Reason.NUMBER_NOT_DESIGNATED:
        assert town.keys.number_lookup(MyNumber(number)) not in files


async def test_nothing_of_a_my_number_or_a_person_reaches_the_hub(town: Any, batch: Batch, one: Any) -> None:
    numbers = await town.designate(50)
    await everything(town.caller("tax").AcquireCodes(iter([batch(numbers), batch(numbers[:7])])))
    await town.caller("childcare").AcquireCode(one(numbers[0]))
    received = b"".join(town.recorder.received)
    assert len(town.recorder.received) == 3
    assert len(received) > 50 * 64
    assert not [form for number in numbers for form in forms(number) if form in received]
    lookups = [town.keys.number_lookup(MyNumber(number)) for number in numbers]
    people = town.authority.store.holders(lookups)
    hidden = [*lookups, *people, *(town.keys.point(person) for person in people)]
    assert not [value for value in hidden if value in received]
    assert not [value for value in (town.expected("tax", number) for number in numbers) if value in received]


async def test_acquisition_numbers_do_not_reach_the_hub_and_are_kept_nowhere(
    town: Any, batch: Batch, log: io.StringIO
) -> None:
    request = batch(await town.designate(10))
    await everything(town.caller("tax").AcquireCodes(iter([request])))
    files = b"".join(path.read_bytes() for path in (town.path / "authority").glob("authority.sqlite3*"))
    searched = b"".join(town.recorder.received) + files + log.getvalue().encode()
    for acquisition in request.acquisitions:
        assert acquisition.acquisition_number not in searched
        assert acquisition.acquisition_number.hex().encode() not in searched


async def test_acquiring_leaves_only_a_total_behind(town: Any, batch: Batch) -> None:
    """The same rows as before, whoever asked, except for the total."""

    def rows() -> list[Any]:
        reader = town.authority.store.database.reader
        return [sorted(reader.execute(f"SELECT * FROM {table}")) for table in ("person", "number", "total")]

    numbers = await town.designate(5)
    people, held, _ = rows()
    await everything(town.caller("tax").AcquireCodes(iter([batch(numbers)])))
    assert rows() == [people, held, [(1, 5)]]


@pytest.mark.parametrize("folder", ["tax/business", "residence/business", "hub", "supervisor", "authority"])
async def test_only_an_agencys_node_acquires_codes(
    town: Any, one: Any, batch: Batch, refusal: Refusal, folder: str
) -> None:
    (number,) = await town.designate(1)
    caller = town.caller(folder)
    assert (await refusal(caller.AcquireCode(one(number)))).reason is Reason.CALLER_NOT_ALLOWED
    stream = everything(caller.AcquireCodes(iter([batch([number])])))
    assert (await refusal(stream)).reason is Reason.CALLER_NOT_ALLOWED
    assert town.recorder.received == []


async def test_a_batch_too_small_or_too_large_is_refused(town: Any, batch: Batch, refusal: Refusal) -> None:
    for count in (0, 1001):
        error = await refusal(everything(town.caller("tax").AcquireCodes(iter([batch([UNKNOWN] * count)]))))
        assert error.reason is Reason.REQUEST_MALFORMED
        assert error.where.startswith("acquisitions")


@pytest.mark.parametrize("number", [b"", b"x" * 15, b"x" * 17, b"twice-" * 2 + b"used"])
async def test_an_acquisition_number_of_another_length_or_used_twice_is_refused(
    town: Any, refusal: Refusal, number: bytes
) -> None:
    twice = [messages.Acquisition(acquisition_number=number, my_number=UNKNOWN)] * 2
    stream = town.caller("tax").AcquireCodes(iter([messages.AcquireCodesRequest(acquisitions=twice)]))
    error = await refusal(everything(stream))
    assert error.reason is Reason.REQUEST_MALFORMED
    assert error.where == f"acquisitions[{1 if len(number) == 16 else 0}].acquisition_number"


async def test_a_fault_in_a_later_batch_is_told_by_its_place_in_the_whole_stream(
    town: Any, batch: Batch, refusal: Refusal
) -> None:
    first, bad = batch(await town.designate(5)), batch([UNKNOWN] * 3)
    bad.acquisitions[2].acquisition_number = b"short"
    error = await refusal(everything(town.caller("tax").AcquireCodes(iter([first, bad]))))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "acquisitions[7].acquisition_number")
    assert error.done in (0, 5)  # the first batch may have been on its way when the second was looked at


async def test_a_request_without_an_acquisition_is_refused(town: Any, refusal: Refusal) -> None:
    error = await refusal(town.caller("tax").AcquireCode(messages.AcquireCodeRequest()))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "acquisition[0].acquisition_number")


async def test_replies_before_a_bad_batch_still_come(town: Any, batch: Batch, refusal: Refusal) -> None:
    (number,) = await town.designate(1)
    stream = town.caller("tax").AcquireCodes(iter([batch([number]), batch([])]))
    reply = await anext(aiter(stream))
    assert town.opened("tax", reply.issued_codes[0]) == town.expected("tax", number)
    assert (await refusal(everything(stream))).reason is Reason.REQUEST_MALFORMED


async def test_a_caller_that_awaits_each_reply_before_the_next_batch_is_served(town: Any, batch: Batch) -> None:
    numbers = await town.designate(3)
    stream = town.caller("tax").AcquireCodes()
    for number in numbers:
        await stream.write(batch([number]))
        reply = await asyncio.wait_for(stream.read(), 20)
        assert town.opened("tax", reply.issued_codes[0]) == town.expected("tax", number)
    await stream.done_writing()


async def test_a_caller_that_hangs_up_harms_nobody_else(town: Any, batch: Batch, one: Any) -> None:
    (number,) = await town.designate(1)
    entered = asyncio.Event()

    async def slow(request: ConvertIssuedCodesRequest, context: Any) -> ConvertIssuedCodesResponse:
        entered.set()
        await asyncio.sleep(60)
        raise AssertionError

    town.hub.convert = slow
    stream = town.caller("tax").AcquireCodes(iter([batch([number])]))
    waiting = asyncio.create_task(everything(stream))
    await asyncio.wait_for(entered.wait(), 20)
    stream.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    town.hub.convert = town.hub.convert_honestly
    reply = await town.caller("childcare").AcquireCode(one(number))
    assert town.opened("childcare", reply.issued_code) == town.expected("childcare", number)


async def test_an_agency_learns_that_the_hub_is_down_and_succeeds_when_it_is_back(
    town: Any, one: Any, batch: Batch, refusal: Refusal
) -> None:
    (number,) = await town.designate(1)
    await town.hub_server.stop(0)
    caller = town.caller("tax")
    error = await refusal(caller.AcquireCode(one(number)))
    assert (error.reason, error.definite) == (Reason.HUB_UNREACHABLE, False)
    assert (await refusal(everything(caller.AcquireCodes(iter([batch([number])]))))).reason is Reason.HUB_UNREACHABLE
    await town.start_hub()
    await town.stop_authority()
    await town.start_authority()
    reply = await town.caller("tax").AcquireCode(one(number))
    assert town.opened("tax", reply.issued_code) == town.expected("tax", number)


async def test_somebody_else_at_the_hubs_address_is_not_the_hub(town: Any, one: Any, refusal: Refusal) -> None:
    """A server with the authority's own certificate, of the same root, answers there."""
    (number,) = await town.designate(1)
    folder = PartyFolder(town.path / "authority")
    server, port = build_server(
        credential=folder.credential(), root_pem=folder.root_pem(), access={}, services=[], revoked=frozenset
    )
    await server.start()
    await town.stop_authority()
    await town.start_authority(hub=f"127.0.0.1:{port}")
    error = await refusal(town.caller("tax").AcquireCode(one(number)))
    await server.stop(0)
    assert error.reason is Reason.HUB_UNREACHABLE


async def test_a_hub_that_takes_too_long_is_told_apart_from_one_that_is_gone(
    town: Any, one: Any, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "warifu_services.authority.issuing._MARGIN_S", 9.0
    )  # so that the hub's deadline ends long before ours

    async def never(request: ConvertIssuedCodesRequest, context: Any) -> ConvertIssuedCodesResponse:
        await asyncio.sleep(60)
        raise AssertionError

    town.hub.convert = never
    (number,) = await town.designate(1)
    error = await refusal(town.caller("tax").AcquireCode(one(number), timeout=9.5))
    assert (error.reason, error.definite) == (Reason.HUB_TIMED_OUT, False)


async def test_an_answer_the_hub_did_not_sign_is_discarded(town: Any, one: Any, refusal: Refusal) -> None:
    async def spoilt(request: ConvertIssuedCodesRequest, context: Any) -> ConvertIssuedCodesResponse:
        answer: ConvertIssuedCodesResponse = await town.hub.convert_honestly(request, context)
        answer.converted_codes[0].CopyFrom(request.encrypted_codes[0])
        return answer

    town.hub.convert = spoilt
    (number,) = await town.designate(1)
    assert (await refusal(town.caller("tax").AcquireCode(one(number)))).reason is Reason.HUB_ANSWER_INVALID


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Reason.LOG_UNAVAILABLE, Reason.LOG_UNAVAILABLE),
        (Reason.OVERLOADED, Reason.OVERLOADED),
        (Reason.EPOCH_STALE, Reason.EPOCH_STALE),
        (Reason.SIGNATURE_INVALID, Reason.INTERNAL),
        (Reason.CALLER_REVOKED, Reason.INTERNAL),
        (Reason.CLOCK_SKEWED, Reason.INTERNAL),
    ],
)
async def test_the_agency_is_not_blamed_for_what_the_hub_holds_against_the_authority(
    town: Any, one: Any, refusal: Refusal, log: io.StringIO, said: Reason, told: Reason
) -> None:
    async def refuse(request: ConvertIssuedCodesRequest, context: Any) -> ConvertIssuedCodesResponse:
        raise WarifuError(said, where="context.something")

    town.hub.convert = refuse
    (number,) = await town.designate(1)
    error = await refusal(town.caller("tax").AcquireCode(one(number)))
    assert (error.reason, error.where) == (told, "")
    assert said.value in log.getvalue()


async def test_a_hub_that_breaks_is_an_error_with_a_name(town: Any, one: Any, refusal: Refusal) -> None:
    async def broken(request: ConvertIssuedCodesRequest, context: Any) -> Any:
        return b"\xff" * 100

    town.hub.convert = broken
    (number,) = await town.designate(1)
    error = await refusal(town.caller("tax").AcquireCode(one(number)))
    assert error.reason in (Reason.HUB_ANSWER_INVALID, Reason.INTERNAL)

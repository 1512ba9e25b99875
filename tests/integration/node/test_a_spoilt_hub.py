"""A node whose hub lies, is slow, goes away, or sends what nobody asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from warifu.agency import Absence, ProvidedRecord
from warifu.api.hub.v1.hub_service_pb2 import ExchangeRequest, ExchangeResponse
from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1 import inquiry_pb2
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext
from warifu.exchange.provision import check_permit, make_answer, open_query, seal_found
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import inquiry_digest, sign_permit
from warifu.lockstep import at_once
from warifu.party.alarms import AlarmKind
from warifu_hub.translate import HubKeys, Party, Translator
from warifu_services.node.keys import NodeKeys

NUMBER = "20260615000000000001"


class Provider:
    """Answers as tax would, in the hub's own process, so that a test can spoil each part."""

    def __init__(self, town: Any) -> None:
        folder = town.folder("hub")
        self.directory = folder.directory()
        self._hub_key = SigningKey(folder.secret("signing.key"))
        names = ("factor", "opening", "rerandomise")
        secrets = {f"{name}_key": folder.secret(f"{name}.key") for name in names}
        self._translator = Translator(self.directory.group, HubKeys(**secrets))
        self.keys = NodeKeys.load(town.folder("tax"), self.directory).provider

    def permit(self, inquiry: inquiry_pb2.SignedInquiry) -> inquiry_pb2.ProvisionPermit:
        context = ExchangeContext.decode(inquiry.context)
        code = inquiry.encrypted_code
        conversion = self._translator.conversion(
            context=inquiry.context,
            encrypted=EncryptedCode.decode(self.directory.group, code.c1, code.c2),
            from_=Party(context.inquirer),
            to=Party(context.provider),
            to_key=self.keys.own.agency_key,
        )
        converted, proof = at_once(conversion)
        permit = inquiry_pb2.ProvisionPermit(
            inquiry=inquiry, processing_number=NUMBER, permission_row="R01", conversion_proof=proof
        )
        permit.converted_code.CopyFrom(inquiry_pb2.EncryptedCode(c1=converted.c1, c2=converted.c2))
        permit.permit_time.FromMilliseconds(context.issued_ms)
        sign_permit(self._hub_key, permit, inquiry_digest(inquiry))
        return permit

    def answer(self, inquiry: inquiry_pb2.SignedInquiry, found: Any = Absence.NOT_PUBLISHED) -> ExchangeResponse:
        checked = check_permit(self.permit(inquiry), keys=self.keys, directory=self.directory)
        sealed = seal_found(found, open_query(checked, self.keys), checked)
        answered = inquiry_pb2.PROVISION_OUTCOME_ANSWERED
        made = make_answer(answered, checked, self.keys.signing_key, now_ms=0, sealed_answer=sealed)
        return ExchangeResponse(processing_number=NUMBER, answer=made.answer)


@pytest.fixture
def provider(spoilt_town: Any) -> Provider:
    """Tax, behind the spoilt hub; it answers truthfully unless a test says otherwise."""
    made = Provider(spoilt_town)

    async def exchange(request: ExchangeRequest) -> ExchangeResponse:
        return made.answer(request.inquiry)

    spoilt_town.spoilt.exchange = exchange
    return made


async def records(town: Any) -> list[node_pb2.ExchangeRecord]:
    found: list[node_pb2.ExchangeRecord] = await town.client("childcare").exchange_records()
    return found


async def test_a_record_outside_its_dates_is_told_by_name(spoilt_town: Any, provider: Provider, refused: Any) -> None:
    error = await refused(spoilt_town.client("childcare").inquire(spoilt_town.inquiry(0)))
    assert error.reason is Reason.RECORD_NOT_PUBLISHED
    (record,) = await records(spoilt_town)
    assert (record.outcome, record.reason) == (node_pb2.EXCHANGE_OUTCOME_ANSWERED, "RECORD_NOT_PUBLISHED")


def _other_number(response: ExchangeResponse) -> None:
    response.processing_number = "20260615000000000002"


def _no_number(response: ExchangeResponse) -> None:
    response.processing_number = ""


def _no_answer(response: ExchangeResponse) -> None:
    response.ClearField("answer")


def _flipped_body(response: ExchangeResponse) -> None:
    body = response.answer.sealed_answer
    response.answer.sealed_answer = body[:-1] + bytes([body[-1] ^ 1])


def _other_outcome(response: ExchangeResponse) -> None:
    response.answer.outcome = inquiry_pb2.PROVISION_OUTCOME_REFUSED
    response.answer.sealed_answer = b""


async def test_what_the_provider_did_not_sign_is_discarded(spoilt_town: Any, provider: Provider, refused: Any) -> None:
    spoils: list[Callable[[ExchangeResponse], None]] = [
        _other_number,
        _no_number,
        _no_answer,
        _flipped_body,
        _other_outcome,
    ]
    for spoil in spoils:

        async def exchange(request: ExchangeRequest, spoil: Callable[[ExchangeResponse], None] = spoil) -> Any:
            response = provider.answer(request.inquiry)
            spoil(response)
            return response

        spoilt_town.spoilt.exchange = exchange
        error = await refused(spoilt_town.client("childcare").inquire(spoilt_town.inquiry(0)))
        assert error.reason is Reason.HUB_ANSWER_INVALID
    assert {record.reason for record in await records(spoilt_town)} == {"HUB_ANSWER_INVALID"}


async def test_the_answer_to_another_inquiry_is_discarded(spoilt_town: Any, provider: Provider, refused: Any) -> None:
    earlier: list[ExchangeResponse] = []

    async def exchange(request: ExchangeRequest) -> ExchangeResponse:
        earlier.append(provider.answer(request.inquiry, ProvidedRecord("T", b"of the first")))
        return earlier[0]

    spoilt_town.spoilt.exchange = exchange
    first = await spoilt_town.client("childcare").inquire(spoilt_town.inquiry(0))
    assert first.record == b"of the first"
    error = await refused(spoilt_town.client("childcare").inquire(spoilt_town.inquiry(0)))
    assert error.reason is Reason.HUB_ANSWER_INVALID


async def test_a_hub_that_never_answers_leaves_the_inquiry_open(
    spoilt_town: Any, provider: Provider, refused: Any
) -> None:
    honest, never = spoilt_town.spoilt.exchange, asyncio.Event()

    async def exchange(request: ExchangeRequest) -> ExchangeResponse:
        await never.wait()
        raise WarifuError(Reason.INTERNAL)

    spoilt_town.spoilt.exchange = exchange
    asking = spoilt_town.inquiry(0)
    error = await refused(spoilt_town.client("childcare").inquire(asking, timeout=0.6))
    assert error.reason in {Reason.HUB_TIMED_OUT, Reason.NODE_TIMED_OUT}
    (record,) = await records(spoilt_town)
    assert (record.outcome, record.reason) == (node_pb2.EXCHANGE_OUTCOME_OPEN, "")
    spoilt_town.spoilt.exchange = honest
    assert (await refused(spoilt_town.client("childcare").fetch_answer(asking.request_id, wait=10))).reason is (
        Reason.RECORD_NOT_PUBLISHED
    )
    assert len(set(spoilt_town.spoilt.inquiries)) == 1


async def test_a_hub_that_fails_inside_is_told_and_asked_again(
    spoilt_town: Any, provider: Provider, refused: Any
) -> None:
    honest = spoilt_town.spoilt.exchange

    async def exchange(request: ExchangeRequest) -> ExchangeResponse:
        raise ValueError("something personal")

    spoilt_town.spoilt.exchange = exchange
    asking = spoilt_town.inquiry(0)
    error = await refused(spoilt_town.client("childcare").inquire(asking))
    assert (error.reason, "personal" in str(error)) == (Reason.INTERNAL, False)
    spoilt_town.spoilt.exchange = honest
    assert (await refused(spoilt_town.client("childcare").inquire(asking))).reason is Reason.RECORD_NOT_PUBLISHED
    assert len(set(spoilt_town.spoilt.inquiries)) == 1


async def test_a_full_disk_at_the_inquirer_withholds_the_answer(
    spoilt_town: Any, provider: Provider, refused: Any
) -> None:
    store = spoilt_town.nodes["childcare"].store

    async def limit(pages: int) -> None:
        await store.database.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())

    async def exchange(request: ExchangeRequest) -> ExchangeResponse:
        if not spoilt_town.spoilt.inquiries[1:]:
            (pages,) = store.database.reader.execute("PRAGMA page_count").fetchone()
            await limit(pages)
        return provider.answer(request.inquiry, ProvidedRecord("T", bytes(200_000)))

    spoilt_town.spoilt.exchange = exchange
    asking = spoilt_town.inquiry(0)
    error = await refused(spoilt_town.client("childcare").inquire(asking))
    assert error.reason is Reason.STORE_UNAVAILABLE
    await limit(1_000_000)
    result = await spoilt_town.client("childcare").inquire(asking)
    assert len(result.record) == 200_000


async def test_a_hub_that_comes_back_is_told_again_where_the_node_listens(spoilt_town: Any) -> None:
    spoilt, endpoint = spoilt_town.spoilt, spoilt_town.nodes["childcare"].endpoint
    assert set(spoilt.endpoints) == {endpoint}
    await spoilt_town.stop_spoilt()
    spoilt.endpoints.clear()
    spoilt.announced.clear()
    await spoilt_town.start_spoilt(spoilt_town.hub_endpoint)
    async with asyncio.timeout(15):
        await spoilt.announced.wait()
    assert set(spoilt.endpoints) == {endpoint}


async def test_a_revocation_list_that_the_root_did_not_sign_is_not_taken(spoilt_town: Any) -> None:
    path = spoilt_town.path / "childcare" / "revoked.pem"
    before = path.read_bytes()
    spoilt_town.spoilt.revocation_list = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
    await spoilt_town.stop_node("childcare")
    await spoilt_town.start_node("childcare")
    assert path.read_bytes() == before


async def test_a_revocation_list_that_was_deleted_is_put_back(spoilt_town: Any) -> None:
    path = spoilt_town.path / "childcare" / "revoked.pem"
    revocations = spoilt_town.nodes["childcare"].contact._revocations
    await revocations.follow()
    before = path.read_bytes()
    path.unlink()
    await revocations.follow()
    assert path.read_bytes() == before


async def test_a_hub_that_answers_with_errors_is_asked_ever_less_often(
    spoilt_town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    enough = asyncio.Event()
    sleep = asyncio.sleep

    async def no_sleep(seconds: float) -> None:
        if asyncio.current_task() is not keeping:  # what else waits in this process
            await sleep(seconds)
            return
        waits.append(seconds)
        if len(waits) == 7:
            enough.set()
        await sleep(0 if len(waits) < 7 else seconds)

    async def fail() -> None:
        raise WarifuError(Reason.INTERNAL)

    contact = spoilt_town.nodes["childcare"].contact
    monkeypatch.setattr(contact, "_announce", fail)
    monkeypatch.setattr("warifu_services.node.hub_link.asyncio.sleep", no_sleep)
    keeping = asyncio.create_task(contact.keep())
    async with asyncio.timeout(15):
        await enough.wait()
    keeping.cancel()
    assert waits == [0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


async def test_a_chore_that_meets_what_nobody_foresaw_goes_on_and_is_an_alarm(
    spoilt_town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, falls, gone_on = spoilt_town.nodes["childcare"], list[int](), asyncio.Event()

    async def rotate() -> int:
        falls.append(len(falls))
        if len(falls) < 3:
            raise AttributeError("something personal")
        gone_on.set()
        return 0

    monkeypatch.setattr(node.rotator, "rotate", rotate)
    async with asyncio.timeout(20):
        await gone_on.wait()
    (alarm,) = [each for each in node.lookout.alarms.standing() if each.kind is AlarmKind.CHORE_FELL_OVER]
    assert alarm.where == "rotating codes: AttributeError"

"""Cards from their application to their end, and an authority that is killed in the middle of issuing."""

from __future__ import annotations

import asyncio
import datetime
import secrets
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import grpc
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.integration.jpki.conftest import PORTRAIT, Office, Person, items, refusal

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.jpki.v1 import certificate_service_pb2 as pb
from warifu.api.jpki.v1.certificate_service_pb2_grpc import CertificateServiceStub
from warifu.clock import ManualClock
from warifu.errors import Reason
from warifu.jpki.certificate import EndCertificate
from warifu.jpki.profile import CertificateUse
from warifu.party.folder import PartyFolder
from warifu.pki import CredentialFiles, Identity, Role
from warifu.rpc.channel import secure_channel
from warifu_kit.network.party_process import PartyProcess, party_command

SIGNING, AUTHENTICATION = CertificateUse


async def card_of(office: Office, person: Person) -> cards.GetCardResponse:
    response: cards.GetCardResponse = await office.cards().GetCard(
        cards.GetCardRequest(application_id=person.application)
    )
    return response


async def test_every_step_of_a_card_is_on_record(office: Office) -> None:
    person = await office.holder()
    await office.step(person, cards.CARD_STEP_SUSPEND)
    await office.step(person, cards.CARD_STEP_RESUME)
    await office.step(person, cards.CARD_STEP_RETURN)
    told = await card_of(office, person)
    assert [step.to for step in told.transitions] == [1, 2, 3, 4, 5, 6, 7, 6, 8]
    assert [getattr(step, "from") for step in told.transitions] == [0, 1, 2, 3, 4, 5, 6, 7, 6]
    checks = [step.identity_check for step in told.transitions]
    assert checks == [0, 0, 0, 0, cards.IDENTITY_CHECK_FACE_AND_NOTICE, 0, 0, 0, 0]
    assert told.last_day.endswith("0704")


async def test_the_portrait_is_kept_until_the_card_is_collected(office: Office) -> None:
    person = office.person()
    await office.apply(person)
    assert (await card_of(office, person)).portrait == PORTRAIT
    await office.issue(person)
    await office.step(person, cards.CARD_STEP_NOTIFY)
    await office.step(person, cards.CARD_STEP_COLLECT, cards.IDENTITY_CHECK_BY_PROXY)
    assert (await card_of(office, person)).portrait == b""


async def test_a_step_that_cannot_be_taken_is_refused_with_the_reason_and_leaves_no_trace(office: Office) -> None:
    person = office.person()
    await office.apply(person)
    before = await card_of(office, person)
    refused = await refusal(office.step(person, cards.CARD_STEP_SUSPEND))
    assert refused == (Reason.CARD_STEP_REFUSED, "suspend: the card is ordered")
    assert await card_of(office, person) == before


async def test_what_follows_from_something_else_is_no_step_of_anybodys(office: Office) -> None:
    person = office.person()
    await office.apply(person)
    for step in (101, 102, 0, 9):
        request = cards.AdvanceCardRequest(application_id=person.application)
        request.step = step  # type: ignore[assignment]
        assert await refusal(office.cards().AdvanceCard(request)) == (Reason.REQUEST_MALFORMED, "step")


async def test_certificates_of_a_suspended_card_are_good_again_when_it_is_found(office: Office) -> None:
    person = await office.holder()
    serial = EndCertificate.read(person.certificates[SIGNING]).serial.to_bytes(16, "big")
    for step, good in ((cards.CARD_STEP_SUSPEND, False), (cards.CARD_STEP_RESUME, True)):
        await office.step(person, step)
        links = await office.certificates("verifier").GetLinks(pb.GetLinksRequest(serial=serial))
        assert links.signing_is_good is good


async def test_what_lapsed_for_good_is_not_good_again_when_a_card_is_found(office: Office) -> None:
    person = await office.holder()
    event = pb.ReportEventRequest(application_id=person.application, event=pb.CERTIFICATE_EVENT_KEY_LEAKED)
    assert len((await office.certificates().ReportEvent(event)).lapsed_serials) == 2
    assert len((await office.certificates().ReportEvent(event)).lapsed_serials) == 0
    await office.step(person, cards.CARD_STEP_SUSPEND)
    await office.step(person, cards.CARD_STEP_RESUME)
    assert office.authority.store.revoked(SIGNING, office.clock.unix_ms())[0][2] == "keyCompromise"


async def test_nobody_under_fifteen_signs(office: Office) -> None:
    child = office.person()
    fifteen = office.clock.now().date() - datetime.timedelta(days=15 * 365)
    await office.apply(child, items(birth_date=f"{fifteen:%Y%m%d}"))
    request = child.request(secrets.token_bytes(16))
    assert (await refusal(office.certificates().IssueCertificates(request)))[0] is Reason.HOLDER_TOO_YOUNG
    await office.issue(child, AUTHENTICATION)
    assert list(child.certificates) == [AUTHENTICATION]


async def test_certificates_are_for_keys_that_the_card_has(office: Office) -> None:
    person, other = office.person(), office.person()
    await office.apply(person)
    request = person.request(secrets.token_bytes(16))
    request.signing_key.possession = other.request(request.request_id).signing_key.possession
    refused = await refusal(office.certificates().IssueCertificates(request))
    assert refused == (Reason.SIGNATURE_INVALID, "signing_key.possession")


async def test_a_card_that_is_not_ordered_yet_gets_no_certificate(office: Office) -> None:
    person = office.person()
    applied = await office.cards().ApplyForCard(
        cards.ApplyForCardRequest(
            request_id=secrets.token_bytes(16),
            four_items=items(),
            prefecture="北海道",
            municipality="札幌市",
            portrait=PORTRAIT,
        )
    )
    person.application = applied.application_id
    refused = await refusal(office.issue(person))
    assert refused == (Reason.CARD_STEP_REFUSED, "personalise: the card is applied")


async def test_the_same_request_gets_the_same_and_another_under_its_name_nothing(office: Office) -> None:
    person = office.person()
    await office.apply(person)
    request = person.request(secrets.token_bytes(16))
    stub = office.certificates()
    first, second = await asyncio.gather(stub.IssueCertificates(request), stub.IssueCertificates(request))
    assert first == second == await stub.IssueCertificates(request)
    request.ClearField("signing_key")
    assert (await refusal(stub.IssueCertificates(request)))[0] is Reason.REQUEST_REUSED
    assert office.authority.store.count() == 2


async def test_only_a_municipality_has_cards_made_and_only_a_verifier_is_told_of_them(office: Office) -> None:
    person = await office.holder()
    for folder in ("insurance/business", "verifier/business"):
        refused = await refusal(office.cards(folder).GetCard(cards.GetCardRequest(application_id=person.application)))
        assert refused[0] is Reason.CALLER_NOT_ALLOWED
    for folder in ("residence/business", "residence", "hub", "authority"):
        refused = await refusal(office.certificates(folder).GetLinks(pb.GetLinksRequest(serial=b"\x01")))
        assert refused[0] is Reason.CALLER_NOT_ALLOWED


async def test_one_card_takes_the_place_of_another_and_for_the_same_person(office: Office) -> None:
    old, new = await office.holder(), office.person()
    moved = items(address="北海道小樽市")
    refused = await refusal(office.apply(new, moved, predecessor=old.application))
    assert refused == (Reason.ITEMS_DIFFER, "four_items: not those on record; report the change first")
    await office.apply(new, predecessor=old.application)
    refused = await refusal(office.apply(office.person(), predecessor=old.application))
    assert refused == (
        Reason.CARD_STEP_REFUSED,
        "predecessor_application_id: another card is to take its place",
    )
    refused = await refusal(office.apply(office.person(), predecessor=new.application))
    assert refused[1] == "predecessor_application_id: that card is ordered"


async def test_a_signing_certificate_that_is_renewed_alone_ends_with_the_other_one(office: Office) -> None:
    person = await office.holder()
    other = EndCertificate.read(person.certificates[AUTHENTICATION]).not_after
    office.clock.advance(datetime.timedelta(days=730))
    await office.issue(person, SIGNING)
    assert EndCertificate.read(person.certificates[SIGNING]).not_after == other


async def test_what_is_renewed_within_three_months_of_its_end_is_good_for_a_year_more(office: Office) -> None:
    person = await office.holder()
    first = EndCertificate.read(person.certificates[AUTHENTICATION]).not_after
    office.clock.set(first - datetime.timedelta(days=60))
    await office.issue(person)
    for use in CertificateUse:
        renewed = EndCertificate.read(person.certificates[use]).not_after
        assert renewed.year == first.year + 5  # the sixth birthday from then on, not the fifth


async def test_what_is_no_portrait_is_refused(office: Office) -> None:
    request = cards.ApplyForCardRequest(
        request_id=bytes(16), four_items=items(), prefecture="北海道", municipality="札幌市", portrait=b"\xff\xd8JPEG"
    )
    assert await refusal(office.cards().ApplyForCard(request)) == (Reason.REQUEST_MALFORMED, "portrait")


async def test_an_authority_starts_again_where_it_was(office: Office) -> None:
    person = await office.holder()
    http = office.http
    await office.stop()
    await office.open()
    assert office.http == http
    assert (await card_of(office, person)).state == cards.CARD_STATE_ACTIVE


class Killed:
    """An authority as a process, and people who want certificates of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = PartyFolder(path / "jpki")
        self.process = PartyProcess("jpki", path / "jpki", party_command("jpki", path / "jpki", []))

    def start(self) -> None:
        self.process.start()
        self.process.wait_ready()

    def kill(self) -> None:
        self.process.send(signal.SIGKILL)
        self.process.wait_stopped(5.0)

    def channel(self) -> grpc.aio.Channel:
        settings = self.folder.settings()
        own = self.path / "residence/business"
        return secure_channel(
            self.process.endpoint,
            credential=CredentialFiles(own / "tls.pem", own / "tls.key").current(),
            root_pem=self.folder.root_pem(),
            expect=Identity(network=settings.network, role=Role.JPKI, institution=settings.institution_code),
        )


async def test_an_authority_killed_in_the_middle_issues_neither_twice_nor_loses_one(
    made_network: Path, tmp_path: Path, clock: ManualClock, keys: Callable[[], rsa.RSAPrivateKey]
) -> None:
    path = tmp_path / "net"
    shutil.copytree(made_network, path)
    office = Office(path, clock, keys)
    await office.open()
    people = [office.person() for _ in range(24)]
    for person in people:
        await office.apply(person)
    await office.close()
    requests = [person.request(secrets.token_bytes(16)) for person in people]

    killed = Killed(path)
    given: dict[int, pb.IssueCertificatesResponse] = {}
    for _ in range(3):
        killed.start()
        async with killed.channel() as channel:
            stub = CertificateServiceStub(channel)

            async def ask(number: int, stub: CertificateServiceStub = stub) -> None:
                told: pb.IssueCertificatesResponse = await cast(Any, stub).IssueCertificates(requests[number])
                assert given.setdefault(number, told) == told

            asking = [asyncio.create_task(ask(number)) for number in range(len(requests))]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.to_thread(killed.kill)
            ended = await asyncio.gather(*asking, return_exceptions=True)
            assert all(each is None or isinstance(each, grpc.aio.AioRpcError) for each in ended)
    killed.start()
    async with killed.channel() as channel:
        for number, request in enumerate(requests):
            told = await cast(Any, CertificateServiceStub(channel)).IssueCertificates(request)
            assert given.setdefault(number, told) == told
    await asyncio.to_thread(killed.kill)

    with closing(sqlite3.connect(path / "jpki" / "jpki.sqlite3")) as rows:
        counted = rows.execute(
            "SELECT application, use, count(*) FROM certificate GROUP BY application, use"
        ).fetchall()
    assert sorted(counted) == sorted((person.application, use, 1) for person in people for use in (1, 2))

"""Registration, login, replacement and consents, over mutual TLS, with the authority behind."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pytest
from tests.integration.jpki.conftest import Desk, Person, items, refusal

from warifu.api.jpki.v1 import card_service_pb2 as cards
from warifu.api.jpki.v1 import certificate_service_pb2 as jpki_pb
from warifu.api.verifier.v1 import platform_service_pb2 as pb
from warifu.errors import Reason
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import consent_statement, login_statement, registration_statement
from warifu_services.verifier.standing import StatusSource

SIGNING, AUTHENTICATION = CertificateUse


async def consented(desk: Desk, person: Person, named: Sequence[str]) -> bytes:
    def statement(service: InstitutionCode, nonce: bytes) -> bytes:
        return consent_statement(service, named, nonce)

    presented = await desk.presented(person, SIGNING, statement)
    given = await desk.platform().GiveConsent(pb.GiveConsentRequest(presented=presented, items=named))
    return bytes(given.consent_id)


async def moved(desk: Desk, person: Person, four_items: jpki_pb.FourItems) -> None:
    request = jpki_pb.ReportEventRequest(
        application_id=person.application, event=jpki_pb.CERTIFICATE_EVENT_ITEMS_CHANGED, four_items=four_items
    )
    await desk.office.certificates().ReportEvent(request)


async def test_a_holder_registers_with_one_key_and_logs_in_with_the_other(desk: Desk) -> None:
    person = await desk.office.holder()
    registered = await desk.register(person)
    assert registered.four_items == pb.FourItems(
        name="割符　花子", address="北海道札幌市中央区北一条西二丁目", birth_date="19900704", sex="2"
    )
    assert (await desk.log_in(person)).user_id == registered.user_id


async def test_nobody_registers_twice_nor_logs_in_before(desk: Desk) -> None:
    person = await desk.office.holder()
    assert (await refusal(desk.log_in(person)))[0] is Reason.USER_UNKNOWN
    await desk.register(person)
    assert (await refusal(desk.register(person)))[0] is Reason.USER_ALREADY_REGISTERED


async def test_a_certificate_of_the_other_use_is_not_believed(desk: Desk) -> None:
    person = await desk.office.holder()
    presented = await desk.presented(person, AUTHENTICATION, registration_statement)
    refused = await refusal(desk.platform().Register(pb.RegisterRequest(presented=presented)))
    assert refused == (Reason.CERTIFICATE_NOT_TRUSTED, "presented.certificate: no root for signing signed it")
    presented = await desk.presented(person, SIGNING, login_statement)
    refused = await refusal(desk.platform().LogIn(pb.LogInRequest(presented=presented)))
    assert refused[1] == "presented.certificate: no root for authentication signed it"


async def test_a_nonce_is_good_once_and_for_five_minutes(desk: Desk) -> None:
    person = await desk.office.holder()
    nonce = await desk.nonce()
    await desk.register(person, nonce=nonce)
    assert (await refusal(desk.register(person, nonce=nonce)))[0] is Reason.NONCE_NOT_OPEN
    assert (await refusal(desk.register(person, nonce=bytes(32))))[0] is Reason.NONCE_NOT_OPEN
    late = await desk.nonce()
    desk.office.clock.advance(datetime.timedelta(minutes=5))
    assert (await refusal(desk.register(person, nonce=late)))[0] is Reason.NONCE_NOT_OPEN


async def test_a_nonce_is_used_up_by_what_is_refused_as_well(desk: Desk) -> None:
    person = await desk.office.holder()
    nonce = await desk.nonce()
    assert (await refusal(desk.register(person, nonce=nonce, signature=bytes(256))))[0] is Reason.SIGNATURE_INVALID
    assert (await refusal(desk.register(person, nonce=nonce)))[0] is Reason.NONCE_NOT_OPEN


async def test_a_signature_for_one_service_is_none_for_another(desk: Desk) -> None:
    person = await desk.office.holder()
    nonce = await desk.nonce()
    elsewhere = person.sign(SIGNING, registration_statement(InstitutionCode.build(50, None, 7), nonce))
    assert (await refusal(desk.register(person, nonce=nonce, signature=elsewhere)))[0] is Reason.SIGNATURE_INVALID


async def test_a_suspended_card_is_refused_and_good_again_when_it_is_found(desk: Desk) -> None:
    person = await desk.office.holder()
    registered = await desk.register(person)
    await desk.office.step(person, cards.CARD_STEP_SUSPEND)
    refused = await refusal(desk.log_in(person))
    assert refused == (Reason.CERTIFICATE_REVOKED, "presented.certificate: certificateHold")
    await desk.office.step(person, cards.CARD_STEP_RESUME)
    assert (await desk.log_in(person)).user_id == registered.user_id


async def test_who_moved_is_asked_for_the_new_certificate_and_stays_the_same_user(desk: Desk) -> None:
    person = await desk.office.holder()
    registered = await desk.register(person)
    await moved(desk, person, items(address="北海道小樽市花園２丁目１２番１号"))
    assert (await refusal(desk.log_in(person)))[0] is Reason.SIGNING_CERTIFICATE_LAPSED
    assert (await refusal(desk.register(person)))[1] == "presented.certificate: affiliationChanged"
    await desk.office.issue(person, SIGNING)
    assert (await refusal(desk.log_in(person)))[0] is Reason.SIGNING_CERTIFICATE_LAPSED
    replaced = await desk.replace(person)
    assert replaced.user_id == registered.user_id
    assert replaced.four_items.address == "北海道小樽市花園２丁目１２番１号"
    assert (await desk.log_in(person)).user_id == registered.user_id


async def test_after_a_reissue_the_old_card_is_nothing_and_the_new_one_is_the_same_user(desk: Desk) -> None:
    old = await desk.office.holder()
    registered = await desk.register(old)
    new = await desk.office.holder(predecessor=old.application)
    assert (await refusal(desk.log_in(old)))[1] == "presented.certificate: superseded"
    assert (await desk.replace(new)).user_id == registered.user_id
    assert (await desk.log_in(new)).user_id == registered.user_id


async def test_while_a_new_card_is_on_its_way_the_old_one_is_good(desk: Desk) -> None:
    old, new = await desk.office.holder(), desk.office.person()
    registered = await desk.register(old)
    await desk.office.apply(new, predecessor=old.application)
    await desk.office.issue(new)
    assert (await desk.log_in(old)).user_id == registered.user_id


async def test_a_certificate_that_follows_none_replaces_nobodys(desk: Desk) -> None:
    person = await desk.office.holder()
    assert (await refusal(desk.replace(person)))[0] is Reason.PREDECESSOR_UNKNOWN


async def test_with_a_consent_a_service_has_the_newest_items_and_no_others(desk: Desk) -> None:
    person = await desk.office.holder()
    await desk.register(person)
    consent_id = await consented(desk, person, ["address"])
    request = pb.GetLatestItemsRequest(consent_id=consent_id)
    told = await desk.platform().GetLatestItems(request)
    assert (told.four_items, told.changed) == (pb.FourItems(address=items().address), False)
    await moved(desk, person, items(address="北海道小樽市花園二丁目"))
    told = await desk.platform().GetLatestItems(request)
    assert (told.four_items, told.changed) == (pb.FourItems(address="北海道小樽市花園二丁目"), True)


async def test_a_consent_ends_when_it_is_taken_back_and_after_ten_years(desk: Desk) -> None:
    person = await desk.office.holder()
    await desk.register(person)
    first, second = await consented(desk, person, ["name", "sex"]), await consented(desk, person, ["name"])
    await desk.platform().EndConsent(pb.EndConsentRequest(consent_id=first))
    asked = pb.GetLatestItemsRequest(consent_id=first)
    assert (await refusal(desk.platform().GetLatestItems(asked)))[0] is Reason.CONSENT_NOT_IN_FORCE
    asked = pb.GetLatestItemsRequest(consent_id=second)
    await desk.platform().GetLatestItems(asked)
    desk.office.clock.advance(datetime.timedelta(days=3655))
    assert (await refusal(desk.platform().GetLatestItems(asked)))[0] is Reason.CONSENT_NOT_IN_FORCE


async def test_no_items_are_told_while_the_card_is_suspended(desk: Desk) -> None:
    person = await desk.office.holder()
    await desk.register(person)
    asked = pb.GetLatestItemsRequest(consent_id=await consented(desk, person, ["name"]))
    await desk.office.step(person, cards.CARD_STEP_SUSPEND)
    assert (await refusal(desk.platform().GetLatestItems(asked)))[0] is Reason.CERTIFICATE_REVOKED


async def test_without_the_authority_nobody_is_believed(desk: Desk) -> None:
    person = await desk.office.holder()
    presented = await desk.presented(person, SIGNING, registration_statement)
    await desk.office.authority.server.stop(0)
    refused = await refusal(desk.platform().Register(pb.RegisterRequest(presented=presented)))
    assert refused[0] is Reason.CERTIFICATE_STATUS_UNKNOWN


@pytest.fixture
async def by_list(desk: Desk) -> Desk:
    """The same verifier, which goes by the list."""
    await desk.verifier.server.stop(0)
    await desk.verifier.close()
    desk.source = StatusSource.LIST
    await desk.open()
    return desk


async def test_by_list_a_verifier_believes_without_the_authority_until_the_list_is_stale(by_list: Desk) -> None:
    desk, person = by_list, await by_list.office.holder()
    assert (await refusal(desk.log_in(person)))[0] is Reason.USER_UNKNOWN  # it has the list now
    await desk.office.authority.server.stop(0)
    desk.office.clock.advance(datetime.timedelta(hours=23))
    nothing_more = await desk.presented(person, AUTHENTICATION, login_statement)
    refused = await refusal(desk.platform().LogIn(pb.LogInRequest(presented=nothing_more)))
    assert refused[0] is Reason.JPKI_UNREACHABLE  # it stood; whose it is, only the authority knows
    desk.office.clock.advance(datetime.timedelta(hours=2))
    stale = await desk.presented(person, AUTHENTICATION, login_statement)
    refused = await refusal(desk.platform().LogIn(pb.LogInRequest(presented=stale)))
    assert refused == (Reason.CERTIFICATE_STATUS_UNKNOWN, "list: stale")


async def test_a_revoked_certificate_is_refused_by_list_too(by_list: Desk) -> None:
    person = await by_list.office.holder()
    event = jpki_pb.ReportEventRequest(application_id=person.application, event=jpki_pb.CERTIFICATE_EVENT_HOLDER_GONE)
    await by_list.office.certificates().ReportEvent(event)
    refused = await refusal(by_list.register(person))
    assert refused == (Reason.CERTIFICATE_REVOKED, "presented.certificate: cessationOfOperation")

"""A whole network of processes under traffic, with processes killed in the middle; then three sides are compared."""

from __future__ import annotations

import asyncio
import itertools
import resource
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MyNumber
from warifu_kit.blindness.search import BlindnessSearch
from warifu_kit.demo.offices import Offices, open_offices
from warifu_kit.demo.outside import look_from_outside

CHILDCARE, INSURANCE = 0, 1


@pytest.fixture(scope="module")
def town(begin_town: Callable[[], Any]) -> Any:
    """One of our own: nobody plays a party in it, so that the three sides can be compared."""
    return begin_town()


@pytest.fixture
async def offices(town: Any) -> AsyncIterator[Offices]:
    async with open_offices(town.path) as opened:
        yield opened


def inquiries(town: Any, procedure: int = CHILDCARE) -> Any:
    """Inquiries of one procedure about its applicants, again and again, each a new one."""
    planned = town.plan.procedures[procedure]
    answered_at_once = [case for case in planned.cases if not case.clerk_needed]
    assert answered_at_once
    questions = [(case, *question) for case in answered_at_once for question in case.questions]
    for case, provider, item_code in itertools.cycle(questions):
        yield node_pb2.Inquiry(
            request_id=secrets.token_bytes(16),
            local_number=case.local_number,
            procedure_code=planned.procedure_code,
            provider=town.institution(provider),
            item_code=item_code,
        )


async def test_sixty_four_calls_with_one_request_id_at_a_node_are_one_exchange(
    town: Any, offices: Offices, calls: Any, log_of: Any
) -> None:
    inquiry = next(inquiries(town))
    results = await asyncio.gather(*(offices.nodes["childcare"].inquire(inquiry) for _ in range(64)))
    assert all(result == results[0] for result in results)
    permitted = [leaf for leaf in await log_of(town).leaves() if inquiry.request_id in leaf]
    assert len(permitted) == 2, "permitted and answered, once each"


@pytest.mark.parametrize("victims", [["hub"], ["tax"], ["childcare"], ["hub", "tax", "residence"]], ids="+".join)
async def test_killing_processes_in_mid_traffic_loses_no_acknowledged_exchange(
    town: Any, offices: Offices, tmp_path: Path, victims: list[str]
) -> None:
    asked = list(itertools.islice(inquiries(town), 120))
    acknowledged: list[Any] = []
    slots, enough = asyncio.Semaphore(16), asyncio.Event()

    async def until_answered(inquiry: node_pb2.Inquiry) -> None:
        async with slots:
            result = await offices.patience.of(lambda: offices.nodes["childcare"].inquire(inquiry))
            acknowledged.append((inquiry, result))
            if len(acknowledged) >= 30:
                enough.set()

    town.events.clear()
    traffic = asyncio.gather(*map(until_answered, asked))
    await enough.wait()
    for victim in victims:
        town.running.kill(victim)
    await traffic
    async with asyncio.timeout(20):
        while not {("restarted", victim) for victim in victims} <= set(town.events):  # noqa: ASYNC110  # told on a thread
            await asyncio.sleep(0.05)
    assert len(acknowledged) == 120
    for inquiry, result in acknowledged[::11]:
        again = await offices.patience.of(lambda inquiry=inquiry: offices.nodes["childcare"].inquire(inquiry))  # type: ignore[misc]
        assert again == result, "asked again, it is the answer given before"
    seen = await look_from_outside(offices, tmp_path / "copy", offices.network.log_verifier_key)
    assert seen.verified.holds, seen.verified.detail
    assert seen.reconciled.holds, seen.reconciled.detail


@pytest.mark.parametrize("party", ["tax", "hub"])
async def test_a_process_that_stands_still_is_waited_for_no_longer_than_asked_and_gives_its_answer_later(
    town: Any, offices: Offices, calls: Any, party: str
) -> None:
    inquiry = next(from_tax for from_tax in inquiries(town) if from_tax.provider == town.institution("tax"))
    process, now = town.running.parties[party], asyncio.get_running_loop().time
    process.send(signal.SIGSTOP)
    try:
        began = now()
        error = await calls.failed(offices.nodes["childcare"].inquire(inquiry, timeout=1.5))
        assert now() - began < 5
    finally:
        process.send(signal.SIGCONT)
    assert not error.definite
    result = await offices.patience.of(lambda: offices.nodes["childcare"].inquire(inquiry))
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED


@pytest.mark.parametrize(
    ("party", "reason"), [("tax", Reason.PROVIDER_FAILED), ("childcare", Reason.STORE_UNAVAILABLE)]
)
async def test_a_node_with_a_full_disk_gives_nothing_it_cannot_record_and_goes_on_when_there_is_room(
    town: Any, offices: Offices, calls: Any, party: str, reason: Reason
) -> None:
    pid = town.running.parties[party].pid
    limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    inquiry = next(from_tax for from_tax in inquiries(town) if from_tax.provider == town.institution("tax"))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        error = await calls.failed(offices.nodes["childcare"].inquire(inquiry))
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
    assert (error.reason, error.definite) == (reason, False)
    result = await offices.nodes["childcare"].inquire(inquiry)
    assert result.state == node_pb2.INQUIRY_STATE_ANSWERED


REFUSED: dict[str, tuple[dict[str, Any], Reason]] = {
    "an unknown person": ({"local_number": "nobody-known-here"}, Reason.CODE_NOT_ACQUIRED),
    "an unknown institution": ({"provider": "9999999999999999"}, Reason.INSTITUTION_UNKNOWN),
    "an unknown procedure": ({"procedure_code": "JT77777777777777"}, Reason.PROCEDURE_UNKNOWN),
    "an unknown item": ({"item_code": "TM77777777777777"}, Reason.ITEM_UNKNOWN),
    "no item code at all": ({"item_code": "tax"}, Reason.REQUEST_MALFORMED),
    "an affair by ordinance there is none of": ({"ordinance": True}, Reason.EXCHANGE_NOT_PERMITTED),
    "a short request_id": ({"request_id": bytes(15)}, Reason.REQUEST_MALFORMED),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_refused_is_told_by_name(town: Any, offices: Offices, calls: Any, case: str) -> None:
    changes, reason = REFUSED[case]
    inquiry = next(inquiries(town))
    inquiry.MergeFrom(node_pb2.Inquiry(**changes))
    error = await calls.failed(offices.nodes["childcare"].inquire(inquiry))
    assert error.reason is reason


async def test_a_message_that_is_too_large_for_a_node_is_refused_by_name(
    town: Any, offices: Offices, calls: Any
) -> None:
    inquiry = next(inquiries(town))
    inquiry.local_number = "9" * (5 << 20)
    assert (await calls.failed(offices.nodes["childcare"].inquire(inquiry))).reason is Reason.REQUEST_TOO_LARGE


async def test_after_all_these_answers_and_refusals_the_three_sides_agree_and_the_log_verifies(
    town: Any, offices: Offices, tmp_path: Path
) -> None:
    seen = await look_from_outside(offices, tmp_path / "copy", offices.network.log_verifier_key)
    assert (seen.verified.holds, seen.reconciled.holds) == (True, True), seen.reconciled.detail
    town.running.check()


async def test_the_search_of_logs_that_finds_nobody_finds_everybody_where_they_may_be(
    town: Any, overheard: Any
) -> None:
    search = BlindnessSearch(overheard.secrets)
    search.folder("tax", town.path / "tax")
    assert {"local_number", "record"} <= search.report().kinds_found()
    assert {secret.kind for secret in overheard.secrets} >= {"my_number", "name", "address", "local_number", "code"}


async def test_a_number_the_authority_never_designated_is_refused_and_forgotten(
    town: Any, offices: Offices, overheard: Any
) -> None:
    number = MyNumber.from_body("98765432101").digits
    overheard.secret("my_number", number)
    overheard.secret("local_number", "never-to-be-logged-1")
    people = [node_pb2.PersonToAcquire(local_number="never-to-be-logged-1", my_number=number)]
    (result,) = [result async for result in offices.nodes["tax"].acquire_codes(people)]
    assert result.reason == Reason.NUMBER_NOT_DESIGNATED.value
    with pytest.raises(WarifuError):
        await offices.nodes["tax"].set_flags(node_pb2.SetFlagsRequest(local_number="never-to-be-logged-1"))

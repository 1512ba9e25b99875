"""The hub proves what it permitted, to whom it sent it, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.provision import check_permit, open_row_key
from warifu.pki import Identity, Role
from warifu_hub.drawn_conversions import MOST_PERMITS, PERMITS_PROVEN, DrawnConversions
from warifu_hub.own_keys import OwnKeys


@pytest.fixture(scope="session")
def town(pair_with: Callable[[str], Any]) -> Any:
    return pair_with("sampled:16")


def hub_of(town: Any) -> DrawnConversions:
    """The hub as it is when it has just started: it remembers nothing."""
    return DrawnConversions(directory=town.directory, keys=OwnKeys.load(town.hub_folder, town.directory))


def agency(town: Any, party: str, role: Role = Role.AGENCY) -> Identity:
    return Identity(network=town.directory.network, role=role, institution=town.keys[party].own.institution)


def permit_of(town: Any, person: bytes = b"hanako") -> ProvisionPermit:
    permit: ProvisionPermit = town.permit(town.inquiry(person)[0])
    return permit


def reason(town: Any, caller: Identity, *permits: ProvisionPermit) -> tuple[Reason, str]:
    with pytest.raises(WarifuError) as refused:
        asyncio.run(hub_of(town).prove(caller, permits))
    return refused.value.reason, refused.value.where


def test_a_hub_that_was_started_again_proves_what_it_permitted_before(town: Any) -> None:
    permit = permit_of(town)
    (proven,) = asyncio.run(hub_of(town).prove(agency(town, "tax"), [permit]))
    permit.conversion_proof, permit.hub_signature = proven.conversion_proof, proven.hub_signature
    keys = town.keys["tax"].provider
    checked = check_permit(permit, keys=keys, directory=town.directory)
    assert open_row_key(checked, keys, town.directory) is not None


@pytest.mark.parametrize("party", ["childcare", "residence"])
def test_whoever_the_permit_is_not_addressed_to_gets_no_proof_of_it(town: Any, party: str) -> None:
    asked = reason(town, agency(town, party), permit_of(town))
    assert asked == (Reason.CALLER_NOT_IDENTIFIED, "permits.inquiry.context.provider")


def test_a_foreign_permit_among_ones_own_spoils_the_request(town: Any) -> None:
    own = permit_of(town)
    inquiry, _ = town.inquiry(b"hanako", provider=town.keys["residence"].own.institution)
    foreign = town.permit(inquiry)
    assert reason(town, agency(town, "tax"), own, foreign)[0] is Reason.CALLER_NOT_IDENTIFIED


def test_nobody_but_an_agency_is_proven_anything(town: Any) -> None:
    assert reason(town, agency(town, "tax", Role.AUTHORITY), permit_of(town))[0] is Reason.CALLER_NOT_IDENTIFIED


def test_what_the_hub_did_not_sign_is_not_proven(town: Any) -> None:
    permit = permit_of(town)
    permit.permission_row = "R02"
    assert reason(town, agency(town, "tax"), permit) == (Reason.SIGNATURE_INVALID, "permit.hub_signature")


def test_what_the_hub_signed_but_cannot_make_again_is_not_proven_and_not_signed(town: Any) -> None:
    permit, other = permit_of(town), permit_of(town, b"taro")
    permit.converted_code.CopyFrom(other.converted_code)
    town.sign(permit)
    (proven,) = asyncio.run(hub_of(town).prove(agency(town, "tax"), [permit]))
    assert not proven.ByteSize()


def test_nothing_too_many_and_what_is_proven_already_are_refused(town: Any) -> None:
    permit = permit_of(town)
    assert reason(town, agency(town, "tax"))[0] is Reason.REQUEST_MALFORMED
    assert reason(town, agency(town, "tax"), *[permit] * (MOST_PERMITS + 1))[0] is Reason.REQUEST_MALFORMED
    permit.conversion_proof = b"x"
    assert reason(town, agency(town, "tax"), permit) == (Reason.REQUEST_MALFORMED, "permits.conversion_proof")


@pytest.mark.parametrize("policy", ["always", "off"])
def test_where_conversions_are_not_sampled_nobody_asks(pair_with: Callable[[str], Any], policy: str) -> None:
    town = pair_with(policy)
    assert reason(town, agency(town, "tax"), permit_of(town))[0] is Reason.REQUEST_MALFORMED


def test_whoever_has_the_same_permit_proven_again_and_again_has_so_many_turns_and_others_have_theirs(town: Any) -> None:
    now = [0.0]
    keys = OwnKeys.load(town.hub_folder, town.directory)
    hub = DrawnConversions(directory=town.directory, keys=keys, seconds=lambda: now[0])
    other, permit = agency(town, "childcare"), permit_of(town)

    async def until_refused(most: int) -> tuple[int, Reason, str]:
        for times in range(most):
            try:
                await hub.prove(other, [permit] * MOST_PERMITS)
            except WarifuError as refused:
                if refused.reason is Reason.OVERLOADED:
                    return times, refused.reason, refused.where
        return most, Reason.INTERNAL, ""

    # It is not addressed to this one: to be told so costs a turn as well, and no arithmetic of a test.
    assert asyncio.run(until_refused(1_000)) == (PERMITS_PROVEN.burst // MOST_PERMITS, Reason.OVERLOADED, "permits")
    assert len(asyncio.run(hub.prove(agency(town, "tax"), [permit]))) == 1
    now[0] += 2 * MOST_PERMITS / PERMITS_PROVEN.per_second
    assert asyncio.run(until_refused(1_000))[0] == 2

"""Conversions that are sampled: what a node draws is proven before anybody is answered, and the hub cannot tell what it is."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
from warifu.api.hub.v1.hub_service_pb2 import ProveConversionsRequest, ProveConversionsResponse, ProvenConversion
from warifu.api.type.v1.inquiry_pb2 import PROVISION_OUTCOME_ANSWERED, ProvisionPermit, SignedAnswer
from warifu.curve.group import Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.evidence import Evidence, convicts
from warifu.exchange.provision import check_permit
from warifu.party.directory_file import read_directory_file
from warifu.pki import Identity, Role
from warifu_hub.drawn_conversions import DrawnConversions
from warifu_hub.own_keys import OwnKeys
from warifu_services.node import drawn_permits as drawn_module
from warifu_services.node.drawn_permits import MOST_ASKED, DrawnPermits, KeyedDraw


def everything(_: Any, __: int) -> bool:
    return True


def nothing(_: Any, __: int) -> bool:
    return False


class Proving:
    """The hub's side of asking, in process; ``answer`` may stand in for what an honest one says."""

    def __init__(self, two: Any) -> None:
        folder, directory = two.pair.hub_folder, two.pair.directory
        self._hub = DrawnConversions(directory=directory, keys=OwnKeys.load(folder, directory))
        own = two.pair.keys["tax"].own.institution
        self._caller = Identity(network=directory.network, role=Role.AGENCY, institution=own)
        self.requests: list[ProveConversionsRequest] = []
        self.asked = asyncio.Event()
        self.answer: Callable[[ProvisionPermit], ProvenConversion] | None = None
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def prove_conversions(self, request: ProveConversionsRequest, timeout: float) -> ProveConversionsResponse:
        self.requests.append(request)
        self.asked.set()
        await self.go_on.wait()
        if self.answer is not None:
            return ProveConversionsResponse(proven=[self.answer(permit) for permit in request.permits])
        return ProveConversionsResponse(proven=await self._hub.prove(self._caller, request.permits))


class Sampling:
    """A tax office that samples, what it looked up, and what it kept of a hub that does not follow the rules."""

    def __init__(self, two: Any, draw: Any = everything) -> None:
        self.two, self.pair = two, two.pair
        self.hub = Proving(two)
        self.kept: list[ProvisionPermit] = []
        self.kept_one = asyncio.Event()
        self.looked_up: list[bytes] = []
        self.drawn = DrawnPermits(hub=self.hub, directory=two.pair.directory, draw=draw, keep_evidence=self._keep)
        self.provider = two.new_provider(proofs=self.drawn, keep_evidence=self._keep)
        find = two.tax.find_by_row_key

        def counted(row_key: bytes, item_code: Any) -> Any:
            self.looked_up.append(row_key)
            return find(row_key, item_code)

        two.tax.find_by_row_key = counted

    def _keep(self, permit: ProvisionPermit) -> None:
        self.kept.append(permit)
        self.kept_one.set()

    def permit(self, name: str = "hanako") -> ProvisionPermit:
        inquiry, _ = self.pair.inquiry(name.encode(), now=self.two.clock.now())
        made: ProvisionPermit = self.pair.permit(inquiry, now=self.two.clock.now())
        return made

    def cheat(self, name: str = "hanako") -> ProvisionPermit:
        """A permit, signed by the hub, whose code is the difference of two people's."""
        permit, other = self.permit(name), self.permit("taro")
        group, made, taken = self.pair.directory.group, permit.converted_code, other.converted_code
        made.c1 = group.subtract(Point(made.c1), Point(taken.c1))
        made.c2 = group.subtract(Point(made.c2), Point(taken.c2))
        self.pair.sign(permit)
        return permit

    async def provide(self, permit: ProvisionPermit) -> SignedAnswer:
        answer: SignedAnswer = await self.provider.provide(permit, 10.0)
        return answer

    async def refused(self, permit: ProvisionPermit) -> bool:
        """Whether it is refused for want of a proof; answered otherwise."""
        try:
            answer = await self.provide(permit)
        except WarifuError as error:
            if error.reason is Reason.CONVERSION_NOT_PROVEN:
                return True
            raise
        assert answer.outcome == PROVISION_OUTCOME_ANSWERED
        return False

    def proof_of_another(self, permit: ProvisionPermit) -> ProvenConversion:
        """What a hub could say to a cheat: a proof of something else, under its signature."""
        forged = ProvisionPermit()
        forged.CopyFrom(permit)
        forged.conversion_proof = secrets.token_bytes(32) * 4
        self.pair.sign(forged)
        return ProvenConversion(conversion_proof=forged.conversion_proof, hub_signature=forged.hub_signature)

    def judged(self, permit: ProvisionPermit) -> bool:
        directory: DirectoryFile = read_directory_file(self.pair.path / "tax" / "directory.json")
        root = (self.pair.path / "root" / "root.pem").read_bytes()
        return convicts(Evidence(permit=permit, directory=directory), root)


@pytest.fixture
async def two(two_with: Callable[[str], Any]) -> Any:
    return await two_with("sampled:4")


async def test_an_honest_hub_proves_what_is_drawn_and_the_permit_is_kept_with_its_proof(two: Any) -> None:
    town = Sampling(two)
    permit = town.permit()
    assert not permit.conversion_proof
    assert not await town.refused(permit)
    ((_, record),) = two.tax.records(0, 10)
    kept = two.tax.provision(record.inquirer, record.request_id)
    assert ProvisionPermit.FromString(kept.permit).conversion_proof
    assert (len(town.hub.requests), town.kept) == (1, [])


async def test_what_is_not_drawn_is_answered_and_the_hub_is_not_asked(two: Any) -> None:
    town = Sampling(two, nothing)
    assert not await town.refused(town.permit())
    assert town.hub.requests == []


async def test_a_cheat_that_is_drawn_is_refused_before_anybody_is_looked_up_and_kept(two: Any) -> None:
    town = Sampling(two)
    assert await town.refused(town.cheat())
    assert (town.looked_up, len(town.kept)) == ([], 1)
    assert not town.judged(town.kept[0]), "that the hub would not prove it, only this node can say"


async def test_a_cheat_with_a_proof_that_does_not_hold_convicts_the_hub(two: Any) -> None:
    town = Sampling(two)
    town.hub.answer = town.proof_of_another
    assert await town.refused(town.cheat())
    assert town.looked_up == []
    assert town.judged(town.kept[0])


async def test_a_proof_that_the_hub_did_not_sign_convicts_nobody(two: Any) -> None:
    town = Sampling(two)
    town.hub.answer = lambda _: ProvenConversion(conversion_proof=bytes(128), hub_signature=bytes(64))
    assert await town.refused(town.permit())
    assert town.looked_up == []
    assert not town.judged(town.kept[0])


async def test_a_hub_that_refuses_to_prove_is_taken_for_one_that_cannot(two: Any) -> None:
    town = Sampling(two)

    def refuse(_: ProvisionPermit) -> ProvenConversion:
        raise WarifuError(Reason.INTERNAL)

    town.hub.answer = refuse
    assert await town.refused(town.permit())
    assert (town.looked_up, len(town.kept)) == ([], 1)


async def test_of_cheats_in_each_exchange_just_those_that_are_drawn_are_caught_one_in_so_many(two: Any) -> None:
    seed, exchanges = 20260615, 240  # the seed is fixed: the count is the same each time
    numbers, drawn = random.Random(seed), list[bool]()  # a draw that can be counted again

    def draw(_: Any, one_in: int) -> bool:
        drawn.append(numbers.randrange(one_in) == 0)
        return drawn[-1]

    town = Sampling(two, draw)
    refused = [await town.refused(town.cheat()) for _ in range(exchanges)]
    assert refused == drawn
    assert len(town.kept) == sum(drawn)
    assert len(town.looked_up) == exchanges - sum(drawn)
    assert abs(sum(drawn) - exchanges / 4) < 4 * (exchanges * 3 / 16) ** 0.5


async def test_the_nodes_own_draw_takes_one_in_so_many_and_another_node_draws_others(two: Any) -> None:
    town, keys = Sampling(two), two.pair.keys["tax"].provider
    checked = check_permit(town.permit(), keys=keys, directory=two.pair.directory)
    here, there = KeyedDraw(b"a" * 32), KeyedDraw(b"b" * 32)
    permits = [replace(checked, asked=number.to_bytes(32)) for number in range(8000)]
    mine, others = ([draw(permit, 16) for permit in permits] for draw in (here, there))
    assert abs(sum(mine) - 500) < 100, "4.6 deviations"
    both = sum(a and b for a, b in zip(mine, others, strict=True))
    assert both < 100, "whoever knows one node's draw knows nothing of another's"
    assert [KeyedDraw(b"a" * 32)(permit, 16) for permit in permits[:100]] == mine[:100], "also after a restart"


async def test_a_cheat_that_was_caught_is_refused_however_often_it_is_brought_again(two: Any) -> None:
    town = Sampling(two, KeyedDraw(two.pair.keys["tax"].provider.row_secret))
    while not await town.refused(permit := town.cheat()):
        pass
    before = len(town.looked_up)
    assert [await town.refused(permit) for _ in range(8)] == [True] * 8
    assert len(town.looked_up) == before


async def test_a_hub_that_breaks_off_when_it_is_asked_for_a_proof_is_found_out_all_the_same(two: Any) -> None:
    town = Sampling(two)
    town.hub.go_on.clear()
    call = asyncio.create_task(town.provide(town.cheat()))
    await town.hub.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert town.kept == []
    town.hub.go_on.set()
    await asyncio.wait_for(town.kept_one.wait(), 10)
    assert town.looked_up == []


async def test_a_hub_that_leaves_no_room_for_proofs_gets_no_cheat_through_unnoticed(
    two: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn_module, "MOST_WAITING", 2)
    town = Sampling(two)
    town.hub.go_on.clear()  # honest permits, whose proofs it delays
    waiting = [asyncio.create_task(town.provide(town.permit())) for _ in range(2)]
    await town.hub.asked.wait()
    cheat = town.permit()
    assert await town.refused(cheat)
    assert [permit.processing_number for permit in town.kept] == [cheat.processing_number]
    town.hub.go_on.set()
    assert {answer.outcome for answer in await asyncio.gather(*waiting)} == {PROVISION_OUTCOME_ANSWERED}


async def test_nobody_is_answered_while_the_proof_is_awaited(two: Any) -> None:
    town = Sampling(two)
    town.hub.go_on.clear()
    call = asyncio.create_task(town.provide(town.permit()))
    await town.hub.asked.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    assert (call.done(), town.looked_up, two.tax.records(0, 10)) == (False, [], [])
    town.hub.go_on.set()
    assert (await call).outcome == PROVISION_OUTCOME_ANSWERED


async def test_what_is_drawn_together_is_asked_for_together_and_shares_a_proof(two: Any) -> None:
    town = Sampling(two)
    permits = [town.permit() for _ in range(MOST_ASKED + 3)]
    assert not any(await asyncio.gather(*map(town.refused, permits)))
    assert [len(request.permits) for request in town.hub.requests] == [MOST_ASKED, 3]
    challenges = set()
    for _, record in two.tax.records(0, 100):
        kept = two.tax.provision(record.inquirer, record.request_id)
        challenges.add(ProvisionPermit.FromString(kept.permit).conversion_proof[:32])
    assert len(challenges) == 2, "one challenge for each request"


async def test_a_node_that_nobody_told_how_to_ask_refuses_everything_unproven(two: Any) -> None:
    town = Sampling(two)
    town.provider = two.new_provider(keep_evidence=town.kept.append)
    assert await town.refused(town.permit())
    assert town.looked_up == []


async def test_where_proofs_are_always_no_message_of_the_hub_makes_one_of_them_less(two_with: Any) -> None:
    town = Sampling(await two_with("always"), nothing)
    permit = town.permit()
    permit.conversion_proof = b""
    town.pair.sign(permit)
    assert await town.refused(permit)
    assert (town.looked_up, town.hub.requests, len(town.kept)) == ([], [], 1)
    assert town.judged(town.kept[0])


async def test_where_proofs_are_off_the_difference_of_two_people_is_looked_up_and_nobody_notices(two_with: Any) -> None:
    town = Sampling(await two_with("off"))
    assert not await town.refused(town.cheat("hanako"))
    assert not await town.refused(town.cheat("taro")), "the same person twice: the identity, which is nobody"
    assert (len(town.looked_up), town.looked_up[1], town.kept) == (2, b"", [])

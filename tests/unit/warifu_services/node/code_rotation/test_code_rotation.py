"""Rotating an agency's codes against the hub's own converter: everybody gets the code that issuing would have given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1.log_service_pb2 import LEAF_EVENT_CODES_ROTATED, ExchangeLeaf
from warifu.api.type.v1 import inquiry_pb2
from warifu.curve.suites import available_suites
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import row_key
from warifu.exchange.context import LONGEST_SKEW, ExchangeContext
from warifu_kit.network.rotation import (
    AgencyKeys,
    rotate_agency_keys,
    rotate_opening_key,
)
from warifu_services.node import rotation
from warifu_services.node.store import ClerkDecision, NodeStore, Person, PersonFlags
from warifu_services.node.store_database import DatabaseNodeStore
from warifu_services.node.store_memory import MemoryNodeStore


@pytest.mark.parametrize("suite", [1, 2])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_every_new_code_is_the_one_that_issuing_would_have_given(
    new_world: Any, tmp_path: Path, suite: int, kind: str
) -> None:
    if suite not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    store: NodeStore = MemoryNodeStore() if kind == "memory" else DatabaseNodeStore(tmp_path / "node.sqlite3")
    world = new_world(suite, store)
    await world.add(*world.people)
    assert await world.rotator.rotate() == 0
    world.announce()
    assert await world.rotator.rotate() == len(world.people)
    assert world.right(2)
    assert world.right(1)
    assert await world.rotator.rotate() == 0
    (leaf,) = (ExchangeLeaf.FromString(leaf) for leaf in world.hub_store.leaves(0, 10))
    assert leaf.event == LEAF_EVENT_CODES_ROTATED
    assert leaf.inquirer == leaf.provider == world.institution


async def test_codes_go_in_batches_and_nobody_is_left_out(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)
    assert await world.rotator.rotate() == len(world.people)
    assert [len(request.encrypted_codes) for request in world.requests] == [4, 4, 2]  # each with its mixture
    assert world.right(2)


async def test_epochs_follow_each_other_also_before_the_first_was_settled(world: Any) -> None:
    await world.rotator.rotate()
    world.put_in_force()
    world.announce()
    assert await world.rotator.rotate() == len(world.people)
    assert all(world.right(epoch) for epoch in (1, 2, 3))


async def test_codes_rotate_after_other_keys_did(new_world: Any) -> None:
    world = new_world()
    await world.add(*world.people)
    rotate_agency_keys(world.path, "tax", AgencyKeys(agency_key=True, sealing_key=True, signing_key=True))
    rotate_opening_key(world.path)
    world.take()
    world.announce()
    assert await world.rotator.rotate() == len(world.people)
    assert world.right(2)


async def test_a_rotation_cut_off_in_the_middle_goes_on_after_a_restart(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)

    def gone(*_: object) -> None:
        if len(world.requests) == 2:
            raise WarifuError(Reason.HUB_UNREACHABLE)

    world.spoil = gone
    with pytest.raises(WarifuError):
        await world.rotator.rotate()
    assert world.store.code_epochs() == {1: 7, 2: 3}
    assert world.right(1)
    world.rotator = world.new_rotator()
    assert await world.rotator.rotate() == 4
    assert world.right(2)


async def test_people_acquired_during_the_rotation_get_their_codes_too(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 3)
    late: list[str] = []
    real = world.store.add_rotated

    async def meanwhile(people: Any) -> int:
        if len(late) < 2:
            late.append(f"late-{len(late)}")
            await world.add(late[-1])
        return int(await real(people))

    monkeypatch.setattr(world.store, "add_rotated", meanwhile)
    assert await world.rotator.rotate() == len(world.people) + 2
    assert world.right(2, [*world.people, *late])
    await world.add("under the new epoch", epoch=2)
    assert await world.rotator.rotate() == 0
    assert world.right(2, ["under the new epoch"])


async def test_codes_that_are_somebody_elses_are_not_asked_for_without_end(world: Any) -> None:
    squatter = world.person("T-0", 2)
    await world.store.add_people(
        [Person(local_number="X", row_key=squatter.row_key, sealed_code=squatter.sealed_code, code_epoch=2)]
    )
    with pytest.raises(WarifuError) as refused:
        await world.rotator.rotate()
    assert refused.value.reason is Reason.HUB_ANSWER_INVALID
    assert world.right(2, world.people[1:])
    assert len(world.requests) == 2


async def test_old_codes_go_only_when_nothing_may_name_their_epoch_any_more(world: Any) -> None:
    await world.rotator.rotate()
    await world.rotator._settle()
    world.put_in_force()
    former = [row_key(world.keys.current().provider.row_secret, world.code(name, 1)) for name in world.people]
    world.clock.advance(world.settled_after - timedelta(milliseconds=1))
    await world.rotator._settle()
    assert [world.finds(key) for key in former] == world.people
    world.clock.advance(timedelta(milliseconds=1))
    await world.rotator._settle()
    assert [world.finds(key) for key in former] == [None] * len(world.people)
    assert world.store.code_epochs() == {2: len(world.people)}
    assert world.right(2)


async def test_settling_is_done_once_for_a_version_and_in_pieces(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "_AT_ONCE", 2)
    await world.rotator.rotate()
    world.put_in_force()
    world.clock.advance(world.settled_after)
    sizes: list[int] = []
    real = world.store.settle_codes

    async def counted(epoch: int, count: int) -> int:
        sizes.append(await real(epoch, count))
        return sizes[-1]

    monkeypatch.setattr(world.store, "settle_codes", counted)
    await world.rotator._settle()
    await world.rotator._settle()
    assert sizes == [2, 2, 2, 1]


async def test_the_last_permit_that_may_name_the_former_epoch_still_finds_its_person(world: Any) -> None:
    await world.rotator.rotate()
    former = world.directories.current()
    world.put_in_force()
    newer = world.directories.current()
    world.clock.advance(world.overlap)
    world.directories.hold(former)  # the inquirer has not heard of it yet
    inquiry = world.inquiry("T-4")
    world.directories.hold(newer)
    expires = ExchangeContext.decode(inquiry.context).expires_ms
    permit = world.permit(inquiry)
    world.clock.set(datetime.fromtimestamp(expires / 1000, UTC) + LONGEST_SKEW)
    await world.rotator._settle()
    assert await world.answered(permit)


async def test_a_provider_answers_what_was_asked_under_either_epoch(world: Any) -> None:
    await world.add_record("T-1")
    asked_before = world.permit(world.inquiry("T-1"))
    assert await world.answered(world.permit(world.inquiry("T-1")))
    await world.rotator.rotate()
    assert await world.answered(world.permit(world.inquiry("T-1")))
    under_way = world.inquiry("T-1")
    world.put_in_force()
    assert await world.answered(asked_before)
    assert await world.answered(world.permit(under_way))
    asked_after = world.inquiry("T-1")
    assert ExchangeContext.decode(asked_after.context).epoch_to == 2
    assert await world.answered(world.permit(asked_after))


async def test_a_provider_asked_under_the_new_epoch_makes_the_codes_ready_first(world: Any) -> None:
    world.put_in_force()
    assert world.store.code_epochs() == {1: len(world.people)}
    assert await world.answered(world.permit(world.inquiry("T-3")))
    assert world.right(2)


async def test_a_provider_that_cannot_make_codes_ready_does_not_say_that_nobody_is_there(world: Any) -> None:
    world.put_in_force()

    def gone(*_: object) -> None:
        raise WarifuError(Reason.HUB_UNREACHABLE)

    world.spoil = gone
    permit = world.permit(world.inquiry("T-3"))
    with pytest.raises(WarifuError):
        await world.provider.provide(permit, 5.0)
    world.spoil = lambda *_: None
    assert await world.answered(permit)


@pytest.mark.parametrize("settled", [False, True])
async def test_what_a_clerk_releases_after_the_rotation_still_finds_its_person(world: Any, settled: bool) -> None:
    await world.add_record("T-2")
    await world.store.set_flags("T-2", PersonFlags.AUTO_RESPONSE_DISABLED)
    permit = world.permit(world.inquiry("T-2"))
    waiting = await world.provider.provide(permit, 5.0)
    assert waiting.outcome == inquiry_pb2.PROVISION_OUTCOME_PENDING
    await world.rotator.rotate()
    world.put_in_force()
    if settled:
        world.clock.advance(world.settled_after)
        await world.rotator._settle()
        assert world.store.code_epochs() == {2: len(world.people)}
    await world.store.decide(permit.processing_number, ClerkDecision.RELEASE)
    assert await world.answered(permit)

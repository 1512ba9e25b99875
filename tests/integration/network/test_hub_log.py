"""The log of a running hub, checked from outside with the public key and nothing else."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2_grpc import LogServiceStub
from warifu.errors import Reason, WarifuError
from warifu.tlog.checkpoint import read_checkpoint_unverified
from warifu.tlog.tiles import write_copy
from warifu.tlog.verify import verify_copy, verify_entry, verify_extends
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessSearch


@pytest.fixture
def vkey(lone_hub: Any) -> str:
    """What the outside is given."""
    return str((lone_hub.path / "log.vkey").read_text().strip())


async def checkpoint(log: Any) -> bytes:
    response = await log.stub.GetCheckpoint(log_pb2.GetCheckpointRequest(), timeout=10)
    return bytes(response.signed_note)


async def covering(log: Any, position: int) -> bytes:
    """A checkpoint over the leaf at ``position``: members are shown it in the next beat."""
    for _ in range(200):
        note = await checkpoint(log)
        if read_checkpoint_unverified(note).size > position:
            return note
        await asyncio.sleep(0.1)
    raise AssertionError("no beat came")


async def proof(log: Any, position: int, size: int) -> Any:
    request = log_pb2.GetInclusionProofRequest(position=position, tree_size=size)
    return await log.stub.GetInclusionProof(request, timeout=10)


async def test_an_inquirer_can_show_that_its_exchange_is_in_the_log(
    lone_hub: Any, calls: Any, asker: Any, tax_office: Any, log: Any, vkey: str
) -> None:
    response = await asker.send(asker.inquiry())
    asker.stub = LogServiceStub(calls.to(lone_hub, caller="childcare"))
    note = await covering(asker, response.permitted_position)
    size = read_checkpoint_unverified(note).size
    shown = await proof(asker, response.permitted_position, size)
    leaf = log_pb2.ExchangeLeaf.FromString(shown.leaf)
    assert leaf.processing_number == response.processing_number
    verify_entry(
        leaf=shown.leaf, index=response.permitted_position, proof=shown.hashes, signed_checkpoint=note, vkey=vkey
    )
    with pytest.raises(WarifuError):
        verify_entry(
            leaf=shown.leaf + b"\0",
            index=response.permitted_position,
            proof=shown.hashes,
            signed_checkpoint=note,
            vkey=vkey,
        )


async def test_a_member_cannot_count_the_exchanges_of_others_by_the_size_of_the_log(
    lone_hub: Any, calls: Any, asker: Any, tax_office: Any, log: Any
) -> None:
    asker.stub = LogServiceStub(calls.to(lone_hub, caller="insurance"))
    before = await covering(asker, read_checkpoint_unverified(await checkpoint(log)).size - 1)
    seen = [before]
    for _ in range(10):
        await asker.send(asker.inquiry())
        seen.append(await checkpoint(asker))
    sizes = [read_checkpoint_unverified(note).size for note in seen]
    grown = sum(after > before for before, after in itertools.pairwise(sizes))
    assert grown < 10, "in beats, not with each exchange"
    everything = read_checkpoint_unverified(await checkpoint(log)).size
    if everything > sizes[-1]:
        error = await calls.failed(proof(asker, 0, everything))
        assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "tree_size")


async def test_each_checkpoint_extends_the_one_before(asker: Any, tax_office: Any, log: Any, vkey: str) -> None:
    notes = [await checkpoint(log)]
    for _ in range(4):
        await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(3)))
        notes.append(await checkpoint(log))
    for old, new in itertools.pairwise(notes):
        first, second = (read_checkpoint_unverified(note).size for note in (old, new))
        assert second == first + 6
        request = log_pb2.GetConsistencyProofRequest(first_size=first, second_size=second)
        response = await log.stub.GetConsistencyProof(request, timeout=10)
        verify_extends(old_checkpoint=old, new_checkpoint=new, proof=response.hashes, vkey=vkey)


async def test_a_copy_of_the_log_verifies_offline_and_a_changed_one_does_not(
    asker: Any, tax_office: Any, log: Any, vkey: str, tmp_path: Path
) -> None:
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(5)))
    note = await checkpoint(log)
    size = read_checkpoint_unverified(note).size
    leaves = (await log.leaves())[:size]
    write_copy(tmp_path / "copy", leaves, note)
    assert list(verify_copy(tmp_path / "copy", vkey).leaves()) == leaves
    bundle = max((tmp_path / "copy").rglob("entries/**/*"), key=lambda path: path.is_file())
    spoilt = bytearray(bundle.read_bytes())
    spoilt[-1] ^= 1
    bundle.write_bytes(spoilt)
    with pytest.raises(WarifuError) as refused:
        verify_copy(tmp_path / "copy", vkey)
    assert refused.value.reason is Reason.LOG_INVALID


async def test_a_leaf_is_shown_to_its_parties_and_the_supervisor_and_proved_to_everybody(
    lone_hub: Any, calls: Any, asker: Any, tax_office: Any, vkey: str
) -> None:
    response = await asker.send(asker.inquiry())
    shown = {}
    for party in ("childcare", "tax", "supervisor", "insurance", "residence", "authority", "hub"):
        asker.stub = LogServiceStub(calls.to(lone_hub, caller=party))
        note = await covering(asker, response.permitted_position)
        told = await proof(asker, response.permitted_position, read_checkpoint_unverified(note).size)
        shown[party] = bool(told.leaf)
        assert told.hashes
    assert {party for party, leaf in shown.items() if leaf} == {"childcare", "tax", "supervisor"}


async def test_leaves_are_listed_for_the_supervisor_only(lone_hub: Any, calls: Any, asker: Any) -> None:
    async def listed(party: str) -> list[Any]:
        stub: Any = LogServiceStub(calls.to(lone_hub, caller=party))
        return [chunk async for chunk in stub.ListLeaves(log_pb2.ListLeavesRequest(), timeout=10)]

    await listed("supervisor")
    for party in ("childcare", "tax", "hub", "authority", "tax/business"):
        assert (await calls.failed(listed(party))).reason is Reason.CALLER_NOT_ALLOWED


@pytest.mark.parametrize(("first", "count", "expected"), [(0, 3, 3), (2, 1, 1), (1, 0, -1), (0, 2**63, 0)])
async def test_a_part_of_the_leaves_can_be_asked_for(
    asker: Any, tax_office: Any, log: Any, first: int, count: int, expected: int
) -> None:
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(2)))
    everything = await log.leaves()
    request = log_pb2.ListLeavesRequest(first_position=first, leaf_count=count)
    chunks = [chunk async for chunk in log.stub.ListLeaves(request, timeout=10)]
    assert chunks[0].first_position == first
    leaves = [leaf for chunk in chunks for leaf in chunk.leaves]
    wanted = everything[first : first + expected] if expected > 0 else everything[first:]
    assert leaves == wanted


async def test_leaves_come_in_pages_and_a_list_broken_off_goes_on_from_its_token(
    asker: Any, tax_office: Any, log: Any
) -> None:
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(4)))
    everything = (await log.leaves())[:7]
    wanted: dict[str, Any] = {"first_position": 1, "leaf_count": 6}

    async def listed(**asked: Any) -> list[log_pb2.ListLeavesResponse]:
        request = log_pb2.ListLeavesRequest(**wanted, **asked)
        return [page async for page in log.stub.ListLeaves(request, timeout=10)]

    pages = await listed(page_size=2)
    assert [page.first_position for page in pages] == [1, 3, 5]
    assert [leaf for page in pages for leaf in page.leaves] == everything[1:]
    assert [bool(page.next_page_token) for page in pages] == [True, True, False]
    (rest,) = await listed(page_size=1000, page_token=pages[0].next_page_token)
    assert (rest.first_position, list(rest.leaves)) == (3, everything[3:])


@pytest.mark.parametrize("other", [{"first_position": 0}, {"leaf_count": 5}, {"leaf_count": 0}])
async def test_a_page_token_is_good_for_the_list_it_is_of_and_no_other(
    asker: Any, tax_office: Any, log: Any, calls: Any, other: dict[str, int]
) -> None:
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(4)))
    wanted: dict[str, Any] = {"first_position": 1, "leaf_count": 6}
    request = log_pb2.ListLeavesRequest(**wanted, page_size=2)
    page, *_ = [page async for page in log.stub.ListLeaves(request, timeout=10)]
    token = page.next_page_token

    async def listed(page_token: str) -> list[log_pb2.ListLeavesResponse]:
        asked = log_pb2.ListLeavesRequest(**{**wanted, **other}, page_token=page_token)
        return [page async for page in log.stub.ListLeaves(asked, timeout=10)]

    for bad in (token, token[:-1], "x", "x" * 100_000):
        error = await calls.failed(listed(bad))
        assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "page_token")


async def test_what_lies_beyond_the_log_is_refused_by_name(log: Any, calls: Any) -> None:
    async def listed(first: int) -> list[Any]:
        request = log_pb2.ListLeavesRequest(first_position=first)
        return [chunk async for chunk in log.stub.ListLeaves(request, timeout=10)]

    consistency = log_pb2.GetConsistencyProofRequest(first_size=2**63, second_size=2**64 - 1)
    for call in (
        proof(log, 10**6, 10**6 + 1),
        proof(log, 2**64 - 1, 2**64 - 1),
        listed(10**6),
        listed(2**64 - 1),
        log.stub.GetConsistencyProof(consistency, timeout=10),
    ):
        assert (await calls.failed(call)).reason is Reason.REQUEST_MALFORMED


async def test_nothing_in_the_log_says_anything_about_a_person(
    asker: Any, tax_office: Any, log: Any, overheard: Any
) -> None:
    await asyncio.gather(*(asker.send(asker.inquiry()) for _ in range(5)))
    search = BlindnessSearch(overheard.secrets)
    search.blob("leaves", b"\0".join(await log.leaves()))
    assert search.report().hits == ()


async def test_the_search_that_finds_nothing_would_find_something(lone_hub: Any, overheard: Any, asker: Any) -> None:
    await asker.refused(asker.inquiry(provider=asker.own.institution))
    public = Secret(kind="institution", owner="childcare", value=str(asker.own.institution))
    places = {hit.place for hit in overheard.search([public]).hits}
    assert any(place.endswith("hub/party.log") for place in places)


async def proven(calls: Any, net: Any, caller: str, *names: log_pb2.ExchangeName, size: int) -> Any:
    stub: Any = LogServiceStub(calls.to(net, caller=caller))
    request = log_pb2.ProveExchangesRequest(tree_size=size, exchanges=names)
    return (await stub.ProveExchanges(request, timeout=10)).exchanges


async def test_both_sides_of_an_exchange_are_shown_its_leaves_with_proofs_and_nobody_else_is(
    lone_hub: Any, calls: Any, asker: Any, tax_office: Any, log: Any, vkey: str
) -> None:
    inquiry = asker.inquiry()
    response = await asker.send(inquiry)
    everything = read_checkpoint_unverified(await checkpoint(log)).size
    asker.stub = LogServiceStub(calls.to(lone_hub, caller="childcare"))
    note = await covering(asker, everything - 1)
    size = read_checkpoint_unverified(note).size
    name = log_pb2.ExchangeName(inquirer=lone_hub.institution("childcare"), request_id=inquiry.context[2:18])
    for side in ("childcare", "tax"):
        (shown,) = await proven(calls, lone_hub, side, name, size=size)
        told = [log_pb2.ExchangeLeaf.FromString(each.leaf) for each in shown.leaves]
        assert [each.event for each in told] == [log_pb2.LEAF_EVENT_PERMITTED, log_pb2.LEAF_EVENT_ANSWERED]
        assert {each.processing_number for each in told} == {response.processing_number}
        for each in shown.leaves:
            verify_entry(leaf=each.leaf, index=each.position, proof=each.hashes, signed_checkpoint=note, vkey=vkey)
    (shown,) = await proven(calls, lone_hub, "insurance", name, size=size)
    assert not shown.leaves
    unknown = log_pb2.ExchangeName(inquirer=name.inquirer, request_id=bytes(16))
    assert [len(each.leaves) for each in await proven(calls, lone_hub, "tax", unknown, name, size=size)] == [0, 2]
    (before,) = await proven(calls, lone_hub, "tax", name, size=response.permitted_position + 1)
    assert [each.position for each in before.leaves] == [response.permitted_position]


@pytest.mark.parametrize(
    ("count", "changes", "size", "where"),
    [
        (0, {}, 1, "exchanges"),
        (251, {}, 1, "exchanges"),
        (1, {}, 0, "tree_size"),
        (1, {}, 2**63, "tree_size"),
        (1, {"request_id": b"short"}, 1, "exchanges.request_id"),
        (1, {"inquirer": "nobody"}, 1, "exchanges.inquirer"),
    ],
)
async def test_what_cannot_be_proven_is_refused_by_field(
    lone_hub: Any, calls: Any, count: int, changes: dict[str, Any], size: int, where: str
) -> None:
    name = {"inquirer": lone_hub.institution("childcare"), "request_id": bytes(16), **changes}
    names = [log_pb2.ExchangeName(**name)] * count
    error = await calls.failed(proven(calls, lone_hub, "tax", *names, size=size))
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, where)

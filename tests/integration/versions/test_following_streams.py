"""The streams by which parties follow the hub's directory over TLS: how many there are, and when one ends."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from warifu.errors import Reason
from warifu.rpc.status import from_rpc_error
from warifu_kit.network.custody import revoke
from warifu_kit.network.rotation import rotate_signing_key


async def test_of_a_partys_streams_the_newest_four_go_on_and_older_ones_end_by_name(place: Any) -> None:
    await place.start()
    tax, other = place.follower(), place.follower("childcare")
    theirs = await other.stream()
    streams = [await tax.stream() for _ in range(7)]
    for older in streams[:3]:
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await older.read()
        assert from_rpc_error(ended.value, default={}).reason is Reason.OVERLOADED
    rotate_signing_key(place.path, "authority")
    await place.take()
    for newest in (*streams[3:], theirs):
        assert (await newest.read()).directory_version == 2


async def test_an_open_stream_of_a_party_that_was_taken_back_ends_and_the_others_are_told_of_the_list(
    place: Any,
) -> None:
    await place.start()
    tax, other = place.follower(), place.follower("childcare")
    stream, theirs = await tax.stream(), await other.stream()
    revoke(place.path, "tax")
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await stream.read()
    assert from_rpc_error(ended.value, default={}).reason is Reason.CALLER_REVOKED
    assert (await theirs.read()).revocation_list_number > 1

"""A party that is put back alone, from before exchanges that others know of, refuses until it is told to go on; once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.errors import Reason, WarifuError
from warifu.tlog.verify import verify_copy
from warifu_kit.audit.log_copy import copy_log
from warifu_kit.backup.restore import restore_party


async def gone_on_since(place: Any, *parties: str) -> None:
    """Bring the network further than the backup, until the parties have seen how far the log has come."""
    async with place.up() as offices:
        await place.ask(offices, 12)
        before = len(place.rows("hub", "SELECT 1 FROM leaf"))
        async with asyncio.timeout(60):
            while any(place.seen_size(party) < before for party in parties):  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.1)


async def refusal(place: Any, offices: Any, provider: str | None = None) -> WarifuError:
    with pytest.raises(WarifuError) as refused:
        await offices.nodes["childcare"].inquire(next(place.inquiries(offices, provider)), timeout=20)
    return refused.value


async def test_a_hub_restored_alone_takes_nothing_until_it_is_told_and_its_log_shows_the_break(
    backup: Path, put_back: Callable[[Path, str], Any], tmp_path: Path
) -> None:
    place = put_back(backup, "net")
    await gone_on_since(place, "childcare", "tax")
    seen = place.rows("childcare", "SELECT signed_note FROM seen_checkpoint")[0][0]
    restore_party(backup, place.path, "hub", replace=True)
    for _ in ("restored", "and started again"):
        async with place.up() as offices:
            for _ in range(2):
                error = await refusal(place, offices)
                assert (error.reason, error.definite) == (Reason.LOG_BEHIND, False)
        assert "LOG_BEHIND" in place.amiss["childcare"], "whoever starts the network is told"
    assert '"log_behind"' in place.log_of("hub")
    size = len(place.rows("hub", "SELECT 1 FROM leaf"))

    async with place.up(go_on={"hub"}) as offices:
        await place.ask(offices, 6)
    assert '"log_continued"' in place.log_of("hub")
    async with place.up() as offices:
        await place.ask(offices, 6)
        await copy_log(offices.log, tmp_path / "log")
        key = offices.network.log_verifier_key
    verified = verify_copy(tmp_path / "log", key)
    (broken,) = [
        leaf
        for leaf in map(ExchangeLeaf.FromString, verified.leaves())
        if leaf.event == log_pb2.LEAF_EVENT_LOG_CONTINUED
    ]
    assert broken.lost_size > size
    with pytest.raises(WarifuError) as another:
        verify_copy(tmp_path / "log", key, seen=seen)
    assert another.value.reason is Reason.LOG_INVALID, "who kept a checkpoint of before sees that entries were lost"
    ((number, kept),) = place.rows("childcare", "SELECT number, seen_note FROM log_break")
    assert (number, kept) == (1, seen)


@pytest.mark.parametrize("party", ["tax", pytest.param("childcare", marks=pytest.mark.slow)])
async def test_a_node_restored_alone_neither_asks_nor_answers_until_it_is_told(
    backup: Path, put_back: Callable[[Path, str], Any], party: str
) -> None:
    place = put_back(backup, "net")
    await gone_on_since(place)
    restore_party(backup, place.path, party, replace=True)
    for _ in ("restored", "and started again"):
        async with place.up() as offices:
            error = await refusal(place, offices, "tax")
            if party == "tax":
                assert (error.reason, error.where) == (Reason.PROVIDER_FAILED, "provider: RECORDS_BEHIND")
                await place.ask(offices, 2, "residence")  # the others go on
            else:
                assert (error.reason, error.definite) == (Reason.RECORDS_BEHIND, False)
        assert set(place.amiss) == {party}, "whoever starts the network is told"
    assert '"records_behind"' in place.log_of(party)
    async with place.up(go_on={party}) as offices:
        await place.ask(offices, 6)
    assert '"records_gone_on"' in place.log_of(party)
    async with place.up() as offices:
        await place.ask(offices, 6)
    assert place.amiss == {}

"""A member that goes by another directory than the others, or that the hub keeps at an old one, is found by one exchange.

The network's operator signs every version, so that two of one number need an operator who signs two; a hub alone can only
keep one back.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from warifu.api.directory.v1 import directory_service_pb2 as directory_pb2
from warifu.clock import ManualClock, SystemClock
from warifu.party.alarms import AlarmKind
from warifu.party.directory_file import DIRECTORY_FILE
from warifu.rpc.identity import caller
from warifu_hub.app import parts
from warifu_hub.servicers.directory import DirectoryServicer
from warifu_kit.network.rotation import rotate_signing_key
from warifu_services.node.views import SHOWN_WITHIN

DIFFER = AlarmKind.DIRECTORY_VIEWS_DIFFER


class KeepingBack(DirectoryServicer):
    """Shows childcare nothing newer than version 1, while it is told to."""

    kept_from = ""

    def _is_kept(self, context: Any) -> bool:
        return bool(caller(context).institution == type(self).kept_from)

    async def ListVersions(self, request: Any, context: Any) -> Any:
        if self._is_kept(context):
            return directory_pb2.ListVersionsResponse(newest_version=1)
        return await super().ListVersions(request, context)

    async def FollowVersions(self, request: Any, context: Any) -> AsyncIterator[directory_pb2.FollowVersionsResponse]:
        if self._is_kept(context):
            yield directory_pb2.FollowVersionsResponse(directory_version=1)
            await asyncio.Event().wait()
        async for told in super().FollowVersions(request, context):
            yield told


class Versions:
    """A town at such a hub; the nodes' clock is the test's."""

    def __init__(self, town: Any, clock: ManualClock) -> None:
        self.town, self.clock = town, clock

    async def exchange(self) -> None:
        assert (await self.town.client("childcare").inquire(self.town.inquiry(0))).record

    async def take_version_2(self) -> None:
        rotate_signing_key(self.town.path, "authority")
        await self.town.hub.versions.take()

    def version(self, party: str) -> int:
        return int(self.town.nodes[party].provider._directory.version)

    def alarm(self, party: str) -> str | None:
        lookout = self.town.nodes[party].lookout
        lookout.look()
        return next((alarm.where for alarm in lookout.alarms.standing() if alarm.kind is DIFFER), None)

    def all_weighed(self) -> bool:
        return not any(node.views._box.came.is_set() for node in self.town.nodes.values())


@pytest.fixture
async def versions(empty_town: Any, monkeypatch: pytest.MonkeyPatch) -> Versions:
    clock = ManualClock(SystemClock().now())
    monkeypatch.setattr(parts, "DirectoryServicer", KeepingBack)
    monkeypatch.setattr(KeepingBack, "kept_from", "")
    await empty_town.start()
    await empty_town.hub.versions.take()
    numbers = await empty_town.my_numbers(1)
    for party in ("childcare", "tax"):
        await empty_town.start_node(party, clock=clock)
        await empty_town.acquire(party, numbers)
    await empty_town.client("tax").register_replicas([empty_town.tax_replica(0)])
    return Versions(empty_town, clock)


async def test_a_version_that_everybody_takes_is_no_alarm(versions: Versions) -> None:
    await versions.exchange()
    await versions.take_version_2()
    await versions.town.until(lambda: versions.version("tax") == 2)
    await versions.exchange()
    await versions.town.until(lambda: versions.version("childcare") == 2)
    await versions.exchange()
    versions.clock.advance(SHOWN_WITHIN)
    await versions.town.until(versions.all_weighed)
    assert versions.alarm("tax") is versions.alarm("childcare") is None


async def test_a_member_that_the_hub_keeps_at_an_old_version_learns_of_the_newer_from_another(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    await versions.town.stop_node("childcare")
    monkeypatch.setattr(KeepingBack, "kept_from", versions.town.code("childcare"))
    await versions.town.start_node("childcare", clock=versions.clock)
    await versions.take_version_2()
    await versions.town.until(lambda: versions.version("tax") == 2)
    await versions.exchange()
    views = versions.town.nodes["childcare"].views
    await versions.town.until(lambda: views._newer is not None)
    assert versions.alarm("childcare") is None
    versions.clock.advance(SHOWN_WITHIN)
    told = f"{versions.town.code('tax')} goes by version 2 of the directory; the hub does not show it here"
    assert versions.alarm("childcare") == told
    assert versions.version("childcare") == 1


async def test_two_directories_of_one_number_are_found_by_both_at_once(
    versions: Versions, made_network: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(made_network, tmp_path / "other"))
    rotate_signing_key(other, "authority")
    await versions.take_version_2()
    await versions.town.until(lambda: versions.version("tax") == 2)
    await versions.town.stop_node("childcare")
    shutil.copyfile(other / "hub" / DIRECTORY_FILE, versions.town.path / "childcare" / DIRECTORY_FILE)
    await versions.town.start_node("childcare", clock=versions.clock)
    assert versions.version("childcare") == 2
    await versions.exchange()
    await versions.town.until(lambda: versions.alarm("tax") and versions.alarm("childcare"))
    said = f"{versions.town.code('childcare')} goes by another version 2 of the directory than the hub shows here"
    assert versions.alarm("tax") == said

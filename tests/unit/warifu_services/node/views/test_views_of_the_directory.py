"""What a node makes of the version of the directory that others say they go by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.warifu_services.node.views.played import (
    INSURANCE,
    TAX,
    TRUE,
    Node,
    note,
)

from warifu.identifiers import InstitutionCode
from warifu_services.node.views import SHOWN_WITHIN


class Says:
    """What another member says of its directory."""

    def __init__(self, node: Node) -> None:
        self.node = node

    async def __call__(self, version: int, digest: bytes, by: InstitutionCode = TAX) -> str | None:
        told = self.node.gossip(note(TRUE, 12))
        told.directory_version, told.directory_digest = version, digest
        self.node.box.heard(by, told)
        await self.node.views.weigh(self.node.hub)
        return self.node.views.directory_amiss()


@pytest.fixture
def says(node: Node) -> Says:
    return Says(node)


async def test_the_same_directory_is_no_alarm_nor_the_one_before_nor_one_long_before(node: Node, says: Says) -> None:
    assert await says(5, node.gossip(None).directory_digest) is None
    assert await says(4, b"d" * 32) is None
    assert await says(3, b"?" * 32) is None


@pytest.mark.parametrize("version", [4, 5])
async def test_another_directory_of_the_same_version_is_an_alarm_at_once_that_names_who_says_so(
    node: Node, says: Says, version: int
) -> None:
    told = await says(version, b"?" * 32)
    assert told == f"{TAX} goes by another version {version} of the directory than the hub shows here"
    node.clock.advance(timedelta(days=1, seconds=1))
    assert node.views.directory_amiss() is None


async def test_a_newer_directory_that_the_hub_does_not_show_here_is_an_alarm_a_minute_later(
    node: Node, says: Says
) -> None:
    assert await says(6, b"n" * 32) is None
    node.clock.advance(SHOWN_WITHIN)
    told = f"{TAX} goes by version 6 of the directory; the hub does not show it here"
    assert node.views.directory_amiss() == told
    node.directory.hold(replace(node.directory.current(), version=6))
    assert node.views.directory_amiss() is None


async def test_a_hub_that_is_away_is_not_accused_of_a_version_that_it_does_not_show(node: Node, says: Says) -> None:
    await says(6, b"n" * 32)
    node.contact_ms = None
    node.clock.advance(SHOWN_WITHIN)
    assert node.views.directory_amiss() is None
    node.contact_ms = node.clock.unix_ms()
    assert node.views.directory_amiss() is None
    node.clock.advance(SHOWN_WITHIN)
    assert node.views.directory_amiss()


async def test_one_that_tells_of_a_version_there_never_is_hides_nothing_of_what_others_tell(
    node: Node, says: Says
) -> None:
    await says(2**31, b"n" * 32, by=INSURANCE)
    node.clock.advance(timedelta(days=1, seconds=1))
    assert node.views.directory_amiss() is None
    await says(6, b"n" * 32)
    node.clock.advance(SHOWN_WITHIN)
    told = f"{TAX} goes by version 6 of the directory; the hub does not show it here"
    assert node.views.directory_amiss() == told

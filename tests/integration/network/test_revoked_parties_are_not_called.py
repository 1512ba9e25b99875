"""A party whose certificate was taken back is called by nobody any more, within seconds of the list, connected or not.

Real processes, which are connected to each other when the list arrives. A new certificate lets the party go on.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.client import BlockingNodeClient, NetworkDescription, NodeClient
from warifu.errors import Reason, WarifuError
from warifu_kit.demo.procedures import new_inquiry
from warifu_kit.network.custody import renew, revoke
from warifu_services.agencies.childcare import CHILD_ALLOWANCE_PROCEDURE
from warifu_services.agencies.tax import LOCAL_TAX

SECONDS = 20.0
WORDS = "its certificate was taken back"


@pytest.fixture(scope="module")
def revocable(begin_town: Callable[[], Any]) -> Any:
    """A network of its own: what is taken back stays so."""
    return begin_town()


@pytest.fixture
def described(revocable: Any) -> NetworkDescription:
    return NetworkDescription.load(revocable.path)


async def until_it_fails(ask: Callable[[], Awaitable[Any]], words: str) -> WarifuError:
    """Ask until the answer is an error in these words."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                await ask()
            except WarifuError as error:
                if words in error.where:
                    return error
            await asyncio.sleep(0.1)


async def until_it_says(town: Any, party: str, event: bytes) -> None:
    """Whoever finds it out in its own time."""
    async with asyncio.timeout(SECONDS):
        while True:
            if event in (town.path / party / "party.log").read_bytes():
                return
            await asyncio.sleep(0.1)


async def until_it_works(ask: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await ask()
            except WarifuError:
                await asyncio.sleep(0.1)


async def inquired(town: Any, described: NetworkDescription, node: NodeClient) -> Any:
    person = town.plan.open_case.local_number
    asked = new_inquiry(person, CHILD_ALLOWANCE_PROCEDURE, described.institution("tax"), LOCAL_TAX)
    try:
        return await node.inquire(asked, timeout=3)
    except WarifuError as error:
        if error.reason in (Reason.RECORD_NOT_HELD, Reason.RECORD_NOT_PUBLISHED):
            return error.reason  # which is an answer
        raise


async def test_a_revoked_provider_is_not_asked(revocable: Any, described: NetworkDescription) -> None:
    async with NodeClient(described.to_node("childcare")) as node:

        async def ask() -> Any:
            return await inquired(revocable, described, node)

        await ask()
        revoke(revocable.path, "tax")
        error = await until_it_fails(ask, WORDS)
        assert (error.reason, error.definite) == (Reason.PROVIDER_UNREACHABLE, True)
        assert error.where == f"provider: {WORDS}", "an inquirer has no business with addresses"
        renew(revocable.path, "tax")
        await until_it_works(ask)


async def test_a_revoked_hub_is_sent_nothing(revocable: Any, described: NetworkDescription) -> None:
    async with NodeClient(described.to_node("childcare")) as node:

        async def ask() -> Any:
            return await inquired(revocable, described, node)

        await ask()
        revoke(revocable.path, "hub")
        error = await until_it_fails(ask, WORDS)
        assert (error.reason, error.definite) == (Reason.HUB_UNREACHABLE, False), "the inquiry stays open"
        await until_it_says(revocable, "childcare", b"hub_not_in_contact")
        renew(revocable.path, "hub")
        await until_it_works(ask)


async def test_a_revoked_authority_is_told_no_number(revocable: Any, described: NetworkDescription) -> None:
    async with NodeClient(described.to_node("childcare")) as node:

        async def ask() -> Any:
            person = node_pb2.PersonToAcquire(local_number=secrets.token_hex(8), my_number="123456789018")
            return [result async for result in node.acquire_codes([person], timeout=5)]

        await ask()
        revoke(revocable.path, "authority")
        error = await until_it_fails(ask, WORDS)
        assert error.reason is Reason.AUTHORITY_UNREACHABLE
        renew(revocable.path, "authority")
        await until_it_works(ask)


async def test_a_business_system_calls_a_revoked_node_no_more(revocable: Any, described: NetworkDescription) -> None:
    with BlockingNodeClient(described.to_node("insurance")) as blocking:
        async with NodeClient(described.to_node("insurance")) as node:

            async def ask() -> Any:
                return await node.pending_provisions()

            async def ask_blocking() -> Any:
                return await asyncio.to_thread(blocking.pending_provisions)

            await ask()
            await ask_blocking()
            revoke(revocable.path, "insurance")
            for each in (ask, ask_blocking):
                error = await until_it_fails(each, WORDS)
                assert (error.reason, error.definite) == (Reason.PEER_NOT_TRUSTED, True)
            renew(revocable.path, "insurance")
            await until_it_works(ask)

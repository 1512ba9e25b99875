"""Whose certificate the node calls: the hub's, by root, date, name and the one URI in it, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from warifu_kit.conformance.case import Check, Subject, expect, skip, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.certificates import BAD_KINDS, BadKind, Forge
from warifu_kit.conformance.inquirer_under_check import CheckedInquirer
from warifu_kit.conformance.wire.calls import Pair
from warifu_kit.conformance.wire.impostor import impostor

__all__ = ["SUBJECT"]

SUBJECT = Subject("inquirer", "hub", "transport.md")
_COMES_S, _LOOK_S = 5.0, 0.05
_WAYS = {"of-itself", "of-another-root", "past-its-date", "two-uris", "uri-of-another-network"}


def _under_the_hubs_name(forge: Forge) -> tuple[bytes, bytes]:
    """An agency's URI under the hub's DNS name."""
    return forge.signed(forge.leaf(forge.other.uri))


_KINDS = (
    *(kind for kind in BAD_KINDS if kind.name in _WAYS),
    BadKind("of-an-agency", "of an agency that has the hub's DNS name", _under_the_hubs_name),
)


def _led_to(kind: BadKind) -> Check:
    async def check(inquirer: CheckedInquirer) -> None:
        shown = Pair(*kind.make(_forge(inquirer)))
        await _nothing_is_said(inquirer, shown, f"a certificate {kind.words}")

    return check


def _forge(inquirer: CheckedInquirer) -> Forge:
    if inquirer.about.forge is None:
        raise skip("the hub listens where nodes of other machines come: nobody can stand in for it there")
    return inquirer.about.forge


async def _nothing_is_said(inquirer: CheckedInquirer, shown: Pair, whose: str) -> None:
    """See that whoever shows it is called by no method, and that the hub is found again. Raises: CaseEnd."""
    door = inquirer.about.door
    if door is None:
        raise skip("the hub listens where nodes of other machines come: nobody can stand in for it there")
    async with impostor(shown, inquirer.honest) as other:
        inquirer.evidence.noted(f"at the hub's address now listens somebody with {whose}")
        async with door.turned_to(other.endpoint):
            asking = asyncio.ensure_future(inquirer.ask(inquirer.question(KNOWN), seconds=1.0))
            came = await _comes(lambda: door.reached)
            ended = await asking
            came = came or door.reached > 0
        inquirer.evidence.came_back(
            f"{door.reached} connections, and calls of {sorted(set(other.called)) or 'nothing'}"
        )
    expect(not other.called, f"it called {sorted(set(other.called))} of somebody with {whose}")
    expect(ended.result is None, "it handed something over")
    await _found_again(inquirer)
    if not came:
        raise unknown("the node did not come while somebody else was there")


async def _comes(reached: Callable[[], int]) -> bool:
    end = asyncio.get_running_loop().time() + _COMES_S
    while asyncio.get_running_loop().time() < end:
        if reached():
            return True
        await asyncio.sleep(_LOOK_S)
    return False


async def _found_again(inquirer: CheckedInquirer) -> None:
    """Wait until the node is back at the hub. Raises: CaseEnd."""
    end = asyncio.get_running_loop().time() + 2 * _COMES_S
    while asyncio.get_running_loop().time() < end:
        ended = await inquirer.ask(inquirer.question(KNOWN), seconds=2.0)
        if ended.result is not None:
            return
        await asyncio.sleep(_LOOK_S)
    raise unknown("the node did not come back to the hub")


for _kind in _KINDS:
    _words = _kind.words.replace("the node", "the hub")
    SUBJECT.add(
        _kind.name,
        f"Whoever shows a certificate {_words} at the hub's address is told nothing",
        rule="Look whether the URI in the server's certificate is the party meant; trust only the network's root",
        at="tls",
        mend="Verify the chain against root.pem alone, the DNS name and the whole URI, at each connection, before any call.",
        check=_led_to(_kind),
        seconds=20,
    )

"""A hub whose log is another one than it showed before: two checkpoints of one size."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from warifu.api.log.v1.log_service_pb2 import CompareLogResponse
from warifu.errors import Reason
from warifu.tlog.checkpoint import Checkpoint, read_checkpoint_unverified, sign_checkpoint
from warifu_kit.conformance.case import CaseEnd, Check, Subject, expect, fail, skip, unknown
from warifu_kit.conformance.cast import KNOWN
from warifu_kit.conformance.node_under_check import CheckedNode

__all__ = ["SUBJECT"]

SUBJECT = Subject("node", "log", "log.md")
_AT = "what-a-node-does-with-it"
_FIRST_S, _NEXT_S, _WEIGHED_S, _LOOK_S = 6.0, 12.0, 8.0, 0.1

Another = Callable[[Checkpoint], Checkpoint]


def _forked(checkpoint: Checkpoint) -> Checkpoint:
    return replace(checkpoint, root_hash=secrets.token_bytes(32))


def _shown(another: Another) -> Check:
    async def check(node: CheckedNode) -> None:
        log, key = node.about.log, node.about.log_key

        def spoil(response: CompareLogResponse) -> None:
            shown = another(read_checkpoint_unverified(response.signed_note))
            response.signed_note = sign_checkpoint(shown, key)

        await _compared(node, "honestly")  # now: what it was shown at its start may have been a log of nothing
        log.spoil = spoil
        try:
            await _compared(node, "with another log, signed by the hub")
            await _refuses(node)
        except CaseEnd:
            log.rest()
            with suppress(CaseEnd):  # a node that refuses only now would fail the cases after this one
                await _compared(node, "honestly again")
            raise
        finally:
            log.rest()
        await _compared(node, "honestly again")
        await node.still_answers(KNOWN)

    return check


async def _compared(node: CheckedNode, words: str) -> None:
    """Wait until the node compared, and has weighed what it was told. Raises: CaseEnd."""
    log, loop = node.about.log, asyncio.get_running_loop()
    before = log.compared
    end = loop.time() + (_NEXT_S if before else _FIRST_S)
    while log.compared == before:
        if loop.time() > end:
            if not before:
                raise skip("the node does not compare with the hub's log, as it may")
            raise unknown(f"it did not compare within {_NEXT_S:.0f} seconds")
        await asyncio.sleep(_LOOK_S)
    node.evidence.noted(f"it compared with the hub, {words}")


async def _refuses(node: CheckedNode) -> None:
    """See that it answers no more once it has weighed what it was told. Raises: CaseEnd."""
    end = asyncio.get_running_loop().time() + _WEIGHED_S
    while asyncio.get_running_loop().time() < end:
        reply = await node.provide(node.hands.permit(node.asked(KNOWN)))
        if not reply.ok:
            expect(reply.reason == Reason.LOG_BEHIND.value, f"it ended with {reply}")
            return
        await asyncio.sleep(_LOOK_S)
    raise fail("it goes on answering a hub that shows it another log than before")


for _name, _words, _another in (("forked", "another root of a size that it may have seen", _forked),):
    SUBJECT.add(
        _name,
        f"A hub that shows {_words} is answered no more until it is mended",
        rule="It extends the one held; if not, the hub is behind: LOG_BEHIND, and nothing is asked or answered until it is mended",
        at=_AT,
        mend="Keep the newest checkpoint that verified, demand a consistency proof from it, and refuse while there is none.",
        check=_shown(_another),
        seconds=45,
    )

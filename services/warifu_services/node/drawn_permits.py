"""Permits without proof that this node draws, where the directory says that conversions are sampled.

Decides which permits are drawn and what becomes of one. The draw is a keyed hash of what the hub signed: the hub cannot tell it
before, and the same permit, brought again, is drawn again, also after a restart. Who drew one asks the hub for its proof, together
with others drawn meanwhile, and answers nobody about it before that holds. The asking goes on when the call is given up:
a hub that breaks off when it is asked is found out all the same. A hub that does not prove within half a minute, whatever
the cause, has not proven. It must never know who is meant: nothing is opened here.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple, Protocol

from warifu.api.hub.v1.hub_service_pb2 import ProveConversionsRequest, ProveConversionsResponse, ProvenConversion
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.canonical import length_prefixed
from warifu.errors import Reason, WarifuError
from warifu.exchange.conversion_proof import check_proven, terms_between
from warifu.exchange.directory import DirectorySource
from warifu.exchange.provision import CheckedPermit
from warifu.exchange.statements import check_permit
from warifu.lockstep import in_lockstep
from warifu.rpc.logging import error_fields, get_logger
from warifu_services.node.evidence_files import Keep

__all__ = ["Draw", "DrawnPermits", "KeyedDraw", "ProofSource", "Proofs"]

MOST_ASKED: Final = 32
"""Permits in one request to the hub."""

MOST_BYTES: Final = 512 * 1024
"""Bytes of permits in one request, unless one alone has more."""

MOST_WAITING: Final = 1024
"""Permits whose proof is waited for at once; another one counts as not proven: the hub leaves no room for it."""

PATIENCE_S: Final = 30.0
"""How long the hub has to prove what was drawn."""

_RETRY_S: Final = 0.5
_NOT_NOW: Final = frozenset({Reason.HUB_UNREACHABLE, Reason.OVERLOADED})
"""Why the hub is asked once more: it was started again, or has too much to do."""

_WHERE: Final = "permit.conversion_proof"
_LABEL: Final = b"warifu-v1/proof-draw"

Draw = Callable[[CheckedPermit, int], bool]
"""Whether a permit is drawn, one in so many."""


class KeyedDraw:
    """Draws by a keyed hash of the inquiry and of what the hub made of it: unpredictable without ``secret``."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        """``secret`` is one of the node's own, 16 bytes or more; the key is derived from it."""
        self._key = hmac.digest(secret, _LABEL, "sha256")

    def __call__(self, permit: CheckedPermit, one_in: int) -> bool:
        """Whether it is drawn. The same permit always or never is; one with another conversion is drawn anew."""
        made = permit.conversion.converted
        drawn = hmac.digest(self._key, length_prefixed(permit.asked, made.c1, made.c2), "sha256")
        return int.from_bytes(drawn) % one_in == 0


class ProofSource(Protocol):
    """The hub, however it is asked for proofs."""

    async def prove_conversions(self, request: ProveConversionsRequest, timeout: float) -> ProveConversionsResponse:
        """Its proofs, in the order asked, within ``timeout`` seconds, in which a hub that is away may come back.

        Raises: what the hub says; HUB_UNREACHABLE, HUB_TIMED_OUT, HUB_ANSWER_INVALID.
        """


class Proofs(Protocol):
    """Whoever has drawn permits proven."""

    def drawn(self, permit: CheckedPermit, one_in: int) -> bool:
        """Whether this permit is to be proven."""

    async def proven(self, permit: ProvisionPermit, checked: CheckedPermit) -> ProvisionPermit:
        """The permit with the proof of its conversion, which holds. Raises: CONVERSION_NOT_PROVEN."""


class _Asked(NamedTuple):
    """A permit that waits for its proof."""

    permit: ProvisionPermit
    answer: asyncio.Future[ProvenConversion]


class DrawnPermits:
    """:class:`Proofs` from the hub, for one node."""

    def __init__(self, *, hub: ProofSource, directory: DirectorySource, draw: Draw, keep_evidence: Keep) -> None:
        self._hub = hub
        self._directories = directory
        self._draw = draw
        self._keep_evidence = keep_evidence
        self._waiting: list[_Asked] = []
        self._under_way: set[asyncio.Task[ProvisionPermit]] = set()
        self._asking: set[asyncio.Task[None]] = set()

    def drawn(self, permit: CheckedPermit, one_in: int) -> bool:
        """See :class:`Proofs`."""
        return self._draw(permit, one_in)

    async def proven(self, permit: ProvisionPermit, checked: CheckedPermit) -> ProvisionPermit:
        """See :class:`Proofs`."""
        if len(self._under_way) >= MOST_WAITING:
            self._keep_evidence(permit)  # else a hub that delays proofs until there is no room could cheat unseen
            raise WarifuError(Reason.CONVERSION_NOT_PROVEN, where=_WHERE)
        task = asyncio.create_task(self._proven(permit, checked))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Ask no more."""
        under_way = [*self._under_way, *self._asking]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _ended(self, task: asyncio.Task[ProvisionPermit]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits any more

    async def _proven(self, permit: ProvisionPermit, checked: CheckedPermit) -> ProvisionPermit:
        """Raises: CONVERSION_NOT_PROVEN, evidence kept."""
        worst = permit
        try:
            with_proof = _with(permit, await self._asked(permit))
            with _as_not_proven():
                self._directories.current().check_hub(
                    checked.permit_ms, lambda key: check_permit(key, with_proof, checked.asked)
                )
            worst = with_proof  # signed: if its proof does not hold, it convicts
            await self._check(with_proof, checked)
        except WarifuError:
            self._keep_evidence(worst)
            raise
        return with_proof

    async def _check(self, permit: ProvisionPermit, checked: CheckedPermit) -> None:
        directory = self._directories.current()
        own = directory.entry_for(checked.context.provider, checked.context.epoch_to, checked.context.issued_ms)
        terms = terms_between(checked.inquirer, own)
        group, proof = directory.group, permit.conversion_proof
        await in_lockstep(check_proven.paced(group, terms, checked.conversion, proof, _WHERE))

    async def _asked(self, permit: ProvisionPermit) -> ProvenConversion:
        """What the hub says of one permit. Raises: CONVERSION_NOT_PROVEN when it says nothing."""
        loop = asyncio.get_running_loop()
        asked = _Asked(permit, loop.create_future())
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            loop.call_soon(self._ask)
        return await asked.answer

    def _ask(self) -> None:
        """Ask for all that was drawn in this turn of the loop."""
        waiting, self._waiting = self._waiting, []
        for part in _parts(waiting):
            task = asyncio.create_task(self._ask_part(part))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask_part(self, part: Sequence[_Asked]) -> None:
        answers = await self._told(ProveConversionsRequest(permits=[each.permit for each in part]))
        if len(answers) != len(part):
            answers = [ProvenConversion() for _ in part]
        for each, answer in zip(part, answers, strict=True):
            if not each.answer.done():
                each.answer.set_result(answer)

    async def _told(self, request: ProveConversionsRequest) -> list[ProvenConversion]:
        """What the hub says within the time it has; nothing when it refuses."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                left = deadline - asyncio.get_running_loop().time()
                return list((await self._hub.prove_conversions(request, left)).proven)
            except WarifuError as error:
                get_logger("node").error("hub_does_not_prove", **error_fields(error))
                if error.reason not in _NOT_NOW or asyncio.get_running_loop().time() + _RETRY_S > deadline:
                    return []
            await asyncio.sleep(_RETRY_S)


def _with(permit: ProvisionPermit, proven: ProvenConversion) -> ProvisionPermit:
    """The permit as the hub says it with its proof. Raises: CONVERSION_NOT_PROVEN when there is none."""
    if not proven.conversion_proof:
        raise WarifuError(Reason.CONVERSION_NOT_PROVEN, where=_WHERE)
    made = ProvisionPermit()
    made.CopyFrom(permit)
    made.conversion_proof, made.hub_signature = proven.conversion_proof, proven.hub_signature
    return made


def _parts(waiting: Sequence[_Asked]) -> Iterator[list[_Asked]]:
    """Requests of a bounded size, in order."""
    part, size = list[_Asked](), 0
    for each in waiting:
        more = each.permit.ByteSize()
        if part and (len(part) == MOST_ASKED or size + more > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(each)
        size += more
    if part:
        yield part


@contextmanager
def _as_not_proven() -> Iterator[None]:
    try:
        yield
    except WarifuError as error:
        raise WarifuError(Reason.CONVERSION_NOT_PROVEN, where=_WHERE, debug=error.reason.value) from None

"""Which exchanges are under way at which worker: so that one request_id is one exchange, wherever it is asked.

Decides who has an exchange, from before its permit is written until its end is, and how many a member may have, right across
the workers. Whoever asks for one that another has is told when it ends, and how. A worker that is gone has none any more. It
writes nothing, and knows no socket.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from warifu.errors import WarifuError
from warifu.identifiers import InstitutionCode
from warifu_hub.room import Places
from warifu_hub.store import StoredExchange

__all__ = ["Claims", "Ended", "Key"]

Key: TypeAlias = tuple[InstitutionCode, bytes]
Ended: TypeAlias = StoredExchange | WarifuError | None
"""How an exchange ended: as it is kept, with an answer; by an error; or (None) nobody knows, and it may be looked for again."""


@dataclass(slots=True)
class _Claim:
    holder: object
    inquiry_digest: bytes
    give_place: Callable[[], None]
    writing: bool = True
    holder_is_gone: bool = False
    waiting: list[Callable[[Ended], None]] = field(default_factory=list)


class Claims:
    """The exchanges under way at all workers."""

    def __init__(self, places: Places | None = None) -> None:
        self._places = places or Places()
        self._claims: dict[Key, _Claim] = {}

    def __len__(self) -> int:
        return len(self._claims)

    def digest(self, key: Key, asking: object) -> bytes | None:
        """The digest of the inquiry that another than who is ``asking`` has under way; None while there is none.

        Everybody knows its own.
        """
        claim = self._claims.get(key)
        return None if claim is None or claim.holder is asking else claim.inquiry_digest

    def take(self, key: Key, holder: object, inquiry_digest: bytes, provider: str, *, in_bulk: bool = False) -> bool:
        """Whether ``holder`` has it now, and is writing; False when somebody has it. Raises: OVERLOADED."""
        if key in self._claims:
            return False
        give = self._places.take(key[0], provider, in_bulk=in_bulk)
        self._claims[key] = _Claim(holder, inquiry_digest, give)
        return True

    def may_write(self, key: Key, holder: object) -> bool:
        """Whether ``holder`` may write this exchange's end: it has it, or nobody has."""
        claim = self._claims.get(key)
        if claim is None:
            return True
        if claim.holder is holder:
            claim.writing = True
        return claim.holder is holder

    def written(self, key: Key) -> None:
        """What its holder was writing is written, and the exchange goes on; unless the holder is gone."""
        claim = self._claims.get(key)
        if claim is not None:
            claim.writing = False
            if claim.holder_is_gone:
                self.end(key, claim.holder, None)

    def end(self, key: Key, holder: object, ended: Ended) -> None:
        """It is not under way any more; whoever waits is told how it ended. Of one that ``holder`` has not, nothing."""
        claim = self._claims.get(key)
        if claim is None or claim.holder is not holder:
            return
        del self._claims[key]
        claim.give_place()
        for tell in claim.waiting:
            tell(ended)

    def wait(self, key: Key, tell: Callable[[Ended], None]) -> None:
        """Call ``tell`` when it ends; at once, with None, when it is not under way."""
        claim = self._claims.get(key)
        if claim is None:
            tell(None)
        else:
            claim.waiting.append(tell)

    def gone(self, holder: object) -> None:
        """``holder`` is gone. What it was writing is waited for, so that nobody begins before that is written or not."""
        for key, claim in list(self._claims.items()):
            if claim.holder is holder:
                claim.holder_is_gone = True
                if not claim.writing:
                    self.end(key, holder, None)

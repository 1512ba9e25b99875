"""Designating My Numbers (個人番号の指定).

Decides which number a resident gets: eleven random digits and the check digit, different from every number ever given
out, retired ones included, and made without looking at the resident record code, so that nothing in the number can
lead back to it. The same entry of the same registry keeps its number; asking twice is harmless. SIMULATED: which real
numbers are in use is not known here, so a number may by chance be a real one and must never be used as one.

Who may ask, and in what message, is decided elsewhere.

Source: Act, Articles 7(2) and 8(2); 平成26年総務省令第85号 (MIC Ordinance 85 of 2014), Article 5.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.authority.store import AuthorityStore, Designation, SealedNumber

__all__ = ["PERSON_ID_SIZE", "Numbering", "random_number"]

PERSON_ID_SIZE = 16
"""Bytes in a person id, which is random and outlives any number the person holds."""

_BODIES = 10**11
_DRAW_SIZE = 5
_UNBIASED_DRAWS = 2 ** (8 * _DRAW_SIZE) // _BODIES * _BODIES
_MOST_DRAWS = 100


def random_number(random_bytes: RandomBytes = secrets.token_bytes) -> MyNumber:
    """A well-formed number, every one as likely as any other."""
    for _ in range(_MOST_DRAWS):
        drawn = int.from_bytes(random_bytes(_DRAW_SIZE), "big")
        if drawn < _UNBIASED_DRAWS and drawn % _BODIES:
            return MyNumber.from_body(f"{drawn % _BODIES:011d}")
    raise WarifuError(Reason.INTERNAL, debug="the source of randomness gives nothing usable")


class Numbering:
    """Designates and replaces numbers. ``workers`` take the work that would hold up the event loop.

    ``random_bytes_for`` gives a registry entry (or a number that is replaced), by the key that it is found under,
    randomness of its own; what is proposed for it again is then drawn on. Left out, all have ``random_bytes``.
    """

    def __init__(
        self,
        *,
        keys: AuthorityKeys,
        store: AuthorityStore,
        workers: Executor,
        random_bytes: RandomBytes = secrets.token_bytes,
        random_bytes_for: Callable[[bytes], RandomBytes] | None = None,
    ) -> None:
        self._keys = keys
        self._store = store
        self._workers = workers
        self._random_bytes = random_bytes
        self._random_bytes_for = random_bytes_for or (lambda _: random_bytes)

    async def designate(self, registry: InstitutionCode, residents: Sequence[ResidentRecordCode]) -> list[MyNumber]:
        """The number of each resident, in order; designated now, and durably, where there was none.

        Raises: STORE_UNAVAILABLE.
        """
        entries = [self._keys.resident_lookup(registry, resident) for resident in residents]
        standing = await self._standing(dict.fromkeys(entries))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._opened, [standing[entry] for entry in entries])

    async def replace(self, number: MyNumber) -> MyNumber:
        """The new number of whoever holds ``number``, which is retired for good. Their codes stay as they are.

        A registry that lost the reply asks :meth:`designate` again and learns the new number.

        Raises: NUMBER_NOT_DESIGNATED, also for a number retired before; STORE_UNAVAILABLE.
        """
        retired = self._keys.number_lookup(number)
        for _ in range(_MOST_DRAWS):
            fresh = random_number(self._random_bytes_for(retired))
            if await self._store.replace(retired, self._sealed(fresh)):
                return fresh
        raise _no_free_number()

    async def _standing(self, entries: dict[bytes, None]) -> dict[bytes, Designation]:
        """What stands for each registry entry, proposing new numbers until each has one that nobody else ever had."""
        loop = asyncio.get_running_loop()
        standing: dict[bytes, Designation] = {}
        for _ in range(_MOST_DRAWS):
            missing = [entry for entry in entries if entry not in standing]
            if not missing:
                return standing
            proposals = await loop.run_in_executor(self._workers, self._proposed, missing)
            stored = await self._store.designate(proposals)
            standing.update((each.resident, each) for each in stored if each is not None)
        raise _no_free_number()

    def _proposed(self, entries: Sequence[bytes]) -> list[Designation]:
        return [self._proposal(entry, self._random_bytes_for(entry)) for entry in entries]

    def _proposal(self, entry: bytes, draw: RandomBytes) -> Designation:
        return Designation(entry, draw(PERSON_ID_SIZE), self._sealed(random_number(draw)))

    def _sealed(self, number: MyNumber) -> SealedNumber:
        return SealedNumber(self._keys.number_lookup(number), self._keys.seal_number(number, self._random_bytes))

    def _opened(self, designations: Sequence[Designation]) -> list[MyNumber]:
        return [self._keys.open_number(each.number.lookup, each.number.sealed) for each in designations]


def _no_free_number() -> WarifuError:
    return WarifuError(Reason.INTERNAL, debug="no number was drawn that is still free")

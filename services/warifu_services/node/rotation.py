"""Rotating an agency's codes (crypto.md section 8, blind form): from one code epoch to the next, while the node runs.

Decides which people still need a code of the coming epoch, what must verify before one is believed, and when the former
ones are deleted. The hub converts without seeing a code, and the agency never learns the factor. Until the former
epoch's time is over both codes find a person, so that nobody has to change at the same moment. No My Number is needed,
and the numbering authority takes no part.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Protocol

from warifu.api.hub.v1.hub_service_pb2 import RotateCodesRequest, RotateCodesResponse
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import Clock
from warifu.curve.group import Group, RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, hedged_randomness
from warifu.exchange.context import LONGEST_VALIDITY, NO_ITEM, NO_PROCEDURE, ContextKind, ExchangeContext, ExchangeFlags
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.statements import check_conversion, sign_rotation
from warifu.rpc.logging import error_fields, get_logger
from warifu_services.node.filing import CodeFiling, code_of
from warifu_services.node.keys import KeysSource, NodeKeys
from warifu_services.node.store import NodeStore, Person

__all__ = ["CodeRotator", "RotationPort"]

_AT_ONCE = 250
_LOOK_S = 0.5
_RETRY_S = 2.0
_TIMEOUT_S = 30.0
_VALIDITY_MS = int(LONGEST_VALIDITY.total_seconds() * 1000)


class RotationPort(Protocol):
    """The hub, however it is reached."""

    async def rotate(self, request: RotateCodesRequest, timeout: float) -> RotateCodesResponse:
        """Have codes converted. Raises: HUB_UNREACHABLE, HUB_TIMED_OUT, or what the hub said."""


class CodeRotator:
    """Rotates the codes of one agency whenever the directory announces a next code epoch for it."""

    def __init__(
        self,
        *,
        keys: KeysSource,
        directory: DirectorySource,
        store: NodeStore,
        hub: RotationPort,
        clock: Clock,
        workers: Executor,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._keys_source = keys
        self._directories = directory
        self._store = store
        self._hub = hub
        self._clock = clock
        self._workers = workers
        self._random_bytes = random_bytes
        self._settled: Directory | None = None
        self._late = False
        self._swept = 1
        """The newest code epoch of which everybody is known to have a code."""
        self._sweep = asyncio.Lock()

    @property
    def _keys(self) -> NodeKeys:
        return self._keys_source.current()

    async def keep(self) -> None:
        """Rotate what is to be rotated, and delete what is past its time. Runs until cancelled."""
        while True:
            pause = _LOOK_S
            try:
                await self.rotate()
                await self._settle()
            except WarifuError as error:
                get_logger("node").warning("codes_not_rotated", **error_fields(error))
                pause = _RETRY_S
            await asyncio.sleep(pause)

    async def caught_up(self) -> None:
        """Return when everybody has a code of the epoch in force. Raises: as :meth:`rotate`."""
        if self._swept < self._keys.own.code_epoch:
            await self.rotate()

    def acquired(self, code_epoch: int) -> None:
        """Hear that people got codes of ``code_epoch``: where a newer one is announced or in force, they lack it."""
        self._late = True
        self._swept = min(self._swept, code_epoch)

    async def rotate(self) -> int:
        """Give everybody a code of the newest epoch, announced or in force; how many got one.

        Raises: HUB_UNREACHABLE, HUB_TIMED_OUT, HUB_ANSWER_INVALID, STORE_UNAVAILABLE, or what the hub said.
        """
        rotated = 0
        async with self._sweep:
            target = self._target()
            while self._swept < target.code_epoch:
                after, self._late = b"", False
                while behind := self._store.people_behind(target.code_epoch, after, _AT_ONCE):
                    await self._rotate(behind, target)
                    rotated, after = rotated + len(behind), behind[-1].row_key
                if not self._late:  # else somebody was acquired behind this sweep
                    self._swept = target.code_epoch
        return rotated

    async def _rotate(self, behind: Sequence[Person], target: DirectoryEntry) -> None:
        for source in sorted({person.code_epoch for person in behind}):
            people = [person for person in behind if person.code_epoch == source]
            await self._store.add_rotated(await self._converted(people, self._source(source), target))

    def _target(self) -> DirectoryEntry:
        own = self._keys.own
        return self._directories.current().announced(own.institution) or own

    def _source(self, code_epoch: int) -> DirectoryEntry:
        """The newest entry of this agency with codes of ``code_epoch``. Raises: EPOCH_STALE."""
        entries = self._directories.current().entries_of(self._keys.own.institution)
        for entry in reversed(entries):
            if entry.code_epoch == code_epoch:
                return entry
        raise WarifuError(Reason.EPOCH_STALE, where=f"codes of code epoch {code_epoch}")

    async def _converted(
        self, people: Sequence[Person], source: DirectoryEntry, target: DirectoryEntry
    ) -> list[Person]:
        keys, group = self._keys, self._directories.current().group
        loop, context = asyncio.get_running_loop(), self._context(source, target).encode()
        codes = await loop.run_in_executor(self._workers, self._encrypted, keys, group, people, target, context)
        signature = sign_rotation(keys.provider.of_epoch(target.epoch).signing_key, context, codes)
        request = RotateCodesRequest(context=context, encrypted_codes=codes, agency_signature=signature)
        response = await self._hub.rotate(request, _TIMEOUT_S)
        return await loop.run_in_executor(self._workers, self._opened, keys, group, people, target, context, response)

    def _encrypted(
        self, keys: NodeKeys, group: Group, people: Sequence[Person], target: DirectoryEntry, context: bytes
    ) -> list[EncryptedCodeMessage]:
        """The codes encrypted to this agency's own joint key of the coming epoch; on a worker."""
        messages = []
        for place, person in enumerate(people):
            point = code_of(person, keys.at_rest)
            once = context + place.to_bytes(4, "big")
            r = hedged_randomness(group, keys.inquirer.hedge_key, point, once, self._random_bytes)
            encrypted = encrypt_code(group, point, target.joint_key, r)
            messages.append(EncryptedCodeMessage(c1=encrypted.c1, c2=encrypted.c2))
        return messages

    def _opened(
        self,
        keys: NodeKeys,
        group: Group,
        people: Sequence[Person],
        target: DirectoryEntry,
        context: bytes,
        response: RotateCodesResponse,
    ) -> list[Person]:
        """The rows of the new codes, once the hub's word for them holds; on a worker. Raises: HUB_ANSWER_INVALID."""
        codes = response.converted_codes
        if len(codes) != len(people):
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes")
        try:
            self._directories.current().check_hub(
                self._clock.unix_ms(), lambda key: check_conversion(key, response.hub_signature, context, codes)
            )
            converted = [EncryptedCode.from_wire(group, code.c1, code.c2, where="converted_codes") for code in codes]
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error
        filing = CodeFiling(group, keys.provider.of_epoch(target.epoch), keys.at_rest)
        return filing.open_all([person.local_number for person in people], converted)

    def _context(self, source: DirectoryEntry, target: DirectoryEntry) -> ExchangeContext:
        now = self._clock.unix_ms()
        return ExchangeContext(
            suite=self._directories.current().suite,
            kind=ContextKind.ROTATE,
            request_id=self._random_bytes(16),
            inquirer=target.institution,
            provider=target.institution,
            item_code=NO_ITEM,
            procedure_code=NO_PROCEDURE,
            flags=ExchangeFlags.NONE,
            issued_ms=now,
            expires_ms=now + _VALIDITY_MS,
            epoch_from=source.epoch,
            epoch_to=target.epoch,
            key_id_to=target.key_id,
        )

    async def _settle(self) -> None:
        """Delete codes of former epochs once no context may name them any more."""
        directory, own = self._directories.current(), self._keys.own
        former = [
            each
            for (institution, _), each in directory.dated.items()
            if institution == own.institution and each.entry.code_epoch < own.code_epoch
        ]
        if directory is self._settled or not former:
            return
        if max(each.accepted_until_ms for each in former) + _VALIDITY_MS > self._clock.unix_ms():
            return
        settled = _AT_ONCE
        while settled == _AT_ONCE:
            settled = await self._store.settle_codes(own.code_epoch, _AT_ONCE)
        self._settled = directory

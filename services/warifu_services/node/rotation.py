"""Rotating an agency's codes (crypto.md section 8, blind form): from one code epoch to the next, while the node runs.

Decides which people still need a code of the coming epoch, that nothing unsigned is believed, and when the former ones
are deleted; whether the codes themselves are right, ``code_batch`` says. The hub converts without seeing a code, and the agency never learns the factor. Until the former
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
from warifu.clock import Clock
from warifu.curve.group import RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.context import (
    LONGEST_SKEW,
    LONGEST_VALIDITY,
    NO_ITEM,
    NO_PROCEDURE,
    ContextKind,
    ExchangeContext,
    ExchangeFlags,
)
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.statements import check_conversion, sign_rotation
from warifu.rpc.logging import error_fields, get_logger
from warifu_services.node.code_batch import CodeBatch
from warifu_services.node.keys import KeysSource, NodeKeys
from warifu_services.node.store import NodeStore, Person

__all__ = ["CodeRotator", "RotationPort"]

_AT_ONCE = 250
_LOOK_S = 0.5
_RETRY_S = 2.0
_TIMEOUT_S = 30.0
_VALIDITY_MS = int(LONGEST_VALIDITY.total_seconds() * 1000)
_LATEST_MS = _VALIDITY_MS + int(LONGEST_SKEW.total_seconds() * 1000)
"""How long after it was issued a context may still be new to a provider, whose clock may be behind."""


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
        epoch = self._keys.own.code_epoch
        if epoch > 1 and self._store.people_behind(epoch, 1):
            await self.rotate()

    async def rotate(self) -> int:
        """Give everybody a code of the epoch in force, then of the one announced; how many codes were made.

        Raises: HUB_UNREACHABLE, HUB_TIMED_OUT, HUB_ANSWER_INVALID, STORE_UNAVAILABLE, or what the hub said.
        """
        async with self._sweep:
            return sum([await self._rotate_to(target) for target in self._targets() if target.code_epoch > 1])

    async def _rotate_to(self, target: DirectoryEntry) -> int:
        rotated = 0
        while behind := self._store.people_behind(target.code_epoch, _AT_ONCE):
            kept = 0
            for source in sorted({person.code_epoch for person in behind}):
                people = [person for person in behind if person.code_epoch == source]
                kept += await self._store.add_rotated(await self._converted(people, self._source(source), target))
            if not kept:  # else the same people would be asked for without end
                raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes: those of other people")
            rotated += kept
        return rotated

    def _targets(self) -> list[DirectoryEntry]:
        own = self._keys.own
        announced = self._directories.current().announced(own.institution)
        return [own] if announced is None else [own, announced]

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
        batch = CodeBatch(group, keys, people, source, target, context, self._random_bytes)
        codes = await loop.run_in_executor(self._workers, batch.encrypted)
        signature = sign_rotation(keys.provider.of_epoch(target.epoch).signing_key, context, codes)
        request = RotateCodesRequest(context=context, encrypted_codes=codes, agency_signature=signature)
        response = await self._hub.rotate(request, _TIMEOUT_S)
        self._check_signed(response, context)
        return await loop.run_in_executor(self._workers, batch.opened, response.converted_codes)

    def _check_signed(self, response: RotateCodesResponse, context: bytes) -> None:
        """The hub's word for exactly these codes, in this context. Raises: HUB_ANSWER_INVALID."""
        try:
            self._directories.current().check_hub(
                self._clock.unix_ms(),
                lambda key: check_conversion(key, response.hub_signature, context, response.converted_codes),
            )
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error

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
        if max(each.accepted_until_ms for each in former) + _LATEST_MS >= self._clock.unix_ms():
            return
        settled = _AT_ONCE
        while settled == _AT_ONCE:
            settled = await self._store.settle_codes(own.code_epoch, _AT_ONCE)
        self._settled = directory

"""Converting codes in batches: those that the numbering authority issues, and an agency's own to its next code epoch.

Decides whether a batch may be converted, converts it blindly, logs that it was (how many, for whom) before anything
leaves, and signs the result. The hub learns that somebody got a code at some agency, or that an agency has so many; no
My Number reaches it in any form, and no code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

from warifu.api.hub.v1.hub_service_pb2 import (
    ConvertIssuedCodesRequest,
    ConvertIssuedCodesResponse,
    RotateCodesRequest,
    RotateCodesResponse,
)
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.conversion_proof import IN_A_BATCH
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.statements import check_issue, check_rotation, sign_conversion
from warifu.pki import Identity, Role
from warifu_hub.leaves import conversion_leaf
from warifu_hub.own_keys import KeysSource
from warifu_hub.store import ExchangeStore
from warifu_hub.translate import Party, Translator

__all__ = ["MOST_CODES", "CodeConverter"]

MOST_CODES = 1000
"""Codes in one batch."""


class CodeConverter:
    """Converts batches of issued codes for one hub. ``workers`` does the arithmetic, which lets go of the GIL.

    ``check_log`` raises LOG_BEHIND while nothing may be logged.
    """

    def __init__(
        self,
        *,
        directory: DirectorySource,
        keys: KeysSource,
        store: ExchangeStore,
        clock: Clock,
        workers: Executor,
        check_log: Callable[[], None] = lambda: None,
    ) -> None:
        self._directories = directory
        self._keys = keys
        self._store = store
        self._clock = clock
        self._workers = workers
        self._check_log = check_log

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def convert(self, caller: Identity, request: ConvertIssuedCodesRequest) -> ConvertIssuedCodesResponse:
        """Convert one batch of issued codes.

        Raises:
            WarifuError: the reasons listed at ``HubService.ConvertIssuedCodes``.
        """
        self._check_log()
        context = ExchangeContext.decode(request.context)
        agency = self._check_issue(caller, context)
        encrypted = self._codes(request.encrypted_codes)
        self._directory.check_authority(
            context.issued_ms,
            lambda key: check_issue(key, request.authority_signature, request.context, request.encrypted_codes),
        )
        converted, proofs = await self._converted(context, request.context, encrypted, None, agency)
        signature = sign_conversion(self._keys.current().signing_key, request.context, converted, proofs)
        return ConvertIssuedCodesResponse(converted_codes=converted, hub_signature=signature, conversion_proofs=proofs)

    async def rotate(self, caller: Identity, request: RotateCodesRequest) -> RotateCodesResponse:
        """Convert one batch of an agency's own codes to its next code epoch.

        Raises:
            WarifuError: the reasons listed at ``HubService.RotateCodes``.
        """
        self._check_log()
        context = ExchangeContext.decode(request.context)
        before, after = self._check_rotation(caller, context)
        encrypted = self._codes(request.encrypted_codes)
        check_rotation(after.signing_key, request.agency_signature, request.context, request.encrypted_codes)
        converted, _ = await self._converted(context, request.context, encrypted, before, after)
        signature = sign_conversion(self._keys.current().signing_key, request.context, converted)
        return RotateCodesResponse(converted_codes=converted, hub_signature=signature)

    def _check_issue(self, caller: Identity, context: ExchangeContext) -> DirectoryEntry:
        if caller.role is not Role.AUTHORITY or caller.institution != context.inquirer:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="context.inquirer")
        self._check_context(context, ContextKind.ISSUE)
        agency = self._directory.entry_for(
            context.provider,
            context.epoch_to,
            context.issued_ms,
            where="context.provider",
            epoch_where="context.epoch_to",
        )
        if context.key_id_to != agency.key_id:
            raise WarifuError(Reason.EPOCH_STALE, where="context.epoch_to")
        return agency

    def _check_rotation(self, caller: Identity, context: ExchangeContext) -> tuple[DirectoryEntry, DirectoryEntry]:
        """The entries whose codes are asked for: of the epoch they have and of the one they get."""
        if caller.role is not Role.AGENCY or not caller.institution == context.inquirer == context.provider:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="context.inquirer")
        self._check_context(context, ContextKind.ROTATE)
        self._directory.entry(caller.institution, where="context.inquirer")
        entries = {entry.epoch: entry for entry in self._directory.entries_of(caller.institution)}
        before, after = entries.get(context.epoch_from), entries.get(context.epoch_to)
        if before is None or after is None or context.key_id_to != after.key_id:
            raise WarifuError(Reason.EPOCH_STALE, where="context.epoch_to")
        if before.code_epoch >= after.code_epoch:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="context.epoch_to", debug="no later code epoch")
        return before, after

    def _check_context(self, context: ExchangeContext, kind: ContextKind) -> None:
        if context.kind is not kind:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="context.kind")
        if context.suite != self._directory.suite:
            raise WarifuError(Reason.SUITE_UNKNOWN, where="context.suite")
        context.check_times(self._clock.now())

    def _codes(self, codes: Sequence[EncryptedCodeMessage]) -> list[EncryptedCode]:
        if not 1 <= len(codes) <= MOST_CODES:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="encrypted_codes")
        group = self._directory.group
        return [
            EncryptedCode.from_wire(group, code.c1, code.c2, where=f"encrypted_codes[{number}]")
            for number, code in enumerate(codes)
        ]

    async def _converted(
        self,
        context: ExchangeContext,
        encoded: bytes,
        encrypted: Sequence[EncryptedCode],
        before: DirectoryEntry | None,
        after: DirectoryEntry,
    ) -> tuple[list[EncryptedCodeMessage], list[bytes]]:
        """The codes, converted and logged, and for those that are issued (``before`` is None) the proofs, if there are any.

        The points are proven to be such here. Between two parts other work gets its turn.
        """
        loop, translator = asyncio.get_running_loop(), self._keys.current().translator
        proven = before is None and self._directory.proof_policy.kind is not PolicyKind.OFF
        convert = translator.convert_batch if proven else partial(_without_proof, translator)
        to, key, source = Party.of(after), after.agency_key, Party.of(before) if before else None
        converted: list[EncryptedCodeMessage] = []
        proofs: list[bytes] = []
        for start in range(0, len(encrypted), IN_A_BATCH):
            part = encrypted[start : start + IN_A_BATCH]
            work = partial(convert, context=encoded, encrypted=part, from_=source, to=to, to_key=key)
            codes, proof = await loop.run_in_executor(self._workers, work)
            converted += [EncryptedCodeMessage(c1=code.c1, c2=code.c2) for code in codes]
            proofs += [proof] if proven else []
        await self._store.append_leaf(conversion_leaf(context, len(encrypted), self._clock.now()))
        return converted, proofs


def _without_proof(
    translator: Translator, *, encrypted: Sequence[EncryptedCode], **words: Any
) -> tuple[list[EncryptedCode], bytes]:
    """Codes of a network without proofs, or rotated ones, which their agency checks by a mixture of its own (ADR 19)."""
    return [translator.convert(encrypted=each, **words) for each in encrypted], b""

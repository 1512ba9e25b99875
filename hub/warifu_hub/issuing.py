"""Converting codes that the numbering authority issues.

Decides whether a batch from the authority may be converted, converts it blindly, logs that it was (how many, for whom)
before anything leaves, and signs the result. The hub learns that somebody got a code at some agency; no My Number
reaches it in any form.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor

from warifu.api.hub.v1.hub_service_pb2 import ConvertIssuedCodesRequest, ConvertIssuedCodesResponse
from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ContextKind, ExchangeContext
from warifu.exchange.directory import Directory, DirectoryEntry
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import check_issue, sign_conversion
from warifu.pki import Identity, Role
from warifu_hub.leaves import conversion_leaf
from warifu_hub.store import HubStore
from warifu_hub.translate import Translator

__all__ = ["MOST_CODES", "CodeConverter"]

MOST_CODES = 1000
"""Codes in one batch."""

_SLICE = 50
"""Codes converted at one go on a worker thread; between slices other work gets its turn."""


class CodeConverter:
    """Converts batches of issued codes for one hub. ``workers`` does the arithmetic, which lets go of the GIL."""

    def __init__(
        self,
        *,
        directory: Directory,
        translator: Translator,
        store: HubStore,
        signing_key: SigningKey,
        clock: Clock,
        workers: Executor,
    ) -> None:
        self._directory = directory
        self._translator = translator
        self._store = store
        self._signing_key = signing_key
        self._clock = clock
        self._workers = workers

    async def convert(self, caller: Identity, request: ConvertIssuedCodesRequest) -> ConvertIssuedCodesResponse:
        """Convert one batch.

        Raises:
            WarifuError: the reasons listed at ``HubService.ConvertIssuedCodes``.
        """
        context = ExchangeContext.decode(request.context)
        agency = self._check(caller, context)
        encrypted = self._codes(request)
        check_issue(
            self._directory.authority_signing_key, request.authority_signature, request.context, request.encrypted_codes
        )
        converted = await self._in_slices(request.context, encrypted, agency)  # proves the points, too
        await self._store.append_leaf(conversion_leaf(context, len(encrypted), self._clock.now()))
        return ConvertIssuedCodesResponse(
            converted_codes=converted,
            hub_signature=sign_conversion(self._signing_key, request.context, converted),
        )

    def _check(self, caller: Identity, context: ExchangeContext) -> DirectoryEntry:
        if caller.role is not Role.AUTHORITY or caller.institution != context.inquirer:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="context.inquirer")
        if context.kind is not ContextKind.ISSUE:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="context.kind")
        if context.suite != self._directory.suite:
            raise WarifuError(Reason.SUITE_UNKNOWN, where="context.suite")
        agency = self._directory.entry(context.provider, where="context.provider")
        if context.epoch_to != agency.epoch or context.key_id_to != agency.key_id:
            raise WarifuError(Reason.EPOCH_STALE, where="context.epoch_to")
        context.check_times(self._clock.now())
        return agency

    def _codes(self, request: ConvertIssuedCodesRequest) -> list[EncryptedCode]:
        if not 1 <= len(request.encrypted_codes) <= MOST_CODES:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="encrypted_codes")
        group = self._directory.group
        return [
            EncryptedCode.from_wire(group, code.c1, code.c2, where=f"encrypted_codes[{number}]")
            for number, code in enumerate(request.encrypted_codes)
        ]

    async def _in_slices(
        self, context: bytes, encrypted: Sequence[EncryptedCode], agency: DirectoryEntry
    ) -> list[EncryptedCodeMessage]:
        loop = asyncio.get_running_loop()
        converted: list[EncryptedCodeMessage] = []
        for start in range(0, len(encrypted), _SLICE):
            part = encrypted[start : start + _SLICE]
            converted += await loop.run_in_executor(self._workers, self._slice, context, part, agency)
        return converted

    def _slice(
        self, context: bytes, encrypted: Sequence[EncryptedCode], agency: DirectoryEntry
    ) -> list[EncryptedCodeMessage]:
        to = (agency.institution, agency.epoch)
        converted = (
            self._translator.convert_issued(context=context, encrypted=code, to=to, to_key=agency.agency_key)
            for code in encrypted
        )
        return [EncryptedCodeMessage(c1=code.c1, c2=code.c2) for code in converted]

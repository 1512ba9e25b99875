"""Proving conversions after the fact: a provider holds a permit without proof, and drew it.

Decides whose permit may be proven: one that this hub signed, asked for by the very agency that it is addressed to. Nothing is
kept for it: a conversion is a function of the permit and of the hub's keys, so that it is made again, and a hub that was
started again proves what it permitted before. What it cannot make again, it does not sign. It cannot open what it proves.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from warifu.api.hub.v1.hub_service_pb2 import ProvenConversion
from warifu.api.type.v1.inquiry_pb2 import ProvisionPermit
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.context import ExchangeContext
from warifu.exchange.directory import Directory, DirectorySource
from warifu.exchange.proof_policy import PolicyKind
from warifu.exchange.statements import check_permit, inquiry_digest, sign_permit
from warifu.lockstep import in_lockstep, pause
from warifu.pki import Identity, Role
from warifu.rpc.token_bucket import Buckets, Rate
from warifu_hub.exchange_rules import find_keys
from warifu_hub.own_keys import KeysSource
from warifu_hub.translate import Party

__all__ = ["PERMITS_PROVEN", "DrawnConversions"]

MOST_PERMITS = 32
"""How many permits may be asked for at once: some 20 ms of arithmetic, in steps between which others get their turn."""

PERMITS_PROVEN = Rate(per_second=500.0, burst=2_048)
"""How often one provider may have a permit proven. Whoever holds one may ask for the same again and again."""


class DrawnConversions:
    """Proves conversions for one hub process."""

    def __init__(
        self, *, directory: DirectorySource, keys: KeysSource, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        """``seconds`` is any clock that never goes back."""
        self._directories = directory
        self._keys = keys
        self._seconds = seconds
        self._turns = Buckets(PERMITS_PROVEN)

    @property
    def _directory(self) -> Directory:
        return self._directories.current()

    async def prove(self, caller: Identity, permits: Sequence[ProvisionPermit]) -> list[ProvenConversion]:
        """The proof for each permit, in the order asked; all are looked at before any is proven.

        Raises:
            WarifuError: CALLER_NOT_IDENTIFIED for a permit addressed to another; SIGNATURE_INVALID for one that this hub
                did not sign; REQUEST_MALFORMED, SUITE_UNKNOWN, EPOCH_STALE, INSTITUTION_UNKNOWN, POINT_INVALID;
                OVERLOADED at ``permits`` for whoever asks more than :data:`PERMITS_PROVEN`.
        """
        if self._directory.proof_policy.kind is not PolicyKind.SAMPLED:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permits", debug="conversions are not sampled here")
        if not 1 <= len(permits) <= MOST_PERMITS:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permits", debug=f"{len(permits)} of them")
        if not self._turns.take(caller.institution, self._seconds(), times=len(permits)):
            raise WarifuError(Reason.OVERLOADED, where="permits")
        contexts = []
        for permit in permits:
            contexts.append(self._checked(caller, permit))
            await pause()
        together = [self._prove(permit, context) for permit, context in zip(permits, contexts, strict=True)]
        return list(await asyncio.gather(*together))

    def _checked(self, caller: Identity, permit: ProvisionPermit) -> ExchangeContext:
        context = ExchangeContext.decode(permit.inquiry.context, where="permits.inquiry.context")
        if caller.role is not Role.AGENCY or caller.institution != context.provider:
            raise WarifuError(Reason.CALLER_NOT_IDENTIFIED, where="permits.inquiry.context.provider")
        if permit.conversion_proof:
            raise WarifuError(Reason.REQUEST_MALFORMED, where="permits.conversion_proof")
        if context.suite != self._directory.suite:
            raise WarifuError(Reason.SUITE_UNKNOWN, where="permits.inquiry.context.suite")
        asked = inquiry_digest(permit.inquiry)
        self._directory.check_hub(_permit_ms(permit), lambda key: check_permit(key, permit, asked))
        return context

    async def _prove(self, permit: ProvisionPermit, context: ExchangeContext) -> ProvenConversion:
        inquirer, provider = find_keys(context, self._directory)
        keys, given, made = self._keys.current(), permit.inquiry.encrypted_code, permit.converted_code
        conversion = keys.translator.conversion(
            context=permit.inquiry.context,
            encrypted=EncryptedCode.from_wire(self._directory.group, given.c1, given.c2, where="permits.inquiry"),
            from_=Party.of(inquirer),
            to=Party.of(provider),
            to_key=provider.agency_key,
        )
        converted, proof = await in_lockstep(conversion)
        if (converted.c1, converted.c2) != (made.c1, made.c2):
            return ProvenConversion()
        proven = ProvisionPermit()
        proven.CopyFrom(permit)
        proven.conversion_proof = proof
        asked, to = inquiry_digest(permit.inquiry), context.provider
        await in_lockstep(sign_permit.paced(keys.signing_key, proven, asked, to=to))
        return ProvenConversion(conversion_proof=proof, hub_signature=proven.hub_signature)


def _permit_ms(permit: ProvisionPermit) -> int:
    try:
        return permit.permit_time.ToMilliseconds()
    except ValueError:
        raise WarifuError(Reason.REQUEST_MALFORMED, where="permits.permit_time") from None

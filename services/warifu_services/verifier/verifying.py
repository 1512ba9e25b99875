"""All eight checks on what a card presents, in their order, for one service at a time. Whatever service stands on it starts here.

Decides that the nonce is used up first, durably, so that nothing presented is ever looked at twice. What a service makes of a certificate that
stood is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from warifu.clock import Clock
from warifu.identifiers import InstitutionCode
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import NONCE_SIZE
from warifu.jpki.trust import TrustStore
from warifu_services.verifier.checks import Believed, Presented, believed_so_far
from warifu_services.verifier.standing import Standing
from warifu_services.verifier.store import VerifierStore

__all__ = ["NONCE_OPEN_MS", "RandomBytes", "Statement", "Verification", "serial_of"]

NONCE_OPEN_MS: Final = 5 * 60_000
"""How long a nonce is open."""

RandomBytes = Callable[[int], bytes]
"""Makes so many random bytes."""

Statement = Callable[[InstitutionCode, bytes], bytes]
"""What is to be signed, for a service and a nonce."""


class Verification:
    """Verifies for services, with a trust store for each use."""

    def __init__(
        self,
        *,
        stores: Mapping[CertificateUse, TrustStore],
        standing: Standing,
        store: VerifierStore,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self._stores = stores
        self._standing = standing
        self._store = store
        self._clock = clock
        self._random = random_bytes

    async def nonce(self, service: InstitutionCode) -> tuple[bytes, int]:
        """A nonce, and until when (Unix milliseconds) it is open. Raises: OVERLOADED; STORE_UNAVAILABLE."""
        nonce, now_ms = self._random(NONCE_SIZE), self._clock.unix_ms()
        await self._store.open_nonce(nonce, service, now_ms, now_ms + NONCE_OPEN_MS)
        return nonce, now_ms + NONCE_OPEN_MS

    async def use_nonce(self, service: InstitutionCode, nonce: bytes) -> None:
        """Step 1. Raises: NONCE_NOT_OPEN; STORE_UNAVAILABLE."""
        await self._store.use_nonce(nonce, service, self._clock.unix_ms())

    async def verify(
        self, service: InstitutionCode, presented: Presented, use: CertificateUse, statement: Statement
    ) -> Believed:
        """Steps 1 to 7.

        Raises: NONCE_NOT_OPEN; SIGNATURE_INVALID; CERTIFICATE_NOT_TRUSTED; CERTIFICATE_NOT_IN_DATE; CERTIFICATE_REVOKED;
            CERTIFICATE_STATUS_UNKNOWN; STORE_UNAVAILABLE.
        """
        await self.use_nonce(service, presented.nonce)
        signed = statement(service, presented.nonce)
        believed = believed_so_far(presented, signed, self._stores[use], self._clock.now())
        await self._standing.check(believed, use)
        return believed


def serial_of(believed: Believed) -> bytes:
    """The serial number, unsigned big-endian, as the contract has it."""
    serial = believed.leaf.serial
    return serial.to_bytes((serial.bit_length() + 7) // 8, "big")

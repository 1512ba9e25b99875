"""The certificate authority as the verifier needs it, however it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from warifu.jpki.profile import CertificateUse

__all__ = ["JpkiPort"]


class JpkiPort(Protocol):
    """Everything raises JPKI_UNREACHABLE, JPKI_ANSWER_INVALID, or what the authority refused with."""

    async def ocsp(self, request: bytes) -> bytes:
        """The answer to an OCSP request, DER, unchecked."""

    async def revocation_list(self, use: CertificateUse) -> bytes:
        """The newest list of a use, DER, unchecked."""

    async def links(self, serial: bytes) -> tuple[bytes, bytes, bool]:
        """For a serial number: the one that it followed, the holder's newest for signing, and whether that is good. Empty for none."""

    async def give_consent(
        self, *, service: str, items: Sequence[str], nonce: bytes, serial: bytes, signature: bytes
    ) -> tuple[bytes, int]:
        """Bring a consent: what it is called, and until when (Unix milliseconds) it is good."""

    async def end_consent(self, consent_id: bytes) -> None:
        """End a consent."""

    async def latest_items(self, consent_id: bytes) -> tuple[dict[str, str], bool]:
        """The newest of the items that a consent names, by name, as messages write them; whether they changed."""

"""Registration, login and replacement: whose card it is again.

Decides that a user is one holder at one service, found by the serial number of a signing certificate or of one that it followed; that who logs
in with a good card but a lapsed signing certificate is asked for the new one; and that a new card is the old user's only where the
authority says that it followed. It keeps serial numbers and no certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.jpki.four_items import FourItems
from warifu.jpki.profile import CertificateUse
from warifu.jpki.statements import consent_statement, login_statement, registration_statement
from warifu_services.verifier.checks import Believed, Presented
from warifu_services.verifier.jpki_port import JpkiPort
from warifu_services.verifier.store import VerifierStore
from warifu_services.verifier.verifying import RandomBytes, Verification, serial_of

__all__ = ["USER_ID_SIZE", "Users"]

USER_ID_SIZE: Final = 16
"""Bytes in the name of a user, and of a consent."""

_MOST_BEFORE: Final = 40
"""Certificates that may lie between a user's and the newest: more than anybody has in a life."""
_WHERE: Final = "presented.certificate"


class Users:
    """Users of the services that stand on this operator."""

    def __init__(
        self, *, verification: Verification, jpki: JpkiPort, store: VerifierStore, random_bytes: RandomBytes
    ) -> None:
        self._verification = verification
        self._jpki = jpki
        self._store = store
        self._random = random_bytes

    async def register(self, service: InstitutionCode, presented: Presented) -> tuple[bytes, FourItems]:
        """Make the holder a user. Raises: as ``Verification.verify``; USER_ALREADY_REGISTERED; JPKI_UNREACHABLE; JPKI_ANSWER_INVALID."""
        believed, items = await self._signing(service, presented)
        serial = serial_of(believed)
        if await self._user_before(service, serial) is not None:
            raise WarifuError(Reason.USER_ALREADY_REGISTERED, where=_WHERE)
        user_id = self._random(USER_ID_SIZE)
        await self._store.add_user(user_id, service, serial)
        return user_id, items

    async def log_in(self, service: InstitutionCode, presented: Presented) -> bytes:
        """Which user it is. Raises: as ``Verification.verify``; USER_UNKNOWN; SIGNING_CERTIFICATE_LAPSED; JPKI_UNREACHABLE; JPKI_ANSWER_INVALID."""
        use = CertificateUse.AUTHENTICATION
        believed = await self._verification.verify(service, presented, use, login_statement)
        _, newest, is_good = await self._jpki.links(serial_of(believed))
        user_id = self._store.user_of(service, newest) if newest else None
        if user_id is not None and is_good:
            return user_id
        if user_id is not None or (newest and await self._user_before(service, newest) is not None):
            raise WarifuError(Reason.SIGNING_CERTIFICATE_LAPSED, where=_WHERE)
        raise WarifuError(Reason.USER_UNKNOWN, where=_WHERE)

    async def replace(self, service: InstitutionCode, presented: Presented) -> tuple[bytes, FourItems]:
        """The user whose new certificate this is. Raises: as ``Verification.verify``; PREDECESSOR_UNKNOWN; JPKI_UNREACHABLE; JPKI_ANSWER_INVALID."""
        believed, items = await self._signing(service, presented)
        serial = serial_of(believed)
        user_id = await self._user_before(service, serial)
        if user_id is None:
            raise WarifuError(Reason.PREDECESSOR_UNKNOWN, where=_WHERE)
        await self._store.replace_serial(user_id, serial)
        return user_id, items

    async def give_consent(
        self, service: InstitutionCode, presented: Presented, items: Sequence[str]
    ) -> tuple[bytes, int]:
        """Bring a user's consent to the authority: its name, and until when it is good.

        Raises: as ``Verification.verify``; USER_UNKNOWN; what the authority refuses with.
        """

        def statement(of: InstitutionCode, nonce: bytes) -> bytes:
            return consent_statement(of, items, nonce)

        believed = await self._verification.verify(service, presented, CertificateUse.SIGNING, statement)
        serial = serial_of(believed)
        if self._store.user_of(service, serial) is None:
            raise WarifuError(Reason.USER_UNKNOWN, where=_WHERE)
        return await self._jpki.give_consent(
            service=service, items=items, nonce=presented.nonce, serial=serial, signature=presented.signature
        )

    async def _signing(self, service: InstitutionCode, presented: Presented) -> tuple[Believed, FourItems]:
        use = CertificateUse.SIGNING
        believed = await self._verification.verify(service, presented, use, registration_statement)
        return believed, believed.leaf.four_items(_WHERE)

    async def _user_before(self, service: InstitutionCode, serial: bytes) -> bytes | None:
        """The user who has that serial, or one that it followed, however far back."""
        for _ in range(_MOST_BEFORE):
            user_id = self._store.user_of(service, serial)
            if user_id is not None:
                return user_id
            serial, _, _ = await self._jpki.links(serial)
            if not serial:
                return None
        return None

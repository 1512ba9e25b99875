"""Step 7: whether a certificate stands, by the authority's own word.

Decides that no word is no: an authority that cannot be reached, an answer that is stale, another's or about another certificate, and a list past
its day all end the same way. By OCSP it asks each time; by list it keeps one and asks for a newer when that is a quarter of an hour old.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from warifu.canonical import DIGEST_SIZE
from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import check_not_revoked, ocsp_request, status_by_list, status_by_ocsp
from warifu_services.verifier.checks import Believed
from warifu_services.verifier.jpki_port import JpkiPort

__all__ = ["Standing", "StatusSource"]

_LIST_AGE: Final = timedelta(minutes=15)
_UNANSWERED: Final = frozenset({Reason.JPKI_UNREACHABLE, Reason.JPKI_ANSWER_INVALID})
_WHERE: Final = "presented.certificate"


class StatusSource(enum.Enum):
    """By which of the authority's two words a verifier goes."""

    OCSP = "ocsp"
    LIST = "list"


class Standing:
    """Asks ``jpki``. ``random_bytes`` makes nonces."""

    def __init__(
        self, *, jpki: JpkiPort, source: StatusSource, clock: Clock, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._jpki = jpki
        self._source = source
        self._clock = clock
        self._random = random_bytes
        self._lists: dict[CertificateUse, tuple[datetime, bytes]] = {}

    async def check(self, believed: Believed, use: CertificateUse) -> None:
        """Raises: CERTIFICATE_REVOKED, with why; CERTIFICATE_STATUS_UNKNOWN where there is no word that counts."""
        certificate, root = believed.leaf.certificate, believed.root
        if self._source is StatusSource.LIST:
            listed = await self._list(use)
            status = status_by_list(certificate, root, listed, self._clock.now())
        else:
            nonce = self._random(DIGEST_SIZE)
            answer = await self._ocsp(ocsp_request(certificate, root, nonce))
            status = status_by_ocsp(certificate, root, answer, nonce, self._clock.now())
        check_not_revoked(status, where=_WHERE)

    async def _ocsp(self, request: bytes) -> bytes:
        try:
            return await self._jpki.ocsp(request)
        except WarifuError as error:
            raise _unknown(error) from error

    async def _list(self, use: CertificateUse) -> bytes:
        """The newest list; one that is held where no newer can be had, for it says itself until when it counts."""
        now, held = self._clock.now(), self._lists.get(use)
        if held is not None and timedelta() <= now - held[0] < _LIST_AGE:
            return held[1]
        try:
            fresh = await self._jpki.revocation_list(use)
        except WarifuError as error:
            if held is None or error.reason not in _UNANSWERED:
                raise _unknown(error) from error
            return held[1]
        self._lists[use] = now, fresh
        return fresh


def _unknown(error: WarifuError) -> WarifuError:
    return WarifuError(Reason.CERTIFICATE_STATUS_UNKNOWN, where=_WHERE, debug=error.reason.value)

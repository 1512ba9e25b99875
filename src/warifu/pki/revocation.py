"""The signed list of certificates taken back.

Decides which list to believe: one signed by the network's root, not past its date when it is taken, and not older than
the one already held. gRPC in Python has no hook for this, so the edge of every server asks ``revoked()`` on each call.

A list that fails any of this is not taken and the one already held stays in force; a held list does not lapse by age,
because forgetting it would let taken-back certificates in again.

Source: RFC 5280 section 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.pki.files import FileWatch, write_public_file
from warifu.saved_text import without_mark

__all__ = ["RevocationFile", "RevocationList", "RevocationRegister", "read_revocation_list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A verified list: the serial numbers taken back, and when it was made."""

    serials: frozenset[int]
    made_at: datetime
    good_until: datetime
    number: int


def read_revocation_list(
    crl_pem: bytes, root_pem: bytes, now: datetime, where: str = "revocation list"
) -> RevocationList:
    """Verify ``crl_pem`` against the network's root and read it.

    Raises: FILE_INVALID when it is no such list or is past its date; SIGNATURE_INVALID when the root did not sign it.
    """
    try:
        crl = x509.load_pem_x509_crl(crl_pem)
        root = x509.load_pem_x509_certificate(root_pem)
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise WarifuError(Reason.FILE_INVALID, where=where) from None
    root_key = root.public_key()
    if not isinstance(root_key, ec.EllipticCurvePublicKey) or not crl.is_signature_valid(root_key):
        raise WarifuError(Reason.SIGNATURE_INVALID, where=where)
    if crl.next_update_utc is None or crl.next_update_utc <= now:
        raise WarifuError(Reason.FILE_INVALID, where=where, debug="the list is past its date")
    serials = frozenset(revoked.serial_number for revoked in crl)
    return RevocationList(serials=serials, made_at=crl.last_update_utc, good_until=crl.next_update_utc, number=number)


class RevocationRegister:
    """The newest list taken so far. Empty to begin with: nothing is taken back until a list says so."""

    __slots__ = ("_clock", "_held", "_root_pem")

    def __init__(self, root_pem: bytes, clock: Clock) -> None:
        self._root_pem = root_pem
        self._clock = clock
        self._held: RevocationList | None = None

    @property
    def held(self) -> RevocationList | None:
        """The list in force, if any was taken."""
        return self._held

    def take(self, crl_pem: bytes, where: str = "revocation list") -> None:
        """Put a newer list in force; the one already held stays when this raises, or when this is the same one.

        Raises: FILE_INVALID or SIGNATURE_INVALID as :func:`read_revocation_list`; FILE_INVALID when it is older than
        the one held (somebody plays back a list from before a revocation).
        """
        fresh = self.read(crl_pem, where)
        if self._held is not None and fresh.number < self._held.number:
            raise WarifuError(Reason.FILE_INVALID, where=where, debug="the list is older than the one in force")
        self._held = fresh

    def read(self, crl_pem: bytes, where: str = "revocation list") -> RevocationList:
        """Verify a list without taking it. Raises: as :func:`read_revocation_list`."""
        return read_revocation_list(crl_pem, self._root_pem, self._clock.now(), where)

    def revoked(self) -> frozenset[int]:
        """The serial numbers taken back."""
        return self._held.serials if self._held is not None else frozenset()


class RevocationFile:
    """A register that follows a file, looking at it at most once per ``check_every_s`` seconds."""

    __slots__ = ("_is_whole", "_on_refused", "_on_taken", "_path", "_register", "_taken", "_watch")

    def __init__(
        self,
        path: Path,
        root_pem: bytes,
        clock: Clock,
        *,
        check_every_s: float = 1.0,
        on_refused: Callable[[WarifuError], None] = lambda _: None,
        on_taken: Callable[[], None] = lambda: None,
    ) -> None:
        """Read the file now. ``on_refused`` hears of each later replacement that was not taken, ``on_taken`` of each that was.

        Raises: FILE_INVALID or SIGNATURE_INVALID when the first list cannot be taken.
        """
        self._path = path
        self._on_refused = on_refused
        self._on_taken = on_taken
        self._register = RevocationRegister(root_pem, clock)
        self._taken = b""
        self._watch = FileWatch((path,), check_every_s)
        self._is_whole = True
        self._take()

    @property
    def held(self) -> RevocationList | None:
        """The list in force."""
        return self._register.held

    def revoked(self) -> frozenset[int]:
        """The serial numbers taken back, by the newest good list the file ever held."""
        self._follow()
        return self._register.revoked()

    def list_pem(self) -> bytes:
        """The newest good list the file ever held, as the root signed it, for others; the file may be gone by now."""
        self._follow()
        return self._taken

    def number(self) -> int:
        """The number of the newest good list the file ever held (RFC 5280 section 5.2.3)."""
        self._follow()
        held = self._register.held
        return held.number if held is not None else 0

    def look(self) -> bool:
        """Look at the file now, whenever it was last looked at: whether it holds the list in force."""
        if self._watch.look():
            self._take_over()
        return self._is_whole

    def restore(self) -> None:
        """Write the list in force to the file when it does not hold it any more. Raises: OSError."""
        if not self.look():
            write_public_file(self._path, self._taken)

    def replace(self, crl_pem: bytes) -> None:
        """Write a list to the file when it is newer than the one in force. Raises: OSError; as :func:`read_revocation_list`."""
        if self._register.read(crl_pem).number > self.number():
            write_public_file(self._path, crl_pem)

    def _follow(self) -> None:
        if self._watch.changed():
            self._take_over()

    def _take_over(self) -> None:
        try:
            self._take()
        except WarifuError as error:
            self._is_whole = False
            self._on_refused(error)
        else:
            self._is_whole = True
            self._on_taken()

    def _take(self) -> None:
        try:
            crl_pem = without_mark(self._path.read_bytes())
        except OSError:
            raise WarifuError(Reason.FILE_INVALID, where=str(self._path)) from None
        self._register.take(crl_pem, str(self._path))
        self._taken = crl_pem

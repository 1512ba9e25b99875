"""A party's own certificate and private key.

Decides when a certificate and a key make a credential (they belong together and name one identity) and, for one kept in
files, when a replacement is taken up: as soon as both files agree again and name the same identity as before. Until then
the last good pair goes on, so a rotation needs no restart and a half-written one does no harm; a bad replacement is said
to whoever listens. It never shows the key: not in ``repr``, not in errors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.pki.files import FileWatch, write_private_file, write_public_file
from warifu.pki.identity import Identity, identity_of
from warifu.pki.validity import validity_of
from warifu.saved_text import without_mark

__all__ = ["Credential", "CredentialFiles", "CredentialSource"]


class CredentialSource(Protocol):
    """Whatever can say which credential to use now: a :class:`Credential` itself, or files that may be replaced."""

    def current(self) -> Credential:
        """The credential for the next connection. The same object until it is replaced."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate and its private key, both PEM; ``serial`` is the certificate's. The key is masked in ``repr``."""

    cert_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)
    serial: int

    @classmethod
    def from_pem(cls, cert_pem: bytes, key_pem: bytes, where: str = "credential") -> Credential:
        """The credential these two make.

        Raises: KEY_INVALID when either cannot be read or the key is not the certificate's; CALLER_NOT_IDENTIFIED when
        the certificate does not name exactly one identity.
        """
        return cls._fitting(cert_pem, key_pem, where, where)

    @classmethod
    def read(cls, cert_path: Path, key_path: Path) -> Credential:
        """The credential in two files. Raises: as :meth:`from_pem`, with the file at fault in ``where``."""
        try:
            cert_pem, key_pem = without_mark(cert_path.read_bytes()), without_mark(key_path.read_bytes())
            return cls._fitting(cert_pem, key_pem, str(cert_path), str(key_path))
        except OSError as error:
            raise WarifuError(Reason.KEY_INVALID, where=str(error.filename)) from None

    @classmethod
    def _fitting(cls, cert_pem: bytes, key_pem: bytes, cert_where: str, key_where: str) -> Credential:
        being_read = cert_where
        try:
            certificate_key = x509.load_pem_x509_certificate(cert_pem).public_key()
            being_read = key_where
            own = serialization.load_pem_private_key(key_pem, password=None).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise WarifuError(Reason.KEY_INVALID, where=being_read) from None
        if own != certificate_key:
            raise WarifuError(Reason.KEY_INVALID, where=cert_where, debug="the key is not the certificate's")
        return cls(cert_pem, key_pem, identity_of(cert_pem).serial)

    @property
    def identity(self) -> Identity:
        """Whose credential this is."""
        return identity_of(self.cert_pem).identity

    def current(self) -> Credential:
        """This credential: held in memory, it is never replaced."""
        return self

    def save(self, cert_path: Path, key_path: Path) -> None:
        """Write both files, the key first and 0600; a running :class:`CredentialFiles` then takes the pair up."""
        write_private_file(key_path, self.key_pem)
        write_public_file(cert_path, self.cert_pem)


class CredentialFiles:
    """A credential kept in two files, read again when they were replaced. Safe to ask from several threads.

    A replacement is taken when it is a pair, names the identity the files had at first, is signed by ``root_pem`` and is
    good at the ``clock``'s time; the last two where they are given.
    """

    __slots__ = (
        "_cert_path",
        "_clock",
        "_current",
        "_doubted",
        "_key_path",
        "_on_refused",
        "_on_taken",
        "_root_pem",
        "_watch",
    )

    def __init__(
        self,
        cert_path: Path,
        key_path: Path,
        *,
        check_every_s: float = 1.0,
        root_pem: bytes | None = None,
        clock: Clock | None = None,
        on_refused: Callable[[WarifuError], None] = lambda _: None,
        on_taken: Callable[[], None] = lambda: None,
    ) -> None:
        """Read both files; look for replacements at most once per ``check_every_s`` seconds.

        ``on_refused`` hears of a replacement that is still bad at the look after the one that found it (a pair is replaced
        one file after the other), ``on_taken`` of each time the files are good again. Either may be called on any thread.

        Raises: KEY_INVALID or CALLER_NOT_IDENTIFIED, with the file in ``where``, when the first pair is not good.
        """
        self._cert_path = cert_path
        self._key_path = key_path
        self._root_pem = root_pem
        self._clock = clock
        self._on_refused = on_refused
        self._on_taken = on_taken
        self._doubted = False
        self._watch = FileWatch((cert_path, key_path), check_every_s)
        self._current = self._read()

    def current(self) -> Credential:
        """The newest good pair. One that is missing, does not belong together or is another's is not taken."""
        if self._watch.due():
            self._look()
        return self._current

    def _look(self) -> None:
        changed = self._watch.look()
        if not (changed or self._doubted):
            return
        try:
            fresh = self._read()
            self._check_replacement(fresh)
        except WarifuError as error:
            if self._doubted:
                self._on_refused(error)
            self._doubted = changed
            return
        self._doubted = False
        if fresh != self._current:
            self._current = fresh
        self._on_taken()

    def _check_replacement(self, fresh: Credential) -> None:
        if fresh.identity != self._current.identity:
            raise self._unfit(f"names {fresh.identity.uri}, not {self._current.identity.uri}")
        certificate = x509.load_pem_x509_certificate(fresh.cert_pem)
        if self._root_pem is not None and not _issued_by(certificate, self._root_pem):
            raise self._unfit("the network's root did not sign it")
        validity = validity_of(fresh.cert_pem)
        if self._clock is not None and not validity.not_before <= self._clock.now() < validity.not_after:
            raise self._unfit("it is not good at this time")

    def _unfit(self, why: str) -> WarifuError:
        return WarifuError(Reason.KEY_INVALID, where=str(self._cert_path), debug=why)

    def _read(self) -> Credential:
        return Credential.read(self._cert_path, self._key_path)


def _issued_by(certificate: x509.Certificate, root_pem: bytes) -> bool:
    try:
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(root_pem))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True

"""The certificate authority of one network. SIMULATED, as every certificate it signs says.

Decides what goes into a certificate: ECDSA on P-256, one URI and one DNS name, client and server use, no right to sign
others. It issues for its own network only. It holds the one key that can make institutions, so it lives with whoever
creates the network and is needed by no running party; it never sees a call, a code or a record.

Source: RFC 5280 (profile), RFC 5480 (P-256 keys).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from warifu.clock import Clock
from warifu.errors import Reason, WarifuError
from warifu.pki.credential import Credential
from warifu.pki.files import write_private_file, write_public_file
from warifu.pki.identity import Identity, network_name

__all__ = ["Root", "verify_root_statement"]

ORGANISATION = "SIMULATED - warifu"
_ROOT_VALID = timedelta(days=3650)  # a simulated network outlives no more than that
_SKEW = timedelta(minutes=5)  # a peer whose clock is a little behind still accepts a fresh certificate
_CERT_FILE, _KEY_FILE = "root.pem", "root.key"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Root:
    """The root of one network: signs certificates for it, and the list of those taken back."""

    __slots__ = ("_certificate", "_clock", "_key")

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, clock: Clock) -> None:
        self._certificate = certificate
        self._key = key
        self._clock = clock

    @classmethod
    def create(cls, network: str, clock: Clock, draw: Callable[[int], bytes] | None = None) -> Root:
        """A new root with a new key, for ``network``; the key is the library's, or made of what ``draw`` gives.

        Raises: ValueError when that cannot name a network.
        """
        key = _new_key(draw)
        subject = _name(network_name(network), "root")
        now = clock.now()
        builder = _builder(subject, subject, key.public_key(), now - _SKEW, now + _ROOT_VALID)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        return cls(builder.sign(key, hashes.SHA256()), key, clock)

    @classmethod
    def load(cls, folder: Path, clock: Clock) -> Root:
        """The root that :meth:`save` wrote there. Raises: KEY_INVALID, naming the file."""
        being_read = folder / _CERT_FILE
        try:
            certificate = x509.load_pem_x509_certificate(being_read.read_bytes())
            being_read = folder / _KEY_FILE
            key = serialization.load_pem_private_key(being_read.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
            raise WarifuError(Reason.KEY_INVALID, where=str(being_read)) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise WarifuError(Reason.KEY_INVALID, where=str(folder / _KEY_FILE))
        return cls(certificate, key, clock)

    def save(self, folder: Path) -> None:
        """Write ``root.pem`` and, readable by the owner only, ``root.key``. Raises: OSError."""
        write_private_file(folder / _KEY_FILE, _key_pem(self._key))
        write_public_file(folder / _CERT_FILE, self.cert_pem)

    @property
    def network(self) -> str:
        """The network this root speaks for."""
        (unit,) = self._certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return str(unit.value)

    @property
    def cert_pem(self) -> bytes:
        """The root's own certificate, which every party trusts. Public."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(
        self, identity: Identity, valid_days: float = 90, draw: Callable[[int], bytes] | None = None
    ) -> Credential:
        """A certificate for ``identity`` with a new key, as of :meth:`create`, good from now for ``valid_days`` days.

        Raises: ValueError when ``identity`` is of another network.
        """
        if identity.network != self.network:
            raise ValueError("a root issues for its own network only")
        key = _new_key(draw)
        certificate = self._leaf(identity, key.public_key(), valid_days).sign(self._key, hashes.SHA256())
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        return Credential(pem, _key_pem(key), certificate.serial_number)

    def revocation_list(self, serials: Iterable[int], clock: Clock, valid_for: timedelta = timedelta(days=30)) -> bytes:
        """The signed list of certificates taken back, as PEM (RFC 5280 section 5).

        It carries the time as its number, so that a later list can be told from an earlier one.
        """
        now = clock.now()
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._certificate.subject)
        builder = builder.last_update(now).next_update(now + valid_for)
        builder = builder.add_extension(x509.CRLNumber(clock.unix_ms()), critical=False)
        for serial in sorted(set(serials)):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def sign_statement(self, statement: bytes) -> bytes:
        """ECDSA with SHA-256 (DER) over a statement about the network, which is a digest under a label of its own."""
        return self._key.sign(statement, ec.ECDSA(hashes.SHA256()))

    def _leaf(
        self, identity: Identity, public_key: ec.EllipticCurvePublicKey, valid_days: float
    ) -> x509.CertificateBuilder:
        now = self._clock.now()
        until = min(now + timedelta(days=valid_days), self._certificate.not_valid_after_utc)
        subject = _name(identity.network, f"{identity.role.value} {identity.institution}")
        builder = _builder(subject, self._certificate.subject, public_key, now - _SKEW, until)
        names = x509.SubjectAlternativeName(
            [x509.UniformResourceIdentifier(identity.uri), x509.DNSName(identity.dns_name)]
        )
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        both_ends = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both_ends), critical=False)
        return builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )


def verify_root_statement(root_pem: bytes, signature: bytes, statement: bytes, *, where: str) -> None:
    """Refuse a statement that the root did not sign. Raises: SIGNATURE_INVALID; KEY_INVALID for a root that is none."""
    try:
        key = x509.load_pem_x509_certificate(root_pem).public_key()
    except ValueError:
        raise WarifuError(Reason.KEY_INVALID, where="root.pem") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WarifuError(Reason.KEY_INVALID, where="root.pem")
    try:
        key.verify(signature, statement, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise WarifuError(Reason.SIGNATURE_INVALID, where=where) from None


def _name(network: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, network),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(not_before).not_valid_after(not_after)


def _new_key(draw: Callable[[int], bytes] | None) -> ec.EllipticCurvePrivateKey:
    """A P-256 key (FIPS 186-5 A.2.1 where bytes are drawn: 64 bits more than the order has)."""
    if draw is None:
        return ec.generate_private_key(ec.SECP256R1())
    return ec.derive_private_key(1 + int.from_bytes(draw(40), "big") % (_P256_ORDER - 1), ec.SECP256R1())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

"""Who signed a certificate: one trust store for each use, never one for both.

Decides whether a certificate was issued by a root of the store of *its* use, for that use, and is good at a time. A certificate for
authentication never signs, nor the other way round: not because of what it says of itself, but because the other store's root is
not in this one. Whether it was revoked since is for ``warifu.jpki.status``.

The steps are numbered as in ``docs/protocol/jpki.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from warifu.errors import Reason, WarifuError
from warifu.jpki.certificate import EndCertificate
from warifu.jpki.profile import KEY_BITS, CertificateUse, policy_of, root_name

__all__ = ["TrustStore", "check_in_date", "check_leaf"]

_KNOWN: Final = frozenset(
    {
        ExtensionOID.KEY_USAGE,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
"""Extensions that may be critical here: those that are looked at."""


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The roots of one use, newest first. Several share one name when a root follows another."""

    use: CertificateUse
    roots: tuple[x509.Certificate, ...]

    @classmethod
    def of(cls, use: CertificateUse, roots_der: Sequence[bytes]) -> TrustStore:
        """The store of these roots. Raises: KEY_INVALID for one that is none of this use."""
        try:
            roots = tuple(x509.load_der_x509_certificate(der) for der in roots_der)
        except (ValueError, x509.InvalidVersion):
            raise WarifuError(Reason.KEY_INVALID, where=f"root of {use.value}") from None
        if not roots or any(root.subject != root_name(use) or root.issuer != root.subject for root in roots):
            raise WarifuError(Reason.KEY_INVALID, where=f"root of {use.value}")
        return cls(use, roots)

    def issuer_of(self, leaf: EndCertificate, where: str = "certificate") -> x509.Certificate:
        """The root that signed ``leaf``: same name byte for byte, same key identifier, and its signature.

        Raises: CERTIFICATE_NOT_TRUSTED.
        """
        certificate, named = leaf.certificate, leaf.extension(x509.AuthorityKeyIdentifier)
        for root in self.roots:
            if certificate.issuer.public_bytes() != root.subject.public_bytes():
                continue
            if named is None or named.key_identifier != _key_identifier(root):
                continue
            if _signed(certificate, root):
                return root
        raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: no root for {self.use.value} signed it")


def check_leaf(leaf: EndCertificate, store: TrustStore, *, where: str = "certificate") -> x509.Certificate:
    """Steps 3 to 5: no authority's certificate, signed by a root of the store, for the store's use. The root.

    Raises: CERTIFICATE_NOT_TRUSTED, naming what is wrong.
    """
    constraints = leaf.extension(x509.BasicConstraints)  # 3
    if constraints is not None and constraints.ca:
        raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: an authority's own")
    root = store.issuer_of(leaf, where)  # 4
    fault = _unfit(leaf, store.use)  # 5
    if fault:
        raise WarifuError(Reason.CERTIFICATE_NOT_TRUSTED, where=f"{where}: {fault}")
    return root


def check_in_date(leaf: EndCertificate, now: datetime, *, where: str = "certificate") -> None:
    """Step 6. Raises: CERTIFICATE_NOT_IN_DATE, saying whether it is expired or not yet good."""
    if now < leaf.not_before:
        raise WarifuError(Reason.CERTIFICATE_NOT_IN_DATE, where=f"{where}: not yet")
    if now > leaf.not_after:
        raise WarifuError(Reason.CERTIFICATE_NOT_IN_DATE, where=f"{where}: expired")


def _unfit(leaf: EndCertificate, use: CertificateUse) -> str:
    """Why a certificate that a root signed is not one for ``use``; empty when it is."""
    if unknown := [each for each in leaf.certificate.extensions if each.critical and each.oid not in _KNOWN]:
        return f"critical extension {unknown[0].oid.dotted_string}"
    usage, policies = leaf.extension(x509.KeyUsage), leaf.extension(x509.CertificatePolicies)
    signs = use is CertificateUse.SIGNING
    if usage is None or not usage.digital_signature or usage.content_commitment is not signs or _does_more(usage):
        return "key usage"
    if policies is None or policy_of(use) not in {policy.policy_identifier for policy in policies}:
        return "policy"
    if leaf.key.key_size != KEY_BITS:
        return "size of key"
    own = leaf.extension(x509.SubjectKeyIdentifier)
    if own is None or own.digest != x509.SubjectKeyIdentifier.from_public_key(leaf.key).digest:
        return "subject key identifier"
    return ""


def _does_more(usage: x509.KeyUsage) -> bool:
    return any(
        (usage.key_cert_sign, usage.crl_sign, usage.key_encipherment, usage.data_encipherment, usage.key_agreement)
    )


def _key_identifier(root: x509.Certificate) -> bytes:
    return root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _signed(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    if not isinstance(certificate.signature_hash_algorithm, SHA256) or not isinstance(
        root.public_key(), rsa.RSAPublicKey
    ):
        return False
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return certificate.public_bytes(Encoding.DER) != root.public_bytes(Encoding.DER)

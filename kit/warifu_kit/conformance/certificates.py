"""Certificates with which nobody may be let in: each kind of bad one, made for the check by the network's own root or by others.

Decides what is wrong with each. They are for the check alone and are forgotten with it; only whoever holds the network's
root can make them, as whoever checks does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from warifu.errors import Reason, WarifuError
from warifu.pki import Identity

__all__ = ["BAD_KINDS", "BadKind", "Forge", "Issuer", "Leaf"]

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs: a name and a key, and the certificate where a chain needs one."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def load(cls, folder: Path) -> Issuer:
        """A network's root. Raises: KEY_INVALID, naming the file."""
        being_read = folder / "root.pem"
        try:
            certificate = x509.load_pem_x509_certificate(being_read.read_bytes())
            being_read = folder / "root.key"
            key = serialization.load_pem_private_key(being_read.read_bytes(), password=None)
        except (OSError, ValueError, TypeError):
            raise WarifuError(Reason.KEY_INVALID, where=str(being_read)) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise WarifuError(Reason.KEY_INVALID, where=str(being_read))
        return cls(certificate, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What stands in a certificate. ``names`` are its alternative names, in order."""

    subject: str
    names: tuple[x509.GeneralName, ...]
    begins: timedelta = -_HOUR
    ends: timedelta = _HOUR
    uses: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)


@dataclass(frozen=True, slots=True)
class Forge:
    """Makes certificates that look like ``own``'s, the only caller to be let in, and are not.

    ``other`` is another institution of the network in the same role.
    """

    root: Issuer
    own: Identity
    other: Identity

    def leaf(self, *uris: str) -> Leaf:
        """As the network would make it, with these URIs instead of the one."""
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri) for uri in uris]
        subject = f"{self.own.role.value} {self.own.institution}"
        return Leaf(subject=subject, names=(*names, x509.DNSName(self.own.dns_name)))

    def right(self) -> tuple[bytes, bytes]:
        """A good one: what is compared with."""
        return self.signed(self.leaf(self.own.uri))

    def signed(
        self, leaf: Leaf, issuer: Issuer | None = None, *, shown: tuple[x509.Certificate, ...] = ()
    ) -> tuple[bytes, bytes]:
        """The chain that is shown and the key, both PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _signed(leaf, key, issuer or self.root)
        chain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (made, *shown))
        return chain, _key_pem(key)

    def of_itself(self) -> tuple[bytes, bytes]:
        """One that signed itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _signed(self.leaf(self.own.uri), key, Issuer(self.root.certificate, key), own_name=True)
        return made.public_bytes(serialization.Encoding.PEM), _key_pem(key)

    def of_another_root(self) -> tuple[bytes, bytes]:
        """By a root that calls itself what the network's does, and has another key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = self.root.certificate.subject
        builder = _dated(name, name, key.public_key(), -_HOUR, _HOUR)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        root = builder.sign(key, hashes.SHA256())
        return self.signed(self.leaf(self.own.uri), Issuer(root, key), shown=(root,))

    def of_a_member(self) -> tuple[bytes, bytes]:
        """By another member's certificate, which may sign none."""
        key = ec.generate_private_key(ec.SECP256R1())
        member = _signed(self.leaf(self.other.uri), key, self.root)
        return self.signed(self.leaf(self.own.uri), Issuer(member, key), shown=(member,))


Made = Callable[[Forge], tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class BadKind:
    """One kind: ``name`` is the last part of its case, ``words`` say what is wrong, after "a certificate"."""

    name: str
    words: str
    make: Made


def _with(**changes: object) -> Made:
    return lambda forge: forge.signed(replace(forge.leaf(forge.own.uri), **changes))  # type: ignore[arg-type]  # fields of Leaf


def _uris(*uris: Callable[[Forge], str]) -> Made:
    return lambda forge: forge.signed(forge.leaf(*(uri(forge) for uri in uris)))


def _own(forge: Forge) -> str:
    return forge.own.uri


def _other(forge: Forge) -> str:
    return forge.other.uri


def _after_scheme(uri: str, change: Callable[[str], str]) -> str:
    scheme, colon, rest = uri.partition(":")
    return scheme + colon + change(rest)


def _as_common_name(forge: Forge) -> tuple[bytes, bytes]:
    return forge.signed(replace(forge.leaf(forge.other.uri), subject=forge.own.uri[:64]))


def _as_dns_name(forge: Forge) -> tuple[bytes, bytes]:
    return forge.signed(replace(forge.leaf(), names=(x509.DNSName(forge.own.dns_name),)))


BAD_KINDS = (
    BadKind("of-itself", "that signed itself", Forge.of_itself),
    BadKind("of-another-root", "of a root that only has the same name", Forge.of_another_root),
    BadKind("of-a-member", "that another member's certificate signed", Forge.of_a_member),
    BadKind("past-its-date", "that ended an hour ago", _with(begins=-2 * _HOUR, ends=-_HOUR)),
    BadKind("before-its-date", "that begins in an hour", _with(begins=_HOUR, ends=2 * _HOUR)),
    BadKind("for-servers-only", "that is for servers only", _with(uses=(ExtendedKeyUsageOID.SERVER_AUTH,))),
    BadKind("without-uri", "that has no URI, only the node's DNS name", _as_dns_name),
    BadKind("two-uris", "that has two URIs, the node's and another's", _uris(_own, _other)),
    BadKind("two-uris-other-first", "that has two URIs, another's and the node's", _uris(_other, _own)),
    BadKind("uri-goes-on", "whose URI goes on behind the node's", _uris(lambda forge: f"{forge.own.uri}/more")),
    BadKind("uri-goes-on-with-digits", "whose URI has more digits", _uris(lambda forge: f"{forge.own.uri}0")),
    BadKind(
        "uri-inside-another",
        "whose URI has the node's inside",
        _uris(lambda forge: f"https://x.example/?{forge.own.uri}"),
    ),
    BadKind(
        "uri-of-another-network",
        "whose URI names another network",
        _uris(lambda forge: forge.own.uri.replace(forge.own.network, "sim-another")),
    ),
    BadKind(
        "uri-with-query", "whose URI asks something behind the node's", _uris(lambda forge: f"{forge.own.uri}?more")
    ),
    BadKind("uri-with-fragment", "whose URI names a part of the node's", _uris(lambda forge: f"{forge.own.uri}#more")),
    BadKind("uri-ends-with-slash", "whose URI has a slash behind the node's", _uris(lambda forge: f"{forge.own.uri}/")),
    BadKind(
        "uri-in-capitals",
        "whose URI is the node's in capitals",
        _uris(lambda forge: _after_scheme(forge.own.uri, str.upper)),
    ),
    BadKind(
        "uri-percent-coded",
        "whose URI is the node's when it is decoded",
        _uris(lambda forge: f"{forge.own.uri[:-1]}%{ord(forge.own.uri[-1]):02X}"),
    ),
    BadKind(
        "uri-of-another-scheme",
        "whose URI is the node's in another scheme",
        _uris(lambda forge: f"https{forge.own.uri[forge.own.uri.index(':') :]}"),
    ),
    BadKind(
        "name-that-reads-as-two",
        "whose one name reads as two where it is printed",
        _uris(lambda forge: f"{forge.other.uri}, URI:{forge.own.uri}"),
    ),
    BadKind("uri-as-common-name", "of another, that calls itself the node in its subject", _as_common_name),
)
"""Every kind, in the order in which they are tried."""


def _dated(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, begins: timedelta, ends: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now + begins).not_valid_after(now + ends)


def _signed(leaf: Leaf, key: ec.EllipticCurvePrivateKey, issuer: Issuer, *, own_name: bool = False) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, leaf.subject)])
    named = subject if own_name else issuer.certificate.subject
    builder = _dated(subject, named, key.public_key(), leaf.begins, leaf.ends)
    builder = builder.add_extension(x509.SubjectAlternativeName(leaf.names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(leaf.uses), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return builder.add_extension(authority, critical=False).sign(issuer.key, hashes.SHA256())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

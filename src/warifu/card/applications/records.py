"""Records that a terminal can tell from made-up ones: signed by the maker, whose key a card-verifiable certificate names.

Decides how a public key, a signature and that certificate are written. Which records there are, applications decide.

Source: the layouts of real cards as terminals of others read them (RSA key ``90 03 010001 91 82 0100``, certificate ``7F21``). That a
signature is PKCS#1 v1.5 with SHA-256 over the hashes one after another is inferred; its real form was not found.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from warifu.card.personalisation import RecordSigner
from warifu.card.secrets import KEY_BITS, PrivateKey
from warifu.card.tlv import found, tlv

__all__ = [
    "KEY_IDENTIFIER_SIZE",
    "certified_key",
    "cv_certificate",
    "is_signed",
    "key_identifier",
    "public_key",
    "record_signature",
]

KEY_IDENTIFIER_SIZE: Final = 16
_EXPONENT: Final = 65537
_CERTIFICATE: Final = 0x7F21
_BODY: Final = 0x5F4E
_SIGNATURE: Final = 0x5F37


def public_key(key: PrivateKey) -> bytes:
    """The public half as files have it: exponent and modulus."""
    return tlv(0x90, _EXPONENT.to_bytes(3, "big")) + tlv(0x91, key.modulus())


def key_identifier(key: PrivateKey) -> bytes:
    """16 bytes that name a maker's key: the beginning of its modulus' SHA-256. How real ones are made was not found."""
    return hashlib.sha256(key.modulus()).digest()[:KEY_IDENTIFIER_SIZE]


def record_signature(signer: RecordSigner, *parts: bytes) -> bytes:
    """The maker's signature over the SHA-256 of each of ``parts``, 256 bytes."""
    return signer.key.loaded().sign(_hashes(parts), padding.PKCS1v15(), SHA256())


def is_signed(key: bytes, signature: bytes, *parts: bytes) -> bool:
    """Whether ``signature`` is by ``key``, as :func:`public_key` writes it, over ``parts``. Never raises."""
    try:
        modulus = int.from_bytes(found(key, 0x91), "big")
        exponent = int.from_bytes(found(key, 0x90), "big")
        loaded = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        if loaded.key_size != KEY_BITS:
            return False
        loaded.verify(signature, _hashes(parts), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def cv_certificate(root: PrivateKey, subject: PrivateKey) -> bytes:
    """The card-verifiable certificate (file 0004) by which ``root`` says that ``subject`` signs records."""
    body = key_identifier(root) + key_identifier(subject) + public_key(subject)
    signature = root.loaded().sign(body, padding.PKCS1v15(), SHA256())
    return tlv(_CERTIFICATE, tlv(_BODY, body), tlv(_SIGNATURE, signature))


def certified_key(certificate: bytes, root: bytes) -> bytes:
    """The public key that ``certificate`` names, once ``root``, a public key, is found to have signed it.

    Raises: ValueError when it did not, or when the certificate is malformed.
    """
    body = found(certificate, _CERTIFICATE, _BODY)
    signature = found(certificate, _CERTIFICATE, _SIGNATURE)
    numbers = rsa.RSAPublicNumbers(int.from_bytes(found(root, 0x90), "big"), int.from_bytes(found(root, 0x91), "big"))
    try:
        numbers.public_key().verify(signature, body, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise ValueError("the certificate is not signed by this key") from None
    return body[2 * KEY_IDENTIFIER_SIZE :]


def _hashes(parts: tuple[bytes, ...]) -> bytes:
    return b"".join(hashlib.sha256(part).digest() for part in parts)

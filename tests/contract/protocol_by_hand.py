"""The protocol's bytes, hashes, boxes and trees, written from the pages below docs/protocol and from nothing else.

It shares no line with ``warifu``: that is what a vector is held against, and what another language would have.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.contract.groups_by_hand import SUITES, L, expanded


def prefixed(*items: bytes) -> bytes:
    return b"".join(len(item).to_bytes(2, "big") + item for item in items)


def digest(label: str, *items: bytes) -> bytes:
    joined = b"".join(len(item).to_bytes(8, "big") + item for item in items)
    return hashlib.blake2b(prefixed(label.encode()) + joined, digest_size=32).digest()


def to_scalar(suite: int, label: str, *items: bytes) -> int:
    wide = expanded(prefixed(label.encode(), *items), SUITES[suite].scalar_tag, 64)
    return int.from_bytes(wide, "little") % L


def written(scalar: int) -> bytes:
    return scalar.to_bytes(32, "little")


def read(scalar: bytes) -> int:
    return int.from_bytes(scalar, "little")


def keyed(key: bytes, *items: bytes) -> bytes:
    return hmac.digest(key, prefixed(*items), "sha512")


def keyed_blake(key: bytes, size: int, *items: bytes) -> bytes:
    return hashlib.blake2b(prefixed(*items), key=key, digest_size=size).digest()


def signature(seed: bytes, statement: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(statement)


def public_of_seed(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


# Boxes: docs/protocol/sealed.md.


def padded(plaintext: bytes, least: int) -> bytes:
    body = len(plaintext).to_bytes(4, "big") + plaintext
    size = max(least, (len(body) + 255) // 256 * 256)
    return body.ljust(size, b"\0")


def sealed(ephemeral: bytes, to: bytes, info: bytes, plaintext: bytes) -> bytes:
    """HPKE base mode, one message, by RFC 9180 sections 4 and 5. ``to`` is a public key."""
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = own.public_key().public_bytes_raw()
    key, nonce = _schedule(own.exchange(X25519PublicKey.from_public_bytes(to)), enc + to, info)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, plaintext, b"")


def sealed_together(ephemeral: bytes, to: bytes, info: bytes, place: int, aad: bytes, plaintext: bytes) -> bytes:
    """The same of a box that shares its set-up, with the nonce of section 5.2."""
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = own.public_key().public_bytes_raw()
    key, nonce = _schedule(own.exchange(X25519PublicKey.from_public_bytes(to)), enc + to, info)
    return enc + place.to_bytes(2, "big") + ChaCha20Poly1305(key).encrypt(_of_place(nonce, place), plaintext, aad)


def opened(private: bytes, info: bytes, box: bytes) -> bytes:
    key, nonce = _set_up(private, info, box)
    return ChaCha20Poly1305(key).decrypt(nonce, box[32:], b"")


def opened_together(private: bytes, info: bytes, aad: bytes, box: bytes) -> bytes:
    key, nonce = _set_up(private, info, box)
    return ChaCha20Poly1305(key).decrypt(_of_place(nonce, int.from_bytes(box[32:34], "big")), box[34:], aad)


def is_together(box: bytes) -> bool:
    return len(box) % 256 == 50


def between(context: bytes) -> bytes:
    """What the contexts of boxes under one set-up have in common."""
    return context[0:2] + context[18:34] + context[34:50] + context[100:104] + context[104:108] + context[108:116]


def _set_up(private: bytes, info: bytes, box: bytes) -> tuple[bytes, bytes]:
    own, enc = X25519PrivateKey.from_private_bytes(private), box[:32]
    shared = own.exchange(X25519PublicKey.from_public_bytes(enc))
    return _schedule(shared, enc + own.public_key().public_bytes_raw(), info)


def _of_place(nonce: bytes, place: int) -> bytes:
    last = bytes(a ^ b for a, b in zip(nonce[10:], place.to_bytes(2, "big"), strict=True))
    return nonce[:10] + last


def _schedule(shared: bytes, both_keys: bytes, info: bytes) -> tuple[bytes, bytes]:
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"

    def extract(of: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt, b"HPKE-v1" + of + label + ikm, "sha256")

    def expand(of: bytes, prk: bytes, label: bytes, told: bytes, size: int) -> bytes:
        message = size.to_bytes(2, "big") + b"HPKE-v1" + of + label + told + b"\x01"
        return hmac.digest(prk, message, "sha256")[:size]

    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", both_keys, 32)
    context = b"\x00" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    prk = extract(suite, secret, b"secret", b"")
    return expand(suite, prk, b"key", context, 32), expand(suite, prk, b"base_nonce", context, 12)


# The log: docs/protocol/log.md.


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00", leaf)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01", left, right)


def root(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256()
    split = 1
    while 2 * split < len(hashes):
        split *= 2
    return node(root(hashes[:split]), root(hashes[split:]))


def is_included(leaf: bytes, position: int, size: int, proof: Sequence[bytes], wanted: bytes) -> bool:
    fn, sn, running = position, size - 1, leaf
    for each in proof:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            running = node(each, running)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            running = node(running, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and running == wanted


def is_consistent(first: int, second: int, roots: tuple[bytes, bytes], proof: Sequence[bytes]) -> bool:
    if first == second:
        return not proof and roots[0] == roots[1]
    if first == 0:
        return not proof
    if not proof:
        return False
    path = [roots[0], *proof] if first & (first - 1) == 0 else list(proof)
    fn, sn = first - 1, second - 1
    while fn % 2:
        fn, sn = fn >> 1, sn >> 1
    older = newer = path[0]
    for each in path[1:]:
        if sn == 0:
            return False
        if fn % 2 or fn == sn:
            older, newer = node(each, older), node(each, newer)
            while fn % 2 == 0 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            newer = node(newer, each)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and (older, newer) == roots


def vkey(name: str, kind: bytes, public: bytes) -> tuple[bytes, str]:
    """The key id, and the text of a verifier key."""
    key_id = sha256(name.encode(), b"\n", kind, public)[:4]
    return key_id, f"{name}+{key_id.hex()}+{base64.b64encode(kind + public).decode()}"


def checkpoint_text(origin: str, size: int, root_hash: bytes, *lines: str) -> str:
    return "".join(f"{line}\n" for line in (origin, size, base64.b64encode(root_hash).decode(), *lines))


def signature_line(name: str, signed: bytes) -> str:
    return f"\u2014 {name} {base64.b64encode(signed).decode()}\n"

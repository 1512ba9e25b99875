"""Hashing bytes to the curve edwards25519, after RFC 9380.

Decides which curve point a message maps to, under the suite ``edwards25519_XMD:SHA-512_ELL2_RO_``: two field
elements from the message, each through the Elligator 2 map, the sum of both freed of the cofactor. Nobody knows the
discrete logarithm of the result, which is what keeps a person point from giving codes away. Must never know what is
hashed.

The arithmetic is on Python integers and therefore not constant in time. That is accepted in a simulator and said in
``docs/limits.md``; the long-lived secrets (factors, agency keys) never pass through here, only a keyed hash of a
person id does. One hash takes about 0.2 ms.
"""

from __future__ import annotations

import hashlib

__all__ = ["expand_message_xmd", "field_elements", "hash_to_edwards25519", "map_to_edwards25519"]

FieldPoint = tuple[int, int, int]
"""A point in projective coordinates (X, Y, Z): x = X/Z, y = Y/Z, all modulo ``_P``."""

_P = 2**255 - 19
_J = 486662
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_ROOT_EXPONENT = (_P - 5) // 8
_ROOT_OF_TWO_FACTOR = pow(2, (_P + 3) // 8, _P)
_BLOCK_SIZE = 128
_HASH_SIZE = 64
_ELEMENT_SIZE = 48


def _even_root(square: int) -> int:
    """The square root of a known square whose lowest bit is 0 (``sgn0`` = 0)."""
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square:
        root = root * _SQRT_MINUS_ONE % _P
    return root if root & 1 == 0 else _P - root


_MONTGOMERY_SCALE = _even_root(-(_J + 2) % _P)


def expand_message_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """``length`` uniform bytes from ``message`` with SHA-512 (RFC 9380 section 5.3.1).

    ``dst`` (domain separation tag) is 1 to 255 bytes; ``length`` at most 255 blocks of 64.

    Raises:
        ValueError: ``dst`` or ``length`` is out of range; a mistake of the calling code.
    """
    blocks = -(-length // _HASH_SIZE)
    if not 1 <= len(dst) <= 255 or not 1 <= blocks <= 255:
        raise ValueError("domain separation tag or length out of range")
    tag = dst + bytes([len(dst)])
    first = hashlib.sha512(bytes(_BLOCK_SIZE) + message + length.to_bytes(2, "big") + b"\x00" + tag).digest()
    block = hashlib.sha512(first + b"\x01" + tag).digest()
    output = [block]
    for index in range(2, blocks + 1):
        mixed = (int.from_bytes(first, "big") ^ int.from_bytes(block, "big")).to_bytes(_HASH_SIZE, "big")
        block = hashlib.sha512(mixed + bytes([index]) + tag).digest()
        output.append(block)
    return b"".join(output)[:length]


def field_elements(message: bytes, dst: bytes) -> tuple[int, int]:
    """The two field elements u[0], u[1] of ``message`` (``hash_to_field``, RFC 9380 section 5.2)."""
    wide = expand_message_xmd(message, dst, 2 * _ELEMENT_SIZE)
    return int.from_bytes(wide[:_ELEMENT_SIZE], "big") % _P, int.from_bytes(wide[_ELEMENT_SIZE:], "big") % _P


def _elligator2(u: int) -> tuple[int, int, int]:
    """Elligator 2 on curve25519 (RFC 9380 section 6.7.1): x as a fraction, and y.

    One exponentiation gives both candidate roots. ``v`` is 1 + 2u²; the first candidate is x = -J/v, the second -J - x.
    """
    twice_square = 2 * u * u % _P
    v = twice_square + 1
    v2 = v * v % _P
    v3 = v2 * v % _P
    gx = (-_J * (v2 - _J * _J % _P * twice_square)) % _P
    v6 = v3 * v3 % _P
    seed = v6 * v3 % _P * gx % _P
    root = pow(v6 * v6 % _P * seed % _P, _ROOT_EXPONENT, _P) * seed % _P
    for candidate in (root, root * _SQRT_MINUS_ONE % _P):
        if candidate * candidate % _P * v3 % _P == gx:
            return -_J % _P, v, candidate if candidate & 1 else -candidate % _P
    root = root * u % _P * _ROOT_OF_TWO_FACTOR % _P
    if root * root % _P * v3 % _P != gx * twice_square % _P:
        root = root * _SQRT_MINUS_ONE % _P
    return -_J * twice_square % _P, v, root if root & 1 == 0 else _P - root


def map_to_edwards25519(u: int) -> FieldPoint:
    """The point of edwards25519 that the field element ``u`` maps to (RFC 9380 section 6.8.2), cofactor kept."""
    x_numerator, x_denominator, y = _elligator2(u)
    xn = _MONTGOMERY_SCALE * x_numerator % _P
    xd = x_denominator * y % _P
    yn = x_numerator - x_denominator
    yd = x_numerator + x_denominator
    z = xd * yd % _P
    if z == 0:
        return 0, 1, 1
    return xn * yd % _P, yn * xd % _P, z


def _add(p: FieldPoint, q: FieldPoint) -> FieldPoint:
    """The sum of two points by the complete projective formulas for twisted Edwards curves with a = -1."""
    x1, y1, z1 = p
    x2, y2, z2 = q
    a = z1 * z2 % _P
    b = a * a % _P
    c = x1 * x2 % _P
    d = y1 * y2 % _P
    e = _D * c % _P * d % _P
    f = b - e
    g = b + e
    x3 = a * f % _P * ((x1 + y1) * (x2 + y2) - c - d) % _P
    y3 = a * g % _P * (d + c) % _P
    return x3, y3, f * g % _P


def _encode(point: FieldPoint) -> bytes:
    """The 32-byte encoding of RFC 8032 section 5.1.2."""
    x, y, z = point
    inverse = pow(z, -1, _P)
    return ((y * inverse % _P) | ((x * inverse % _P & 1) << 255)).to_bytes(32, "little")


def hash_to_edwards25519(message: bytes, dst: bytes) -> bytes:
    """The point of the prime-order subgroup that ``message`` hashes to, 32 bytes encoded as in RFC 8032.

    ``hash_to_curve`` of RFC 9380 section 3 with suite ``edwards25519_XMD:SHA-512_ELL2_RO_`` (section 8.5). The identity
    comes out with probability 2^-252; the caller decides what that means.
    """
    u0, u1 = field_elements(message, dst)
    point = _add(map_to_edwards25519(u0), map_to_edwards25519(u1))
    for _ in range(3):
        point = _add(point, point)
    return _encode(point)

"""Both suites' groups in plain integers, written from docs/protocol/codes.md and the RFCs it names, and from nothing else.

Slow, not constant in time, for checking vectors only: it shares no line with ``warifu.curve``. A point here is four
integers (X, Y, Z, T) of edwards25519; a suite says how one is written as 32 bytes, and read.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)  # noqa: E741  # the field's square root of -1, as RFC 9496 calls it

Element = tuple[int, int, int, int]
IDENTITY: Element = (0, 1, 1, 0)


def plus(p: Element, q: Element) -> Element:
    """The sum (RFC 8032 section 5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def minus(p: Element, q: Element) -> Element:
    """The difference."""
    return plus(p, (-q[0] % P, q[1], q[2], -q[3] % P))


def times(n: int, p: Element) -> Element:
    """``n`` times ``p``."""
    total = IDENTITY
    while n:
        if n & 1:
            total = plus(total, p)
        p, n = plus(p, p), n >> 1
    return total


def root(square: int) -> int | None:
    """A square root modulo P, if there is one."""
    candidate = pow(square, (P + 3) // 8, P)
    for found in (candidate, candidate * I % P):
        if (found * found - square) % P == 0:
            return found
    return None


def expanded(message: bytes, tag: bytes, size: int) -> bytes:
    """``expand_message_xmd`` with SHA-512 (RFC 9380 section 5.3.1)."""
    tag += bytes([len(tag)])
    b0 = hashlib.sha512(bytes(128) + message + size.to_bytes(2, "big") + b"\0" + tag).digest()
    blocks = [hashlib.sha512(b0 + b"\1" + tag).digest()]
    while 64 * len(blocks) < size:
        mixed = bytes(x ^ y for x, y in zip(b0, blocks[-1], strict=True))
        blocks.append(hashlib.sha512(mixed + bytes([len(blocks) + 1]) + tag).digest())
    return b"".join(blocks)[:size]


class Suite(Protocol):
    """How a suite writes its elements, and hashes to them."""

    number: int
    scalar_tag: bytes
    base: Element

    def write(self, element: Element) -> bytes: ...

    def read(self, encoded: bytes) -> Element: ...

    def hashed(self, message: bytes) -> Element: ...


class Edwards:
    """Suite 2: the prime-order subgroup of edwards25519."""

    number = 2
    scalar_tag = b"warifu-v1-HashToScalar-edwards25519_XMD:SHA-512_ELL2_RO_"
    point_tag = b"warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_"

    def __init__(self) -> None:
        self.base = self.read(b"\x58" + 31 * b"\x66")

    def write(self, element: Element) -> bytes:
        x, y, z, _ = element
        inverse = pow(z, P - 2, P)
        return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")

    def read(self, encoded: bytes) -> Element:
        number = int.from_bytes(encoded, "little")
        sign, y = number >> 255, number % 2**255
        x = root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P)
        if len(encoded) != 32 or y >= P or x is None or (x == 0 and sign):
            raise ValueError("no point")
        x = x if x & 1 == sign else P - x
        point = x, y, 1, x * y % P
        if self.write(point) == self.write(IDENTITY) or self.write(times(L, point)) != self.write(IDENTITY):
            raise ValueError("not in the subgroup, or the identity")
        return point

    def hashed(self, message: bytes) -> Element:
        """``edwards25519_XMD:SHA-512_ELL2_RO_`` (RFC 9380 section 8.5)."""
        wide = expanded(message, self.point_tag, 96)
        first, second = (self._mapped(int.from_bytes(wide[at : at + 48], "big") % P) for at in (0, 48))
        return times(8, plus(first, second))

    @staticmethod
    def _mapped(u: int) -> Element:
        """Elligator 2 to curve25519 (section 6.7.1), then to edwards25519 (appendix D.1)."""
        j = 486662
        x = -j * pow(1 + 2 * u * u, P - 2, P) % P or -j % P
        odd, y = 1, root((x * x * x + j * x * x + x) % P)
        if y is None:
            x = (-x - j) % P
            odd, y = 0, root((x * x * x + j * x * x + x) % P)
        assert y is not None
        y = y if y & 1 == odd else -y % P
        scale = root(-(j + 2) % P)
        assert scale is not None
        scale = scale if scale & 1 == 0 else P - scale
        if y == 0 or x == P - 1:
            return IDENTITY
        v = scale * x * pow(y, P - 2, P) % P
        w = (x - 1) * pow(x + 1, P - 2, P) % P
        return v, w, 1, v * w % P


class Ristretto:
    """Suite 1: ristretto255 (RFC 9496)."""

    number = 1
    scalar_tag = b"warifu-v1-HashToScalar-ristretto255-SHA512"
    point_tag = b"warifu-v1-HashToGroup-ristretto255-SHA512"

    def __init__(self) -> None:
        self.base = self.read(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))

    def write(self, element: Element) -> bytes:
        """Section 4.3.2."""
        x0, y0, z0, t0 = element
        u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
        _, inverse = _root_of_ratio(1, u1 * u2 * u2 % P)
        den1, den2 = inverse * u1 % P, inverse * u2 % P
        z_inverse = den1 * den2 * t0 % P
        _, amd = _root_of_ratio(1, (-1 - D) % P)
        rotate = t0 * z_inverse % P & 1
        x, y, den = (y0 * I % P, x0 * I % P, den1 * amd % P) if rotate else (x0, y0, den2)
        y = -y % P if x * z_inverse % P & 1 else y
        return _even(den * (z0 - y) % P).to_bytes(32, "little")

    def read(self, encoded: bytes) -> Element:
        """Section 4.3.1; the identity is refused as well."""
        s = int.from_bytes(encoded, "little")
        if len(encoded) != 32 or s >= P or s & 1 or s == 0:
            raise ValueError("no element")
        ss = s * s % P
        u1, u2 = (1 - ss) % P, (1 + ss) % P
        v = (-D * u1 * u1 - u2 * u2) % P
        is_square, inverse = _root_of_ratio(1, v * u2 * u2 % P)
        den_x, den_y = inverse * u2 % P, inverse * inverse * u2 * v % P
        x = _even(2 * s * den_x % P)
        y = u1 * den_y % P
        t = x * y % P
        if not is_square or t & 1 or y == 0:
            raise ValueError("no element")
        return x, y, 1, t

    def hashed(self, message: bytes) -> Element:
        """Section 4.3.4 of 64 bytes that are expanded as RFC 9380 says."""
        wide = expanded(message, self.point_tag, 64)
        first, second = (self._mapped(int.from_bytes(wide[at : at + 32], "little") % 2**255 % P) for at in (0, 32))
        return plus(first, second)

    @staticmethod
    def _mapped(t: int) -> Element:
        one_minus_d_sq, d_minus_one_sq = (1 - D * D) % P, (D - 1) ** 2 % P
        r = I * t * t % P
        u, v = (r + 1) * one_minus_d_sq % P, (-1 - r * D) * (r + D) % P
        is_square, s = _root_of_ratio(u, v)
        c = -1
        if not is_square:
            s, c = -_even(s * t % P) % P, r
        n = (c * (r - 1) * d_minus_one_sq - v) % P
        _, sqrt_ad_minus_one = _root_of_ratio((-D - 1) % P, 1)
        # RFC 9496 section 4.1 gives this constant as its odd root.
        sqrt_ad_minus_one = sqrt_ad_minus_one if sqrt_ad_minus_one == SQRT_AD_MINUS_ONE else P - sqrt_ad_minus_one
        w0, w1, w2, w3 = 2 * s * v, n * sqrt_ad_minus_one, 1 - s * s, 1 + s * s
        return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235


def _even(number: int) -> int:
    return number if number & 1 == 0 else P - number


def _root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """``SQRT_RATIO_M1`` (RFC 9496 section 4.2): whether u/v is a square, and the even root of it, or of I times it."""
    ratio = u * pow(v, P - 2, P) % P
    found = root(ratio)
    if found is not None:
        return True, _even(found)
    found = root(I * ratio % P)
    assert found is not None
    return False, _even(found)


SUITES: dict[int, Suite] = {1: Ristretto(), 2: Edwards()}

"""Suite 1: the group ristretto255 (RFC 9496), by the libsodium of the system.

Decides which library that is, and that it is used only after it has passed a test of known values. Every element has
one encoding and every valid encoding is an element, so that no check for a subgroup is needed and a multiplication
costs little more than half of suite 2's. Never loaded unless a network asks for it; when the library is missing or
wrong the answer is an error that says what to install, never another suite. Must never know what a point stands for.

The library is called by its binary interface (cffi, as PyNaCl itself does). It reads as many bytes as it expects
whatever it is given, so every length is checked here before a call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from cffi import FFI  # type: ignore[import-untyped]  # it comes without types

from warifu.curve.group import POINT_SIZE, Point
from warifu.curve.hash_to_curve import expand_message_xmd
from warifu.curve.scalars import SCALAR_SIZE, Scalar, ScalarField
from warifu.errors import Reason, WarifuError

__all__ = ["IDENTITY", "SONAMES", "Ristretto255", "ristretto255"]

SONAMES: Final = ("libsodium.so.23", "libsodium.so.26")
"""The library's names, in the order in which they are tried: 23 goes up to libsodium 1.0.18, 26 begins with 1.0.19."""

IDENTITY: Final = bytes(POINT_SIZE)
"""The encoding of the neutral element, which is no valid point anywhere in the protocol."""

_FIELD: Final = 2**255 - 19
_WIDE_SIZE: Final = 64
_POINT_DST: Final = b"warifu-v1-HashToGroup-ristretto255-SHA512"
_SCALAR_DST: Final = b"warifu-v1-HashToScalar-ristretto255-SHA512"
_HOW_TO: Final = (
    "suite 1 needs the system's libsodium, 1.0.18 or later: install the package libsodium23 (or your system's name for"
    " it), or use a network of suite 2"
)
_FUNCTIONS: Final = """
    int sodium_init(void);
    int crypto_core_ristretto255_is_valid_point(const unsigned char *p);
    int crypto_core_ristretto255_add(unsigned char *r, const unsigned char *p, const unsigned char *q);
    int crypto_core_ristretto255_sub(unsigned char *r, const unsigned char *p, const unsigned char *q);
    int crypto_core_ristretto255_from_hash(unsigned char *p, const unsigned char *r);
    int crypto_scalarmult_ristretto255(unsigned char *q, const unsigned char *n, const unsigned char *p);
    int crypto_scalarmult_ristretto255_base(unsigned char *q, const unsigned char *n);
"""
_FFI: Final = FFI()
_FFI.cdef(_FUNCTIONS)

# RFC 9496 appendix A: twice the generator (A.1), two encodings of nothing (A.2), 64 bytes and their element (A.3).
_TWICE: Final = bytes.fromhex("6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919")
_NOT_CANONICAL: Final = bytes.fromhex("ed" + "ff" * 30 + "7f")
_NO_SQUARE: Final = bytes.fromhex("26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371")
_WIDE: Final = _FIELD.to_bytes(32, "little") + b"\x12" + bytes(31)
_WIDE_ELEMENT: Final = bytes.fromhex("304282791023b73128d277bdcb5c7746ef2eac08dde9f2983379cb8e5ef0517f")


class Ristretto255(ScalarField):
    """Suite 1: ristretto255 (RFC 9496 encodings), by the system's libsodium.

    Multiplications are constant in time. Get the one instance from :func:`ristretto255`. Making one raises
    ``CONFIG_INVALID`` when the library is missing or does not calculate as RFC 9496 says.
    """

    suite: Final = 1
    name: Final = "ristretto255-SHA512"
    generator: Final = Point(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))
    scalar_dst = _SCALAR_DST

    __slots__ = ("_library",)

    def __init__(self) -> None:
        self._library: Any = _opened(SONAMES)
        if not self._calculates_as_it_should():
            raise WarifuError(Reason.CONFIG_INVALID, where=f"the libsodium found gives wrong results; {_HOW_TO}")

    def decode(self, encoded: bytes, *, where: str = "") -> Point:
        """Accept a point that came from outside, after every check; about 6 µs. Raises: ``POINT_INVALID``."""
        # The library counts the identity among the valid encodings.
        if (
            len(encoded) != POINT_SIZE
            or encoded == IDENTITY
            or self._library.crypto_core_ristretto255_is_valid_point(encoded) != 1
        ):
            raise WarifuError(Reason.POINT_INVALID, where=where)
        return Point(encoded)

    def decode_unproven(self, encoded: bytes, *, where: str = "") -> Point:
        """Check length, canonical form and identity only; under 1 µs. Raises: ``POINT_INVALID``."""
        if (
            len(encoded) != POINT_SIZE
            or encoded == IDENTITY
            or encoded[0] & 1  # a "negative" coordinate: each element has one encoding, the even one
            or (encoded[31] >= 0x7F and int.from_bytes(encoded, "little") >= _FIELD)
        ):
            raise WarifuError(Reason.POINT_INVALID, where=where)
        return Point(encoded)

    def base_multiply(self, scalar: Scalar) -> Point:
        """``scalar`` times the generator; about 20 µs."""
        return self._result(self._library.crypto_scalarmult_ristretto255_base, _number(scalar))

    def multiply(self, scalar: Scalar, point: Point) -> Point:
        """``scalar`` times ``point``, checking that ``point`` is an element; about 55 µs. Raises: ``POINT_INVALID``."""
        return self._result(self._library.crypto_scalarmult_ristretto255, _number(scalar), _element(point))

    def add(self, left: Point, right: Point) -> Point:
        """The sum; about 17 µs. Raises: ``POINT_INVALID`` when it is the identity or an operand is no element."""
        return self._result(self._library.crypto_core_ristretto255_add, _element(left), _element(right))

    def subtract(self, left: Point, right: Point) -> Point:
        """The difference; about 17 µs. Raises: ``POINT_INVALID`` as for :meth:`add`."""
        return self._result(self._library.crypto_core_ristretto255_sub, _element(left), _element(right))

    def hash_to_point(self, message: bytes) -> Point:
        """64 bytes by ``expand_message_xmd`` (RFC 9380) with this protocol's own tag, mapped; about 20 µs."""
        return self.hash_with_tag(message, _POINT_DST)

    def hash_with_tag(self, message: bytes, dst: bytes) -> Point:
        """:meth:`hash_to_point` under the tag ``dst``: ``HashToGroup`` of RFC 9497 section 4.1."""
        return self._result(
            self._library.crypto_core_ristretto255_from_hash, expand_message_xmd(message, dst, _WIDE_SIZE)
        )

    @staticmethod
    def _result(function: Callable[..., int], *arguments: bytes) -> Point:
        """Call a function that writes an element; only scalar multiplication reports the identity by itself."""
        out = _FFI.new("unsigned char[32]")
        if function(out, *arguments) != 0:
            raise WarifuError(Reason.POINT_INVALID)
        result: bytes = _FFI.buffer(out)[:]
        if result == IDENTITY:
            raise WarifuError(Reason.POINT_INVALID)
        return Point(result)

    def _calculates_as_it_should(self) -> bool:
        one, two = (Scalar(number.to_bytes(SCALAR_SIZE, "little")) for number in (1, 2))
        mapped = self._library.crypto_core_ristretto255_from_hash
        is_valid = self._library.crypto_core_ristretto255_is_valid_point
        try:
            twice = (
                self.base_multiply(two),
                self.multiply(two, self.generator),
                self.add(self.generator, self.generator),
            )
            once = self.base_multiply(one), self.subtract(twice[0], self.generator)
            element = self._result(mapped, _WIDE)
        except WarifuError:
            return False
        return (
            set(twice) == {_TWICE}
            and set(once) == {self.generator}
            and element == _WIDE_ELEMENT
            and is_valid(self.generator) == 1
            and not any(is_valid(encoded) for encoded in (_NOT_CANONICAL, _NO_SQUARE))
        )


@lru_cache(maxsize=1)
def ristretto255() -> Ristretto255:
    """The one instance of suite 1. Raises: ``CONFIG_INVALID`` when this machine cannot have it, each time anew."""
    return Ristretto255()


def _opened(sonames: tuple[str, ...]) -> Any:
    """The library under the first of the names that is there, started. Raises: ``CONFIG_INVALID``."""
    for soname in sonames:
        try:
            library: Any = _FFI.dlopen(soname)
            for declared in _declared():
                getattr(library, declared)
        except (OSError, AttributeError):
            continue  # not there, or older than ristretto255
        if library.sodium_init() < 0:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{soname} does not start; {_HOW_TO}")
        return library
    raise WarifuError(Reason.CONFIG_INVALID, where=f"{' and '.join(sonames)} not found; {_HOW_TO}")


def _declared() -> list[str]:
    return [line.split("(")[0].split()[-1] for line in _FUNCTIONS.strip().splitlines()]


def _number(scalar: Scalar) -> bytes:
    if len(scalar.value) != SCALAR_SIZE:
        raise WarifuError(Reason.KEY_INVALID)
    return scalar.value


def _element(point: Point) -> bytes:
    if len(point) != POINT_SIZE:
        raise WarifuError(Reason.POINT_INVALID)
    return point

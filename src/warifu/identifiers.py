"""The numbers and codes that name people, institutions, places and kinds of information.

Decides whether a piece of text *is* such a number: its length, its alphabet and, where the rule is public, its check
digit. It knows nothing of who holds which number and never reads or writes anything.

Two families, kept apart on purpose. A :class:`MyNumber` and a :class:`ResidentRecordCode` are secret: a number shows
itself as ``MyNumber(…)`` wherever it is printed, and only ``.digits`` gives it away. Everything else here is public and
is a ``str`` that cannot be malformed.
None of these is a *code for a person*; those are points of a group and live in ``warifu.exchange.codes``.

Only the ASCII digits count: full-width digits, signs and blanks are refused, not cleaned up. No error repeats the text.
"""

from __future__ import annotations

import hmac
import re
from typing import ClassVar, NoReturn, Self

from warifu.errors import Reason, WarifuError

__all__ = [
    "AffairCode",
    "CorporateNumber",
    "InstitutionCode",
    "ItemCode",
    "MunicipalityCode",
    "MyNumber",
    "ProcedureCode",
    "ResidentRecordCode",
    "corporate_number_check_digit",
    "municipality_check_digit",
    "my_number_check_digit",
    "resident_record_check_digit",
]


def my_number_check_digit(body11: str) -> int:
    """The last digit of an Individual Number (My Number, 個人番号), 0 to 9, from the eleven before it.

    With P_n the n-th digit from the right of the body and Q_n = n + 1 for n <= 6, n - 5 above: 11 minus
    (sum of P_n * Q_n modulo 11), and 0 where that remainder is 0 or 1. Because two remainders give 0, a few
    one-digit slips pass: the digit finds most errors, not all.

    Source: 平成26年総務省令第85号 (MIC Ordinance 85 of 2014), Article 5.
    Raises: ValueError when ``body11`` is not eleven digits (a fault of the program, not of the input).
    """
    digits = _digits(body11, 11)
    remainder = sum(p * (n + 1 if n <= 6 else n - 5) for n, p in enumerate(reversed(digits), 1)) % 11
    return 0 if remainder <= 1 else 11 - remainder


def corporate_number_check_digit(base12: str) -> int:
    """The first digit of a Corporate Number (法人番号), 1 to 9, from the twelve after it.

    With P_n the n-th digit from the right and Q_n = 1 for odd n, 2 for even n: 9 minus (sum of P_n * Q_n modulo 9).
    A 0 and a 9 in the same place give the same digit.

    Source: 平成26年財務省令第70号 (MOF Ordinance 70 of 2014), Article 2.
    Raises: ValueError when ``base12`` is not twelve digits.
    """
    digits = _digits(base12, 12)
    return 9 - sum(p * (1 if n % 2 else 2) for n, p in enumerate(reversed(digits), 1)) % 9


def municipality_check_digit(body5: str) -> int:
    """The sixth digit of a municipality code (全国地方公共団体コード), 0 to 9, from the five before it.

    Weights 6, 5, 4, 3, 2 from the left; the last decimal digit of 11 minus (sum modulo 11).

    Source: JIS X 0402.
    Raises: ValueError when ``body5`` is not five digits.
    """
    total = sum(digit * weight for digit, weight in zip(_digits(body5, 5), (6, 5, 4, 3, 2), strict=True))
    return (11 - total % 11) % 10


def resident_record_check_digit(body10: str) -> int:
    """The last digit of a simulated resident record code (住民票コード), 0 to 9, from the ten before it.

    The real code is ten random digits and a check digit whose rule is not published, so this one is made up: ISO/IEC
    7064 MOD 11,10, which finds every slip in one digit. A real code therefore checks out here by chance only.

    Raises: ValueError when ``body10`` is not ten digits.
    """
    product = 10
    for digit in _digits(body10, 10):
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10


class _SecretNumber:
    """A number that names a person: masks itself wherever it is printed, and never changes."""

    __slots__ = ("_digits",)
    _digits: str
    _reason: ClassVar[Reason]

    def __init__(self, digits: str) -> None:
        if not self._checks_out(digits):
            raise WarifuError(self._reason)
        object.__setattr__(self, "_digits", str(digits))

    @classmethod
    def _checks_out(cls, text: object) -> bool:
        raise NotImplementedError

    @property
    def digits(self) -> str:
        """The digits themselves. Whoever takes them answers for where they go."""
        return self._digits

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self._digits, other._digits)

    def __hash__(self) -> int:
        return hash((type(self), self._digits))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} does not change")

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self._digits,)


class MyNumber(_SecretNumber):
    """One Individual Number (My Number): twelve digits whose last is the check digit. Secret: masks itself.

    The all-zero number satisfies the check digit and is refused all the same: it is what an empty field looks like.
    """

    __slots__ = ()
    _reason = Reason.NUMBER_MALFORMED

    @classmethod
    def parse(cls, text: str, where: str = "") -> Self:
        """The My Number that ``text`` is.

        Raises: NUMBER_MALFORMED (at ``where``) unless ``text`` is twelve ASCII digits, not all zero, checking out.
        """
        if not cls._checks_out(text):
            raise WarifuError(cls._reason, where=where)
        return cls(text)

    @classmethod
    def from_body(cls, body11: str) -> Self:
        """The My Number that starts with these eleven digits.

        Raises: ValueError when ``body11`` is not eleven digits; NUMBER_MALFORMED when they are all zero.
        """
        return cls(f"{body11}{my_number_check_digit(body11)}")

    @classmethod
    def _checks_out(cls, text: object) -> bool:
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{12}", text) or text == "0" * 12:
            return False
        return int(text[11]) == my_number_check_digit(text[:11])


class ResidentRecordCode(_SecretNumber):
    """One resident record code (住民票コード): eleven digits whose last is a simulated check digit. Secret.

    It names a person's entry in the Basic Resident Register and is what a My Number is designated for (Act, Art 8). In
    this network only a resident registry and the numbering authority ever hold one.
    """

    __slots__ = ()
    _reason = Reason.REQUEST_MALFORMED

    @classmethod
    def parse(cls, text: str, where: str = "") -> Self:
        """The code that ``text`` is.

        Raises: REQUEST_MALFORMED (at ``where``) unless ``text`` is eleven ASCII digits that check out.
        """
        if not cls._checks_out(text):
            raise WarifuError(cls._reason, where=where)
        return cls(text)

    @classmethod
    def from_body(cls, body10: str) -> Self:
        """The code that starts with these ten digits. Raises: ValueError when ``body10`` is not ten digits."""
        return cls(f"{body10}{resident_record_check_digit(body10)}")

    @classmethod
    def _checks_out(cls, text: object) -> bool:
        if not isinstance(text, str) or not re.fullmatch(r"[0-9]{11}", text):
            return False
        return int(text[10]) == resident_record_check_digit(text[:10])


class _PublicCode(str):
    """A public code: a ``str`` that was checked when it was made, and so cannot be malformed."""

    __slots__ = ()
    _shape: ClassVar[re.Pattern[str]]
    _reason: ClassVar[Reason] = Reason.REQUEST_MALFORMED

    def __new__(cls, text: str) -> Self:
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str, where: str = "") -> Self:
        """The code that ``text`` is.

        Raises: REQUEST_MALFORMED for a code, NUMBER_MALFORMED for a number with a check digit, both at ``where``.
        """
        if not _has_shape(text, cls._shape) or not cls._checks_out(text):
            raise WarifuError(cls._reason, where=where)
        return str.__new__(cls, text)

    @classmethod
    def _checks_out(cls, text: str) -> bool:
        return True


class MunicipalityCode(_PublicCode):
    """A municipality (or prefecture) code: six digits, two of prefecture, three of place, one check (JIS X 0402)."""

    __slots__ = ()
    _shape = re.compile(r"(?:0[1-9]|[1-3][0-9]|4[0-7])[0-9]{4}", re.ASCII)
    _reason = Reason.NUMBER_MALFORMED

    @classmethod
    def _checks_out(cls, text: str) -> bool:
        return int(text[5]) == municipality_check_digit(text[:5])

    @classmethod
    def from_body(cls, body5: str) -> Self:
        """The code that starts with these five digits, which is how many lists give it."""
        return cls(f"{body5}{municipality_check_digit(body5)}")

    @property
    def prefecture(self) -> str:
        """The two digits of the prefecture, "01" (Hokkaido) to "47" (Okinawa)."""
        return self[:2]


class CorporateNumber(_PublicCode):
    """A Corporate Number (法人番号): thirteen digits whose first is the check digit. Public by law (Act, Art 39(4))."""

    __slots__ = ()
    _shape = re.compile(r"[1-9][0-9]{12}", re.ASCII)
    _reason = Reason.NUMBER_MALFORMED

    @classmethod
    def _checks_out(cls, text: str) -> bool:
        return int(text[0]) == corporate_number_check_digit(text[1:])


class InstitutionCode(_PublicCode):
    """An institution code (機関コード): sixteen digits naming one agency on the network.

    How the real ones are made up is not published, so a code is opaque. The codes that this simulator gives out have a
    layout of their own, which no real code is known to have: "9", two digits of the institution kind, six of the
    municipality ("000000" where there is none), seven of a serial number. Only :meth:`build` relies on it.
    """

    __slots__ = ()
    _shape = re.compile(r"[0-9]{16}", re.ASCII)

    @classmethod
    def build(cls, kind_number: int, municipality: MunicipalityCode | None, serial: int) -> Self:
        """A simulated code for kind 0 to 99 and serial 0 to 9,999,999. Raises: ValueError out of those bounds."""
        if not (0 <= kind_number <= 99 and 0 <= serial <= 9_999_999):
            raise ValueError("kind_number has two digits and serial seven")
        return cls(f"9{kind_number:02d}{municipality or '000000'}{serial:07d}")

    @property
    def kind_number(self) -> int | None:
        """The kind number in a simulated code; None in a code of another layout."""
        return int(self[1:3]) if self[0] == "9" else None

    @property
    def municipality(self) -> MunicipalityCode | None:
        """The municipality in a simulated code; None where it names none or has another layout."""
        try:
            return MunicipalityCode(self[3:9]) if self[0] == "9" else None
        except WarifuError:
            return None


class ProcedureCode(_PublicCode):
    """A procedure code (事務手続きコード): "JT" and fourteen digits or capitals."""

    __slots__ = ()
    _shape = re.compile(r"JT[0-9A-Z]{14}", re.ASCII)


class AffairCode(_PublicCode):
    """An affair code (事務コード): "JM" and fourteen digits or capitals."""

    __slots__ = ()
    _shape = re.compile(r"JM[0-9A-Z]{14}", re.ASCII)


class ItemCode(_PublicCode):
    """A Specific Personal Information name code (特定個人情報名コード): "TM" and fourteen digits or capitals."""

    __slots__ = ()
    _shape = re.compile(r"TM[0-9A-Z]{14}", re.ASCII)


def _digits(text: str, count: int) -> list[int]:
    if not re.fullmatch(rf"[0-9]{{{count}}}", text):
        raise ValueError(f"exactly {count} digits are needed")
    return [int(character) for character in text]


def _has_shape(text: object, shape: re.Pattern[str]) -> bool:
    return isinstance(text, str) and shape.fullmatch(text) is not None

"""How an agency files a code: opened with its own key, found by a keyed hash, sealed at rest.

Decides what a row of a person holds; the code in the clear is gone when this returns. Pure: values in, values out, so
that worker threads may do it. Knows no My Number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.curve.group import Group, Point
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, open_code, row_key
from warifu.exchange.conversion_proof import Conversion, ConversionTerms, open_batch
from warifu.exchange.provision import ProviderKeys
from warifu_services.node.keys import AtRest
from warifu_services.node.store import Person

__all__ = ["CODE_PLACE", "CodeFiling", "code_of"]

CODE_PLACE = b"person.code"
"""Where a person's code is sealed for; the owner is the row key."""


@dataclass(frozen=True, slots=True)
class CodeFiling:
    """Files codes that came encrypted to one epoch's key of this agency."""

    group: Group
    keys: ProviderKeys
    at_rest: AtRest

    def open_proven(
        self, local_numbers: Sequence[str], conversions: Sequence[Conversion], proof: bytes
    ) -> list[Person]:
        """A row for each person whose code was issued, in order. Raises: CONVERSION_NOT_PROVEN."""
        own, group = self.keys.own, self.group
        terms = ConversionTerms(group.generator, own.factor_commitment, own.opening_key, own.agency_key)
        return self.file_all(local_numbers, open_batch(group, self.keys.agency_secret, terms, conversions, proof))

    def open_unproven(
        self, local_numbers: Sequence[str], conversions: Sequence[Conversion], proof: bytes
    ) -> list[Person]:
        """As :meth:`open_proven` in a network without proofs: ``proof`` is not looked at. Raises: HUB_ANSWER_INVALID."""
        return self.file_all(local_numbers, self.points([each.converted for each in conversions]))

    def points(self, codes: Sequence[EncryptedCode]) -> list[Point]:
        """The codes in the clear, in order, for the length of a check. Raises: HUB_ANSWER_INVALID."""
        try:
            return [open_code(self.group, self.keys.agency_secret, code) for code in codes]
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes", debug=error.reason.value) from error

    def file_all(self, local_numbers: Sequence[str], points: Sequence[Point]) -> list[Person]:
        """A row for each person and code, in order."""
        return [self._file(number, point) for number, point in zip(local_numbers, points, strict=True)]

    def _file(self, local_number: str, point: Point) -> Person:
        filed_under = row_key(self.keys.row_secret, point)
        return Person(
            local_number=local_number,
            row_key=filed_under,
            sealed_code=self.at_rest.seal(CODE_PLACE, filed_under, point),
            code_epoch=self.keys.own.code_epoch,
        )


def code_of(person: Person, at_rest: AtRest) -> Point:
    """The code of a person's row. Raises: KEY_INVALID."""
    return Point(at_rest.open(CODE_PLACE, person.row_key, person.sealed_code))

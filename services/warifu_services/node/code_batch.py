"""A batch of an agency's own codes on its way to the hub and back, to be converted to the next code epoch.

Decides whether what came back is what was asked for. A hub that gave somebody another person's code would not be seen
to, for it alone knows the factor. So each batch carries one code more: a secret mixture of all the others and of the
hub's published commitment to its factor. Converting keeps mixtures, so what comes back must be the same mixture of what
came back for the others and of the commitment to the next factor. Whoever changes a code, or exchanges two, and cannot
see the mixture, cannot change it to fit. Knows no My Number, and not the factor.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from warifu.api.type.v1.inquiry_pb2 import EncryptedCode as EncryptedCodeMessage
from warifu.curve.group import Group, Point, RandomBytes
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, hedged_randomness
from warifu.exchange.directory_entry import DirectoryEntry
from warifu_services.node.filing import CodeFiling, code_of
from warifu_services.node.keys import NodeKeys
from warifu_services.node.store import Person

__all__ = ["CodeBatch"]


class CodeBatch:
    """Codes that are converted together; both methods are for a worker thread. Holds codes in the clear while it lives."""

    def __init__(
        self,
        group: Group,
        keys: NodeKeys,
        people: Sequence[Person],
        source: DirectoryEntry,
        target: DirectoryEntry,
        context: bytes,
        random_bytes: RandomBytes,
    ) -> None:
        self._group = group
        self._keys = keys
        self._people = people
        self._source = source
        self._target = target
        self._context = context
        self._random_bytes = random_bytes
        self._weights = [group.random_scalar(random_bytes) for _ in range(len(people) + 1)]

    def encrypted(self) -> list[EncryptedCodeMessage]:
        """The codes and their mixture, encrypted to this agency's own joint key of the coming epoch. Raises: KEY_INVALID."""
        points = [code_of(person, self._keys.at_rest) for person in self._people]
        mixture = self._mixed([*points, self._source.factor_commitment])
        return [self._encrypted(place, point) for place, point in enumerate([*points, mixture])]

    def opened(self, codes: Sequence[EncryptedCodeMessage]) -> list[Person]:
        """The rows of the new codes, if every one is the former one's in the new epoch. Raises: HUB_ANSWER_INVALID."""
        group, keys = self._group, self._keys.provider.of_epoch(self._target.epoch)
        if len(codes) != len(self._people) + 1:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes")
        try:
            converted = [EncryptedCode.from_wire(group, code.c1, code.c2, where="converted_codes") for code in codes]
        except WarifuError as error:
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where=error.where, debug=error.reason.value) from error
        filing = CodeFiling(group, keys, self._keys.at_rest)
        *points, mixture = filing.points(converted)
        if mixture != self._mixed([*points, self._target.factor_commitment]):
            raise WarifuError(Reason.HUB_ANSWER_INVALID, where="converted_codes: not those that were asked for")
        return filing.file_all([person.local_number for person in self._people], points)

    def _encrypted(self, place: int, point: Point) -> EncryptedCodeMessage:
        once = self._context + place.to_bytes(4, "big")
        r = hedged_randomness(self._group, self._keys.inquirer.hedge_key, point, once, self._random_bytes)
        encrypted = encrypt_code(self._group, point, self._target.joint_key, r)
        return EncryptedCodeMessage(c1=encrypted.c1, c2=encrypted.c2)

    def _mixed(self, points: Sequence[Point]) -> Point:
        parts = [self._group.multiply(weight, point) for weight, point in zip(self._weights, points, strict=True)]
        return reduce(self._group.add, parts)

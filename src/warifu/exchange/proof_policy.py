"""Which conversions of a network are proven: chosen when it is made, and the same in every version of its directory.

Decides how the choice is written (``always``, ``sampled:16``, ``off``) and what it says under the directory's signature. Who
acts on it are hub and agencies, each by the directory that it verified.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Self

from warifu.api.directory.v1.directory_service_pb2 import (
    PROOF_POLICY_KIND_ALWAYS,
    PROOF_POLICY_KIND_OFF,
    PROOF_POLICY_KIND_SAMPLED,
)
from warifu.api.directory.v1.directory_service_pb2 import ProofPolicy as ProofPolicyMessage
from warifu.errors import Reason, WarifuError

__all__ = ["ALWAYS_PROVEN", "MOST_ONE_IN", "OFF_WARNING", "POLICY_PATTERN", "PolicyKind", "ProofPolicy"]

MOST_ONE_IN: Final = 65_535
"""The rarest draw: one permit in so many."""

OFF_WARNING: Final = "PROOFS OFF: nothing that the hub converts is proven; it is blind only while it follows the rules"
"""What is said wherever a network without proofs shows itself."""

POLICY_PATTERN: Final = r"^(always|sampled:[1-9][0-9]{0,4}|off)$"
"""What a policy looks like as text; whether the number is good, :meth:`ProofPolicy.parse` says."""

_SAMPLED = re.compile(r"sampled:([1-9][0-9]{0,4})", re.ASCII)


class PolicyKind(Enum):
    """How the hub comes to prove a conversion. The values are those on the wire."""

    ALWAYS = PROOF_POLICY_KIND_ALWAYS
    SAMPLED = PROOF_POLICY_KIND_SAMPLED
    OFF = PROOF_POLICY_KIND_OFF


@dataclass(frozen=True, slots=True)
class ProofPolicy:
    """One policy. ``one_in`` is 2 to 65,535 where permits are sampled, else 0; anything else is a ValueError."""

    kind: PolicyKind
    one_in: int = 0

    def __post_init__(self) -> None:
        fits = 2 <= self.one_in <= MOST_ONE_IN if self.kind is PolicyKind.SAMPLED else self.one_in == 0
        if not fits:
            raise ValueError(f"one in {self.one_in}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """``always``, ``sampled:N`` or ``off``. Raises: ValueError for anything else."""
        found = _SAMPLED.fullmatch(text)
        if found is not None:
            return cls(PolicyKind.SAMPLED, int(found[1]))
        if text not in ("always", "off"):
            raise ValueError(text)
        return cls(PolicyKind[text.upper()])

    @classmethod
    def from_message(cls, message: ProofPolicyMessage, *, where: str = "") -> Self:
        """What a header says. Raises: DIRECTORY_INVALID, also when it says nothing."""
        try:
            return cls(PolicyKind(message.kind), message.one_in)
        except ValueError:
            raise WarifuError(Reason.DIRECTORY_INVALID, where=where) from None

    def to_message(self) -> ProofPolicyMessage:
        """As a header says it."""
        return ProofPolicyMessage(kind=self.kind.value, one_in=self.one_in)

    def __str__(self) -> str:
        name = self.kind.name.lower()
        return f"{name}:{self.one_in}" if self.kind is PolicyKind.SAMPLED else name


ALWAYS_PROVEN: Final = ProofPolicy(PolicyKind.ALWAYS)
"""What a network has that nobody chose for."""

"""The hub's blind translation of codes, and the secrets behind it.

Decides how a code encrypted to a provider's joint key becomes that provider's own code for the same person, still
encrypted. The hub raises the ciphertext to the quotient of two factors, takes its own opening share out of the key and
rerandomises, and proves that it did just that; it sees neither code. Must never know a code, a My Number or a payload, and cannot: no agency key is here.

    t = s_B/s_A     u = t*h_B     D1 = u*C1 + k*G     D2 = t*C2 + k*Y_B

Rerandomising is a security step: it pins the result to Y_B. Without it a requester that encrypted to a key it knows
and overheard the answer could read the provider's code. k is derived from the context and the ciphertext, so that a
retried request gives the identical result and any logged conversion can be proven later.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from warifu.canonical import length_prefixed
from warifu.curve.group import Group, Point, RandomBytes, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode
from warifu.exchange.conversion_proof import (
    Conversion,
    ConversionTerms,
    ConversionWitness,
    Randomised,
    prove_batch,
    prove_together,
)
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.proofs import joint_key_context, prove_joint_key
from warifu.exchange.together import Together
from warifu.identifiers import InstitutionCode
from warifu.lockstep import Paced

__all__ = ["DerivedRandomisers", "DirectoryPoints", "HubKeys", "Party", "Randomiser", "Randomisers", "Translator"]


class Party(NamedTuple):
    """An institution, the epoch of its codes (which factor) and that of the hub's opening key in its joint key."""

    institution: InstitutionCode
    code_epoch: int = 1
    opening_epoch: int = 1

    @classmethod
    def of(cls, entry: DirectoryEntry) -> Party:
        """The institution under the keys of a directory entry."""
        return cls(entry.institution, entry.code_epoch, entry.opening_epoch)


_KEY_SIZE: Final = 32
_REMEMBERED_PAIRS: Final = 65_536
_MOST_PROVED_TOGETHER: Final = 32  # some 6 ms in which nothing else is done, 9 in suite 2
_FACTOR_LABEL: Final = b"warifu-v1/hub-factor"
_OPENING_LABEL: Final = b"warifu-v1/hub-open"
_RERANDOMISE_LABEL: Final = b"warifu-v1/rerand"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HubKeys:
    """The hub's three root secrets, 32 bytes each, from files of their own. Masked when printed.

    They share nothing, so that losing one does not lose another. ``opening_key`` is that of opening epoch 1, and
    ``later_opening_keys`` has those that came after it, by epoch. Raises: ``KEY_INVALID`` for another length or for two
    equal keys.
    """

    factor_key: bytes
    opening_key: bytes
    rerandomise_key: bytes
    later_opening_keys: Mapping[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = (self.factor_key, self.opening_key, self.rerandomise_key, *self.later_opening_keys.values())
        if any(len(key) != _KEY_SIZE for key in keys) or len(set(keys)) != len(keys):
            raise WarifuError(Reason.KEY_INVALID, where="hub keys")

    @classmethod
    def generate(cls, random_bytes: RandomBytes = secrets.token_bytes) -> HubKeys:
        """Three new keys."""
        factor, opening, rerandomise = (random_bytes(_KEY_SIZE) for _ in range(3))
        return cls(factor_key=factor, opening_key=opening, rerandomise_key=rerandomise)

    def __repr__(self) -> str:
        return "HubKeys(…)"

    def opening_key_of(self, epoch: int) -> bytes:
        """The opening key of an epoch. Raises: KEY_INVALID when there is none."""
        found = self.opening_key if epoch == 1 else self.later_opening_keys.get(epoch)
        if found is None:
            raise WarifuError(Reason.KEY_INVALID, where=f"hub keys: no opening key of epoch {epoch}")
        return found


class DirectoryPoints(NamedTuple):
    """What the hub publishes about one institution and epoch: S_X, Y_H, Y_J and the proof that Y_J is honest."""

    commitment: Point
    opening_key: Point
    joint_key: Point
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomiser:
    """One rerandomisation towards a key Y: k (masked), k*G and k*Y. Never to be used for two different ciphertexts."""

    scalar: Scalar
    base: Point
    key: Point


class Randomisers(Protocol):
    """Where the randomiser of a conversion comes from: derived at once, or made ahead in idle time."""

    def take(self, binding: bytes, to_key: Point) -> Randomiser:
        """The randomiser towards ``to_key`` of the conversion that ``binding`` stands for.

        The same ``binding`` and ``to_key`` must give the same randomiser, and no other conversion may ever get it.
        """


class DerivedRandomisers:
    """Randomisers from a keyed hash of the conversion itself; about 120 µs each in suite 2, and nothing to remember."""

    __slots__ = ("_group", "_key")

    def __init__(self, group: Group, rerandomise_key: bytes) -> None:
        self._group = group
        self._key = rerandomise_key

    def take(self, binding: bytes, to_key: Point) -> Randomiser:
        """See :class:`Randomisers`. Raises: ``POINT_INVALID`` when ``to_key`` is not in the group."""
        keyed = hmac.digest(self._key, length_prefixed(_RERANDOMISE_LABEL, binding, to_key), "sha512")
        scalar = self._group.hash_to_scalar(_RERANDOMISE_LABEL, keyed)
        return Randomiser(
            scalar=scalar, base=self._group.base_multiply(scalar), key=self._group.multiply(scalar, to_key)
        )


class Translator:
    """Converts encrypted codes between institutions; one instance serves one hub process.

    Factors are derived from the root keys, never stored. The two scalars of a pair of institutions are kept in memory,
    because making them costs an inversion.
    """

    def __init__(
        self,
        group: Group,
        keys: HubKeys,
        randomisers: Randomisers | None = None,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        """``random_bytes`` gives the proofs their randomness."""
        self._group = group
        self._random_bytes = random_bytes
        self._proving: Together[Randomised, bytes] = Together(_MOST_PROVED_TOGETHER)
        self._keys = keys
        self._randomisers = randomisers or DerivedRandomisers(group, keys.rerandomise_key)
        self._between = lru_cache(maxsize=_REMEMBERED_PAIRS)(self._derive_between)
        self._issuing = lru_cache(maxsize=_REMEMBERED_PAIRS)(self._derive_issuing)
        self._terms = lru_cache(maxsize=_REMEMBERED_PAIRS)(self.terms)

    def factor(self, institution: InstitutionCode, epoch: int) -> Scalar:
        """s_X: what separates this institution's codes from every other's."""
        return self._derive(_FACTOR_LABEL, self._keys.factor_key, institution, epoch)

    def opening_share(self, institution: InstitutionCode, epoch: int) -> Scalar:
        """h_X: the hub's share of the key that opens requests to this institution.

        Raises: KEY_INVALID when the hub has no opening key of that epoch.
        """
        return self._derive(_OPENING_LABEL, self._keys.opening_key_of(epoch), institution, epoch)

    def commitment(self, institution: InstitutionCode, epoch: int) -> Point:
        """S_X = s_X*G, the public commitment to the factor."""
        return self._group.base_multiply(self.factor(institution, epoch))

    def directory_points(
        self,
        party: Party,
        epoch: int,
        agency_key: Point,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> DirectoryPoints:
        """What the entry of ``epoch`` of an institution with the key ``agency_key`` (Y_X) holds from the hub.

        The proof is bound to :func:`warifu.exchange.proofs.joint_key_context`. Raises: ``POINT_INVALID`` for a key outside the
        group.
        """
        share = self.opening_share(party.institution, party.opening_epoch)
        context = joint_key_context(party.institution, epoch)
        return DirectoryPoints(
            commitment=self.commitment(party.institution, party.code_epoch),
            opening_key=self._group.base_multiply(share),
            joint_key=self._group.multiply(share, agency_key),
            proof=prove_joint_key(self._group, share, agency_key, context, random_bytes),
        )

    def terms(self, from_: Party | None, to: Party, to_key: Point) -> ConversionTerms:
        """What is public of all conversions from ``from_`` (None: codes being issued) to ``to`` under its key Y_B."""
        return ConversionTerms(
            source_commitment=self._commitment_of(from_) if from_ else self._group.generator,
            target_commitment=self._commitment_of(to),
            opening_key=self._group.base_multiply(self._share_of(to)),
            target_key=to_key,
        )

    def convert(
        self, *, context: bytes, encrypted: EncryptedCode, from_: Party | None, to: Party, to_key: Point
    ) -> EncryptedCode:
        """Turn a code of ``from_``, encrypted to the joint key of ``to``, into the code of ``to`` under its key Y_B.

        With ``from_`` None, a person point of the numbering authority, as with s_A = 1. ``encrypted`` may come straight
        from the wire: its points are proven to be in the group here. The same arguments give the same result. Raises:
        ``POINT_INVALID``.
        """
        randomiser = self._randomisers.take(_binding(context, encrypted, from_, to), to_key)
        return self._raise(encrypted, self._factors(from_, to), randomiser)

    def conversion(
        self, *, context: bytes, encrypted: EncryptedCode, from_: Party, to: Party, to_key: Point, proven: bool = True
    ) -> Paced[tuple[EncryptedCode, bytes]]:
        """:meth:`convert` in steps, and its proof, which shares what it can with others of the same pair in step.

        Without ``proven`` the proof is empty. The conversion is the same, so that it can be proven later.
        """
        binding = _binding(context, encrypted, from_, to)
        factors = self._factors(from_, to)
        yield
        randomiser = self._randomisers.take(binding, to_key)
        yield
        converted = self._raise(encrypted, factors, randomiser)
        if not proven:
            return converted, b""
        yield
        conversion = Conversion(context=context, encrypted=encrypted, converted=converted)
        made = Randomised(conversion, randomiser.scalar)
        pair = (from_, to, to_key)
        proof = yield from self._proving.sharing(pair, made, lambda together: self._proved(pair, together))
        return converted, proof

    def convert_batch(
        self, *, context: bytes, encrypted: Sequence[EncryptedCode], from_: Party | None, to: Party, to_key: Point
    ) -> tuple[list[EncryptedCode], bytes]:
        """:meth:`convert` for at most 256 codes that stay together, and one proof for all of them."""
        factors, made = self._factors(from_, to), list[Randomised]()
        for each in encrypted:
            randomiser = self._randomisers.take(_binding(context, each, from_, to), to_key)
            converted = self._raise(each, factors, randomiser)
            conversion = Conversion(context=context, encrypted=each, converted=converted)
            made.append(Randomised(conversion, randomiser.scalar))
        witness, terms = ConversionWitness(*factors), self._terms(from_, to, to_key)
        proof = prove_batch(self._group, terms, made, witness, self._random_bytes)
        return [each.conversion.converted for each in made], proof

    def _proved(self, pair: tuple[Party, Party, Point], together: Sequence[Randomised]) -> list[bytes]:
        witness = ConversionWitness(*self._factors(*pair[:2]))
        return prove_together(self._group, self._terms(*pair), together, witness, self._random_bytes)

    def _factors(self, from_: Party | None, to: Party) -> tuple[Scalar, Scalar]:
        return self._between(from_, to) if from_ else self._issuing(to)

    def _raise(self, encrypted: EncryptedCode, factors: tuple[Scalar, Scalar], randomiser: Randomiser) -> EncryptedCode:
        t, u = factors
        group = self._group
        return EncryptedCode(
            group.add(group.multiply(u, encrypted.c1), randomiser.base),
            group.add(group.multiply(t, encrypted.c2), randomiser.key),
        )

    def _derive(self, label: bytes, key: bytes, institution: InstitutionCode, epoch: int) -> Scalar:
        named = length_prefixed(str(institution).encode(), epoch.to_bytes(4, "big"))
        return self._group.hash_to_scalar(label, hmac.digest(key, named, "sha512"))

    def _derive_between(self, from_: Party, to: Party) -> tuple[Scalar, Scalar]:
        t = self._group.scalar_multiply(self._factor_of(to), self._group.scalar_invert(self._factor_of(from_)))
        return t, self._group.scalar_multiply(t, self._share_of(to))

    def _derive_issuing(self, to: Party) -> tuple[Scalar, Scalar]:
        t = self._factor_of(to)
        return t, self._group.scalar_multiply(t, self._share_of(to))

    def _factor_of(self, party: Party) -> Scalar:
        return self.factor(party.institution, party.code_epoch)

    def _share_of(self, party: Party) -> Scalar:
        return self.opening_share(party.institution, party.opening_epoch)

    def _commitment_of(self, party: Party) -> Point:
        return self.commitment(party.institution, party.code_epoch)


def _party_bytes(party: Party) -> bytes:
    """The party, for a binding; opening epoch 1 goes without saying."""
    epochs = [party.code_epoch] if party.opening_epoch == 1 else [party.code_epoch, party.opening_epoch]
    return length_prefixed(str(party.institution).encode(), *(epoch.to_bytes(4, "big") for epoch in epochs))


def _binding(context: bytes, encrypted: EncryptedCode, from_: Party | None, to: Party) -> bytes:
    """Everything a conversion depends on except the key, so that no two conversions ever share a randomiser."""
    source = _party_bytes(from_) if from_ else b""
    return length_prefixed(context, encrypted.c1, encrypted.c2, source, _party_bytes(to))

"""Proofs that the hub converted the very codes it was given, without showing the secrets behind them.

Decides whether what an agency opens is the conversion of the ciphertext that was signed for it. Without that, a hub
could let an agency open the difference of two people's codes and learn from the reaction whether they are one person.
Pure functions over values; randomness is an argument. Must never know whose code is converted.

t and u are the same for all conversions between two institutions and epochs, so that conversions in step share one
Fiat-Shamir challenge, over the root of a tree in which each has its leaf. With S the published commitments, H the hub's
published opening key and Y the key converted to:

    statement   S_B = t*S_A      u*G = t*H      D1 = u*C1 + k*G      D2 = t*C2 + k*Y         (C given, D converted)
    shared      T1 = a*S_A       T2 = b*G - a*H                              (a, b fresh, for all of one tree)
    each        T3 = b*C1 + c*G  T4 = a*C2 + c*Y                             (c fresh for each)
    e           H2S(S_A, S_B, H, Y, T1, T2, root), the leaves being (context, C, D, T3, T4)
    responses   z_t = a + e*t    z_u = b + e*u    z_k = c + e*k

Whether a proof holds, anybody can tell without a key, and the hub too: so the answer to that tells it nothing. A check
of what opens, with the agency's own secret, would be cheaper, and an oracle: it would pass for the conversion of any other
ciphertext of the same person. (The agency does use its secret y for z_k*Y, which is (z_k*y)*G: the same point, and so the
same answer, a third cheaper.) For the same reason nothing is opened before it holds. The layout, and why it is sound: docs/proofs.md.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from warifu.canonical import digest
from warifu.curve.group import SCALAR_SIZE, Group, Point, RandomBytes, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, open_multiplied
from warifu.exchange.directory_entry import DirectoryEntry
from warifu.exchange.together import MOST_TOGETHER, root_of, ways_to_root
from warifu.lockstep import Lockstep, Paced, at_once

__all__ = [
    "IN_A_BATCH",
    "PROOF_SIZE",
    "Conversion",
    "ConversionTerms",
    "ConversionWitness",
    "Randomised",
    "check_proven",
    "open_batch",
    "open_proven",
    "prove_batch",
    "prove_together",
    "terms_between",
]

_SHARED_SIZE: Final = 3 * SCALAR_SIZE

IN_A_BATCH: Final = 50
"""Codes that one proof is about where many are converted in one request: some 15 ms of arithmetic at one go, 25 in suite 2."""

PROOF_SIZE: Final = _SHARED_SIZE + SCALAR_SIZE
"""Bytes of a proof made alone: e, z_t, z_u, z_k. One made together has its way to the root after that."""

_LEAF_LABEL: Final = b"warifu-v1/conversion-leaf"
_CHALLENGE_LABEL: Final = b"warifu-v1/conversion-proof"
_NONCE_LABEL: Final = b"warifu-v1/conversion-nonce"
_REMEMBERED_TREES: Final = 4096


class ConversionTerms(NamedTuple):
    """What is public of all conversions from institution A to B under their keys.

    ``source_commitment`` is S_A (the generator when a code is issued), ``target_commitment`` S_B, ``opening_key`` H,
    ``target_key`` B's own key Y.
    """

    source_commitment: Point
    target_commitment: Point
    opening_key: Point
    target_key: Point


def terms_between(inquirer: DirectoryEntry, provider: DirectoryEntry) -> ConversionTerms:
    """What the directory says of all conversions between two entries."""
    return ConversionTerms(
        source_commitment=inquirer.factor_commitment,
        target_commitment=provider.factor_commitment,
        opening_key=provider.opening_key,
        target_key=provider.agency_key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One conversion: in which context, from which encrypted code, to which."""

    context: bytes
    encrypted: EncryptedCode
    converted: EncryptedCode

    def points(self) -> tuple[Point, Point, Point, Point]:
        """C1, C2, D1, D2."""
        return self.encrypted.c1, self.encrypted.c2, self.converted.c1, self.converted.c2

    def leaf(self, commitments: tuple[bytes, bytes]) -> bytes:
        """The statement that stands for this conversion in its tree, 32 bytes."""
        return digest(_LEAF_LABEL, self.context, *self.points(), *commitments)


class ConversionWitness(NamedTuple):
    """The hub's secrets behind the conversions between two institutions: t = s_B/s_A and u = t*h."""

    factor: Scalar
    opened_factor: Scalar


class Randomised(NamedTuple):
    """A conversion as the hub knows it, with the scalar k that it was rerandomised by."""

    conversion: Conversion
    randomiser: Scalar


class _Shared(NamedTuple):
    """What all proofs of one tree have in common."""

    challenge: Scalar
    factor: Scalar
    opened_factor: Scalar


def prove_together(
    group: Group,
    terms: ConversionTerms,
    conversions: Sequence[Randomised],
    witness: ConversionWitness,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> list[bytes]:
    """A proof for each of at most 256 conversions made with ``witness``, each of which can be checked without the others.

    Measured: some 170 µs each and 120 for all in suite 1, 255 and 180 in suite 2. Raises: ``POINT_INVALID`` when a point is not in the group.
    """
    shared, responses, ways = _proved(group, terms, conversions, witness, random_bytes)
    return [shared + response + way for response, way in zip(responses, ways, strict=True)]


def prove_batch(
    group: Group,
    terms: ConversionTerms,
    conversions: Sequence[Randomised],
    witness: ConversionWitness,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> bytes:
    """One proof for at most 256 conversions that stay together: 96 bytes, and 32 for each. Raises: as :func:`prove_together`."""
    shared, responses, _ = _proved(group, terms, conversions, witness, random_bytes)
    return shared + b"".join(responses)


@Lockstep
def open_proven(
    group: Group,
    agency_secret: Scalar,
    terms: ConversionTerms,
    conversion: Conversion,
    proof: bytes,
    where: str = "conversion_proof",
) -> Paced[Point | None]:
    """The code that was converted to this agency, once it is proven to be; None for the identity, which is nobody's.

    Measured: some 240 µs for the proof and 50 for opening in suite 1, 350 and 110 in suite 2; for the first of a tree 150 more,
    260 in suite 2.
    Raises: ``CONVERSION_NOT_PROVEN`` at ``where``, whatever the fault, before anything is opened.
    """
    with _not_proven(where):
        yield from _checked(group, terms, conversion, proof, agency_secret)
        return open_multiplied(group, agency_secret, conversion.converted)


@Lockstep
def check_proven(
    group: Group, terms: ConversionTerms, conversion: Conversion, proof: bytes, where: str = "conversion_proof"
) -> Paced[None]:
    """See that a conversion is proven; needs no key. Raises: ``CONVERSION_NOT_PROVEN`` at ``where``, whatever the fault."""
    with _not_proven(where):
        yield from _checked(group, terms, conversion, proof, None)


def _checked(
    group: Group, terms: ConversionTerms, conversion: Conversion, proof: bytes, agency_secret: Scalar | None
) -> Paced[None]:
    shared, response = _shared(group, proof), group.decode_scalar(proof[_SHARED_SIZE:PROOF_SIZE])
    leaf = yield from _leaf(group, terms, conversion, shared, response, agency_secret)
    yield
    _check_challenge(group, terms, shared, root_of(leaf, proof[PROOF_SIZE:]))
    yield


def open_batch(
    group: Group,
    agency_secret: Scalar,
    terms: ConversionTerms,
    conversions: Sequence[Conversion],
    proof: bytes,
    where: str = "conversion_proof",
) -> list[Point]:
    """The codes of a batch that was converted to this agency, once each is proven to be.

    Raises: ``CONVERSION_NOT_PROVEN`` at ``where``, whatever the fault, before anything is opened; also for the identity:
    nobody's code is never issued.
    """
    with _not_proven(where):
        shared, rest = _shared(group, proof), proof[_SHARED_SIZE:]
        if not 0 < len(rest) == SCALAR_SIZE * len(conversions) <= SCALAR_SIZE * MOST_TOGETHER:
            raise ValueError("not the size of a proof for so many")
        responses = [group.decode_scalar(rest[at : at + SCALAR_SIZE]) for at in range(0, len(rest), SCALAR_SIZE)]
        leaves = [
            at_once(_leaf(group, terms, each, shared, response, agency_secret))
            for each, response in zip(conversions, responses, strict=True)
        ]
        _check_challenge(group, terms, shared, ways_to_root(leaves)[0])
        codes = [open_multiplied(group, agency_secret, each.converted) for each in conversions]
        if None in codes:
            raise ValueError("nobody's code")
        return [code for code in codes if code is not None]


def _proved(
    group: Group,
    terms: ConversionTerms,
    conversions: Sequence[Randomised],
    witness: ConversionWitness,
    random_bytes: RandomBytes,
) -> tuple[bytes, list[bytes], list[bytes]]:
    """What all proofs of one tree share, then z_k of each, and each one's way to the root."""
    a, b, *own = _nonces(group, witness, conversions, random_bytes)
    leaves = [
        each.conversion.leaf(
            _third_and_fourth(group, each.conversion.encrypted, (a, b), c, group.multiply(c, terms.target_key))
        )
        for each, c in zip(conversions, own, strict=True)
    ]
    root, ways = ways_to_root(leaves)
    first = group.multiply(a, terms.source_commitment)
    second = group.subtract(group.base_multiply(b), group.multiply(a, terms.opening_key))
    challenge = _challenge(group, terms, first, second, root)

    def response(nonce: Scalar, secret: Scalar) -> bytes:
        return group.scalar_add(nonce, group.scalar_multiply(challenge, secret)).value

    shared = challenge.value + response(a, witness.factor) + response(b, witness.opened_factor)
    return shared, [response(c, each.randomiser) for each, c in zip(conversions, own, strict=True)], ways


def _third_and_fourth(
    group: Group, given: EncryptedCode, common: tuple[Scalar, Scalar], own: Scalar, own_key: Point
) -> tuple[Point, Point]:
    """T3 and T4 as nonces make them; the same form, with responses in the nonces' place, is what a check begins with.

    ``own_key`` is ``own`` times the key converted to.
    """
    a, b = common
    return (
        group.add(group.multiply(b, given.c1), group.base_multiply(own)),
        group.add(group.multiply(a, given.c2), own_key),
    )


def _leaf(
    group: Group,
    terms: ConversionTerms,
    conversion: Conversion,
    shared: _Shared,
    response: Scalar,
    agency_secret: Scalar | None,
) -> Paced[bytes]:
    """The leaf to which the responses lead back. The points may be any bytes: they are proven to be points here.

    With ``agency_secret``, that of the key converted to, it is had a little cheaper. Raises: POINT_INVALID.
    """
    common = (shared.factor, shared.opened_factor)
    for point in conversion.points():
        group.decode_unproven(point)
    if agency_secret is None:
        own_key = group.multiply(response, terms.target_key)
    else:
        own_key = group.base_multiply(group.scalar_multiply(response, agency_secret))
    third, fourth = _third_and_fourth(group, conversion.encrypted, common, response, own_key)
    yield
    challenge, made = shared.challenge, conversion.converted
    return conversion.leaf(
        (
            group.subtract(third, group.multiply(challenge, made.c1)),
            group.subtract(fourth, group.multiply(challenge, made.c2)),
        )
    )


def _shared(group: Group, proof: bytes) -> _Shared:
    """What all of the tree share. Raises: KEY_INVALID."""
    at = range(0, _SHARED_SIZE, SCALAR_SIZE)
    return _Shared(*(group.decode_scalar(proof[start : start + SCALAR_SIZE]) for start in at))


@contextmanager
def _not_proven(where: str) -> Iterator[None]:
    try:
        yield
    except (WarifuError, ValueError) as error:
        debug = error.reason.value if isinstance(error, WarifuError) else str(error)
        raise WarifuError(Reason.CONVERSION_NOT_PROVEN, where=where, debug=debug) from None


@lru_cache(maxsize=_REMEMBERED_TREES)
def _check_challenge(group: Group, terms: ConversionTerms, shared: _Shared, root: bytes) -> None:
    """That the challenge came after everything it is over. Raises: ValueError when it did not; POINT_INVALID.

    Only a tree that passed is remembered: a failure raises, and is looked at anew each time.
    """
    if shared.challenge != _challenge(group, terms, *_shared_commitments(group, terms, shared), root):
        raise ValueError("not the challenge")


@lru_cache(maxsize=_REMEMBERED_TREES)
def _shared_commitments(group: Group, terms: ConversionTerms, shared: _Shared) -> tuple[Point, Point]:
    """T1 and T2, as the responses give them. All conversions of one tree have the same."""
    return (
        group.subtract(
            group.multiply(shared.factor, terms.source_commitment),
            group.multiply(shared.challenge, terms.target_commitment),
        ),
        group.subtract(group.base_multiply(shared.opened_factor), group.multiply(shared.factor, terms.opening_key)),
    )


def _challenge(group: Group, terms: ConversionTerms, first: Point, second: Point, root: bytes) -> Scalar:
    return group.hash_to_scalar(_CHALLENGE_LABEL, group.generator, *terms, first, second, root)


def _nonces(
    group: Group, witness: ConversionWitness, conversions: Sequence[Randomised], random_bytes: RandomBytes
) -> list[Scalar]:
    """a, b and a c for each, from randomness and, in case that repeats, from the secrets and everything that is proven.

    A nonce that served two challenges would give the secret away.
    """
    bound = digest(_NONCE_LABEL, *(each.conversion.leaf((b"", b"")) for each in conversions))
    key = b"".join(secret.value for secret in (*witness, *(each.randomiser for each in conversions)))
    key = hmac.digest(key, bound, "sha512")
    names = range(2 + len(conversions))
    keyed = (hmac.digest(key, name.to_bytes(2, "big"), "sha512") for name in names)
    return [group.hash_to_scalar(_NONCE_LABEL, random_bytes(32), each) for each in keyed]

"""Proofs that keys and conversions are what they claim to be, without showing the secrets behind them.

Decides whether a hub's joint key really is its opening share times the agency's own key (else the hub could publish a
key it can open alone), and whether one conversion used the published factors. Both are Fiat-Shamir proofs of knowledge
of discrete logarithms (Chaum-Pedersen); the challenge hashes every public value and the context. Pure functions over
values; randomness is an argument. Must never know whose code is converted.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from warifu.canonical import length_prefixed
from warifu.curve.group import SCALAR_SIZE, Group, Point, RandomBytes, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode

__all__ = [
    "CONVERSION_PROOF_SIZE",
    "JOINT_KEY_PROOF_SIZE",
    "ConversionStatement",
    "ConversionWitness",
    "joint_key_context",
    "prove_conversion",
    "prove_joint_key",
    "verify_conversion",
    "verify_joint_key",
]

JOINT_KEY_PROOF_SIZE = 2 * SCALAR_SIZE
"""Bytes in a joint-key proof: challenge and one response."""

CONVERSION_PROOF_SIZE = 4 * SCALAR_SIZE
"""Bytes in a conversion proof: challenge and three responses."""

_JOINT_KEY_LABEL = b"warifu-v1/dleq-keydir"
_CONVERSION_LABEL = b"warifu-v1/dleq-convert"
_NONCE_LABEL = b"warifu-v1/proof-nonce"


def joint_key_context(institution: str, epoch: int) -> bytes:
    """What a joint-key proof is bound to: one institution (its code's digits) and one epoch."""
    return length_prefixed(institution.encode(), epoch.to_bytes(4, "big"))


def prove_joint_key(
    group: Group,
    opening_share: Scalar,
    agency_key: Point,
    context: bytes,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> bytes:
    """Prove log_G(opening key) = log_agency_key(joint key), 64 bytes. ``opening_share`` is the hub's secret share h.

    Raises: ``POINT_INVALID`` when ``agency_key`` is not in the group.
    """
    opening_key = group.base_multiply(opening_share)
    joint_key = group.multiply(opening_share, agency_key)
    nonce = _nonce(group, (opening_share,), context + agency_key, random_bytes, b"a")
    commitments = group.base_multiply(nonce), group.multiply(nonce, agency_key)
    challenge = group.hash_to_scalar(
        _JOINT_KEY_LABEL, context, group.generator, agency_key, opening_key, joint_key, *commitments
    )
    return challenge.value + _response(group, nonce, challenge, opening_share).value


def verify_joint_key(
    group: Group, *, agency_key: Point, opening_key: Point, joint_key: Point, context: bytes, proof: bytes
) -> None:
    """Check a joint-key proof. The keys may come from outside; they are proven to be in the group on the way.

    Raises: ``DIRECTORY_INVALID`` when the proof, a key or the context does not fit.
    """
    try:
        challenge, response = _scalars(group, proof, 2)
        commitments = (
            group.subtract(group.base_multiply(response), group.multiply(challenge, opening_key)),
            group.subtract(group.multiply(response, agency_key), group.multiply(challenge, joint_key)),
        )
    except WarifuError as error:
        raise WarifuError(Reason.DIRECTORY_INVALID, where="joint_key_proof", debug=error.reason.value) from None
    expected = group.hash_to_scalar(
        _JOINT_KEY_LABEL, context, group.generator, agency_key, opening_key, joint_key, *commitments
    )
    if challenge != expected:
        raise WarifuError(Reason.DIRECTORY_INVALID, where="joint_key_proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionStatement:
    """The public side of one conversion from agency A to agency B.

    ``source_commitment`` is S_A (the generator when a code is issued), ``target_commitment`` S_B, ``opening_key``
    Y_H of B, ``target_key`` B's own key Y_B.
    """

    source_commitment: Point
    target_commitment: Point
    opening_key: Point
    target_key: Point
    encrypted: EncryptedCode
    converted: EncryptedCode

    def points(self) -> tuple[Point, ...]:
        """All points, in the order in which they are hashed."""
        return (
            self.source_commitment,
            self.target_commitment,
            self.opening_key,
            self.target_key,
            self.encrypted.c1,
            self.encrypted.c2,
            self.converted.c1,
            self.converted.c2,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionWitness:
    """The hub's secrets behind one conversion: ``factor`` t = s_B/s_A, ``opened_factor`` u = t*h_B, ``randomiser`` k.

    Masked when printed, as every scalar is.
    """

    factor: Scalar
    opened_factor: Scalar
    randomiser: Scalar


def prove_conversion(
    group: Group,
    statement: ConversionStatement,
    witness: ConversionWitness,
    context: bytes,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> bytes:
    """Prove that a conversion used the published factors, 128 bytes; about 0.6 ms in suite 2.

    Shows S_B = t*S_A, u*G = t*Y_H, D1 = u*C1 + k*G and D2 = t*C2 + k*Y_B together. Not made on the normal path: since
    k is derived, the hub can prove any logged conversion later. Raises: ``POINT_INVALID`` when a point is not in the
    group.
    """
    secrets_used = (witness.factor, witness.opened_factor, witness.randomiser)
    bound = length_prefixed(context, *statement.points())
    a, b, c = (_nonce(group, secrets_used, bound, random_bytes, name) for name in (b"a", b"b", b"c"))
    encrypted = statement.encrypted
    commitments = (
        group.multiply(a, statement.source_commitment),
        group.subtract(group.base_multiply(b), group.multiply(a, statement.opening_key)),
        group.add(group.multiply(b, encrypted.c1), group.base_multiply(c)),
        group.add(group.multiply(a, encrypted.c2), group.multiply(c, statement.target_key)),
    )
    challenge = _conversion_challenge(group, statement, context, commitments)
    responses = (
        _response(group, nonce, challenge, secret).value for nonce, secret in zip((a, b, c), secrets_used, strict=True)
    )
    return challenge.value + b"".join(responses)


def verify_conversion(group: Group, statement: ConversionStatement, context: bytes, proof: bytes) -> None:
    """Check a conversion proof; about 1 ms in suite 2. Needs no key, and shows no code to whoever checks it.

    Raises: ``HUB_ANSWER_INVALID`` when the proof, a point or the context does not fit.
    """
    try:
        challenge, factor, opened_factor, randomiser = _scalars(group, proof, 4)
        commitments = _expected_commitments(group, statement, challenge, (factor, opened_factor, randomiser))
    except WarifuError as error:
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="conversion_proof", debug=error.reason.value) from None
    if challenge != _conversion_challenge(group, statement, context, commitments):
        raise WarifuError(Reason.HUB_ANSWER_INVALID, where="conversion_proof")


def _expected_commitments(
    group: Group, statement: ConversionStatement, challenge: Scalar, responses: tuple[Scalar, Scalar, Scalar]
) -> tuple[Point, ...]:
    factor, opened_factor, randomiser = responses
    encrypted, converted = statement.encrypted, statement.converted
    first = group.add(group.multiply(opened_factor, encrypted.c1), group.base_multiply(randomiser))
    second = group.add(group.multiply(factor, encrypted.c2), group.multiply(randomiser, statement.target_key))
    return (
        group.subtract(
            group.multiply(factor, statement.source_commitment), group.multiply(challenge, statement.target_commitment)
        ),
        group.subtract(group.base_multiply(opened_factor), group.multiply(factor, statement.opening_key)),
        group.subtract(first, group.multiply(challenge, converted.c1)),
        group.subtract(second, group.multiply(challenge, converted.c2)),
    )


def _conversion_challenge(
    group: Group, statement: ConversionStatement, context: bytes, commitments: tuple[Point, ...]
) -> Scalar:
    return group.hash_to_scalar(_CONVERSION_LABEL, context, group.generator, *statement.points(), *commitments)


def _nonce(group: Group, used: tuple[Scalar, ...], bound: bytes, random_bytes: RandomBytes, name: bytes) -> Scalar:
    """A one-time scalar from randomness and, in case that repeats, from the secrets and the statement itself.

    A nonce that served two different statements would give the secret away.
    """
    keyed = hmac.digest(b"".join(secret.value for secret in used), length_prefixed(_NONCE_LABEL, name, bound), "sha512")
    return group.hash_to_scalar(_NONCE_LABEL, random_bytes(32), keyed)


def _response(group: Group, nonce: Scalar, challenge: Scalar, secret: Scalar) -> Scalar:
    return group.scalar_add(nonce, group.scalar_multiply(challenge, secret))


def _scalars(group: Group, proof: bytes, count: int) -> tuple[Scalar, ...]:
    if len(proof) != count * SCALAR_SIZE:
        raise WarifuError(Reason.KEY_INVALID)
    return tuple(group.decode_scalar(proof[at : at + SCALAR_SIZE]) for at in range(0, len(proof), SCALAR_SIZE))

"""Proofs that keys are what they claim to be, without showing the secrets behind them.

Decides whether a hub's joint key really is its opening share times the agency's own key (else the hub could publish a
key it can open alone). A Fiat-Shamir proof of knowledge of equal discrete logarithms (Chaum-Pedersen); the challenge
hashes every public value and the context. Pure functions over values; randomness is an argument. That conversions are
right is proven in ``conversion_proof``.
"""

from __future__ import annotations

import hmac
import secrets

from warifu.canonical import length_prefixed
from warifu.curve.group import SCALAR_SIZE, Group, Point, RandomBytes, Scalar
from warifu.errors import Reason, WarifuError

__all__ = [
    "JOINT_KEY_PROOF_SIZE",
    "joint_key_context",
    "prove_joint_key",
    "verify_joint_key",
]

JOINT_KEY_PROOF_SIZE = 2 * SCALAR_SIZE
"""Bytes in a joint-key proof: challenge and one response."""

_JOINT_KEY_LABEL = b"warifu-v1/dleq-keydir"
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

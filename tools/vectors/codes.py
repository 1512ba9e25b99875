"""codes-suite1.json and -suite2.json: a person's code from the authority's key to the provider's row, and every proof on the way.

Made by the functions that the parties use. Whoever proves draws nonces; here they are told, so that each equation can be
calculated forwards as well as checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vectors.contexts import ISSUED, ROTATED, exchange_context
from vectors.world import CHILDCARE, Agency, World, hexed, hexed_fields, nonce_of
from warifu.curve.group import Point
from warifu.exchange.code_proof import prove_own
from warifu.exchange.codes import EncryptedCode, encrypt_code, hedged_randomness, open_code, person_point, row_key
from warifu.exchange.conversion_proof import Conversion, ConversionWitness, Randomised, prove_batch, prove_together
from warifu_hub.translate import DerivedRandomisers, _binding

__all__ = ["codes"]


def codes(world: World) -> dict[str, Any]:
    """The whole file, and the code of the person at childcare on the way."""
    group, keys = world.group, world.hub_keys
    point = person_point(group, world.authority_key, world.person_id)
    issuing = _issuing(world, point)
    code = Point(bytes.fromhex(issuing["code"]))
    exchanging = _exchanging(world, code)
    return {
        "about": "SIMULATED. Scalars are little-endian; names are those of docs/protocol/codes.md and docs/proofs.md.",
        "suite": group.suite,
        "G": group.generator.hex(),
        "authority_key": world.authority_key.hex(),
        "person_id": world.person_id.hex(),
        "P": point.hex(),
        "hub": hexed(
            {
                "factor_key": keys.factor_key,
                "opening_keys": {"1": keys.opening_key, "2": keys.later_opening_keys[2]},
                "rerandomise_key": keys.rerandomise_key,
            }
        ),
        "agencies": {name: world.told(agency) for name, agency in world.agencies.items()},
        "issuing": issuing,
        "exchanging": exchanging,
        "rotating": _rotating(world, Point(bytes.fromhex(exchanging["code"]))),
    }


def _issuing(world: World, point: Point) -> dict[str, Any]:
    """Codes of two people to childcare in one batch, the second of somebody else, with one proof for both."""
    group, drawn, to = world.group, world.drawn, world.agencies["childcare"]
    context = exchange_context(
        group.suite, drawn(16), to.entry.key_id, **{**ISSUED, "provider": CHILDCARE, "epoch_to": to.epoch}
    ).encode()
    other_id = drawn(16)
    points = [point, person_point(group, world.authority_key, other_id)]
    rs = [group.random_scalar(drawn) for _ in points]
    encrypted = [encrypt_code(group, each, to.published.joint_key, r) for each, r in zip(points, rs, strict=True)]
    converted, proof, told = _batch(world, None, to, context, encrypted)
    opened = [open_code(group, to.secret, each) for each in converted]
    return hexed_fields(
        {
            "context": context,
            "other_person_id": other_id,
            "r": rs,
            "encrypted": encrypted,
            **told,
            "converted": converted,
            "proof": proof,
            "codes": opened,
            "code": opened[0],
        }
    )


def _batch(
    world: World, from_: Agency | None, to: Agency, context: bytes, encrypted: Sequence[EncryptedCode]
) -> tuple[list[EncryptedCode], bytes, dict[str, Any]]:
    made = [_converted(world, from_, to, context, each) for each in encrypted]
    witness, terms = _witness(world, from_, to), world.hub.terms(from_.party if from_ else None, to.party, to.key)
    proof = prove_batch(world.group, terms, made, witness, world.drawn)
    told = _factors(witness) | {
        "binding": [_bound(context, each, from_, to) for each in encrypted],
        "k": [each.randomiser for each in made],
        "nonces": {
            "a": nonce_of(proof, 1, witness.factor),
            "b": nonce_of(proof, 2, witness.opened_factor),
            "c": [nonce_of(proof, 3 + place, each.randomiser) for place, each in enumerate(made)],
        },
    }
    return [each.conversion.converted for each in made], proof, told


def _converted(world: World, from_: Agency | None, to: Agency, context: bytes, encrypted: EncryptedCode) -> Randomised:
    """A conversion as the hub makes it, with its randomiser."""
    party = from_.party if from_ else None
    converted = world.hub.convert(context=context, encrypted=encrypted, from_=party, to=to.party, to_key=to.key)
    taken = DerivedRandomisers(world.group, world.hub_keys.rerandomise_key)
    randomiser = taken.take(_bound(context, encrypted, from_, to), to.key)
    conversion = Conversion(context=context, encrypted=encrypted, converted=converted)
    return Randomised(conversion, randomiser.scalar)


def _bound(context: bytes, encrypted: EncryptedCode, from_: Agency | None, to: Agency) -> bytes:
    return _binding(context, encrypted, from_.party if from_ else None, to.party)


def _witness(world: World, from_: Agency | None, to: Agency) -> ConversionWitness:
    return ConversionWitness(*world.hub._factors(from_.party if from_ else None, to.party))  # noqa: SLF001


def _factors(witness: ConversionWitness) -> dict[str, Any]:
    return {"t": witness.factor, "u": witness.opened_factor}


def _exchanging(world: World, code: Point) -> dict[str, Any]:
    """Three inquiries of childcare to tax about one person, proven together; the first is what the other files go on with."""
    group, drawn = world.group, world.drawn
    from_, to = world.agencies["childcare"], world.agencies["tax"]
    hedge_key, row_secret = drawn(32), drawn(32)
    asked: list[dict[str, Any]] = []
    for _ in range(3):
        request_id, given = drawn(16), drawn(32)
        context = exchange_context(group.suite, request_id, to.entry.key_id).encode()
        r = hedged_randomness(group, hedge_key, code, request_id, lambda _, given=given: given)  # type: ignore[misc]
        encrypted = encrypt_code(group, code, to.published.joint_key, r)
        proof = prove_own(group, r, encrypted, context, drawn)
        asked.append(
            {
                "request_id": request_id,
                "random": given,
                "context": context,
                "r": r,
                "encrypted": encrypted,
                "code_proof": proof,
                "code_proof_nonce": nonce_of(proof, 1, r),
                "binding": _bound(context, encrypted, from_, to),
            }
        )
    made = [_converted(world, from_, to, each["context"], each["encrypted"]) for each in asked]
    witness, terms = _witness(world, from_, to), world.hub.terms(from_.party, to.party, to.key)
    proofs = prove_together(group, terms, made, witness, drawn)
    alone = prove_together(group, terms, made[:1], witness, drawn)[0]
    for each, conversion, proof in zip(asked, made, proofs, strict=True):
        each |= {
            "k": conversion.randomiser,
            "converted": conversion.conversion.converted,
            "proof": proof,
            "nonce_c": nonce_of(proof, 3, conversion.randomiser),
        }
    opened = open_code(group, to.secret, made[0].conversion.converted)
    return hexed_fields(
        {
            "hedge_key": hedge_key,
            **_factors(witness),
            "nonces": {"a": nonce_of(proofs[0], 1, witness.factor), "b": nonce_of(proofs[0], 2, witness.opened_factor)},
            "inquiries": asked,
            "proof_alone": alone,
            "code": opened,
            "row_secret": row_secret,
            "row_key": row_key(row_secret, opened),
        }
    )


def _rotating(world: World, code: Point) -> dict[str, Any]:
    """Tax's code of code epoch 3 to code epoch 4, with the mixture that its node sends along."""
    group, drawn, now, after = world.group, world.drawn, world.agencies["tax"], world.tax_next
    epochs = {"epoch_from": now.epoch, "epoch_to": after.epoch}
    context = exchange_context(group.suite, drawn(16), after.entry.key_id, **{**ROTATED, **epochs}).encode()
    weights = [group.random_scalar(drawn) for _ in range(2)]
    mixture = group.add(group.multiply(weights[0], code), group.multiply(weights[1], now.published.commitment))
    rs = [group.random_scalar(drawn) for _ in range(2)]
    encrypted = [
        encrypt_code(group, each, after.published.joint_key, r) for each, r in zip((code, mixture), rs, strict=True)
    ]
    made = [_converted(world, now, after, context, each) for each in encrypted]
    return hexed_fields(
        {
            "after": world.told(after),
            "context": context,
            "weights": weights,
            "r": rs,
            "encrypted": encrypted,
            **_factors(_witness(world, now, after)),
            "k": [each.randomiser for each in made],
            "converted": [each.conversion.converted for each in made],
            "codes": [open_code(group, after.secret, each.conversion.converted) for each in made],
        }
    )

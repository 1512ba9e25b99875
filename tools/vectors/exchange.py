"""exchange-suite1.json and -suite2.json: one exchange and one batch of issued codes as messages, with every key.

The codes are those of the suite's file of codes. Each statement has its fields by the names that docs/protocol/signed.md
gives them, so that the page's tables can be held against it.
"""

from __future__ import annotations

from typing import Any

from vectors.contexts import ISSUED_MS
from vectors.drawn import Drawn
from vectors.hpke import padded, public_of, sealed_together_with, sealed_with
from vectors.world import World, hexed
from warifu.agency import ProvidedRecord
from warifu.api.record.v1 import sealed_pb2
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.api.type.v1 import inquiry_pb2
from warifu.canonical import digest
from warifu.exchange import statements
from warifu.exchange.boxes_together import answer_info, between_answers, between_queries
from warifu.exchange.seal import LEAST_ANSWER, PADDING_STEP, SealingKey, open_sealed, seal_at_rest
from warifu.exchange.signature import SigningKey
from warifu.exchange.statements import (
    answer_digest,
    inquiry_digest,
    sign_answer,
    sign_conversion,
    sign_inquiry,
    sign_issue,
    sign_permit,
    sign_rotation,
)

__all__ = ["boxes", "exchange", "statement"]

_NUMBER, _ROW = "20260615123456789012", "R01"


def statement(label: str, fields: dict[str, Any], items: tuple[bytes, ...], **signed: Any) -> dict[str, Any]:
    """One statement: what is under it by name, its digest, and who signed it if anybody."""
    return {"label": label, "fields": hexed(fields), "statement": digest(label.encode(), *items).hex(), **hexed(signed)}


def exchange(world: World, told: dict[str, Any]) -> dict[str, Any]:
    """The whole file; ``told`` is the file of codes of the same suite."""
    drawn = Drawn(f"exchange of suite {world.group.suite}")
    seeds = {"inquirer": world.seeds["childcare"], "provider": world.seeds["tax"]}
    seeds |= {name: world.seeds[name] for name in ("hub", "authority")}
    keys = {name: SigningKey(seed) for name, seed in seeds.items()}
    sealing, answer_key = world.sealing["tax"], drawn(32)
    asked = told["exchanging"]["inquiries"][0]
    query = sealed_pb2.SealedQuery(answer_key=public_of(answer_key), fiscal_year=2026)
    box = _box(drawn(32), sealing, bytes.fromhex(asked["context"]), query.SerializeToString(), PADDING_STEP)
    inquiry = inquiry_pb2.SignedInquiry(
        context=bytes.fromhex(asked["context"]),
        encrypted_code=_code(asked["encrypted"]),
        sealed_query=bytes.fromhex(box["box"]),
        code_proof=bytes.fromhex(asked["code_proof"]),
        citizen_tag=drawn(16),
    )
    sign_inquiry(keys["inquirer"], inquiry)
    digested = inquiry_digest(inquiry)
    permit = inquiry_pb2.ProvisionPermit(
        inquiry=inquiry,
        converted_code=_code(asked["converted"]),
        processing_number=_NUMBER,
        permission_row=_ROW,
        conversion_proof=bytes.fromhex(told["exchanging"]["proof_alone"]),
    )
    permit.permit_time.FromMilliseconds(ISSUED_MS + 60_000)
    sign_permit(keys["hub"], permit, digested)
    answer_box, answer = _answered(drawn, keys["provider"], answer_key, inquiry, digested)
    return {
        "about": "SIMULATED. message is the serialized protobuf message; fields are named as in docs/protocol/signed.md.",
        "suite": world.group.suite,
        "signing": {name: {"seed": seeds[name].hex(), "public": keys[name].verify_key.hex()} for name in seeds},
        "sealing": {"private": sealing.hex(), "public": public_of(sealing).hex()},
        "answer_key": {"private": answer_key.hex(), "public": public_of(answer_key).hex()},
        "query": box,
        "answer": answer_box,
        "messages": {
            "inquiry": inquiry.SerializeToString(deterministic=True).hex(),
            "permit": permit.SerializeToString(deterministic=True).hex(),
            "answer": answer.SerializeToString(deterministic=True).hex(),
        },
        "statements": [
            *_inquiry_statements(inquiry, seeds["inquirer"]),
            _permit_statement(permit, digested, seeds["hub"]),
            *_answer_statements(answer, digested, seeds["provider"]),
            *_batch_statements(told, seeds, keys),
        ],
    }


def _code(told: dict[str, str]) -> inquiry_pb2.EncryptedCode:
    return inquiry_pb2.EncryptedCode(c1=bytes.fromhex(told["c1"]), c2=bytes.fromhex(told["c2"]))


def _box(ephemeral: bytes, private: bytes, info: bytes, plaintext: bytes, least: int) -> dict[str, Any]:
    """A box with everything that it is made from; the project's own function opens it, or there is none."""
    made = padded(plaintext, least)
    box = sealed_with(ephemeral, public_of(private), info, made)
    assert open_sealed(SealingKey.from_bytes(private), info, box, where="vector", least=least) == plaintext
    told = {"ephemeral": ephemeral, "to": private, "info": info, "plaintext": plaintext, "padded": made, "box": box}
    return {**{name: value.hex() for name, value in told.items()}, "least": least}


def _boxes_together(drawn: Drawn, private: bytes) -> list[dict[str, Any]]:
    """Queries, and answers, that share a set-up: places at both ends of what two bytes hold, and between."""
    both = drawn(50)
    context = both[:2] + drawn(16) + both[2:34] + drawn(50) + both[34:]
    made = []
    for between, least in ((between_queries(context), PADDING_STEP), (between_answers(context), LEAST_ANSWER)):
        ephemeral = drawn(32)
        boxes = [_together(drawn, ephemeral, private, between, place, least) for place in (0, 1, 255, 256, 65_535)]
        told = {"context": context, "ephemeral": ephemeral, "to": private, "info": between}
        made.append({**{name: value.hex() for name, value in told.items()}, "least": least, "boxes": boxes})
    return made


def _together(drawn: Drawn, ephemeral: bytes, private: bytes, between: bytes, place: int, least: int) -> dict[str, Any]:
    aad, plaintext = drawn(116), drawn(40)
    body = padded(plaintext, least)
    box = sealed_together_with(ephemeral, public_of(private), between, place, aad, body)
    key = SealingKey.from_bytes(private)
    assert open_sealed(key, aad, box, where="vector", least=least, between=between) == plaintext
    told = {"aad": aad, "plaintext": plaintext, "padded": body, "box": box}
    return {"place": place, **{name: value.hex() for name, value in told.items()}}


def _answered(
    drawn: Drawn, key: SigningKey, answer_key: bytes, inquiry: inquiry_pb2.SignedInquiry, asked: bytes
) -> tuple[dict[str, str], inquiry_pb2.SignedAnswer]:
    record = LocalTaxRecord(fiscal_year=2026, total_income_yen=3_200_000, taxable_income_yen=1_500_000)
    found = ProvidedRecord(LocalTaxRecord.DESCRIPTOR.full_name, record.SerializeToString())
    sealed = sealed_pb2.SealedAnswer()
    sealed.record.record_type, sealed.record.record = found.record_type, found.record
    box = _box(drawn(32), answer_key, answer_info(inquiry.context), sealed.SerializeToString(), LEAST_ANSWER)
    answer = inquiry_pb2.SignedAnswer(
        outcome=inquiry_pb2.PROVISION_OUTCOME_ANSWERED, sealed_answer=bytes.fromhex(box["box"]), citizen_tag=drawn(16)
    )
    answer.provision_time.FromMilliseconds(ISSUED_MS + 60_000)
    sign_answer(key, answer, asked=asked, processing_number=_NUMBER)
    return box, answer


def _inquiry_statements(inquiry: inquiry_pb2.SignedInquiry, seed: bytes) -> list[dict[str, Any]]:
    fields = {
        "context": inquiry.context,
        "encrypted_code.c1": inquiry.encrypted_code.c1,
        "encrypted_code.c2": inquiry.encrypted_code.c2,
        "sealed_query": inquiry.sealed_query,
        "code_proof": inquiry.code_proof,
        "citizen_tag": inquiry.citizen_tag,
    }
    items, signature = statements._inquiry_fields(inquiry), inquiry.inquirer_signature  # noqa: SLF001
    whole = fields | {"inquirer_signature": signature}
    return [
        statement("warifu-v1/inquiry", fields, items, seed=seed, signature=signature),
        statement("warifu-v1/inquiry-digest", whole, (*items, signature)),
    ]


def _permit_statement(permit: inquiry_pb2.ProvisionPermit, asked: bytes, seed: bytes) -> dict[str, Any]:
    fields = {
        "asked": asked,
        "converted_code.c1": permit.converted_code.c1,
        "converted_code.c2": permit.converted_code.c2,
        "processing_number": permit.processing_number,
        "permission_row": permit.permission_row,
        "permit_time.seconds": permit.permit_time.seconds,
        "permit_time.nanos": permit.permit_time.nanos,
        "conversion_proof": permit.conversion_proof,
    }
    items = statements._permit_fields(permit, asked)  # noqa: SLF001
    return statement("warifu-v1/permit", fields, items, seed=seed, signature=permit.hub_signature)


def _answer_statements(answer: inquiry_pb2.SignedAnswer, asked: bytes, seed: bytes) -> list[dict[str, Any]]:
    fields = {
        "asked": asked,
        "processing_number": _NUMBER,
        "outcome": int(answer.outcome),
        "sealed_answer": answer.sealed_answer,
        "provision_time.seconds": answer.provision_time.seconds,
        "provision_time.nanos": answer.provision_time.nanos,
        "citizen_tag": answer.citizen_tag,
    }
    items, signature = statements._answer_fields(answer, asked, _NUMBER), answer.provider_signature  # noqa: SLF001
    digested = statement("warifu-v1/answer-digest", fields | {"provider_signature": signature}, (*items, signature))
    assert digested["statement"] == answer_digest(answer, asked=asked, processing_number=_NUMBER).hex()
    return [statement("warifu-v1/answer", fields, items, seed=seed, signature=signature), digested]


def _batch_statements(
    told: dict[str, Any], seeds: dict[str, bytes], keys: dict[str, SigningKey]
) -> list[dict[str, Any]]:
    """The signatures over batches: the authority's and an agency's over what is to be converted, the hub's over what was."""
    made = []
    for label, step, who, sign in (
        ("warifu-v1/issue", told["issuing"], "authority", sign_issue),
        ("warifu-v1/rotation", told["rotating"], "provider", sign_rotation),
    ):
        context, given = bytes.fromhex(step["context"]), [_code(each) for each in step["encrypted"]]
        converted, proofs = [_code(each) for each in step["converted"]], [bytes.fromhex(step.get("proof", ""))]
        proofs = proofs if proofs[0] else []
        signature, items = sign(keys[who], context, given), statements._code_fields(context, given)  # noqa: SLF001
        fields: dict[str, Any] = {"context": context, "encrypted_codes": step["encrypted"]}
        made.append(statement(label, fields, items, seed=seeds[who], signature=signature))
        signature = sign_conversion(keys["hub"], context, converted, proofs)
        joined = (*statements._code_fields(context, converted), *proofs)  # noqa: SLF001
        fields = {"context": context, "converted_codes": step["converted"], "conversion_proofs": proofs}
        made.append(statement("warifu-v1/conversion", fields, joined, seed=seeds["hub"], signature=signature))
    return made


def boxes() -> dict[str, Any]:
    """boxes.json: boxes at the edges of the padding, one with gossip's size, and a value at rest."""
    drawn = Drawn("boxes")
    private, info = drawn(32), drawn(116)
    made = [
        _box(drawn(32), private, info, drawn(size) if size else b"", least)
        for size, least in ((0, 256), (1, 256), (252, 256), (253, 256), (700, 256), (0, 512), (508, 512), (509, 512))
    ]
    key, nonce, plaintext, place = drawn(32), drawn(12), drawn(40), drawn(30)
    at_rest = {"key": key, "nonce": nonce, "plaintext": plaintext, "aad": place}
    sealed = seal_at_rest(key, plaintext, place, lambda _: nonce)
    return {
        "about": "SIMULATED. ephemeral and to are X25519 private keys; padded is what HPKE encrypts; box is what travels.",
        "boxes": made,
        "at_rest": hexed(at_rest | {"sealed": sealed}),
        "together": _boxes_together(drawn, private),
    }

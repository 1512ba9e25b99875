"""labels.json: what is made under each label that no other file of vectors has, by the function that makes it.

Each has its steps, so that it can be made without the project: docs/protocol/bytes.md says what the functions are. Every
value is hexadecimal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vectors.certificates import made_for_certificates
from vectors.drawn import Drawn
from vectors.world import nonce_of
from warifu.curve.group import Group
from warifu.curve.suites import group_of
from warifu.exchange.boxes_together import between_answers, between_queries
from warifu.exchange.code_proof import prove_own
from warifu.exchange.codes import EncryptedCode, hedged_randomness, person_point, row_key
from warifu.exchange.conversion_proof import (
    Conversion,
    ConversionTerms,
    ConversionWitness,
    Randomised,
    prove_together,
)
from warifu.exchange.inquiry import hedge_key_from
from warifu.exchange.proofs import prove_joint_key
from warifu.exchange.signature import SigningKey
from warifu.exchange.together import root_of
from warifu.identifiers import InstitutionCode, MyNumber, ResidentRecordCode
from warifu.party.key_check import _check_value
from warifu.permissions.table import table_digest
from warifu.tlog.merkle import leaf_hash
from warifu_hub.translate import HubKeys, Translator
from warifu_services.authority.keys import AuthorityKeys
from warifu_services.node.drawn_permits import KeyedDraw
from warifu_services.node.keys import AtRest

__all__ = ["labels"]

_AGENCY = InstitutionCode("9021310008000002")
_EPOCH = 3

Step = dict[str, Any]


def labels() -> dict[str, Any]:
    """The whole file."""
    drawn = Drawn("labels")
    made = [*_of_node(drawn), *_of_authority(drawn), _of_signature(drawn)]
    for suite in (1, 2):
        made += _of_suite(group_of(suite), drawn)
    made += _of_boxes(drawn)
    for label, what, value, function, items in made_for_certificates():
        made.append(_entry(label, what, value, _step(function, label, [*items])))
    about = "SIMULATED. The last step of each gives value; $n is the value of step n, from 0. Functions: docs/protocol/bytes.md."
    return {"about": about, "labels": made}


def _step(function: str, label: str, items: list[bytes | str], **more: Any) -> Step:
    told = [item if isinstance(item, str) else item.hex() for item in items]
    return {"function": function, "label": label, "items": told, **more}


def _entry(label: str, what: str, value: bytes, *steps: Step) -> dict[str, Any]:
    return {"label": label, "what": what, "steps": list(steps), "value": value.hex()}


def _of_node(drawn: Drawn) -> Iterator[dict[str, Any]]:
    storage, row, point, request_id = drawn(32), drawn(32), drawn(32), drawn(16)
    label = "warifu-v1/hedge-key"
    yield _entry(label, "hedge key of a node", hedge_key_from(storage), _step("digest", label, [storage]))
    label, items = "warifu-v1/inquiry-content", [b"C-0001", request_id]
    content = AtRest(storage).content_digest(*items)
    yield _entry(label, "content of an inquiry, two items of it", content, _step("digest", label, [storage, *items]))
    label = "warifu-v1/row"
    step = _step("keyed_blake2b", label, [point], key=row.hex(), size=16)
    yield _entry(label, "row key of a code", row_key(row, point), step)  # type: ignore[arg-type]  # any 32 bytes will do
    label = "warifu-v1/key-check"
    step = _step("keyed_blake2b", label, [b"row.key"], key=row.hex(), size=32)
    yield _entry(label, "check value of row.key", _check_value("row.key", row), step)
    label = "warifu-v1/proof-draw"
    step = _step("hmac_sha256_of_label", label, [], key=row.hex())
    yield _entry(label, "key of the draw", KeyedDraw(row)._key, step)  # noqa: SLF001  # the draw shows no more
    label, table = "warifu-v1/permission-table", b"\xef\xbb\xbfkinds: {}\r\nitems: []\n"
    step = _step("digest", label, [table.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")], file=table.hex())
    yield _entry(
        label, "a table's file, with a mark and ends of lines as some editors leave them", table_digest(table), step
    )


def _of_authority(drawn: Drawn) -> Iterator[dict[str, Any]]:
    key = drawn(32)
    keys = AuthorityKeys(group_of(2), key)
    for name, value in (
        ("hedge", keys.hedge_key),
        ("lookup", keys._lookup_key),  # noqa: SLF001  # the authority shows none of its keys
        ("storage", keys._storage_key),  # noqa: SLF001
    ):
        label = f"warifu-v1/authority-{name}-key"
        yield _entry(label, f"the authority's {name} key", value, _derived(name, key))
    number, resident = MyNumber.from_body("12345678901"), ResidentRecordCode.from_body("1234567890")
    label = "warifu-v1/authority-number"
    step = _step("keyed_blake2b", label, [number.digits.encode()], key="$0", size=32)
    yield _entry(label, "what finds a My Number", keys.number_lookup(number), _derived("lookup", key), step)
    label, items = "warifu-v1/authority-resident", [_AGENCY.encode(), resident.digits.encode()]
    step = _step("keyed_blake2b", label, list(items), key="$0", size=32)
    value = keys.resident_lookup(_AGENCY, resident)
    yield _entry(label, "what finds a resident record code of a registry", value, _derived("lookup", key), step)


def _derived(name: str, key: bytes) -> Step:
    return _step("hmac_sha512", f"warifu-v1/authority-{name}-key", [], key=key.hex(), first=32)


def _of_signature(drawn: Drawn) -> dict[str, Any]:
    """What is signed when two statements are signed together."""
    statement, other, label = drawn(32), drawn(32), "warifu-v1/signed-together"
    root = root_of(statement, b"\x00" + leaf_hash(other))
    signature = SigningKey(bytes(32)).sign(label.encode(), root)
    steps = [
        {"function": "merkle_root", "leaf": statement.hex(), "right": other.hex()},
        _step("digest", label, ["$0"]),
        {"function": "ed25519", "seed": bytes(32).hex(), "items": ["$1"]},
    ]
    return _entry(label, "signature over the root of two statements", signature, *steps)


def _of_boxes(drawn: Drawn) -> Iterator[dict[str, Any]]:
    context, what = drawn(116), "HPKE info of {} that share a set-up, of any bytes as long as a context"
    items = [context[:2] + context[18:50] + context[100:]]
    for name, made in (("queries", between_queries(context)), ("answers", between_answers(context))):
        label = f"warifu-v1/{name}-together"
        yield _entry(label, what.format(name), made, _step("prefixed", label, list(items), context=context.hex()))


def _of_suite(group: Group, drawn: Drawn) -> Iterator[dict[str, Any]]:
    suite = group.suite
    authority_key, person = drawn(32), drawn(16)
    label = "warifu-v1/person-point"
    steps = [
        _step("hmac_sha512", label, [person], key=authority_key.hex()),
        {"function": "hash_to_point", "suite": suite, "items": ["$0"]},
    ]
    yield _entry(label, "a person's point", person_point(group, authority_key, person), *steps)
    own, point, request_id, given = drawn(32), group.base_multiply(group.random_scalar(drawn)), drawn(16), drawn(32)
    label = "warifu-v1/hedge"
    r = hedged_randomness(group, own, point, request_id, lambda _: given).value
    steps = [
        _step("hmac_sha512", label, [point, request_id], key=own.hex()),
        _step("hash_to_scalar", label, [given, "$0"], suite=suite),
    ]
    yield _entry(label, "randomness of an encryption", r, *steps)
    keys = HubKeys.generate(drawn)
    translator = Translator(group, keys)
    named = [str(_AGENCY).encode(), _EPOCH.to_bytes(4, "big")]
    for name, key, value in (
        ("factor", keys.factor_key, translator.factor(_AGENCY, _EPOCH).value),
        ("open", keys.opening_key, translator.opening_share(_AGENCY, 1).value),
    ):
        label = f"warifu-v1/hub-{name}"
        of_epoch = named if name == "factor" else [named[0], (1).to_bytes(4, "big")]
        steps = [
            _step("hmac_sha512", "", list(of_epoch), key=key.hex()),
            _step("hash_to_scalar", label, ["$0"], suite=suite),
        ]
        yield _entry(label, f"the hub's {'factor' if name == 'factor' else 'opening share'}", value, *steps)
    yield from _nonces(group, drawn)
    message, scalar_items = drawn(40), [drawn(32), b"", drawn(3)]
    tag = _TAGS[suite]
    yield {"label": tag[0], "what": "a point from a message", "value": group.hash_to_point(message).hex()} | {
        "steps": [{"function": "hash_to_point", "suite": suite, "items": [message.hex()]}]
    }
    value = group.hash_to_scalar(b"warifu-v1/hedge", *scalar_items).value
    step = _step("hash_to_scalar", "warifu-v1/hedge", list(scalar_items), suite=suite)
    yield _entry(tag[1], "a scalar from a label and three items", value, step)


def _nonces(group: Group, drawn: Drawn) -> Iterator[dict[str, Any]]:
    """The nonces of proofs, as the parties hedge them; any random scalar would do."""
    suite, given, context = group.suite, drawn(32), drawn(116)
    first, second, third = (group.random_scalar(drawn) for _ in range(3))
    pair, made = (EncryptedCode(*(group.base_multiply(group.random_scalar(drawn)) for _ in "12")) for _ in "ab")
    c1, c2 = pair.c1, pair.c2
    label = "warifu-v1/code-proof-nonce"
    proof = prove_own(group, first, pair, context, lambda _: given)
    steps = [
        _step("hmac_sha512", label, [context, c1, c2], key=first.value.hex()),
        _step("hash_to_scalar", label, [given, "$0"], suite=suite),
    ]
    yield _entry(label, "nonce of a code proof", nonce_of(proof, 1, first), *steps)
    label, key = "warifu-v1/proof-nonce", group.base_multiply(second)
    proof = prove_joint_key(group, first, key, context, lambda _: given)
    steps[0] = _step("hmac_sha512", label, [b"a", context + key], key=first.value.hex())
    steps[1] = _step("hash_to_scalar", label, [given, "$0"], suite=suite)
    yield _entry(label, "nonce of a joint key's proof", nonce_of(proof, 1, first), *steps)
    label, leaf = "warifu-v1/conversion-nonce", "warifu-v1/conversion-leaf"
    conversion = Conversion(context=context, encrypted=pair, converted=made)
    terms = ConversionTerms(c1, c2, made.c1, made.c2)
    randomised = [Randomised(conversion, third)]
    (proof,) = prove_together(group, terms, randomised, ConversionWitness(first, second), lambda _: given)
    secrets = first.value + second.value + third.value
    steps = [
        _step("digest", leaf, [context, *conversion.points(), b"", b""]),
        _step("digest", label, ["$0"]),
        _step("hmac_sha512_bare", "", ["$1"], key=secrets.hex()),
        _step("hmac_sha512_bare", "", [bytes(2)], key="$2"),
        _step("hash_to_scalar", label, [given, "$3"], suite=suite),
    ]
    yield _entry(label, "nonce a of a conversion proof", nonce_of(proof, 1, first), *steps)


_TAGS = {
    1: ("warifu-v1-HashToGroup-ristretto255-SHA512", "warifu-v1-HashToScalar-ristretto255-SHA512"),
    2: (
        "warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_",
        "warifu-v1-HashToScalar-edwards25519_XMD:SHA-512_ELL2_RO_",
    ),
}
"""The tags of hashing itself: to a point, to a scalar."""

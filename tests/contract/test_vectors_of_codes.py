"""Codes and proofs of the vectors, calculated by hand from docs/protocol/codes.md and docs/proofs.md, in both suites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.contract import protocol_by_hand as by_hand
from tests.contract.groups_by_hand import SUITES, Element, L, minus, plus, times

USED = (
    "warifu-v1/code-proof",
    "warifu-v1/conversion-leaf",
    "warifu-v1/conversion-proof",
    "warifu-v1/dleq-keydir",
    "warifu-v1/rerand",
)
"""Labels whose vectors are in the files of codes."""

Told = Callable[[str], dict[str, Any]]


class Codes:
    """One suite's file, and its arithmetic."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told, self.suite = told, SUITES[told["suite"]]
        self.base = self.suite.base

    def point(self, text: str) -> Element:
        return self.suite.read(bytes.fromhex(text))

    def points(self, pair: dict[str, str]) -> tuple[Element, Element]:
        return self.point(pair["c1"]), self.point(pair["c2"])

    def hexed(self, element: Element) -> str:
        return self.suite.write(element).hex()

    def pair(self, first: Element, second: Element) -> dict[str, str]:
        return {"c1": self.hexed(first), "c2": self.hexed(second)}

    def scalar(self, label: str, *items: bytes) -> int:
        return by_hand.to_scalar(self.suite.number, label, *items)

    def agency(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.told["agencies"][name]
        return found


def number(text: str) -> int:
    return by_hand.read(bytes.fromhex(text))


def raw(*texts: str) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


@pytest.fixture
def codes(told: Told, suite: int) -> Codes:
    return Codes(told(f"codes-suite{suite}"))


def test_the_persons_point_is_a_hash_of_the_keyed_person_id(codes: Codes) -> None:
    key, person = raw(codes.told["authority_key"], codes.told["person_id"])
    hashed = codes.suite.hashed(by_hand.keyed(key, b"warifu-v1/person-point", person))
    assert codes.hexed(hashed) == codes.told["P"]
    assert codes.hexed(codes.base) == codes.told["G"]


@pytest.mark.parametrize("name", ["childcare", "tax"])
def test_an_agencys_keys_are_what_the_hub_and_it_make_of_their_secrets(codes: Codes, name: str) -> None:
    agency, hub = codes.agency(name), codes.told["hub"]
    institution = agency["institution"].encode()
    for secret, label, key, epoch in (
        ("s", "warifu-v1/hub-factor", hub["factor_key"], agency["code_epoch"]),
        ("h", "warifu-v1/hub-open", hub["opening_keys"][str(agency["opening_epoch"])], agency["opening_epoch"]),
    ):
        derived = by_hand.keyed(bytes.fromhex(key), institution, epoch.to_bytes(4, "big"))
        assert by_hand.written(codes.scalar(label, derived)).hex() == agency[secret]
    for public, secret in (("Y", "y"), ("S", "s"), ("H", "h")):
        assert codes.hexed(times(number(agency[secret]), codes.base)) == agency[public]
    assert codes.hexed(times(number(agency["h"]), codes.point(agency["Y"]))) == agency["Y_J"]


@pytest.mark.parametrize("name", ["childcare", "tax"])
def test_a_joint_keys_proof_is_made_and_checked_as_the_page_says(codes: Codes, name: str) -> None:
    agency = codes.agency(name)
    context = by_hand.prefixed(agency["institution"].encode(), agency["epoch"].to_bytes(4, "big"))
    assert context.hex() == agency["joint_key_proof_context"]
    proof = bytes.fromhex(agency["joint_key_proof"])
    e, z = by_hand.read(proof[:32]), by_hand.read(proof[32:])
    own, opening, joint = (codes.point(agency[each]) for each in ("Y", "H", "Y_J"))
    nonce = number(agency["joint_key_proof_nonce"])
    made = times(nonce, codes.base), times(nonce, own)
    checked = (
        minus(times(z, codes.base), times(e, opening)),
        minus(times(z, own), times(e, joint)),
    )
    assert [codes.hexed(each) for each in made] == [codes.hexed(each) for each in checked]
    public = [codes.suite.write(each) for each in (codes.base, own, opening, joint, *checked)]
    assert codes.scalar("warifu-v1/dleq-keydir", context, *public) == e
    assert z == (nonce + e * number(agency["h"])) % L


def test_randomness_is_hedged_and_a_code_encrypted_as_the_page_says(codes: Codes) -> None:
    step, code = codes.told["exchanging"], codes.told["issuing"]["code"]
    (hedge_key,) = raw(step["hedge_key"])
    joint = codes.point(codes.agency("tax")["Y_J"])
    for asked in step["inquiries"]:
        point, request_id, given = raw(code, asked["request_id"], asked["random"])
        bound = by_hand.keyed(hedge_key, b"warifu-v1/hedge", point, request_id)
        r = codes.scalar("warifu-v1/hedge", given, bound)
        assert by_hand.written(r).hex() == asked["r"]
        made = codes.pair(times(r, codes.base), plus(codes.point(code), times(r, joint)))
        assert made == asked["encrypted"]


def test_a_code_proof_is_made_and_checked_as_the_page_says(codes: Codes) -> None:
    for asked in codes.told["exchanging"]["inquiries"]:
        proof = bytes.fromhex(asked["code_proof"])
        e, z = by_hand.read(proof[:32]), by_hand.read(proof[32:])
        c1, c2 = asked["encrypted"]["c1"], asked["encrypted"]["c2"]
        commitment = minus(times(z, codes.base), times(e, codes.point(c1)))
        assert codes.hexed(times(number(asked["code_proof_nonce"]), codes.base)) == codes.hexed(commitment)
        items = [*raw(asked["context"], c1, c2), codes.suite.write(commitment)]
        assert codes.scalar("warifu-v1/code-proof", *items) == e


def party(agency: dict[str, Any]) -> bytes:
    epochs = [agency["code_epoch"]] + [agency["opening_epoch"]] * (agency["opening_epoch"] != 1)
    return by_hand.prefixed(agency["institution"].encode(), *(epoch.to_bytes(4, "big") for epoch in epochs))


def converted(
    codes: Codes, step: dict[str, Any], context: str, given: dict[str, str], k: str, to: dict[str, Any]
) -> dict[str, str]:
    """D1 and D2, and that t, u are what they should be is looked at by whoever calls."""
    c1, c2 = codes.points(given)
    own = codes.point(to["Y"])
    return codes.pair(
        plus(times(number(step["u"]), c1), times(number(k), codes.base)),
        plus(times(number(step["t"]), c2), times(number(k), own)),
    )


def randomiser(codes: Codes, binding: bytes, to: dict[str, Any]) -> str:
    (key,) = raw(codes.told["hub"]["rerandomise_key"])
    bound = by_hand.keyed(key, b"warifu-v1/rerand", binding, bytes.fromhex(to["Y"]))
    return by_hand.written(codes.scalar("warifu-v1/rerand", bound)).hex()


def test_the_hub_converts_as_the_page_says(codes: Codes) -> None:
    childcare, tax = codes.agency("childcare"), codes.agency("tax")
    step = codes.told["exchanging"]
    t = number(tax["s"]) * pow(number(childcare["s"]), -1, L) % L
    assert (number(step["t"]), number(step["u"])) == (t, t * number(tax["h"]) % L)
    for asked in step["inquiries"]:
        context, given = asked["context"], asked["encrypted"]
        items = raw(context, given["c1"], given["c2"])
        binding = by_hand.prefixed(*items, party(childcare), party(tax))
        assert binding.hex() == asked["binding"]
        assert randomiser(codes, binding, tax) == asked["k"]
        assert converted(codes, step, context, given, asked["k"], tax) == asked["converted"]


def test_a_code_is_issued_as_the_page_says(codes: Codes) -> None:
    childcare, step = codes.agency("childcare"), codes.told["issuing"]
    t = number(childcare["s"])
    assert (number(step["t"]), number(step["u"])) == (t, t * number(childcare["h"]) % L)
    for place, (given, made) in enumerate(zip(step["encrypted"], step["converted"], strict=True)):
        items = raw(step["context"], given["c1"], given["c2"])
        binding = by_hand.prefixed(*items, b"", party(childcare))
        assert binding.hex() == step["binding"][place]
        assert randomiser(codes, binding, childcare) == step["k"][place]
        assert converted(codes, step, step["context"], given, step["k"][place], childcare) == made
    point = codes.point(codes.told["P"])
    assert codes.hexed(times(t, point)) == step["code"] == step["codes"][0]


def test_what_was_converted_opens_to_the_code_and_the_row(codes: Codes) -> None:
    tax, step = codes.agency("tax"), codes.told["exchanging"]
    for asked in step["inquiries"]:
        d1, d2 = codes.points(asked["converted"])
        assert codes.hexed(minus(d2, times(number(tax["y"]), d1))) == step["code"]
    assert codes.hexed(times(number(tax["s"]), codes.point(codes.told["P"]))) == step["code"]
    (secret, code) = raw(step["row_secret"], step["code"])
    assert by_hand.keyed_blake(secret, 16, b"warifu-v1/row", code).hex() == step["row_key"]


class Conversions:
    """What checks conversion proofs, from docs/proofs.md."""

    def __init__(self, codes: Codes, source: str, to: dict[str, Any]) -> None:
        self.codes = codes
        self.terms = [codes.point(each) for each in (source, to["S"], to["H"], to["Y"])]

    def shared(self, e: int, z_t: int, z_u: int) -> list[Element]:
        """T1 and T2."""
        source, target, opening, _ = self.terms
        return [
            minus(times(z_t, source), times(e, target)),
            minus(times(z_u, self.codes.base), times(z_t, opening)),
        ]

    def leaf(
        self, e: int, z_t: int, z_u: int, z_k: int, context: str, given: dict[str, str], made: dict[str, str]
    ) -> bytes:
        """The hash of the leaf of one conversion."""
        (c1, c2), (d1, d2) = self.codes.points(given), self.codes.points(made)
        third = minus(plus(times(z_u, c1), times(z_k, self.codes.base)), times(e, d1))
        fourth = minus(plus(times(z_t, c2), times(z_k, self.terms[3])), times(e, d2))
        points = raw(given["c1"], given["c2"], made["c1"], made["c2"])
        commitments = [self.codes.suite.write(each) for each in (third, fourth)]
        statement = by_hand.digest("warifu-v1/conversion-leaf", bytes.fromhex(context), *points, *commitments)
        return by_hand.leaf_hash(statement)

    def challenge(self, shared: list[Element], root: bytes) -> int:
        public = [self.codes.suite.write(each) for each in (self.codes.base, *self.terms, *shared)]
        return self.codes.scalar("warifu-v1/conversion-proof", *public, root)


def numbers_in(proof: bytes) -> list[int]:
    return [by_hand.read(proof[at : at + 32]) for at in range(0, len(proof), 32)]


def followed(leaf: bytes, way: bytes) -> bytes:
    """The root to which a way leads."""
    for place in range((len(way) - 1) // 32 if way else 0):
        sibling = way[1 + 32 * place : 33 + 32 * place]
        leaf = by_hand.node(sibling, leaf) if way[0] >> place & 1 else by_hand.node(leaf, sibling)
    return leaf


def test_each_proof_made_together_holds_by_itself(codes: Codes) -> None:
    tax, step = codes.agency("tax"), codes.told["exchanging"]
    checking = Conversions(codes, codes.agency("childcare")["S"], tax)
    proofs = [bytes.fromhex(asked["proof"]) for asked in step["inquiries"]]
    assert [len(proof) for proof in proofs] == [128 + 65, 128 + 65, 128 + 33]
    for asked, proof in zip(step["inquiries"], proofs, strict=True):
        e, z_t, z_u, z_k = numbers_in(proof[:128])
        leaf = checking.leaf(e, z_t, z_u, z_k, asked["context"], asked["encrypted"], asked["converted"])
        assert checking.challenge(checking.shared(e, z_t, z_u), followed(leaf, proof[128:])) == e
        assert z_k == (number(asked["nonce_c"]) + e * number(asked["k"])) % L
        a, b = (number(step["nonces"][each]) for each in "ab")
        assert (z_t, z_u) == ((a + e * number(step["t"])) % L, (b + e * number(step["u"])) % L)


def test_a_proof_made_alone_has_no_way_to_a_root(codes: Codes) -> None:
    step = codes.told["exchanging"]
    asked, proof = step["inquiries"][0], bytes.fromhex(step["proof_alone"])
    assert len(proof) == 128
    e, z_t, z_u, z_k = numbers_in(proof)
    checking = Conversions(codes, codes.agency("childcare")["S"], codes.agency("tax"))
    leaf = checking.leaf(e, z_t, z_u, z_k, asked["context"], asked["encrypted"], asked["converted"])
    assert checking.challenge(checking.shared(e, z_t, z_u), leaf) == e


def test_a_batchs_proof_holds_for_all_of_its_codes(codes: Codes) -> None:
    step = codes.told["issuing"]
    e, z_t, z_u, *each_k = numbers_in(bytes.fromhex(step["proof"]))
    checking = Conversions(codes, codes.told["G"], codes.agency("childcare"))
    leaves = [
        checking.leaf(e, z_t, z_u, z_k, step["context"], given, made)
        for z_k, given, made in zip(each_k, step["encrypted"], step["converted"], strict=True)
    ]
    assert checking.challenge(checking.shared(e, z_t, z_u), by_hand.root(leaves)) == e


def test_a_rotated_mixture_is_the_mixture_of_what_was_rotated(codes: Codes) -> None:
    step, before = codes.told["rotating"], codes.agency("tax")
    after = step["after"]
    t = number(after["s"]) * pow(number(before["s"]), -1, L) % L
    assert (number(step["t"]), number(step["u"])) == (t, t * number(after["h"]) % L)
    first, second = (number(weight) for weight in step["weights"])
    code, mixture = (codes.point(each) for each in step["codes"])
    made = plus(times(first, code), times(second, codes.point(after["S"])))
    assert codes.hexed(made) == codes.hexed(mixture)
    assert codes.hexed(times(t, codes.point(codes.told["exchanging"]["code"]))) == step["codes"][0]
    for given, k, done in zip(step["encrypted"], step["k"], step["converted"], strict=True):
        assert converted(codes, step, step["context"], given, k, after) == done

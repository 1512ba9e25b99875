"""Two agencies that work together do not learn a third one's code by sending its ciphertext as their own.

C sends the ciphertext of A that B saw in a permit; B opens what the hub makes of it and asks C about that; C would open A's
code. The first half shows that this works where nothing ties a ciphertext to whoever made it; the second that the hub
refuses it.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from warifu.curve.group import Scalar
from warifu.errors import Reason
from warifu.exchange.code_proof import prove_own
from warifu.exchange.codes import EncryptedCode, encrypt_code, open_code
from warifu.exchange.directory import Directory
from warifu.exchange.statements import sign_inquiry
from warifu.identifiers import InstitutionCode
from warifu_hub.exchange import Mediator
from warifu_hub.translate import HubKeys, Party, Translator


def test_without_the_proof_two_agencies_would_learn_the_code_of_a_third(directory: Directory) -> None:
    group = directory.group
    hub = Translator(group, HubKeys(factor_key=b"f" * 32, opening_key=b"o" * 32, rerandomise_key=b"r" * 32))
    parties = {name: Party(InstitutionCode.build(1, None, number)) for number, name in enumerate("abc", start=1)}
    secret: dict[str, Scalar] = {name: group.random_scalar() for name in "bc"}
    key = {name: group.base_multiply(secret[name]) for name in "bc"}
    joint = {name: hub.directory_points(parties[name], 1, key[name]).joint_key for name in "bc"}
    code_of_a = group.multiply(hub.factor(*parties["a"][:2]), group.hash_to_point(b"person"))

    def carried(encrypted: EncryptedCode, from_: str, to: str) -> Any:
        converted = hub.convert(
            context=secrets.token_bytes(16), encrypted=encrypted, from_=parties[from_], to=parties[to], to_key=key[to]
        )
        return open_code(group, secret[to], converted)

    seen_by_b = encrypt_code(group, code_of_a, joint["b"], group.random_scalar())
    at_b = carried(seen_by_b, "c", "b")  # C sends it as its own
    at_c = carried(encrypt_code(group, at_b, joint["c"], group.random_scalar()), "b", "c")  # B asks C about what it got
    assert at_c == code_of_a, "all 32 bytes"


@pytest.mark.parametrize("proof", ["the maker's", "one of the thief's", "none", "zeros"])
async def test_a_ciphertext_that_another_agency_made_is_refused_by_the_hub(
    mediator: Mediator, asker: Any, provider: Any, directory: Directory, log: Any, proof: str
) -> None:
    honest = asker.ask()
    await mediator.exchange(asker.identity, honest, 5.0)
    stolen = asker.ask()  # another inquiry to the same provider, which the thief would sign with its own key
    stolen.encrypted_code.CopyFrom(honest.encrypted_code)
    group = directory.group
    code = EncryptedCode.decode(group, stolen.encrypted_code.c1, stolen.encrypted_code.c2)
    stolen.code_proof = {
        "the maker's": honest.code_proof,
        "one of the thief's": prove_own(group, group.random_scalar(), code, stolen.context),
        "none": b"",
        "zeros": bytes(64),
    }[proof]
    sign_inquiry(asker.keys.signing_key, stolen)
    refused = await asker.refusal(mediator, stolen)
    assert (refused.reason, refused.where) == (Reason.SIGNATURE_INVALID, "inquiry.code_proof")
    assert len(provider.permits) == 1, "nothing of it left the hub"
    assert (log.events()[-1], log()[-1].reason) == ("REFUSED", "SIGNATURE_INVALID")


async def test_each_sides_tag_is_in_the_leaves_as_it_was_signed(
    mediator: Mediator, asker: Any, provider: Any, log: Any
) -> None:
    inquiry, answers = asker.ask(), list[bytes]()
    provider.before_answer = lambda answer: answers.append(answer.citizen_tag)
    await mediator.exchange(asker.identity, inquiry, 5.0)
    permitted, answered = log()[-2:]
    assert (permitted.inquirer_tag, permitted.provider_tag) == (inquiry.citizen_tag, b"")
    assert (answered.inquirer_tag, answered.provider_tag) == (inquiry.citizen_tag, answers[0])
    assert len({inquiry.citizen_tag, answers[0]}) == 2


@pytest.mark.parametrize("length", [0, 15, 17, 32])
async def test_a_tag_of_another_length_is_refused_and_not_logged(
    mediator: Mediator, asker: Any, log: Any, length: int
) -> None:
    inquiry = asker.ask()
    inquiry.citizen_tag = bytes(length)
    sign_inquiry(asker.keys.signing_key, inquiry)
    refused = await asker.refusal(mediator, inquiry)
    assert (refused.reason, refused.where) == (Reason.REQUEST_MALFORMED, "inquiry.citizen_tag")
    assert log()[-1].inquirer_tag == b""

"""A proof policy as text and as a directory says it."""

from __future__ import annotations

import re

import pytest

from warifu.api.directory.v1.directory_service_pb2 import ProofPolicy as ProofPolicyMessage
from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import MOST_ONE_IN, POLICY_PATTERN, PolicyKind, ProofPolicy


@pytest.mark.parametrize("text", ["always", "sampled:2", "sampled:16", f"sampled:{MOST_ONE_IN}", "off"])
def test_a_policy_is_the_same_after_text_and_directory(text: str) -> None:
    policy = ProofPolicy.parse(text)
    assert str(policy) == text
    assert ProofPolicy.from_message(policy.to_message()) == policy
    assert re.fullmatch(POLICY_PATTERN, text)


@pytest.mark.parametrize(
    "text", ["", "Always", "on", "sampled", "sampled:", "sampled:0", "sampled:1", "sampled:65536", "sampled:١٦", "off "]
)
def test_anything_else_is_no_policy(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whoever reads it says where
        ProofPolicy.parse(text)


@pytest.mark.parametrize(
    ("kind", "one_in"), [(0, 0), (PolicyKind.ALWAYS.value, 1), (2, 0), (2, 1), (2, 65_536), (3, 2), (4, 0)]
)
def test_a_directory_that_says_nothing_or_nonsense_is_refused_and_never_taken_for_off(kind: int, one_in: int) -> None:
    with pytest.raises(WarifuError) as refused:
        ProofPolicy.from_message(ProofPolicyMessage(kind=kind, one_in=one_in), where="here")  # type: ignore[arg-type]
    assert (refused.value.reason, refused.value.where) == (Reason.DIRECTORY_INVALID, "here")

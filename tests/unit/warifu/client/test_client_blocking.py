"""The blocking clients have the methods of the others, so that one page describes both."""

from __future__ import annotations

import inspect

import pytest

from warifu import client

LEFT_OUT = {"AuthorityClient": {"replace_my_number"}, "LogClient": {"cosigned_checkpoint", "leaves"}}


@pytest.mark.parametrize("name", ["AuthorityClient", "LogClient", "NodeClient", "SupervisionClient"])
def test_a_blocking_client_has_the_calls_of_the_other_with_their_arguments(name: str) -> None:
    one, other = (_calls(getattr(client, prefix + name)) for prefix in ("", "Blocking"))
    assert set(one) - LEFT_OUT.get(name, set()) == set(other)
    assert [call for call in other if other[call][: len(one[call])] != one[call]] == []


def _calls(kind: type) -> dict[str, list[str]]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {call: list(inspect.signature(made).parameters) for call, made in found if not call.startswith("_")}

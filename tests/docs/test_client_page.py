"""The client's page says of every reason what the catalogue says, and lists the calls that there are."""

from __future__ import annotations

import inspect
import re

import pytest

from warifu.client import BlockingNodeClient, NodeClient
from warifu.errors import CATALOGUE, Reason
from warifu.rpc import channel, probe
from warifu.rpc.status import UNCONNECTED

ROW = re.compile(r"^\| (not definite|definite)[^|]*\|", re.MULTILINE)
ELSEWHERE = {
    Reason.AUTHORITY_UNREACHABLE,
    Reason.AUTHORITY_ANSWER_INVALID,
    Reason.JPKI_UNREACHABLE,
    Reason.JPKI_ANSWER_INVALID,
}
"""Not definite, but never the end of an inquiry."""


@pytest.fixture(scope="session")
def page(pages: dict[str, str]) -> str:
    """The text of the client's page."""
    return pages["docs/guide/client.md"]


def _named(page: str, kind: str) -> set[Reason]:
    rows = [found[0] for found in ROW.finditer(page) if found[1] == kind]
    return {Reason[name] for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_the_page_names_every_reason_after_which_nobody_knows_the_end(page: str) -> None:
    assert _named(page, "not definite") | ELSEWHERE == {reason for reason in Reason if not CATALOGUE[reason].definite}


def test_what_the_page_calls_definite_is(page: str) -> None:
    named = _named(page, "definite")
    assert len(named) > 5
    assert [reason for reason in named if not CATALOGUE[reason].definite] == []


@pytest.mark.parametrize("client", [NodeClient, BlockingNodeClient])
def test_the_page_lists_every_call_to_a_node(page: str, client: type) -> None:
    calls = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
    assert set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) == calls - {"close"}


def test_the_page_tells_why_there_is_no_connection_in_the_words_that_are_used(page: str) -> None:
    rows = {Reason[name]: words for name, words in re.findall(r"^\| `([A-Z_]+)` \| (`.*) \|$", page, re.MULTILINE)}
    assert set(rows) == UNCONNECTED
    source = inspect.getsource(probe) + inspect.getsource(channel)
    told = [piece for words in rows.values() for quoted in re.findall(r"`([^`]+)`", words) for piece in _pieces(quoted)]
    assert len(told) > 12
    assert [piece for piece in told if piece not in source] == []


def _pieces(quoted: str) -> list[str]:
    """What is always the same in these words."""
    return [piece for piece in re.split(r"\s*(?:…|; |within 5 s|: …)\s*", quoted) if piece]

"""docs/errors.json says of every reason what the code does, and nothing that could lose a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.errors import CATALOGUE, Reason
from warifu.rpc.status import DOMAIN, UNCONNECTED

AGAIN_WITH_THE_SAME = ("the same request, after a pause", "the same request, once an operator has decided")
NEVER_ON_THE_WIRE = UNCONNECTED | {Reason.NODE_UNREACHABLE, Reason.NODE_TIMED_OUT}


@pytest.fixture(scope="session")
def file(tree: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((tree / "docs" / "errors.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="session")
def lines(file: dict[str, Any]) -> dict[Reason, dict[str, Any]]:
    return {Reason[line["reason"]]: line for line in file["reasons"]}


def test_every_reason_stands_there_with_its_status_and_text(
    file: dict[str, Any], lines: dict[Reason, dict[str, Any]]
) -> None:
    assert file["domain"] == DOMAIN
    assert list(lines) == list(Reason)
    for reason, line in lines.items():
        entry = CATALOGUE[reason]
        assert (line["grpc_status"], line["definite"], line["public_text"]) == (
            entry.status,
            entry.definite,
            entry.public_text,
        )
        assert line["grpc_code"] == grpc.StatusCode[entry.status].value[0]


def test_after_what_is_not_definite_only_the_same_request_is_sent(lines: dict[Reason, dict[str, Any]]) -> None:
    for reason, line in lines.items():
        assert line["definite"] or line["again"] in AGAIN_WITH_THE_SAME, reason


def test_what_only_a_caller_says_to_itself_does_not_travel(lines: dict[Reason, dict[str, Any]]) -> None:
    for reason in NEVER_ON_THE_WIRE:
        assert not lines[reason]["travels"]
        assert "to itself" in lines[reason]["made_by"][0]
        assert lines[reason]["rpcs"] == []


def test_whoever_is_told_a_reason_is_told_what_to_do(lines: dict[Reason, dict[str, Any]]) -> None:
    assert [reason for reason, line in lines.items() if not line["what_to_do"].endswith((".", "anew."))] == []
    assert [reason for reason, line in lines.items() if not line["made_by"]] == []


def test_three_kinds_of_failure_without_a_reason_are_definite(file: dict[str, Any]) -> None:
    definite = [line["means"] for line in file["without_error_info"] if line["definite"]]
    assert definite == ["NOT_CONNECTED", "REQUEST_TOO_LARGE", "OVERLOADED"]

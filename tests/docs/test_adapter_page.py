"""The page on adapters names what a class is asked with, and may say, as the contract has it."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from typing import Any

import pytest

from warifu.agency import Agency, Decision, HeldProvision, LookUp

PAGE = "docs/guide/adapter.md"


def _row(pages: dict[str, str], name: str) -> set[str]:
    (row,) = re.findall(rf"^\| `{re.escape(name)}` \|(.+)\|$", pages[PAGE], re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", row))


@pytest.mark.parametrize(("method", "question"), [("look_up(asked)", LookUp), ("decide(held)", HeldProvision)])
def test_every_field_of_a_question_is_named(pages: dict[str, str], method: str, question: Any) -> None:
    assert {field.name for field in fields(question)} <= _row(pages, method)


def test_every_decision_is_named(pages: dict[str, str]) -> None:
    assert {f"Decision.{each.name}" for each in Decision} <= _row(pages, "decide(held)")


def test_the_classes_to_derive_from_are_where_the_page_says(pages: dict[str, str]) -> None:
    named = {"TaxAgency"} | {name for name in _row(pages, "TaxAgency") if name.endswith("Agency")} - {"Agency"}
    for name in named:
        kind = name.removesuffix("Agency").lower()
        assert issubclass(getattr(import_module(f"warifu_services.agencies.{kind}"), name), Agency)
    assert len(named) == 4

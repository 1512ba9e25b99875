"""The catalogue has one entry for every reason, and the texts are fit for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warifu.errors import CATALOGUE, Reason


def test_the_catalogue_has_an_entry_for_every_reason_and_for_nothing_else() -> None:
    assert set(CATALOGUE) == set(Reason)


def test_a_reason_travels_under_its_own_name() -> None:
    assert [reason for reason in Reason if reason.value != reason.name] == []


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.name)
def test_the_public_text_is_one_sentence_and_shows_no_value(reason: Reason) -> None:
    text = CATALOGUE[reason].public_text
    assert text.endswith(".")
    assert "\n" not in text
    assert not re.search(r"[{}%]", text), "a public text is fixed: nothing of a request is put into it"


def test_every_reason_is_raised_or_mapped_somewhere(package_roots: dict[str, Path]) -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in package_roots.values()
        for path in folder.rglob("*.py")
        if path.name != "errors.py" and folder / "api" not in path.parents
    ]
    used = {name for source in sources for name in re.findall(r"\bReason\.([A-Z_]+)", source)}
    assert sorted({reason.name for reason in Reason} - used) == []

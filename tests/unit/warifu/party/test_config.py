"""Strict YAML: every fault at once, each with its file, line and field, and no value in any message."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode
from warifu.party.config import MAX_BYTES, Fault, load_yaml, parse_yaml, parsed_by


class Town(BaseModel):
    name: str
    municipality: Annotated[MunicipalityCode, parsed_by(MunicipalityCode.parse, "a municipality code")]
    desks: int = 1


class Bus(BaseModel):
    kind: Literal["bus"]
    seats: int


class Tram(BaseModel):
    kind: Literal["tram"]
    cars: int


class Plan(BaseModel):
    title: str
    opened: datetime.date | None = None
    ratio: float = 0.5
    towns: list[Town] = []
    fleet: list[Annotated[Bus | Tram, Field(discriminator="kind")]] = []


GOOD = """\
# a comment
title: "計画"
opened: 2024-05-27
ratio: .25
towns:
  - {name: "中央区", municipality: "011011", desks: 2}
  - name: NO
    municipality: '131016'
fleet: [{kind: bus, seats: 0x1F}]
"""


def faults(text: str) -> list[str]:
    with pytest.raises(WarifuError) as caught:
        parse_yaml(text, "plan.yaml", Plan)
    assert caught.value.reason is Reason.CONFIG_INVALID
    return caught.value.where.split("; ")


def test_a_good_file_is_read_by_the_rules_of_yaml_1_2(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(GOOD, encoding="utf-8")
    plan = load_yaml(path, Plan)
    assert plan.towns[1] == Town(name="NO", municipality=MunicipalityCode("131016"), desks=1)
    assert isinstance(plan.towns[0].municipality, MunicipalityCode)
    assert (plan.opened, plan.ratio) == (datetime.date(2024, 5, 27), 0.25)
    assert plan.fleet == [Bus(kind="bus", seats=31)]


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_yaml(path, Plan).title == "計画"


def test_every_fault_is_listed_with_its_line_and_field() -> None:
    assert faults(
        """\
titel: x
ratio: much
towns:
  - name: a
    municipality: "131017"
    desks: many
  - name: b
    chairs: 4
fleet:
  - kind: bus
"""
    ) == [
        "plan.yaml:1 title is missing",
        "plan.yaml:1 titel is not a field here",
        "plan.yaml:2 ratio should be a valid number, unable to parse string as a number",
        "plan.yaml:5 towns[0].municipality should be a municipality code",
        "plan.yaml:6 towns[0].desks should be a valid integer, unable to parse string as an integer",
        "plan.yaml:7 towns[1].municipality is missing",
        "plan.yaml:8 towns[1].chairs is not a field here",
        "plan.yaml:10 fleet[0].seats is missing",
    ]


@pytest.mark.parametrize("bare", ["131016", "011002", "13e4", "true"])
def test_a_code_without_quotes_is_answered_with_quote_it(bare: str) -> None:
    (fault,) = faults(f"title: t\ntowns:\n- name: a\n  municipality: {bare}\n")
    assert fault.startswith("plan.yaml:4 towns[0].municipality should be text")
    assert fault.endswith("quote it")
    (fault,) = faults(f"title: {bare}")
    assert fault.endswith("quote it")


def test_a_key_given_twice_is_refused_and_both_lines_are_named() -> None:
    assert faults("title: a\nratio: 1\ntitle: b\n") == ["plan.yaml:1 title is given again on line 3"]


def test_a_key_given_twice_is_listed_together_with_everything_else() -> None:
    assert len(faults("title: a\ntitle: b\nratio: x\n")) == 2


def test_an_unknown_kind_is_answered_with_the_known_ones() -> None:
    (fault,) = faults("title: a\nfleet: [{kind: secret-boat, seats: 1}]\n")
    assert fault == "plan.yaml:2 fleet[0] names none of the kinds known here: 'bus', 'tram'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "plan.yaml: is empty"),
        ("# only a comment\n", "plan.yaml: is empty"),
        ("- a\n", "plan.yaml:1 (file) should be a valid dictionary or instance of Plan"),
        ("title: [1, 2\n", "plan.yaml:2: is not YAML"),
        ("title: a\n---\ntitle: b\n", "plan.yaml:2: is not YAML"),
        ("title: *nothing\n", "plan.yaml:1: is not YAML"),
        ("title: a\x00\n", "plan.yaml: is not YAML"),
        ("title: !!python/object:os.system x\n", "plan.yaml:1 title carries a YAML tag"),
        ("title: !!binary aGk=\n", "plan.yaml:1 title carries a YAML tag"),
        ("title: a\ntowns: !!set {a, b}\n", "plan.yaml:2 towns carries a YAML tag"),
        ("title: !!int [1]\n", "plan.yaml:1 title carries a YAML tag"),
        ("title: a\nratio: !!int many\n", "plan.yaml:2 ratio is not a valid int"),
        ("title: a\n[1, 2]: b\n", "plan.yaml:1 (file) has a key that is not text"),
        ("title: a\ntowns: &t [*t]\n", "plan.yaml:2: a value contains itself"),
        ("title: a\n<<: {ratio: 1}\n", "plan.yaml:2 << is not a field here"),
    ],
)
def test_what_is_not_plain_yaml_is_refused(text: str, said: str) -> None:
    assert faults(text)[0].startswith(said)


def test_an_anchor_may_be_used_again_and_given_again() -> None:
    plan = parse_yaml("title: &a one\ntowns: [{name: *a, municipality: &a '131016'}]\n", "plan.yaml", Plan)
    assert plan.towns[0].name == "one"


def test_a_small_file_that_means_a_huge_one_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert faults("\n".join(lines)) == ["plan.yaml: holds more than 200000 values"]


def test_nesting_without_end_is_refused() -> None:
    assert faults("title: " + "[" * 600)[0].startswith("plan.yaml: is nested too deeply")


def test_a_missing_a_huge_and_a_binary_file_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    for content, said in [
        (None, f"{path}: cannot be read (No such file or directory)"),
        (b"x" * (MAX_BYTES + 1), f"{path}: is larger than {MAX_BYTES} bytes"),
        (b"title: a\n\xff\xfe\n", f"{path}:2: is not UTF-8"),
        (
            "a: 1\ntitle: 計画\n".encode("cp932"),
            f"{path}:2: is not UTF-8 but seems to be CP932 (Shift_JIS): save it as UTF-8",
        ),
    ]:
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WarifuError) as caught:
            load_yaml(path, Plan)
        assert (caught.value.reason, caught.value.where) == (Reason.CONFIG_INVALID, said)


def test_what_contradicts_itself_inside_a_file_is_located_too() -> None:
    def no_town_twice(plan: Plan) -> Iterable[Fault]:
        names = [town.name for town in plan.towns]
        return [Fault(("towns", n, "name"), "is a town named before") for n, x in enumerate(names) if x in names[:n]]

    text = "title: a\ntowns:\n- name: x\n  municipality: '131016'\n- municipality: '131016'\n  name: x\n"
    with pytest.raises(WarifuError) as caught:
        parse_yaml(text, "plan.yaml", Plan, no_town_twice)
    assert caught.value.where == "plan.yaml:6 towns[1].name is a town named before"


@given(st.text(max_size=200) | st.text("ab:- []{}#&*!|>'\"\n\t0x.~<,?%@`", max_size=60))
def test_any_text_is_read_or_refused_with_the_files_name(text: str) -> None:
    refused: WarifuError | None = None
    try:
        parse_yaml(text, "plan.yaml", Plan)
    except WarifuError as error:
        refused = error
    assert refused is None or (refused.reason is Reason.CONFIG_INVALID and refused.where.startswith("plan.yaml:"))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_text_that_json_escaped_is_the_text_it_was(title: str) -> None:
    # A JSON library writes a character beyond the first plane as two escaped surrogates.
    assert parse_yaml(json.dumps({"title": title}), "plan.json", Plan).title == title


def test_half_a_character_is_refused_where_it_stands() -> None:
    assert faults('{"title": "a",\n"towns": [\n{"name": "\\ud800", "municipality": "131016"}]}') == [
        "plan.yaml:3 towns[0].name has an escape that is half a character (a surrogate without its other half)",
    ]
    (as_key,) = faults('{"title": "a",\n"\\udfff": 1}')
    assert as_key.startswith("plan.yaml:1 (file) has a key with an escape that is half a character")
    assert as_key.endswith("on line 2")


@pytest.mark.parametrize("escape", ["\\U00110000", "\\UFFFFFFFF"])
def test_an_escape_beyond_the_last_character_is_refused(escape: str) -> None:
    assert faults(f'title: "{escape}"') == ["plan.yaml: is not YAML, or holds a character YAML does not allow"]

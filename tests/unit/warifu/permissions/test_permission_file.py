"""A malformed permission table is refused with the file, the line and the field of everything wrong with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from warifu.errors import Reason, WarifuError
from warifu.permissions.table import PermissionTable

SMALL = """\
sources: {ACT: "the Act", TOOL: "a tool"}
kinds:
  residence: {number: 1, english: "resident registry", japanese: "住民", municipal: true}
  tax: {number: 2, english: "tax office", japanese: "税", municipal: true}
  childcare: {number: 3, english: "childcare", japanese: "児童", municipal: true}
items:
  - code: "TM00000000000002"
    english: "local tax"
    japanese: "地方税"
    provided_by: [tax]
    consent_by_ordinance: true
    evidence: verified
    sources: [TOOL]
  - {code: "TM99000000000001", english: "resident", japanese: "住民票", provided_by: [residence], evidence: unverified}
procedures:
  - {code: "JT99000000000001", affair_code: "JM99000000000001", english: "allowance", japanese: "手当", evidence: unverified}
  - {code: "JT99000000000101", affair_code: "JM99000000000101", english: "subsidy", japanese: "助成", evidence: unverified}
rows:
  - number: R01
    procedure: "JT99000000000001"
    inquirers: [childcare]
    law_row: {row: "81", evidence: verified, sources: [ACT]}
    old_row: {row: "74", evidence: unverified}
    grants:
      - {provider: tax, item: "TM00000000000002", evidence: unverified}
  - number: O01
    procedure: "JT99000000000101"
    inquirers: [childcare]
    law_row: {row: "Article 19(9)", evidence: verified, sources: [ACT]}
    ordinance: true
    similar_to: R01
    grants:
      - {provider: tax, item: "TM00000000000002", consent: true, evidence: unverified}
assessments:
  - {kind: tax, form: full, status: in_force, items: ["TM00000000000002"]}
  - {kind: childcare, form: basic, status: in_force, items: ["TM00000000000002"]}
"""

MALFORMED = {
    "an unknown kind in a row": (
        "inquirers: [childcare]",
        "inquirers: [childcare, police]",
        "21 rows[0].inquirers[1] is not a kind of this file",
    ),
    "a grant of an unknown kind": (
        "- {provider: tax, item",
        "- {provider: taxi, item",
        "25 rows[0].grants[0].provider is not a kind of this file",
    ),
    "a grant of an unknown item": (
        'tax, item: "TM00000000000002"',
        'tax, item: "TM00000000000003"',
        "25 rows[0].grants[0].item is not an item of this file",
    ),
    "a grant of an item another kind provides": (
        'provider: tax, item: "TM00000000000002"',
        'provider: tax, item: "TM99000000000001"',
        "25 rows[0].grants[0].provider does not provide this item",
    ),
    "an item provided by an unknown kind": (
        "provided_by: [tax]",
        "provided_by: [tax, mint]",
        "10 items[0].provided_by[1] is not a kind of this file",
    ),
    "an unknown procedure": (
        'procedure: "JT99000000000001"',
        'procedure: "JT99000000000002"',
        "20 rows[0].procedure is not a procedure of this file",
    ),
    "a row number given twice": (
        "number: O01",
        "number: R01",
        "26 rows[1].number says what an entry above says already",
    ),
    "a kind number given twice": (
        "childcare: {number: 3",
        "childcare: {number: 2",
        "5 kinds.childcare.number says what an entry above says already",
    ),
    "an item code given twice": (
        'code: "TM99000000000001"',
        'code: "TM00000000000002"',
        "14 items[1].code says what an entry above says already",
    ),
    "a procedure code given twice": (
        'code: "JT99000000000101"',
        'code: "JT99000000000001"',
        "17 procedures[1].code says what an entry above says already",
    ),
    "the same grant given twice": (
        '      - {provider: tax, item: "TM00000000000002", evidence: unverified}\n',
        '      - {provider: tax, item: "TM00000000000002", evidence: unverified}\n' * 2,
        "26 rows[0].grants[1] says what an entry above says already",
    ),
    "an unknown key": (
        "    inquirers: [childcare]",
        "    asker: x\n    inquirers: [childcare]",
        "21 rows[0].asker is not a field here",
    ),
    "a key given twice": (
        "  - number: R01\n",
        "  - number: R01\n    number: R02\n",
        "19 rows[0].number is given again on line 20",
    ),
    "a code of another shape": (
        'tax, item: "TM00000000000002"',
        'tax, item: "TM2"',
        "25 rows[0].grants[0].item should be an item code: TM and fourteen digits or capitals",
    ),
    "a number where text is wanted": (
        'law_row: {row: "81"',
        "law_row: {row: 81",
        "22 rows[0].law_row.row should be text but reads as a number or truth value: quote it",
    ),
    "a grant without evidence": (
        'tax, item: "TM00000000000002", evidence: unverified}',
        'tax, item: "TM00000000000002"}',
        "25 rows[0].grants[0].evidence is missing",
    ),
    "evidence of a kind there is not": (
        "evidence: verified\n",
        "evidence: certain\n",
        "12 items[0].evidence should be 'verified', 'partial' or 'unverified'",
    ),
    "evidence without a source": (
        'row: "81", evidence: verified, sources: [ACT]',
        'row: "81", evidence: verified',
        "22 rows[0].law_row.evidence is verified but no source is named",
    ),
    "a source the file does not list": (
        "sources: [TOOL]",
        "sources: [TOOL, RUMOUR]",
        "13 items[0].sources names a source this file does not list",
    ),
    "a row without grants": (
        '      - {provider: tax, item: "TM00000000000002", evidence: unverified}\n',
        "      []\n",
        "24 rows[0].grants ",
    ),
    "a statutory row without its row of the Act": (
        'law_row: {row: "81", ',
        "law_row: {",
        "22 rows[0].law_row must give the row of the Act",
    ),
    "a statutory row without its old row": (
        '    old_row: {row: "74", evidence: unverified}\n',
        "",
        "19 rows[0].old_row is missing",
    ),
    "a statutory row with a model": (
        "    old_row:",
        "    similar_to: R01\n    old_row:",
        "23 rows[0].similar_to belongs to ordinance rows only",
    ),
    "a statutory grant with consent": (
        'tax, item: "TM00000000000002", evidence',
        'tax, item: "TM00000000000002", consent: true, evidence',
        "25 rows[0].grants[0].consent belongs to ordinance rows only",
    ),
    "an ordinance row numbered like a statutory one": (
        "number: O01",
        "number: R02",
        "26 rows[1].number starts with O for an ordinance affair",
    ),
    "an ordinance row that resembles nothing": (
        "similar_to: R01",
        "similar_to: R09",
        "31 rows[1].similar_to must name the statutory row",
    ),
    "an ordinance row that resembles itself": (
        "similar_to: R01",
        "similar_to: O01",
        "31 rows[1].similar_to must name the statutory row",
    ),
    "an ordinance row that opens more than its model": (
        "consent: true, evidence: unverified}\n",
        'consent: true, evidence: unverified}\n      - {provider: residence, item: "TM99000000000001", evidence: partial}\n',
        "34 rows[1].grants[1].item is not open to R01, which this row resembles",
    ),
    "local tax by ordinance without consent": (
        "consent: true, ",
        "",
        "33 rows[1].grants[0].consent must be true",
    ),
    "a grant whose provider's file has no assessment": (
        "{kind: tax, form",
        "{kind: residence, form",
        "25 rows[0].grants[0] touches a file of tax that has no assessment below",
    ),
    "a grant whose inquirer's file has no assessment": (
        "{kind: childcare, form",
        "{kind: residence, form",
        "25 rows[0].grants[0] touches a file of childcare that has no assessment below",
    ),
    "an assessment of an unknown kind": (
        "  - {kind: tax, form",
        "  - {kind: mint, form",
        "35 assessments[0].kind is not a kind of this file",
    ),
    "an assessment of nobody": (
        "  - {kind: tax, form",
        "  - {form",
        "35 assessments[0] names either a kind or an institution",
    ),
    "an assessment of a malformed institution": (
        "  - {kind: tax, form",
        '  - {institution: "12", form',
        "35 assessments[0].institution should be an institution code: sixteen digits",
    ),
    "an assessment of an unknown item": (
        'status: in_force, items: ["TM00000000000002"]}',
        'status: in_force, items: ["TM00000000000002", "TM00000000000003"]}',
        "35 assessments[0].items[1] is not an item of this file",
    ),
    "an assessment given twice": (
        'status: in_force, items: ["TM00000000000002"]}',
        'status: in_force, items: ["TM00000000000002", "TM00000000000002"]}',
        "35 assessments[0].items[1] says what an entry above says already",
    ),
    "a kind name with capitals": (
        "  childcare: {number: 3",
        "  Childcare: {number: 3",
        "5 kinds.Childcare",
    ),
    "a kind number of three digits": (
        "childcare: {number: 3",
        "childcare: {number: 300",
        "5 kinds.childcare.number should be less than or equal to 99",
    ),
}


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "permissions.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WarifuError) as caught:
        PermissionTable.load(path)
    assert caught.value.reason is Reason.CONFIG_INVALID
    found = caught.value.where.split("; ")
    assert all(fault.startswith(f"{path}:") for fault in found)
    return [fault.removeprefix(f"{path}:") for fault in found]


def test_the_small_table_these_tests_spoil_is_well_formed(tmp_path: Path) -> None:
    path = tmp_path / "permissions.yaml"
    path.write_text(SMALL, encoding="utf-8")
    assert [row.row_number for row in PermissionTable.load(path).rows] == ["R01", "O01"]


@pytest.mark.parametrize("sentence", MALFORMED)
def test_a_table_is_refused_for(sentence: str, tmp_path: Path) -> None:
    right, wrong, said = MALFORMED[sentence]
    assert right in SMALL
    found = faults(tmp_path, SMALL.replace(right, wrong, 1))
    assert [fault for fault in found if fault.startswith(said)], found


def test_every_contradiction_is_named_at_once(tmp_path: Path) -> None:
    spoiled = SMALL.replace("provided_by: [tax]", "provided_by: [mint]").replace("similar_to: R01", "similar_to: R09")
    spoiled = spoiled.replace('procedure: "JT99000000000001"', 'procedure: "JT99000000000009"')
    lines = [int(re.split("[ :]", fault)[0]) for fault in faults(tmp_path, spoiled)]
    assert set(lines) >= {10, 20, 31}
    assert lines == sorted(lines)


def test_a_missing_table_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WarifuError) as caught:
        PermissionTable.load(tmp_path / "none.yaml")
    assert caught.value.where == f"{tmp_path / 'none.yaml'}: cannot be read (No such file or directory)"

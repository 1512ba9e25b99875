"""What a file of bulk inquiries says, row by row, and everything that may be wrong with one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.identifiers import InstitutionCode
from warifu.saved_text import NotTextError
from warifu_kit.bulk.layout import FIELDS, MOST_ROWS, BadRow, Row, read_sheet

CELLS = (
    "01", "000001468942700", "000000014689427", "20261128103000000", "3595115400          ", "", "9030110020000001", "0",
    "JM01000000121000", "JT01010000000214", "", "", "9020110020000001", "TM00000000000002", "0", "0", "", "",
)  # fmt: skip


def row(**change: str) -> str:
    """A good row, with text put into fields by ``f`` and their number."""
    cells = list(CELLS)
    for name, text in change.items():
        cells[int(name[1:]) - 1] = text
    return ",".join(cells)


def content(*rows: str) -> bytes:
    return "".join(f"{each}\r\n" for each in rows).encode("cp932")


def only(**change: str) -> Row | BadRow:
    (found,) = read_sheet(content(row(**change))).rows
    return found


def faults(**change: str) -> list[str]:
    found = only(**change)
    assert isinstance(found, BadRow)
    return [str(fault) for fault in found.faults]


def test_a_row_asks_what_its_fields_say() -> None:
    found = only(f17="20260401", f18="20270331", f8="1")
    assert isinstance(found, Row)
    assert found.local_number == "1468942700"
    assert (found.provider, found.inquirer) == ("9020110020000001", "9030110020000001")
    assert (found.procedure_code, found.item_code) == ("JT01010000000214", "TM00000000000002")
    assert (found.fiscal_year, found.non_disclosure, found.line) == (2026, True, 1)
    assert found.cells == tuple(row(f17="20260401", f18="20270331", f8="1").split(","))


def test_the_layout_is_the_real_one() -> None:
    assert [field.width for field in FIELDS] == [2, 15, 15, 17, 20, 20, 16, 1, 16, 16, 16, 16, 16, 16, 1, 1, 8, 8]
    assert all(len(cell) in (0, field.width) for cell, field in zip(CELLS, FIELDS, strict=True))


@pytest.mark.parametrize(
    ("start", "end", "year"),
    [
        ("", "", 0), ("00000000", "        ", 0), ("20260401", "", 2026), ("", "20260331", 2025), ("20260101", "20260331", 2025),
    ],
)  # fmt: skip
def test_dates_name_the_fiscal_year_in_which_they_lie(start: str, end: str, year: int) -> None:
    found = only(f17=start, f18=end)
    assert isinstance(found, Row)
    assert found.fiscal_year == year


@pytest.mark.parametrize(
    ("cell", "digits", "local_number"),
    [
        ("0000000C-602759", None, "C-602759"),
        ("000000001234567", None, "1234567"),
        ("000000001234567", 10, "0001234567"),
        ("C-602759       ", None, "C-602759"),
    ],
)
def test_a_local_number_is_what_is_left_without_its_filling(cell: str, digits: int | None, local_number: str) -> None:
    (found,) = read_sheet(content(row(f2=cell)), digits=digits).good()
    assert found.local_number == local_number


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"f1": "x1"}, "field 1 番号体系 is not two digits"),
        ({"f2": ""}, "field 2 宛名番号 is empty"),
        ({"f2": "0" * 15}, "field 2 宛名番号 is nothing but zeros"),
        ({"f2": "0" * 15 + "1"}, "field 2 宛名番号 has 16 bytes instead of 15"),
        ({"f5": "税務課" * 4}, "field 5 情報照会者部署コード has 24 bytes instead of 20"),
        ({"f4": "yesterday"}, "field 4 照会依頼日時 is no time: yyyyMMddHHmmssSSS"),
        ({"f7": ""}, "field 7 情報照会者機関コード is empty"),
        ({"f8": "2"}, "field 8 照会側不開示コード is none of empty, 0, 1"),
        ({"f9": "JT01000000121000"}, "field 9 事務コード is no affair code: JM and 14 digits or capitals"),
        ({"f10": "JM01010000000214"}, "field 10 事務手続きコード is no procedure code: JT and 14 digits or capitals"),
        ({"f11": "9020110020000001"}, "field 11 情報照会者機関コード（委任元） is filled: delegated inquiries are not simulated"),
        ({"f13": "13101"}, "field 13 情報提供者機関コード is no institution code: 16 digits"),
        ({"f14": "地方税"}, "field 14 特定個人情報名コード is no name code: TM and 14 digits or capitals"),
        ({"f15": "x"}, "field 15 照会条件区分 is not a digit"),
        ({"f17": "20260431"}, "field 17 照会開始日付 is no day: yyyyMMdd"),
        ({"f17": "２０２６"}, "field 17 照会開始日付 is no day: yyyyMMdd"),
        ({"f17": "20260401", "f18": "20260331"}, "field 18 照会終了日付 lies before field 17"),
        ({"f17": "20250401", "f18": "20260401"}, "field 18 照会終了日付 lies in another fiscal year than field 17: one row asks for one"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told_by_field(change: dict[str, str], told: str) -> None:
    assert faults(**change) == [told]


def test_a_row_with_several_faults_tells_each_and_the_others_are_good() -> None:
    sheet = read_sheet(content(row(), row(f1="", f14="x"), "too,short", "", row(f2="2")))
    assert [type(each).__name__ for each in sheet.rows] == ["Row", "BadRow", "BadRow", "BadRow", "Row"]
    assert [(each.line, [fault.field for fault in each.faults]) for each in sheet.bad()] == [
        (2, [1, 14]),
        (3, [0]),
        (4, [0]),
    ]
    assert [str(each.faults[0]) for each in sheet.bad()[1:]] == ["has 2 fields instead of 18", "is empty"]


def test_a_row_that_asks_what_another_asks_is_not_asked_twice() -> None:
    first, again, other = read_sheet(content(row(), row(f4="20261128235959000"), row(f17="20260401"))).rows
    assert isinstance(again, BadRow)
    assert (again.repeats, str(again.faults[0])) == (1, "asks what line 1 asks")
    assert isinstance(first, Row)
    assert isinstance(other, Row)


def test_rows_of_another_inquirer_than_the_first_row_or_the_one_named_fail_alone() -> None:
    raw = content(row(), row(f7="9040000000000001", f2="2"))
    assert [each.line for each in read_sheet(raw).bad()] == [2]
    assert [each.line for each in read_sheet(raw, InstitutionCode("9040000000000001")).bad()] == [1]


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "line 1 is not there: the file is empty"),
        (content(row(f6="x")) + "情報照会者".encode(), "line 1 is UTF-8, as is all of the file: the layout is CP932"),
        (b"\xef\xbb\xbf" + content(row()), "line 1 is UTF-8, as is all of the file: the layout is CP932"),
        (row().encode("utf-16"), "line 1 has a zero byte: is it UTF-16? The layout is CP932"),
        (content(row()) + b"01,\x81\n", "line 2 is not CP932"),
        (content(row(), row()) + b"\xff\r\n", "line 3 is not CP932"),
        (content(*["x"] * (MOST_ROWS + 1)), "line 10001 is one too many: a file has 10,000 rows at most, this one 10,001"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused_whole_and_says_where(raw: bytes, fault: str) -> None:
    with pytest.raises(NotTextError) as refused:
        read_sheet(raw)
    assert str(refused.value) == fault


@pytest.mark.parametrize("end", ["", "\r\n", "\n", "\r\n\x1a"])
def test_a_file_may_end_as_old_and_new_programs_end_one(end: str) -> None:
    sheet = read_sheet((row() + "\r\n" + row(f2="2") + end).encode("cp932"))
    assert [each.line for each in sheet.good()] == [1, 2]


@given(st.lists(st.text(max_size=30).filter(lambda text: text.encode("cp932", "ignore").decode("cp932") == text)))
def test_whatever_a_file_holds_every_line_is_a_good_row_or_a_bad_one_with_its_fault(lines: list[str]) -> None:
    raw = "\r\n".join(lines).encode("cp932")
    try:
        sheet = read_sheet(raw)
    except NotTextError:
        return
    assert [each.line for each in sheet.rows] == list(range(1, len(sheet.rows) + 1))
    assert all(each.faults for each in sheet.bad())

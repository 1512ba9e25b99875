"""Residents from a CSV file: all or nothing, every fault with its line and column, no value repeated."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode
from warifu_kit.people import residents_csv
from warifu_kit.people.residents import Application, applicants, generate
from warifu_kit.people.residents_csv import COLUMNS, MAX_BYTES, read_csv, write_csv

EXAMPLE = Path(__file__).parents[4] / "examples" / "people.csv"

HEAD_ROW = {
    "resident_number": "1",
    "name": "佐藤　花子",
    "kana": "サトウ　ハナコ",
    "address": "東京都千代田区本町1丁目2番3号",
    "date_of_birth": "1990-05-06",
    "sex": "female",
    "municipality_code": "131016",
    "household_number": "1",
    "relationship_to_head": "世帯主",
    "became_resident_on": "2020-04-01",
    "previous_municipality_code": "011002",
    "income_yen": "3000000",
    "dependants": "1",
    "insured": "true",
    "auto_response_disabled": "false",
    "non_disclosure": "false",
    "self_info_blocked": "false",
}
CHILD_ROW = HEAD_ROW | {
    "resident_number": "2",
    "name": "佐藤　太郎",
    "kana": "サトウ　タロウ",
    "date_of_birth": "2021-01-02",
    "sex": "male",
    "relationship_to_head": "子",
    "became_resident_on": "2021-01-02",
    "previous_municipality_code": "",
    "income_yen": "0",
    "dependants": "0",
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes rows, or a whole text, or bytes, as people.csv."""

    def write_people(*rows: dict[str, str], text: str | None = None, raw: bytes | None = None) -> Path:
        path = tmp_path / "people.csv"
        if raw is None:
            buffer = io.StringIO()
            writer = csv.DictWriter(buffer, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
            raw = (buffer.getvalue() if text is None else text).encode()
        path.write_bytes(raw)
        return path

    return write_people


def faults(path: Path) -> list[str]:
    with pytest.raises(WarifuError) as caught:
        read_csv(path)
    assert caught.value.reason is Reason.FILE_INVALID
    found = caught.value.where.split("; ")
    assert all(fault.startswith(f"{path}:") for fault in found)
    return [fault.removeprefix(f"{path}:") for fault in found]


def test_a_good_file_is_read(write: Write) -> None:
    head, child = read_csv(write(HEAD_ROW, CHILD_ROW))
    assert (head.name, head.kana, head.head, head.date_of_birth.ages(head.became_resident_on)) == (
        "佐藤　花子",
        "サトウ　ハナコ",
        True,
        (29, 29),
    )
    assert head.previous_municipality_code == "011002"
    assert isinstance(child.municipality_code, MunicipalityCode)
    assert child.previous_municipality_code is None
    assert (child.insured, child.auto_response_disabled) == (True, False)


def test_the_example_file_is_read_and_has_applicants_for_both_procedures() -> None:
    people = read_csv(EXAMPLE)
    assert len(people) == 10
    assert applicants(people, Application.CHILD_ALLOWANCE)
    assert applicants(people, Application.INSURANCE_BENEFIT)
    assert 0 < sum(resident.auto_response_disabled for resident in people) < 5
    assert "SIMULATED" in EXAMPLE.read_text(encoding="utf-8").splitlines()[0]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    people = generate(11, 300)
    path = tmp_path / "people.csv"
    write_csv(path, people)
    assert read_csv(path) == people
    assert path.read_text(encoding="utf-8").startswith("# SIMULATED people.")
    assert [entry.name for entry in tmp_path.iterdir()] == ["people.csv"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    write_csv(path, generate(1, 3))
    with pytest.raises(AttributeError):
        write_csv(path, [object()])  # type: ignore[list-item]
    assert read_csv(path) == generate(1, 3)
    assert [entry.name for entry in tmp_path.iterdir()] == ["people.csv"]


def test_a_byte_order_mark_line_ends_blank_lines_and_the_order_of_columns_are_no_matter(write: Write) -> None:
    plain = read_csv(write(HEAD_ROW, CHILD_ROW))
    body = write(HEAD_ROW, CHILD_ROW).read_bytes()
    assert b"\r\n" in body
    assert read_csv(write(raw=b"\xef\xbb\xbf# a note\n" + body.replace(b"\r\n", b"\n\n"))) == plain
    columns = list(reversed(COLUMNS))
    rows = [columns, *([row[column] for column in columns] for row in (HEAD_ROW, CHILD_ROW))]
    assert read_csv(write(text="\n".join(",".join(row) for row in rows))) == plain


@pytest.mark.parametrize(
    "kana", ["ヵヶ", "ヷイオリン", "ㇰㇱ", "テストヽ", "ヿ", "サン゠テスト", "サン＝テスト", "ヴィオラ・ー"]
)
def test_rare_katakana_are_katakana(kana: str, write: Write) -> None:
    (head,) = read_csv(write(HEAD_ROW | {"kana": kana}))
    assert head.kana == kana


def test_a_voiced_sign_saved_on_its_own_is_joined_to_its_letter(write: Write) -> None:
    (head,) = read_csv(write(HEAD_ROW | {"kana": "カ\u3099クセイ ワ\u3099"}))
    assert head.kana == "ガクセイ ヷ"


def test_a_resident_may_have_no_furigana(write: Write, tmp_path: Path) -> None:
    people = read_csv(write(HEAD_ROW | {"kana": ""}))
    assert people[0].kana == ""
    write_csv(tmp_path / "again.csv", people)
    assert read_csv(tmp_path / "again.csv") == people


def test_a_date_of_birth_may_be_unknown_in_part(write: Write, tmp_path: Path) -> None:
    month = CHILD_ROW | {"date_of_birth": "2020/12/0"}
    people = read_csv(write(HEAD_ROW | {"date_of_birth": "1945-00-00"}, month))
    assert [str(each.date_of_birth) for each in people] == ["1945-00-00", "2020-12-00"]
    write_csv(tmp_path / "again.csv", people)
    assert read_csv(tmp_path / "again.csv") == people


def test_only_what_is_surely_before_birth_is_too_early_to_become_a_resident(write: Write) -> None:
    born = HEAD_ROW | {"date_of_birth": "1990-05-00"}
    assert read_csv(write(born | {"became_resident_on": "1990-05-01"}))
    assert faults(write(born | {"became_resident_on": "1990-04-30"})) == [
        "2 became_resident_on is before date_of_birth"
    ]


@pytest.mark.parametrize(("day", "truth"), [("1980/5/6", "TRUE"), ("1980-5-6", "True"), ("1980/05/06", "tRUE")])
def test_days_and_truth_values_are_read_as_spreadsheets_write_them(day: str, truth: str, write: Write) -> None:
    (head,) = read_csv(write(HEAD_ROW | {"date_of_birth": day, "insured": truth, "non_disclosure": "FALSE"}))
    assert (str(head.date_of_birth), head.insured, head.non_disclosure) == ("1980-05-06", True, False)


BAD_VALUES = {
    "resident_number": ["", "0", "-1", "1.0", "１", "01", "1e3", "x"],
    "name": ["", " 佐藤", "佐\x00藤", "佐\u202e藤", "佐" * 101, "佐\n藤"],
    "kana": ["さとう", "テスト，タロウ", "マリ‐ア", "マリ−ア", "ア\u3099", "Sato", "ｻﾄｳ", "サトウ  ハナコ", "サトウ "],
    "address": ["", "本" * 201],
    "date_of_birth": [
        *("", "1990-02-30", "1899-12-31", "2100-01-01", "平成2年", "S55.5.6", "19900506", "1990/5-6", "1990.5.6"),
        *("5/6/1990", "90/5/6", "１９９０-05-06", "1990/5/6 0:00", "1990-00-06", "1990", "1990-05", "0000-05-06"),
    ],
    "sex": ["", "F", "女", "Female"],
    "municipality_code": ["", "11002", "131017", "010006", "１３１０１６", "131016 "],
    "household_number": ["", "0", "a"],
    "relationship_to_head": ["", "世帯主" * 10],
    "became_resident_on": ["", "1990-05-05", "2020-13-01", "2020-04-00", "2020-00-00"],
    "previous_municipality_code": ["11002", "131017", "x"],
    "income_yen": ["", "-1", "3,000,000", "3000000.0", "99999999999", "123456789018"],
    "dependants": ["", "31", "one"],
    "insured": ["", "1", "yes", "ＴＲＵＥ", "WAHR", "yes "],
    "auto_response_disabled": ["", "0"],
    "non_disclosure": ["", "no"],
    "self_info_blocked": ["", "0.0"],
}


def test_every_column_has_bad_values_below() -> None:
    assert set(BAD_VALUES) == set(COLUMNS)


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column in BAD_VALUES for value in BAD_VALUES[column]]
)
def test_a_bad_value_is_refused_with_its_line_and_column_and_not_repeated(
    column: str, value: str, write: Write
) -> None:
    (fault,) = faults(write(CHILD_ROW, HEAD_ROW | {column: value}))
    assert fault.startswith(f"3 {column} ")
    assert len(value) < 3 or value not in fault


def test_every_fault_of_every_row_is_listed_and_nothing_is_taken(write: Write) -> None:
    found = faults(
        write(
            HEAD_ROW | {"sex": "x", "insured": "maybe"},
            CHILD_ROW,
            CHILD_ROW | {"resident_number": "three"},
            CHILD_ROW | {"resident_number": "4", "date_of_birth": "tomorrow"},
            CHILD_ROW,
        )
    )
    assert [" ".join(fault.split()[:2]) for fault in found] == [
        "2 sex",
        "2 insured",
        "4 resident_number",
        "5 date_of_birth",
        "6 resident_number",
        "6 name,",
    ]


def test_a_row_with_too_few_or_too_many_fields_is_refused(write: Write) -> None:
    text = write(HEAD_ROW, CHILD_ROW).read_text(encoding="utf-8")
    lines = text.splitlines()
    lines[1] += ",more"
    lines[2] = "2,just a name"
    assert faults(write(text="\n".join(lines))) == ["2 has 18 fields instead of 17", "3 has 2 fields instead of 17"]


def test_a_number_and_a_person_may_stand_in_a_file_once(write: Write) -> None:
    again = CHILD_ROW | {"resident_number": "3"}
    other = CHILD_ROW | {"name": "佐藤　次郎"}
    assert faults(write(HEAD_ROW, CHILD_ROW, again, other)) == [
        "4 name, kana, date_of_birth, sex and address are those of line 3 again",
        "5 resident_number is that of line 3 again",
    ]


def test_of_very_many_faults_the_first_hundred_are_listed_and_the_others_counted(write: Write) -> None:
    found = faults_of_the_file(write(*[HEAD_ROW | {"sex": "x"}] * 150, *[CHILD_ROW] * 50)).split("; ")
    assert len(found) == 101
    assert [fault.split(":")[1].split()[0] for fault in found[:100]] == [str(line) for line in range(2, 102)]
    assert found[100].endswith("people.csv: and 148 more faults")


def test_a_household_has_one_head(write: Write) -> None:
    two_heads = faults(write(HEAD_ROW, CHILD_ROW | {"relationship_to_head": "世帯主"}))
    assert two_heads == ["3 relationship_to_head makes a second head of the household of line 2"]
    (headless,) = faults(write(HEAD_ROW, CHILD_ROW | {"household_number": "2"}))
    assert headless.startswith("3 household_number names a household of which nobody is the head")


def test_line_numbers_hold_after_notes_blank_lines_and_fields_of_several_lines(write: Write) -> None:
    bad = CHILD_ROW | {"address": "two\nlines"}
    text = "# note\n# note\n" + write(HEAD_ROW, bad, CHILD_ROW | {"sex": "x"}).read_text(encoding="utf-8")
    assert [fault.split()[0] for fault in faults(write(text=text.replace("\n佐", "\n\n佐")))] == ["5", "7"]


def test_a_header_is_whole_known_and_without_repetition(write: Write) -> None:
    columns = [column for column in COLUMNS if column not in ("kana", "sex")]
    found = faults(write(text=",".join([*columns, "my_number", "name"]) + "\n"))
    assert found == [
        "1 column kana is missing",
        "1 column sex is missing",
        "1 column number 16 is none of the known columns",
        "1 column name is there twice",
    ]


def test_a_first_row_taken_for_a_header_is_not_repeated(write: Write) -> None:
    found = faults(write(text=",".join(HEAD_ROW.values())))
    assert not [fault for fault in found if "佐藤" in fault or "千代田" in fault]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a note\n"])
def test_an_empty_file_is_refused(text: str, write: Write) -> None:
    assert len(faults(write(text=text))) == len(COLUMNS)


def test_a_header_alone_is_a_list_of_nobody(write: Write) -> None:
    assert read_csv(write()) == []


def test_a_file_that_is_no_text_or_no_csv_is_refused_with_the_line(write: Write) -> None:
    good = write(HEAD_ROW).read_bytes()
    assert faults(write(raw=good + b"\xff\xfe\n")) == ["3 is not UTF-8"]
    assert faults(write(raw=good + '2,"佐藤'.encode())) == ["3 is not CSV: look for a stray or missing quote"]
    assert faults(write(raw=good + '2,"佐"藤,x\n'.encode())) == ["3 is not CSV: look for a stray or missing quote"]
    assert faults(write(raw=good + b"x" * 200_000)) == ["3 is not CSV: look for a stray or missing quote"]


def test_a_missing_and_a_huge_file_are_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    assert faults_of_the_file(path) == f"{path}: cannot be read (No such file or directory)"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert faults_of_the_file(path) == f"{path}: is larger than {MAX_BYTES} bytes"


def faults_of_the_file(path: Path) -> str:
    with pytest.raises(WarifuError) as caught:
        read_csv(path)
    assert caught.value.reason is Reason.FILE_INVALID
    return caught.value.where


def test_more_people_than_a_file_may_list_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residents_csv, "MAX_PEOPLE", 1)
    assert faults(write(HEAD_ROW, CHILD_ROW)) == ["3 is one row more than the 1 a file may have"]


@given(tail=st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_after_a_good_header_are_read_or_refused(tail: bytes, write: Write) -> None:
    path = write(raw=",".join(COLUMNS).encode() + b"\n" + tail)
    refused: WarifuError | None = None
    try:
        read_csv(path)
    except WarifuError as error:
        refused = error
    assert refused is None or refused.reason is Reason.FILE_INVALID

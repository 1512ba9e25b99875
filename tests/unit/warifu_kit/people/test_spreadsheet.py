"""Tables as spreadsheets save them: encodings, separators, rows that are none; a doubt is said, not decided."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.saved_text import NotTextError
from warifu_kit.people.spreadsheet import ENCODINGS, Encoding, Row, read_table

COLUMNS = ("number", "name", "kana")
ROWS = [["1", "髙橋 花子", "タカハシ ハナコ"], ["2", "①番 太郎", ""]]
TEXT = "".join(",".join(row) + "\r\n" for row in [list(COLUMNS), *ROWS])


def read(raw: bytes, encoding: Encoding = "auto") -> tuple[int, list[str], list[Row]]:
    table = read_table(raw, COLUMNS, encoding)
    return table.header_line, table.header, list(table.rows)


def fault(raw: bytes, encoding: Encoding = "auto") -> tuple[int, str]:
    with pytest.raises(NotTextError) as caught:
        read(raw, encoding)
    assert "花子" not in caught.value.fault
    return caught.value.line, caught.value.fault


PLAIN = read(TEXT.encode())


def test_a_plain_file_has_its_header_and_rows_with_their_lines() -> None:
    assert (1, list(COLUMNS), [(2, ROWS[0]), (3, ROWS[1])]) == PLAIN


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TEXT.encode("utf-8-sig"), "auto"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-16"), "auto"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "auto"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16"),
        (TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("cp932"), "cp932"),
    ],
)
def test_what_a_mark_or_the_user_says_is_the_encoding(raw: bytes, encoding: Encoding) -> None:
    assert read(raw, encoding) == PLAIN


@pytest.mark.parametrize(
    ("raw", "line", "told"),
    [
        (TEXT.encode("cp932"), 2, "seems to be CP932 (Shift_JIS): say so with --encoding cp932"),
        (TEXT.encode("utf-16-le"), 2, "seems to be UTF-16 without its byte order mark: say so with --encoding utf-16"),
        (TEXT.replace("髙", "高").replace("①", "1").encode("euc_jp"), 2, "seems to be EUC-JP: save it as CSV UTF-8"),
        (TEXT.encode() + b"3,\xff,\n", 4, "is not UTF-8"),
    ],
)
def test_an_encoding_that_nothing_says_is_not_guessed_but_told(raw: bytes, line: int, told: str) -> None:
    at, said = fault(raw)
    assert (at, said.startswith("is not UTF-8"), told in said) == (line, True, True)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_is_utf_8_is_never_read_as_another_encoding(mark: bytes) -> None:
    raw = mark + TEXT.encode()
    assert raw.decode("cp932", errors="ignore"), "it would read as something"
    assert fault(raw, "cp932") == (1, "is UTF-8, as is all of the file: leave --encoding cp932 out")
    assert fault(TEXT.encode(), "utf-16") == (1, "is not UTF-16: leave --encoding utf-16 out")


def test_bytes_that_are_not_of_the_encoding_named_are_refused_by_their_line() -> None:
    assert fault(TEXT.encode("cp932") + b"\x85\x40,,\n", "cp932") == (4, "is not CP932")
    assert fault(TEXT.encode("utf-16") + b"\x00\xd8", "utf-16") == (4, "is not UTF-16")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_separate_as_the_header_says(separator: str) -> None:
    rows = [["1", "a,b;c\td", "x"], ["2", "plain", ""]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator).writerows([COLUMNS, *rows])
    assert read(buffer.getvalue().encode()) == (1, list(COLUMNS), [(2, rows[0]), (3, rows[1])])


@pytest.mark.parametrize(("separator", "shown"), [("|", "“|”"), ("、", "“、”"), (":", "“:”"), (" ", "blanks")])
def test_another_separator_is_refused_by_name(separator: str, shown: str) -> None:
    raw = b"# a note\n" + TEXT.replace(",", separator).encode()
    assert fault(raw) == (2, f"seems to be separated by {shown}: use commas, semicolons or tabs")


def test_rows_of_separators_alone_and_blank_rows_are_no_rows_wherever_they_stand() -> None:
    lines = [
        "# note",
        "",
        ",,",
        '"# note, with a comma",,',
        ",,",
        *TEXT.split("\r\n")[:2],
        " ,　,",
        "",
        TEXT.split("\r\n")[2],
    ]
    text = "\r\n".join([*lines, ",,", ",,", ""])
    assert read(text.encode()) == (6, list(COLUMNS), [(7, ROWS[0]), (10, ROWS[1])])


def test_empty_cells_beyond_the_last_column_are_cut_and_others_are_not() -> None:
    raw = b"number,name,kana,,\n1,a,b,,\n2,a,b,c,\n"
    assert read(raw) == (1, list(COLUMNS), [(2, ["1", "a", "b"]), (3, ["2", "a", "b", "c"])])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(end: str) -> None:
    assert read(f"# note{end}{TEXT}".replace("\r\n", end).encode()) == (2, list(COLUMNS), [(3, ROWS[0]), (4, ROWS[1])])


def test_a_stray_quote_is_refused_by_its_line() -> None:
    assert fault(b'number,name,kana\n1,"a"b,c\n') == (2, "is not CSV: look for a stray or missing quote")


@given(st.binary(max_size=200), st.sampled_from(ENCODINGS), st.booleans())
def test_any_bytes_are_read_or_refused(raw: bytes, encoding: Encoding, headed: bool) -> None:
    lines = [1]
    try:
        _, _, rows = read(b"number,name,kana\n" + raw if headed else raw, encoding)
        lines += [line for line, _ in rows]
    except NotTextError as refused:
        lines.append(refused.line)
    assert lines == sorted(lines)

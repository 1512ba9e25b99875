"""Numbers and codes: the check digits' published values, their traps, and the masking of My Numbers."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu import identifiers
from warifu.errors import Reason, WarifuError
from warifu.identifiers import (
    AffairCode,
    CorporateNumber,
    InstitutionCode,
    ItemCode,
    MunicipalityCode,
    MyNumber,
    ProcedureCode,
    ResidentRecordCode,
    corporate_number_check_digit,
    municipality_check_digit,
    my_number_check_digit,
    resident_record_check_digit,
)

MY_NUMBERS = [
    "123456789018",
    "987654321093",
    "111111111118",
    "548836529885",
    "765895492872",
    "271828182840",
    "000000000140",
    "314159265352",
]
CORPORATE_NUMBERS = [
    "7000012050002",
    "8000012010038",
    "7123456789012",
    "1000011000005",
    "1180301018771",
    "4011001098993",
    "5835678256246",
]
MUNICIPALITIES = ["010006", "011002", "131016", "131008", "141003", "271004", "472018", "221317", "013048"]

DIGITS = "0123456789"
FULL_WIDTH = str.maketrans(DIGITS, "０１２３４５６７８９")
ARABIC_INDIC = str.maketrans(DIGITS, "٠١٢٣٤٥٦٧٨٩")


def digit_text(length: int) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=length, max_size=length)


def refusal(parse: Any, text: Any) -> WarifuError:
    with pytest.raises(WarifuError) as caught:
        parse(text, "row 7 field")
    return caught.value


@pytest.mark.parametrize("number", MY_NUMBERS)
def test_every_published_my_number_checks_out(number: str) -> None:
    assert my_number_check_digit(number[:11]) == int(number[11])
    assert MyNumber.parse(number).digits == number


@pytest.mark.parametrize("number", MY_NUMBERS)
@pytest.mark.parametrize("step", range(1, 10))
def test_every_other_check_digit_is_refused(number: str, step: int) -> None:
    wrong = number[:11] + str((int(number[11]) + step) % 10)
    assert refusal(MyNumber.parse, wrong).reason is Reason.NUMBER_MALFORMED


def test_remainders_0_and_1_both_give_0_so_one_slip_in_one_place_can_pass() -> None:
    first, second = MyNumber.parse("000000000060"), MyNumber.parse("000000000760")
    assert sum(a != b for a, b in zip(first.digits, second.digits, strict=True)) == 1


def test_the_all_zero_number_is_refused_though_its_check_digit_is_right() -> None:
    assert my_number_check_digit("0" * 11) == 0
    assert refusal(MyNumber.parse, "0" * 12).reason is Reason.NUMBER_MALFORMED
    with pytest.raises(WarifuError):
        MyNumber.from_body("0" * 11)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12345678901",
        "1234567890188",
        " 123456789018",
        "123456789018\n",
        "1234-5678-9018",
        "123456789018".translate(FULL_WIDTH),
        "123456789018".translate(ARABIC_INDIC),
        "+12345678901",
        b"123456789018",
        123456789018,
        None,
    ],
)
def test_anything_but_twelve_ascii_digits_is_refused(text: object) -> None:
    error = refusal(MyNumber.parse, text)
    assert (error.reason, error.where) == (Reason.NUMBER_MALFORMED, "row 7 field")


def test_a_refused_number_is_not_repeated_in_the_error() -> None:
    error = refusal(MyNumber.parse, "123456789019")
    assert "123456789019" not in f"{error} {error!r} {error.debug} {error.args}"


@given(digit_text(11).filter(lambda body: body != "0" * 11))
def test_a_number_made_from_a_body_parses_again(body: str) -> None:
    assert MyNumber.parse(MyNumber.from_body(body).digits) == MyNumber.from_body(body)


@given(digit_text(11), st.integers(0, 10), st.integers(1, 9))
def test_a_one_digit_slip_goes_undetected_only_where_the_check_digit_is_0(body: str, place: int, step: int) -> None:
    slipped = body[:place] + str((int(body[place]) + step) % 10) + body[place + 1 :]
    if my_number_check_digit(body) == my_number_check_digit(slipped):
        assert my_number_check_digit(body) == 0


def test_a_my_number_masks_itself_wherever_it_is_printed() -> None:
    number = MyNumber.parse("123456789018")
    shown = [repr(number), str(number), f"{number}", f"{number:>30}", f"{number!r:s}", "%s" % number, f"{[number]}"]  # noqa: UP031
    assert not [text for text in shown if "1234" in text or "9018" in text]
    assert not hasattr(number, "__dict__")


def test_a_my_number_does_not_change_and_compares_by_its_digits() -> None:
    number = MyNumber.parse("123456789018")
    with pytest.raises(AttributeError):
        number._digits = "987654321093"
    assert number == MyNumber("123456789018") != MyNumber("987654321093")
    assert number != "123456789018"
    assert len({number, MyNumber("123456789018")}) == 1
    assert copy.deepcopy(number) == pickle.loads(pickle.dumps(number)) == number


@pytest.mark.parametrize("number", CORPORATE_NUMBERS)
def test_every_published_corporate_number_checks_out(number: str) -> None:
    assert corporate_number_check_digit(number[1:]) == int(number[0])
    assert CorporateNumber.parse(number) == number


@pytest.mark.parametrize("number", CORPORATE_NUMBERS)
@pytest.mark.parametrize("step", range(1, 9))
def test_every_other_first_digit_of_a_corporate_number_is_refused(number: str, step: int) -> None:
    wrong = str((int(number[0]) - 1 + step) % 9 + 1) + number[1:]
    assert refusal(CorporateNumber.parse, wrong).reason is Reason.NUMBER_MALFORMED


@given(digit_text(12))
def test_a_corporate_number_never_starts_with_0(base: str) -> None:
    assert 1 <= corporate_number_check_digit(base) <= 9


@given(digit_text(12), st.integers(0, 11))
def test_a_0_and_a_9_in_one_place_are_the_same_to_a_corporate_number(base: str, place: int) -> None:
    low, high = (base[:place] + digit + base[place + 1 :] for digit in "09")
    assert corporate_number_check_digit(low) == corporate_number_check_digit(high)


@pytest.mark.parametrize("code", MUNICIPALITIES)
def test_every_known_municipality_code_checks_out(code: str) -> None:
    assert MunicipalityCode.parse(code) == MunicipalityCode.from_body(code[:5]) == code
    assert MunicipalityCode.parse(code).prefecture == code[:2]
    wrong = code[:5] + str((int(code[5]) + 1) % 10)
    assert refusal(MunicipalityCode.parse, wrong).reason is Reason.NUMBER_MALFORMED


@pytest.mark.parametrize("code", ["000000", "480002", "13101", "1310166", "131016".translate(FULL_WIDTH), "13101a"])
def test_a_municipality_code_of_no_prefecture_or_another_shape_is_refused(code: str) -> None:
    assert refusal(MunicipalityCode.parse, code).reason is Reason.NUMBER_MALFORMED


@pytest.mark.parametrize(
    "function",
    [
        my_number_check_digit,
        corporate_number_check_digit,
        municipality_check_digit,
        lambda body: resident_record_check_digit(body[:9]),
    ],
)
def test_a_check_digit_of_another_length_is_a_fault_of_the_program(function: Any) -> None:
    for text in ("", "1234", "123456", "1" * 13, "x" * 11, "１" * 11):
        with pytest.raises(ValueError, match="digits are needed"):
            function(text)


def test_an_institution_code_built_from_parts_gives_the_parts_back() -> None:
    code = InstitutionCode.build(3, MunicipalityCode("131016"), 42)
    assert code == "9031310160000042"
    assert (str(code), code.kind_number, code.municipality) == ("9031310160000042", 3, "131016")


def test_an_institution_code_may_name_no_municipality() -> None:
    code = InstitutionCode.build(6, None, 0)
    assert (code, code.kind_number, code.municipality) == ("9060000000000000", 6, None)


def test_an_institution_code_of_another_layout_is_read_as_opaque() -> None:
    code = InstitutionCode.parse("1419900000002200")
    assert (code.kind_number, code.municipality) == (None, None)


@pytest.mark.parametrize(("kind_number", "serial"), [(100, 0), (-1, 0), (0, 10_000_000), (0, -1)])
def test_an_institution_code_out_of_bounds_is_not_built(kind_number: int, serial: int) -> None:
    with pytest.raises(ValueError, match="two digits"):
        InstitutionCode.build(kind_number, None, serial)


@pytest.mark.parametrize("text", ["", "1" * 15, "1" * 17, "１" * 16, "1" * 15 + "x", "1" * 16 + "\n"])
def test_an_institution_code_of_another_shape_is_refused(text: str) -> None:
    assert refusal(InstitutionCode.parse, text).reason is Reason.REQUEST_MALFORMED


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ProcedureCode, "JT01010000000214"),
        (ProcedureCode, "JT01010000000001"),
        (AffairCode, "JM01000000121000"),
        (ItemCode, "TM00000000000002"),
        (ItemCode, "TM0000000000009A"),
    ],
)
def test_a_code_has_its_two_letters_and_fourteen_digits_or_capitals(kind: Any, text: str) -> None:
    assert kind.parse(text) == kind(text) == text
    for wrong in (text.lower(), text[:-1], text + "0", "XX" + text[2:], text[:-1] + "-", text + "\n", ""):
        error = refusal(kind.parse, wrong)
        assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "row 7 field")


def test_a_resident_record_code_is_masked_and_keeps_its_digits() -> None:
    code = ResidentRecordCode.from_body("0123456789")
    assert code.digits == "01234567896"
    assert f"{code} {code!r} {code!s}" == " ".join(["ResidentRecordCode(…)"] * 3)
    assert copy.deepcopy(pickle.loads(pickle.dumps(code))) == code == ResidentRecordCode.parse(code.digits)
    with pytest.raises(AttributeError, match="does not change"):
        code.anything = 1


@given(digit_text(10), st.integers(0, 10), st.integers(1, 9))
def test_a_slip_in_any_one_digit_of_a_resident_record_code_is_found(body: str, place: int, step: int) -> None:
    digits = ResidentRecordCode.from_body(body).digits
    slipped = digits[:place] + str((int(digits[place]) + step) % 10) + digits[place + 1 :]
    error = refusal(ResidentRecordCode.parse, slipped)
    assert (error.reason, error.where) == (Reason.REQUEST_MALFORMED, "row 7 field")
    assert slipped not in str(error) + repr(error)


@pytest.mark.parametrize("text", ["", "0123456789", "012345678966", "01234567896".translate(FULL_WIDTH), " 1234567896"])
def test_a_resident_record_code_of_another_shape_is_refused(text: str) -> None:
    assert refusal(ResidentRecordCode.parse, text).reason is Reason.REQUEST_MALFORMED
    with pytest.raises(WarifuError):
        ResidentRecordCode(text)


def test_numbers_of_two_kinds_are_never_equal() -> None:
    mine, other = MyNumber.parse("123456789018"), ResidentRecordCode.from_body("1234567890")
    assert mine != other
    assert len({mine, other, MyNumber("123456789018")}) == 2


def test_every_exported_name_exists() -> None:
    assert all(hasattr(identifiers, name) for name in identifiers.__all__)

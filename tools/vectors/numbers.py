"""numbers.json: numbers and codes that are such, with their check digits, and text that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from warifu.identifiers import (
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

__all__ = ["numbers"]


def numbers() -> dict[str, Any]:
    """The whole file."""
    return {
        "about": "SIMULATED: made-up numbers. body is without the check digit.",
        "my_number": _checked(my_number_check_digit, ("12345678901", "00000000001", "99999999999", "10000000013")),
        "resident_record_code": _checked(
            resident_record_check_digit, ("1234567890", "0000000000", "9999999999", "8050192837")
        ),
        "corporate_number": _checked(corporate_number_check_digit, ("700110005901", "000000000000", "123456789012")),
        "municipality_code": _checked(municipality_check_digit, ("01100", "13113", "47382", "27100")),
        "good": {
            "my_number": [MyNumber.from_body("12345678901").digits],
            "resident_record_code": [ResidentRecordCode.from_body("1234567890").digits],
            "corporate_number": [CorporateNumber("8700110005901")],
            "municipality_code": [MunicipalityCode("131130")],
            "institution_code": [InstitutionCode("9021310008000002"), InstitutionCode("0000000000000000")],
            "item_code": [ItemCode("TM00000000000002")],
            "procedure_code": [ProcedureCode("JT99000000000001")],
        },
        "bad": {
            "my_number": ["000000000000", "123456789012", "12345678901", "１２３４５６７８９０１８", " 123456789018"],
            "resident_record_code": ["12345678900", "1234567890", "1234567890a"],
            "corporate_number": ["0700110005901", "9700110005901"],
            "municipality_code": ["131131", "480000", "000000"],
            "institution_code": ["902131000800000", "902131000800000A", "90213100080000022"],
            "item_code": ["tm00000000000002", "TM0000000000000", "JT00000000000002"],
            "procedure_code": ["JT9900000000000a", "JM99000000000001"],
        },
    }


def _checked(digit: Callable[[str], int], bodies: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"body": body, "check_digit": digit(body)} for body in bodies]

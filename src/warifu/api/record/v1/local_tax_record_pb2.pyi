from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class LocalTaxRecord(_message.Message):
    __slots__ = ("fiscal_year", "total_income_yen", "taxable_income_yen", "income_levy_yen", "per_capita_levy_yen", "dependants")
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    TOTAL_INCOME_YEN_FIELD_NUMBER: _ClassVar[int]
    TAXABLE_INCOME_YEN_FIELD_NUMBER: _ClassVar[int]
    INCOME_LEVY_YEN_FIELD_NUMBER: _ClassVar[int]
    PER_CAPITA_LEVY_YEN_FIELD_NUMBER: _ClassVar[int]
    DEPENDANTS_FIELD_NUMBER: _ClassVar[int]
    fiscal_year: int
    total_income_yen: int
    taxable_income_yen: int
    income_levy_yen: int
    per_capita_levy_yen: int
    dependants: int
    def __init__(self, fiscal_year: _Optional[int] = ..., total_income_yen: _Optional[int] = ..., taxable_income_yen: _Optional[int] = ..., income_levy_yen: _Optional[int] = ..., per_capita_levy_yen: _Optional[int] = ..., dependants: _Optional[int] = ...) -> None: ...

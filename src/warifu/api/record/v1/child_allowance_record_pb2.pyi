from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ChildAllowanceRecord(_message.Message):
    __slots__ = ("children", "monthly_amount_yen", "paid_from_month")
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_AMOUNT_YEN_FIELD_NUMBER: _ClassVar[int]
    PAID_FROM_MONTH_FIELD_NUMBER: _ClassVar[int]
    children: int
    monthly_amount_yen: int
    paid_from_month: str
    def __init__(self, children: _Optional[int] = ..., monthly_amount_yen: _Optional[int] = ..., paid_from_month: _Optional[str] = ...) -> None: ...

from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Absence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ABSENCE_UNSPECIFIED: _ClassVar[Absence]
    ABSENCE_NOT_HELD: _ClassVar[Absence]
    ABSENCE_NOT_PUBLISHED: _ClassVar[Absence]
ABSENCE_UNSPECIFIED: Absence
ABSENCE_NOT_HELD: Absence
ABSENCE_NOT_PUBLISHED: Absence

class SealedQuery(_message.Message):
    __slots__ = ("answer_key", "fiscal_year")
    ANSWER_KEY_FIELD_NUMBER: _ClassVar[int]
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    answer_key: bytes
    fiscal_year: int
    def __init__(self, answer_key: _Optional[bytes] = ..., fiscal_year: _Optional[int] = ...) -> None: ...

class SealedAnswer(_message.Message):
    __slots__ = ("record", "absence")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    ABSENCE_FIELD_NUMBER: _ClassVar[int]
    record: ProvidedRecord
    absence: Absence
    def __init__(self, record: _Optional[_Union[ProvidedRecord, _Mapping]] = ..., absence: _Optional[_Union[Absence, str]] = ...) -> None: ...

class ProvidedRecord(_message.Message):
    __slots__ = ("record_type", "record")
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record_type: str
    record: bytes
    def __init__(self, record_type: _Optional[str] = ..., record: _Optional[bytes] = ...) -> None: ...

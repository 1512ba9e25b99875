from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class InsuranceQualificationRecord(_message.Message):
    __slots__ = ("insured", "qualified_on", "dependant")
    INSURED_FIELD_NUMBER: _ClassVar[int]
    QUALIFIED_ON_FIELD_NUMBER: _ClassVar[int]
    DEPENDANT_FIELD_NUMBER: _ClassVar[int]
    insured: bool
    qualified_on: str
    dependant: bool
    def __init__(self, insured: bool = ..., qualified_on: _Optional[str] = ..., dependant: bool = ...) -> None: ...

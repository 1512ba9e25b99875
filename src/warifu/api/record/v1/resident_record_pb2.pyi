from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ResidentRecord(_message.Message):
    __slots__ = ("household_number", "relationship_to_head", "household_size", "household_children", "became_resident_on", "previous_municipality_code")
    HOUSEHOLD_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RELATIONSHIP_TO_HEAD_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_SIZE_FIELD_NUMBER: _ClassVar[int]
    HOUSEHOLD_CHILDREN_FIELD_NUMBER: _ClassVar[int]
    BECAME_RESIDENT_ON_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_MUNICIPALITY_CODE_FIELD_NUMBER: _ClassVar[int]
    household_number: str
    relationship_to_head: str
    household_size: int
    household_children: int
    became_resident_on: str
    previous_municipality_code: str
    def __init__(self, household_number: _Optional[str] = ..., relationship_to_head: _Optional[str] = ..., household_size: _Optional[int] = ..., household_children: _Optional[int] = ..., became_resident_on: _Optional[str] = ..., previous_municipality_code: _Optional[str] = ...) -> None: ...

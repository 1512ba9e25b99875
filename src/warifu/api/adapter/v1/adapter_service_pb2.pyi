import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LookUpOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOOK_UP_OUTCOME_UNSPECIFIED: _ClassVar[LookUpOutcome]
    LOOK_UP_OUTCOME_FOUND: _ClassVar[LookUpOutcome]
    LOOK_UP_OUTCOME_NOT_HELD: _ClassVar[LookUpOutcome]
    LOOK_UP_OUTCOME_NOT_PUBLISHED: _ClassVar[LookUpOutcome]
    LOOK_UP_OUTCOME_PENDING: _ClassVar[LookUpOutcome]

class ProvisionDecision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROVISION_DECISION_UNSPECIFIED: _ClassVar[ProvisionDecision]
    PROVISION_DECISION_PENDING: _ClassVar[ProvisionDecision]
    PROVISION_DECISION_RELEASE: _ClassVar[ProvisionDecision]
    PROVISION_DECISION_REFUSE: _ClassVar[ProvisionDecision]
LOOK_UP_OUTCOME_UNSPECIFIED: LookUpOutcome
LOOK_UP_OUTCOME_FOUND: LookUpOutcome
LOOK_UP_OUTCOME_NOT_HELD: LookUpOutcome
LOOK_UP_OUTCOME_NOT_PUBLISHED: LookUpOutcome
LOOK_UP_OUTCOME_PENDING: LookUpOutcome
PROVISION_DECISION_UNSPECIFIED: ProvisionDecision
PROVISION_DECISION_PENDING: ProvisionDecision
PROVISION_DECISION_RELEASE: ProvisionDecision
PROVISION_DECISION_REFUSE: ProvisionDecision

class GetReadinessRequest(_message.Message):
    __slots__ = ("institution_code",)
    INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    institution_code: str
    def __init__(self, institution_code: _Optional[str] = ...) -> None: ...

class GetReadinessResponse(_message.Message):
    __slots__ = ("institution_code", "ready", "item_codes")
    INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODES_FIELD_NUMBER: _ClassVar[int]
    institution_code: str
    ready: bool
    item_codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, institution_code: _Optional[str] = ..., ready: bool = ..., item_codes: _Optional[_Iterable[str]] = ...) -> None: ...

class LookUpRequest(_message.Message):
    __slots__ = ("local_number", "item_code", "fiscal_year", "asked_on", "procedure_code", "inquirer", "processing_number", "released")
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    ASKED_ON_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_CODE_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    local_number: str
    item_code: str
    fiscal_year: int
    asked_on: str
    procedure_code: str
    inquirer: str
    processing_number: str
    released: bool
    def __init__(self, local_number: _Optional[str] = ..., item_code: _Optional[str] = ..., fiscal_year: _Optional[int] = ..., asked_on: _Optional[str] = ..., procedure_code: _Optional[str] = ..., inquirer: _Optional[str] = ..., processing_number: _Optional[str] = ..., released: bool = ...) -> None: ...

class LookUpResponse(_message.Message):
    __slots__ = ("outcome", "local_number", "item_code", "fiscal_year", "publication_start", "publication_end", "record_type", "record")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    PUBLICATION_START_FIELD_NUMBER: _ClassVar[int]
    PUBLICATION_END_FIELD_NUMBER: _ClassVar[int]
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    outcome: LookUpOutcome
    local_number: str
    item_code: str
    fiscal_year: int
    publication_start: str
    publication_end: str
    record_type: str
    record: bytes
    def __init__(self, outcome: _Optional[_Union[LookUpOutcome, str]] = ..., local_number: _Optional[str] = ..., item_code: _Optional[str] = ..., fiscal_year: _Optional[int] = ..., publication_start: _Optional[str] = ..., publication_end: _Optional[str] = ..., record_type: _Optional[str] = ..., record: _Optional[bytes] = ...) -> None: ...

class GetClerkDecisionRequest(_message.Message):
    __slots__ = ("processing_number", "local_number", "item_code", "procedure_code", "inquirer", "received_time")
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_CODE_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_TIME_FIELD_NUMBER: _ClassVar[int]
    processing_number: str
    local_number: str
    item_code: str
    procedure_code: str
    inquirer: str
    received_time: _timestamp_pb2.Timestamp
    def __init__(self, processing_number: _Optional[str] = ..., local_number: _Optional[str] = ..., item_code: _Optional[str] = ..., procedure_code: _Optional[str] = ..., inquirer: _Optional[str] = ..., received_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetClerkDecisionResponse(_message.Message):
    __slots__ = ("processing_number", "decision")
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    processing_number: str
    decision: ProvisionDecision
    def __init__(self, processing_number: _Optional[str] = ..., decision: _Optional[_Union[ProvisionDecision, str]] = ...) -> None: ...

import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warifu.api.type.v1 import inquiry_pb2 as _inquiry_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InquiryState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INQUIRY_STATE_UNSPECIFIED: _ClassVar[InquiryState]
    INQUIRY_STATE_SUBMITTED: _ClassVar[InquiryState]
    INQUIRY_STATE_PENDING: _ClassVar[InquiryState]
    INQUIRY_STATE_ANSWERED: _ClassVar[InquiryState]

class ClerkDecision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLERK_DECISION_UNSPECIFIED: _ClassVar[ClerkDecision]
    CLERK_DECISION_RELEASE: _ClassVar[ClerkDecision]
    CLERK_DECISION_REFUSE: _ClassVar[ClerkDecision]

class ExchangeSide(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXCHANGE_SIDE_UNSPECIFIED: _ClassVar[ExchangeSide]
    EXCHANGE_SIDE_INQUIRER: _ClassVar[ExchangeSide]
    EXCHANGE_SIDE_PROVIDER: _ClassVar[ExchangeSide]

class ExchangeOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EXCHANGE_OUTCOME_UNSPECIFIED: _ClassVar[ExchangeOutcome]
    EXCHANGE_OUTCOME_OPEN: _ClassVar[ExchangeOutcome]
    EXCHANGE_OUTCOME_ANSWERED: _ClassVar[ExchangeOutcome]
    EXCHANGE_OUTCOME_PENDING: _ClassVar[ExchangeOutcome]
    EXCHANGE_OUTCOME_REFUSED: _ClassVar[ExchangeOutcome]
    EXCHANGE_OUTCOME_FAILED: _ClassVar[ExchangeOutcome]
INQUIRY_STATE_UNSPECIFIED: InquiryState
INQUIRY_STATE_SUBMITTED: InquiryState
INQUIRY_STATE_PENDING: InquiryState
INQUIRY_STATE_ANSWERED: InquiryState
CLERK_DECISION_UNSPECIFIED: ClerkDecision
CLERK_DECISION_RELEASE: ClerkDecision
CLERK_DECISION_REFUSE: ClerkDecision
EXCHANGE_SIDE_UNSPECIFIED: ExchangeSide
EXCHANGE_SIDE_INQUIRER: ExchangeSide
EXCHANGE_SIDE_PROVIDER: ExchangeSide
EXCHANGE_OUTCOME_UNSPECIFIED: ExchangeOutcome
EXCHANGE_OUTCOME_OPEN: ExchangeOutcome
EXCHANGE_OUTCOME_ANSWERED: ExchangeOutcome
EXCHANGE_OUTCOME_PENDING: ExchangeOutcome
EXCHANGE_OUTCOME_REFUSED: ExchangeOutcome
EXCHANGE_OUTCOME_FAILED: ExchangeOutcome

class PersonToAcquire(_message.Message):
    __slots__ = ("local_number", "my_number")
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    local_number: str
    my_number: str
    def __init__(self, local_number: _Optional[str] = ..., my_number: _Optional[str] = ...) -> None: ...

class AcquireCodesRequest(_message.Message):
    __slots__ = ("people",)
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    people: _containers.RepeatedCompositeFieldContainer[PersonToAcquire]
    def __init__(self, people: _Optional[_Iterable[_Union[PersonToAcquire, _Mapping]]] = ...) -> None: ...

class AcquisitionResult(_message.Message):
    __slots__ = ("local_number", "reason")
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    local_number: str
    reason: str
    def __init__(self, local_number: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AcquireCodesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[AcquisitionResult]
    def __init__(self, results: _Optional[_Iterable[_Union[AcquisitionResult, _Mapping]]] = ...) -> None: ...

class Replica(_message.Message):
    __slots__ = ("local_number", "item_code", "fiscal_year", "publication_start", "publication_end", "record")
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    PUBLICATION_START_FIELD_NUMBER: _ClassVar[int]
    PUBLICATION_END_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    local_number: str
    item_code: str
    fiscal_year: int
    publication_start: str
    publication_end: str
    record: bytes
    def __init__(self, local_number: _Optional[str] = ..., item_code: _Optional[str] = ..., fiscal_year: _Optional[int] = ..., publication_start: _Optional[str] = ..., publication_end: _Optional[str] = ..., record: _Optional[bytes] = ...) -> None: ...

class RegisterReplicasRequest(_message.Message):
    __slots__ = ("replicas",)
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    replicas: _containers.RepeatedCompositeFieldContainer[Replica]
    def __init__(self, replicas: _Optional[_Iterable[_Union[Replica, _Mapping]]] = ...) -> None: ...

class RegisterReplicasResponse(_message.Message):
    __slots__ = ("replica_count",)
    REPLICA_COUNT_FIELD_NUMBER: _ClassVar[int]
    replica_count: int
    def __init__(self, replica_count: _Optional[int] = ...) -> None: ...

class SetFlagsRequest(_message.Message):
    __slots__ = ("local_number", "auto_response_disabled", "non_disclosure", "self_info_blocked")
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    AUTO_RESPONSE_DISABLED_FIELD_NUMBER: _ClassVar[int]
    NON_DISCLOSURE_FIELD_NUMBER: _ClassVar[int]
    SELF_INFO_BLOCKED_FIELD_NUMBER: _ClassVar[int]
    local_number: str
    auto_response_disabled: bool
    non_disclosure: bool
    self_info_blocked: bool
    def __init__(self, local_number: _Optional[str] = ..., auto_response_disabled: bool = ..., non_disclosure: bool = ..., self_info_blocked: bool = ...) -> None: ...

class SetFlagsResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Inquiry(_message.Message):
    __slots__ = ("request_id", "local_number", "procedure_code", "provider", "item_code", "fiscal_year", "ordinance", "consent", "non_disclosure")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_CODE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    ORDINANCE_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    NON_DISCLOSURE_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    local_number: str
    procedure_code: str
    provider: str
    item_code: str
    fiscal_year: int
    ordinance: bool
    consent: bool
    non_disclosure: bool
    def __init__(self, request_id: _Optional[bytes] = ..., local_number: _Optional[str] = ..., procedure_code: _Optional[str] = ..., provider: _Optional[str] = ..., item_code: _Optional[str] = ..., fiscal_year: _Optional[int] = ..., ordinance: bool = ..., consent: bool = ..., non_disclosure: bool = ...) -> None: ...

class InquiryResult(_message.Message):
    __slots__ = ("state", "processing_number", "record_type", "record", "replaced_certificate", "permitted_position")
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    REPLACED_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_POSITION_FIELD_NUMBER: _ClassVar[int]
    state: InquiryState
    processing_number: str
    record_type: str
    record: bytes
    replaced_certificate: str
    permitted_position: int
    def __init__(self, state: _Optional[_Union[InquiryState, str]] = ..., processing_number: _Optional[str] = ..., record_type: _Optional[str] = ..., record: _Optional[bytes] = ..., replaced_certificate: _Optional[str] = ..., permitted_position: _Optional[int] = ...) -> None: ...

class InquireRequest(_message.Message):
    __slots__ = ("inquiry",)
    INQUIRY_FIELD_NUMBER: _ClassVar[int]
    inquiry: Inquiry
    def __init__(self, inquiry: _Optional[_Union[Inquiry, _Mapping]] = ...) -> None: ...

class InquireResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: InquiryResult
    def __init__(self, result: _Optional[_Union[InquiryResult, _Mapping]] = ...) -> None: ...

class BulkInquireRequest(_message.Message):
    __slots__ = ("inquiries",)
    INQUIRIES_FIELD_NUMBER: _ClassVar[int]
    inquiries: _containers.RepeatedCompositeFieldContainer[Inquiry]
    def __init__(self, inquiries: _Optional[_Iterable[_Union[Inquiry, _Mapping]]] = ...) -> None: ...

class BulkResult(_message.Message):
    __slots__ = ("request_id", "result", "failure")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    result: InquiryResult
    failure: _inquiry_pb2.CallFailure
    def __init__(self, request_id: _Optional[bytes] = ..., result: _Optional[_Union[InquiryResult, _Mapping]] = ..., failure: _Optional[_Union[_inquiry_pb2.CallFailure, _Mapping]] = ...) -> None: ...

class BulkInquireResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BulkResult]
    def __init__(self, results: _Optional[_Iterable[_Union[BulkResult, _Mapping]]] = ...) -> None: ...

class SubmitInquiryRequest(_message.Message):
    __slots__ = ("inquiry",)
    INQUIRY_FIELD_NUMBER: _ClassVar[int]
    inquiry: Inquiry
    def __init__(self, inquiry: _Optional[_Union[Inquiry, _Mapping]] = ...) -> None: ...

class SubmitInquiryResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FetchAnswerRequest(_message.Message):
    __slots__ = ("request_id", "wait_ms")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    WAIT_MS_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    wait_ms: int
    def __init__(self, request_id: _Optional[bytes] = ..., wait_ms: _Optional[int] = ...) -> None: ...

class FetchAnswerResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: InquiryResult
    def __init__(self, result: _Optional[_Union[InquiryResult, _Mapping]] = ...) -> None: ...

class ListPendingProvisionsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class PendingProvision(_message.Message):
    __slots__ = ("processing_number", "inquirer", "procedure_code", "item_code", "local_number", "received_time")
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_CODE_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    LOCAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_TIME_FIELD_NUMBER: _ClassVar[int]
    processing_number: str
    inquirer: str
    procedure_code: str
    item_code: str
    local_number: str
    received_time: _timestamp_pb2.Timestamp
    def __init__(self, processing_number: _Optional[str] = ..., inquirer: _Optional[str] = ..., procedure_code: _Optional[str] = ..., item_code: _Optional[str] = ..., local_number: _Optional[str] = ..., received_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPendingProvisionsResponse(_message.Message):
    __slots__ = ("provisions", "next_page_token")
    PROVISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    provisions: _containers.RepeatedCompositeFieldContainer[PendingProvision]
    next_page_token: str
    def __init__(self, provisions: _Optional[_Iterable[_Union[PendingProvision, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DecideProvisionRequest(_message.Message):
    __slots__ = ("processing_number", "decision")
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    processing_number: str
    decision: ClerkDecision
    def __init__(self, processing_number: _Optional[str] = ..., decision: _Optional[_Union[ClerkDecision, str]] = ...) -> None: ...

class DecideProvisionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExchangeRecord(_message.Message):
    __slots__ = ("side", "request_id", "processing_number", "inquirer", "provider", "procedure_code", "item_code", "requested_time", "provided_time", "outcome", "reason", "inquiry_digest", "answer_digest", "non_disclosure")
    SIDE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_CODE_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_TIME_FIELD_NUMBER: _ClassVar[int]
    PROVIDED_TIME_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    INQUIRY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ANSWER_DIGEST_FIELD_NUMBER: _ClassVar[int]
    NON_DISCLOSURE_FIELD_NUMBER: _ClassVar[int]
    side: ExchangeSide
    request_id: bytes
    processing_number: str
    inquirer: str
    provider: str
    procedure_code: str
    item_code: str
    requested_time: _timestamp_pb2.Timestamp
    provided_time: _timestamp_pb2.Timestamp
    outcome: ExchangeOutcome
    reason: str
    inquiry_digest: bytes
    answer_digest: bytes
    non_disclosure: bool
    def __init__(self, side: _Optional[_Union[ExchangeSide, str]] = ..., request_id: _Optional[bytes] = ..., processing_number: _Optional[str] = ..., inquirer: _Optional[str] = ..., provider: _Optional[str] = ..., procedure_code: _Optional[str] = ..., item_code: _Optional[str] = ..., requested_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., provided_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., outcome: _Optional[_Union[ExchangeOutcome, str]] = ..., reason: _Optional[str] = ..., inquiry_digest: _Optional[bytes] = ..., answer_digest: _Optional[bytes] = ..., non_disclosure: bool = ...) -> None: ...

class ListExchangeRecordsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListExchangeRecordsResponse(_message.Message):
    __slots__ = ("records", "next_page_token")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[ExchangeRecord]
    next_page_token: str
    def __init__(self, records: _Optional[_Iterable[_Union[ExchangeRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

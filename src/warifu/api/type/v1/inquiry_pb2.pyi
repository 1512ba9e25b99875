import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProvisionOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROVISION_OUTCOME_UNSPECIFIED: _ClassVar[ProvisionOutcome]
    PROVISION_OUTCOME_ANSWERED: _ClassVar[ProvisionOutcome]
    PROVISION_OUTCOME_PENDING: _ClassVar[ProvisionOutcome]
    PROVISION_OUTCOME_REFUSED: _ClassVar[ProvisionOutcome]
PROVISION_OUTCOME_UNSPECIFIED: ProvisionOutcome
PROVISION_OUTCOME_ANSWERED: ProvisionOutcome
PROVISION_OUTCOME_PENDING: ProvisionOutcome
PROVISION_OUTCOME_REFUSED: ProvisionOutcome

class EncryptedCode(_message.Message):
    __slots__ = ("c1", "c2")
    C1_FIELD_NUMBER: _ClassVar[int]
    C2_FIELD_NUMBER: _ClassVar[int]
    c1: bytes
    c2: bytes
    def __init__(self, c1: _Optional[bytes] = ..., c2: _Optional[bytes] = ...) -> None: ...

class SignedInquiry(_message.Message):
    __slots__ = ("context", "encrypted_code", "sealed_query", "code_proof", "citizen_tag", "inquirer_signature")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_CODE_FIELD_NUMBER: _ClassVar[int]
    SEALED_QUERY_FIELD_NUMBER: _ClassVar[int]
    CODE_PROOF_FIELD_NUMBER: _ClassVar[int]
    CITIZEN_TAG_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    context: bytes
    encrypted_code: EncryptedCode
    sealed_query: bytes
    code_proof: bytes
    citizen_tag: bytes
    inquirer_signature: bytes
    def __init__(self, context: _Optional[bytes] = ..., encrypted_code: _Optional[_Union[EncryptedCode, _Mapping]] = ..., sealed_query: _Optional[bytes] = ..., code_proof: _Optional[bytes] = ..., citizen_tag: _Optional[bytes] = ..., inquirer_signature: _Optional[bytes] = ...) -> None: ...

class ProvisionPermit(_message.Message):
    __slots__ = ("inquiry", "converted_code", "processing_number", "permission_row", "permit_time", "conversion_proof", "hub_signature")
    INQUIRY_FIELD_NUMBER: _ClassVar[int]
    CONVERTED_CODE_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_ROW_FIELD_NUMBER: _ClassVar[int]
    PERMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_PROOF_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    inquiry: SignedInquiry
    converted_code: EncryptedCode
    processing_number: str
    permission_row: str
    permit_time: _timestamp_pb2.Timestamp
    conversion_proof: bytes
    hub_signature: bytes
    def __init__(self, inquiry: _Optional[_Union[SignedInquiry, _Mapping]] = ..., converted_code: _Optional[_Union[EncryptedCode, _Mapping]] = ..., processing_number: _Optional[str] = ..., permission_row: _Optional[str] = ..., permit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., conversion_proof: _Optional[bytes] = ..., hub_signature: _Optional[bytes] = ...) -> None: ...

class SignedAnswer(_message.Message):
    __slots__ = ("outcome", "sealed_answer", "provision_time", "citizen_tag", "provider_signature")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    SEALED_ANSWER_FIELD_NUMBER: _ClassVar[int]
    PROVISION_TIME_FIELD_NUMBER: _ClassVar[int]
    CITIZEN_TAG_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    outcome: ProvisionOutcome
    sealed_answer: bytes
    provision_time: _timestamp_pb2.Timestamp
    citizen_tag: bytes
    provider_signature: bytes
    def __init__(self, outcome: _Optional[_Union[ProvisionOutcome, str]] = ..., sealed_answer: _Optional[bytes] = ..., provision_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., citizen_tag: _Optional[bytes] = ..., provider_signature: _Optional[bytes] = ...) -> None: ...

class CallFailure(_message.Message):
    __slots__ = ("reason", "where", "definite", "retry_after_ms")
    REASON_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    DEFINITE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    where: str
    definite: bool
    retry_after_ms: int
    def __init__(self, reason: _Optional[str] = ..., where: _Optional[str] = ..., definite: bool = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

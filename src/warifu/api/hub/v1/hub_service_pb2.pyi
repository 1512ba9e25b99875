import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from warifu.api.type.v1 import inquiry_pb2 as _inquiry_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExchangeRequest(_message.Message):
    __slots__ = ("inquiry",)
    INQUIRY_FIELD_NUMBER: _ClassVar[int]
    inquiry: _inquiry_pb2.SignedInquiry
    def __init__(self, inquiry: _Optional[_Union[_inquiry_pb2.SignedInquiry, _Mapping]] = ...) -> None: ...

class ExchangeResponse(_message.Message):
    __slots__ = ("processing_number", "answer", "permitted_position", "permit_time", "permission_row")
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    PERMITTED_POSITION_FIELD_NUMBER: _ClassVar[int]
    PERMIT_TIME_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_ROW_FIELD_NUMBER: _ClassVar[int]
    processing_number: str
    answer: _inquiry_pb2.SignedAnswer
    permitted_position: int
    permit_time: _timestamp_pb2.Timestamp
    permission_row: str
    def __init__(self, processing_number: _Optional[str] = ..., answer: _Optional[_Union[_inquiry_pb2.SignedAnswer, _Mapping]] = ..., permitted_position: _Optional[int] = ..., permit_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., permission_row: _Optional[str] = ...) -> None: ...

class ExchangeStreamRequest(_message.Message):
    __slots__ = ("calls",)
    CALLS_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[ExchangeCall]
    def __init__(self, calls: _Optional[_Iterable[_Union[ExchangeCall, _Mapping]]] = ...) -> None: ...

class ExchangeCall(_message.Message):
    __slots__ = ("call_number", "timeout_ms", "request")
    CALL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    call_number: int
    timeout_ms: int
    request: ExchangeRequest
    def __init__(self, call_number: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., request: _Optional[_Union[ExchangeRequest, _Mapping]] = ...) -> None: ...

class ExchangeStreamResponse(_message.Message):
    __slots__ = ("replies",)
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    replies: _containers.RepeatedCompositeFieldContainer[ExchangeReply]
    def __init__(self, replies: _Optional[_Iterable[_Union[ExchangeReply, _Mapping]]] = ...) -> None: ...

class ExchangeBulkRequest(_message.Message):
    __slots__ = ("calls",)
    CALLS_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[ExchangeCall]
    def __init__(self, calls: _Optional[_Iterable[_Union[ExchangeCall, _Mapping]]] = ...) -> None: ...

class ExchangeBulkResponse(_message.Message):
    __slots__ = ("replies",)
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    replies: _containers.RepeatedCompositeFieldContainer[ExchangeReply]
    def __init__(self, replies: _Optional[_Iterable[_Union[ExchangeReply, _Mapping]]] = ...) -> None: ...

class ExchangeReply(_message.Message):
    __slots__ = ("call_number", "response", "failure")
    CALL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    call_number: int
    response: ExchangeResponse
    failure: _inquiry_pb2.CallFailure
    def __init__(self, call_number: _Optional[int] = ..., response: _Optional[_Union[ExchangeResponse, _Mapping]] = ..., failure: _Optional[_Union[_inquiry_pb2.CallFailure, _Mapping]] = ...) -> None: ...

class ConvertIssuedCodesRequest(_message.Message):
    __slots__ = ("context", "encrypted_codes", "authority_signature")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_CODES_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    context: bytes
    encrypted_codes: _containers.RepeatedCompositeFieldContainer[_inquiry_pb2.EncryptedCode]
    authority_signature: bytes
    def __init__(self, context: _Optional[bytes] = ..., encrypted_codes: _Optional[_Iterable[_Union[_inquiry_pb2.EncryptedCode, _Mapping]]] = ..., authority_signature: _Optional[bytes] = ...) -> None: ...

class ConvertIssuedCodesResponse(_message.Message):
    __slots__ = ("converted_codes", "hub_signature", "conversion_proofs")
    CONVERTED_CODES_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_PROOFS_FIELD_NUMBER: _ClassVar[int]
    converted_codes: _containers.RepeatedCompositeFieldContainer[_inquiry_pb2.EncryptedCode]
    hub_signature: bytes
    conversion_proofs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, converted_codes: _Optional[_Iterable[_Union[_inquiry_pb2.EncryptedCode, _Mapping]]] = ..., hub_signature: _Optional[bytes] = ..., conversion_proofs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class RotateCodesRequest(_message.Message):
    __slots__ = ("context", "encrypted_codes", "agency_signature")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_CODES_FIELD_NUMBER: _ClassVar[int]
    AGENCY_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    context: bytes
    encrypted_codes: _containers.RepeatedCompositeFieldContainer[_inquiry_pb2.EncryptedCode]
    agency_signature: bytes
    def __init__(self, context: _Optional[bytes] = ..., encrypted_codes: _Optional[_Iterable[_Union[_inquiry_pb2.EncryptedCode, _Mapping]]] = ..., agency_signature: _Optional[bytes] = ...) -> None: ...

class RotateCodesResponse(_message.Message):
    __slots__ = ("converted_codes", "hub_signature")
    CONVERTED_CODES_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    converted_codes: _containers.RepeatedCompositeFieldContainer[_inquiry_pb2.EncryptedCode]
    hub_signature: bytes
    def __init__(self, converted_codes: _Optional[_Iterable[_Union[_inquiry_pb2.EncryptedCode, _Mapping]]] = ..., hub_signature: _Optional[bytes] = ...) -> None: ...

class ProveConversionsRequest(_message.Message):
    __slots__ = ("permits",)
    PERMITS_FIELD_NUMBER: _ClassVar[int]
    permits: _containers.RepeatedCompositeFieldContainer[_inquiry_pb2.ProvisionPermit]
    def __init__(self, permits: _Optional[_Iterable[_Union[_inquiry_pb2.ProvisionPermit, _Mapping]]] = ...) -> None: ...

class ProvenConversion(_message.Message):
    __slots__ = ("conversion_proof", "hub_signature")
    CONVERSION_PROOF_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    conversion_proof: bytes
    hub_signature: bytes
    def __init__(self, conversion_proof: _Optional[bytes] = ..., hub_signature: _Optional[bytes] = ...) -> None: ...

class ProveConversionsResponse(_message.Message):
    __slots__ = ("proven",)
    PROVEN_FIELD_NUMBER: _ClassVar[int]
    proven: _containers.RepeatedCompositeFieldContainer[ProvenConversion]
    def __init__(self, proven: _Optional[_Iterable[_Union[ProvenConversion, _Mapping]]] = ...) -> None: ...

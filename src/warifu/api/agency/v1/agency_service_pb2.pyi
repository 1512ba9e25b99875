from warifu.api.type.v1 import inquiry_pb2 as _inquiry_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProvideRequest(_message.Message):
    __slots__ = ("permit",)
    PERMIT_FIELD_NUMBER: _ClassVar[int]
    permit: _inquiry_pb2.ProvisionPermit
    def __init__(self, permit: _Optional[_Union[_inquiry_pb2.ProvisionPermit, _Mapping]] = ...) -> None: ...

class ProvideResponse(_message.Message):
    __slots__ = ("answer",)
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    answer: _inquiry_pb2.SignedAnswer
    def __init__(self, answer: _Optional[_Union[_inquiry_pb2.SignedAnswer, _Mapping]] = ...) -> None: ...

class ProvideStreamRequest(_message.Message):
    __slots__ = ("calls",)
    CALLS_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[ProvideCall]
    def __init__(self, calls: _Optional[_Iterable[_Union[ProvideCall, _Mapping]]] = ...) -> None: ...

class ProvideCall(_message.Message):
    __slots__ = ("call_number", "timeout_ms", "request")
    CALL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    call_number: int
    timeout_ms: int
    request: ProvideRequest
    def __init__(self, call_number: _Optional[int] = ..., timeout_ms: _Optional[int] = ..., request: _Optional[_Union[ProvideRequest, _Mapping]] = ...) -> None: ...

class ProvideStreamResponse(_message.Message):
    __slots__ = ("replies",)
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    replies: _containers.RepeatedCompositeFieldContainer[ProvideReply]
    def __init__(self, replies: _Optional[_Iterable[_Union[ProvideReply, _Mapping]]] = ...) -> None: ...

class ProvideBulkRequest(_message.Message):
    __slots__ = ("calls",)
    CALLS_FIELD_NUMBER: _ClassVar[int]
    calls: _containers.RepeatedCompositeFieldContainer[ProvideCall]
    def __init__(self, calls: _Optional[_Iterable[_Union[ProvideCall, _Mapping]]] = ...) -> None: ...

class ProvideBulkResponse(_message.Message):
    __slots__ = ("replies",)
    REPLIES_FIELD_NUMBER: _ClassVar[int]
    replies: _containers.RepeatedCompositeFieldContainer[ProvideReply]
    def __init__(self, replies: _Optional[_Iterable[_Union[ProvideReply, _Mapping]]] = ...) -> None: ...

class ProvideReply(_message.Message):
    __slots__ = ("call_number", "response", "failure")
    CALL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    call_number: int
    response: ProvideResponse
    failure: _inquiry_pb2.CallFailure
    def __init__(self, call_number: _Optional[int] = ..., response: _Optional[_Union[ProvideResponse, _Mapping]] = ..., failure: _Optional[_Union[_inquiry_pb2.CallFailure, _Mapping]] = ...) -> None: ...

from warifu.api.verifier.v1 import platform_service_pb2 as _platform_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BankApplication(_message.Message):
    __slots__ = ("four_items", "purpose", "occupation")
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    OCCUPATION_FIELD_NUMBER: _ClassVar[int]
    four_items: _platform_service_pb2.FourItems
    purpose: str
    occupation: str
    def __init__(self, four_items: _Optional[_Union[_platform_service_pb2.FourItems, _Mapping]] = ..., purpose: _Optional[str] = ..., occupation: _Optional[str] = ...) -> None: ...

class OpenAccountRequest(_message.Message):
    __slots__ = ("application", "presented")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    PRESENTED_FIELD_NUMBER: _ClassVar[int]
    application: BankApplication
    presented: _platform_service_pb2.Presented
    def __init__(self, application: _Optional[_Union[BankApplication, _Mapping]] = ..., presented: _Optional[_Union[_platform_service_pb2.Presented, _Mapping]] = ...) -> None: ...

class OpenAccountResponse(_message.Message):
    __slots__ = ("account_number", "checks")
    ACCOUNT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    account_number: str
    checks: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, account_number: _Optional[str] = ..., checks: _Optional[_Iterable[str]] = ...) -> None: ...

class CloseAccountRequest(_message.Message):
    __slots__ = ("account_number",)
    ACCOUNT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    account_number: str
    def __init__(self, account_number: _Optional[str] = ...) -> None: ...

class CloseAccountResponse(_message.Message):
    __slots__ = ("kept_until_unix_ms",)
    KEPT_UNTIL_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    kept_until_unix_ms: int
    def __init__(self, kept_until_unix_ms: _Optional[int] = ...) -> None: ...

class GetEvidenceRequest(_message.Message):
    __slots__ = ("account_number",)
    ACCOUNT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    account_number: str
    def __init__(self, account_number: _Optional[str] = ...) -> None: ...

class GetEvidenceResponse(_message.Message):
    __slots__ = ("statement", "certificate", "signature", "verified_at_unix_ms", "kept_until_unix_ms")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    VERIFIED_AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    KEPT_UNTIL_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    statement: bytes
    certificate: bytes
    signature: bytes
    verified_at_unix_ms: int
    kept_until_unix_ms: int
    def __init__(self, statement: _Optional[bytes] = ..., certificate: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., verified_at_unix_ms: _Optional[int] = ..., kept_until_unix_ms: _Optional[int] = ...) -> None: ...

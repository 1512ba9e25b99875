from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Presented(_message.Message):
    __slots__ = ("nonce", "certificate", "signature")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    certificate: bytes
    signature: bytes
    def __init__(self, nonce: _Optional[bytes] = ..., certificate: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class FourItems(_message.Message):
    __slots__ = ("name", "address", "birth_date", "sex")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    SEX_FIELD_NUMBER: _ClassVar[int]
    name: str
    address: str
    birth_date: str
    sex: str
    def __init__(self, name: _Optional[str] = ..., address: _Optional[str] = ..., birth_date: _Optional[str] = ..., sex: _Optional[str] = ...) -> None: ...

class GetNonceRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetNonceResponse(_message.Message):
    __slots__ = ("nonce", "expires_at_unix_ms")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    expires_at_unix_ms: int
    def __init__(self, nonce: _Optional[bytes] = ..., expires_at_unix_ms: _Optional[int] = ...) -> None: ...

class RegisterRequest(_message.Message):
    __slots__ = ("presented",)
    PRESENTED_FIELD_NUMBER: _ClassVar[int]
    presented: Presented
    def __init__(self, presented: _Optional[_Union[Presented, _Mapping]] = ...) -> None: ...

class RegisterResponse(_message.Message):
    __slots__ = ("user_id", "four_items")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    user_id: bytes
    four_items: FourItems
    def __init__(self, user_id: _Optional[bytes] = ..., four_items: _Optional[_Union[FourItems, _Mapping]] = ...) -> None: ...

class LogInRequest(_message.Message):
    __slots__ = ("presented",)
    PRESENTED_FIELD_NUMBER: _ClassVar[int]
    presented: Presented
    def __init__(self, presented: _Optional[_Union[Presented, _Mapping]] = ...) -> None: ...

class LogInResponse(_message.Message):
    __slots__ = ("user_id",)
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    user_id: bytes
    def __init__(self, user_id: _Optional[bytes] = ...) -> None: ...

class ReplaceRequest(_message.Message):
    __slots__ = ("presented",)
    PRESENTED_FIELD_NUMBER: _ClassVar[int]
    presented: Presented
    def __init__(self, presented: _Optional[_Union[Presented, _Mapping]] = ...) -> None: ...

class ReplaceResponse(_message.Message):
    __slots__ = ("user_id", "four_items")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    user_id: bytes
    four_items: FourItems
    def __init__(self, user_id: _Optional[bytes] = ..., four_items: _Optional[_Union[FourItems, _Mapping]] = ...) -> None: ...

class GiveConsentRequest(_message.Message):
    __slots__ = ("presented", "items")
    PRESENTED_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    presented: Presented
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, presented: _Optional[_Union[Presented, _Mapping]] = ..., items: _Optional[_Iterable[str]] = ...) -> None: ...

class GiveConsentResponse(_message.Message):
    __slots__ = ("consent_id", "expires_at_unix_ms")
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    consent_id: bytes
    expires_at_unix_ms: int
    def __init__(self, consent_id: _Optional[bytes] = ..., expires_at_unix_ms: _Optional[int] = ...) -> None: ...

class GetLatestItemsRequest(_message.Message):
    __slots__ = ("consent_id",)
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    consent_id: bytes
    def __init__(self, consent_id: _Optional[bytes] = ...) -> None: ...

class GetLatestItemsResponse(_message.Message):
    __slots__ = ("four_items", "changed")
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    four_items: FourItems
    changed: bool
    def __init__(self, four_items: _Optional[_Union[FourItems, _Mapping]] = ..., changed: bool = ...) -> None: ...

class EndConsentRequest(_message.Message):
    __slots__ = ("consent_id",)
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    consent_id: bytes
    def __init__(self, consent_id: _Optional[bytes] = ...) -> None: ...

class EndConsentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

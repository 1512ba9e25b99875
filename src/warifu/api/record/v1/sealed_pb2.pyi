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
    __slots__ = ("answer_key", "fiscal_year", "gossip")
    ANSWER_KEY_FIELD_NUMBER: _ClassVar[int]
    FISCAL_YEAR_FIELD_NUMBER: _ClassVar[int]
    GOSSIP_FIELD_NUMBER: _ClassVar[int]
    answer_key: bytes
    fiscal_year: int
    gossip: Gossip
    def __init__(self, answer_key: _Optional[bytes] = ..., fiscal_year: _Optional[int] = ..., gossip: _Optional[_Union[Gossip, _Mapping]] = ...) -> None: ...

class SealedAnswer(_message.Message):
    __slots__ = ("record", "absence", "gossip")
    RECORD_FIELD_NUMBER: _ClassVar[int]
    ABSENCE_FIELD_NUMBER: _ClassVar[int]
    GOSSIP_FIELD_NUMBER: _ClassVar[int]
    record: ProvidedRecord
    absence: Absence
    gossip: Gossip
    def __init__(self, record: _Optional[_Union[ProvidedRecord, _Mapping]] = ..., absence: _Optional[_Union[Absence, str]] = ..., gossip: _Optional[_Union[Gossip, _Mapping]] = ...) -> None: ...

class Gossip(_message.Message):
    __slots__ = ("size", "root_hash", "continuation", "continued_at", "key_id", "log_signature", "directory_version", "directory_digest")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    ROOT_HASH_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_FIELD_NUMBER: _ClassVar[int]
    CONTINUED_AT_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    LOG_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    size: int
    root_hash: bytes
    continuation: int
    continued_at: int
    key_id: bytes
    log_signature: bytes
    directory_version: int
    directory_digest: bytes
    def __init__(self, size: _Optional[int] = ..., root_hash: _Optional[bytes] = ..., continuation: _Optional[int] = ..., continued_at: _Optional[int] = ..., key_id: _Optional[bytes] = ..., log_signature: _Optional[bytes] = ..., directory_version: _Optional[int] = ..., directory_digest: _Optional[bytes] = ...) -> None: ...

class ProvidedRecord(_message.Message):
    __slots__ = ("record_type", "record")
    RECORD_TYPE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record_type: str
    record: bytes
    def __init__(self, record_type: _Optional[str] = ..., record: _Optional[bytes] = ...) -> None: ...

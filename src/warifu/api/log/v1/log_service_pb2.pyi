import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LeafEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LEAF_EVENT_UNSPECIFIED: _ClassVar[LeafEvent]
    LEAF_EVENT_PERMITTED: _ClassVar[LeafEvent]
    LEAF_EVENT_ANSWERED: _ClassVar[LeafEvent]
    LEAF_EVENT_REFUSED: _ClassVar[LeafEvent]
    LEAF_EVENT_FAILED: _ClassVar[LeafEvent]
    LEAF_EVENT_PENDING: _ClassVar[LeafEvent]
    LEAF_EVENT_CODES_CONVERTED: _ClassVar[LeafEvent]
    LEAF_EVENT_ASSESSMENT_WITHDRAWN: _ClassVar[LeafEvent]
    LEAF_EVENT_ASSESSMENT_REINSTATED: _ClassVar[LeafEvent]
    LEAF_EVENT_DIRECTORY_PUBLISHED: _ClassVar[LeafEvent]
    LEAF_EVENT_CODES_ROTATED: _ClassVar[LeafEvent]
    LEAF_EVENT_LOG_CONTINUED: _ClassVar[LeafEvent]
LEAF_EVENT_UNSPECIFIED: LeafEvent
LEAF_EVENT_PERMITTED: LeafEvent
LEAF_EVENT_ANSWERED: LeafEvent
LEAF_EVENT_REFUSED: LeafEvent
LEAF_EVENT_FAILED: LeafEvent
LEAF_EVENT_PENDING: LeafEvent
LEAF_EVENT_CODES_CONVERTED: LeafEvent
LEAF_EVENT_ASSESSMENT_WITHDRAWN: LeafEvent
LEAF_EVENT_ASSESSMENT_REINSTATED: LeafEvent
LEAF_EVENT_DIRECTORY_PUBLISHED: LeafEvent
LEAF_EVENT_CODES_ROTATED: LeafEvent
LEAF_EVENT_LOG_CONTINUED: LeafEvent

class ExchangeLeaf(_message.Message):
    __slots__ = ("event", "event_time", "processing_number", "request_id", "inquirer", "provider", "procedure_code", "item_code", "permission_row", "reason", "inquiry_digest", "answer_digest", "code_count", "non_disclosure", "directory_version", "directory_digest", "lost_size", "lost_root_hash", "continuation", "inquirer_tag", "provider_tag")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_CODE_FIELD_NUMBER: _ClassVar[int]
    ITEM_CODE_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_ROW_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    INQUIRY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ANSWER_DIGEST_FIELD_NUMBER: _ClassVar[int]
    CODE_COUNT_FIELD_NUMBER: _ClassVar[int]
    NON_DISCLOSURE_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    LOST_SIZE_FIELD_NUMBER: _ClassVar[int]
    LOST_ROOT_HASH_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_TAG_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_TAG_FIELD_NUMBER: _ClassVar[int]
    event: LeafEvent
    event_time: _timestamp_pb2.Timestamp
    processing_number: str
    request_id: bytes
    inquirer: str
    provider: str
    procedure_code: str
    item_code: str
    permission_row: str
    reason: str
    inquiry_digest: bytes
    answer_digest: bytes
    code_count: int
    non_disclosure: bool
    directory_version: int
    directory_digest: bytes
    lost_size: int
    lost_root_hash: bytes
    continuation: int
    inquirer_tag: bytes
    provider_tag: bytes
    def __init__(self, event: _Optional[_Union[LeafEvent, str]] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., processing_number: _Optional[str] = ..., request_id: _Optional[bytes] = ..., inquirer: _Optional[str] = ..., provider: _Optional[str] = ..., procedure_code: _Optional[str] = ..., item_code: _Optional[str] = ..., permission_row: _Optional[str] = ..., reason: _Optional[str] = ..., inquiry_digest: _Optional[bytes] = ..., answer_digest: _Optional[bytes] = ..., code_count: _Optional[int] = ..., non_disclosure: bool = ..., directory_version: _Optional[int] = ..., directory_digest: _Optional[bytes] = ..., lost_size: _Optional[int] = ..., lost_root_hash: _Optional[bytes] = ..., continuation: _Optional[int] = ..., inquirer_tag: _Optional[bytes] = ..., provider_tag: _Optional[bytes] = ...) -> None: ...

class GetCheckpointRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCheckpointResponse(_message.Message):
    __slots__ = ("signed_note",)
    SIGNED_NOTE_FIELD_NUMBER: _ClassVar[int]
    signed_note: bytes
    def __init__(self, signed_note: _Optional[bytes] = ...) -> None: ...

class GetCosignedCheckpointRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCosignedCheckpointResponse(_message.Message):
    __slots__ = ("cosigned_note",)
    COSIGNED_NOTE_FIELD_NUMBER: _ClassVar[int]
    cosigned_note: bytes
    def __init__(self, cosigned_note: _Optional[bytes] = ...) -> None: ...

class AddCosignatureRequest(_message.Message):
    __slots__ = ("cosigned_note",)
    COSIGNED_NOTE_FIELD_NUMBER: _ClassVar[int]
    cosigned_note: bytes
    def __init__(self, cosigned_note: _Optional[bytes] = ...) -> None: ...

class AddCosignatureResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetInclusionProofRequest(_message.Message):
    __slots__ = ("position", "tree_size")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TREE_SIZE_FIELD_NUMBER: _ClassVar[int]
    position: int
    tree_size: int
    def __init__(self, position: _Optional[int] = ..., tree_size: _Optional[int] = ...) -> None: ...

class GetInclusionProofResponse(_message.Message):
    __slots__ = ("hashes", "leaf")
    HASHES_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    leaf: bytes
    def __init__(self, hashes: _Optional[_Iterable[bytes]] = ..., leaf: _Optional[bytes] = ...) -> None: ...

class GetConsistencyProofRequest(_message.Message):
    __slots__ = ("first_size", "second_size")
    FIRST_SIZE_FIELD_NUMBER: _ClassVar[int]
    SECOND_SIZE_FIELD_NUMBER: _ClassVar[int]
    first_size: int
    second_size: int
    def __init__(self, first_size: _Optional[int] = ..., second_size: _Optional[int] = ...) -> None: ...

class GetConsistencyProofResponse(_message.Message):
    __slots__ = ("hashes",)
    HASHES_FIELD_NUMBER: _ClassVar[int]
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, hashes: _Optional[_Iterable[bytes]] = ...) -> None: ...

class ListLeavesRequest(_message.Message):
    __slots__ = ("first_position", "leaf_count", "page_size", "page_token")
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LEAF_COUNT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    first_position: int
    leaf_count: int
    page_size: int
    page_token: str
    def __init__(self, first_position: _Optional[int] = ..., leaf_count: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListLeavesResponse(_message.Message):
    __slots__ = ("first_position", "leaves", "next_page_token")
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    first_position: int
    leaves: _containers.RepeatedScalarFieldContainer[bytes]
    next_page_token: str
    def __init__(self, first_position: _Optional[int] = ..., leaves: _Optional[_Iterable[bytes]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CompareLogRequest(_message.Message):
    __slots__ = ("seen_note",)
    SEEN_NOTE_FIELD_NUMBER: _ClassVar[int]
    seen_note: bytes
    def __init__(self, seen_note: _Optional[bytes] = ...) -> None: ...

class CompareLogResponse(_message.Message):
    __slots__ = ("signed_note", "consistency_hashes", "continuation_leaf", "continuation_hashes", "exchanges")
    SIGNED_NOTE_FIELD_NUMBER: _ClassVar[int]
    CONSISTENCY_HASHES_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_LEAF_FIELD_NUMBER: _ClassVar[int]
    CONTINUATION_HASHES_FIELD_NUMBER: _ClassVar[int]
    EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    signed_note: bytes
    consistency_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    continuation_leaf: bytes
    continuation_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    exchanges: _containers.RepeatedCompositeFieldContainer[KnownExchange]
    def __init__(self, signed_note: _Optional[bytes] = ..., consistency_hashes: _Optional[_Iterable[bytes]] = ..., continuation_leaf: _Optional[bytes] = ..., continuation_hashes: _Optional[_Iterable[bytes]] = ..., exchanges: _Optional[_Iterable[_Union[KnownExchange, _Mapping]]] = ...) -> None: ...

class KnownExchange(_message.Message):
    __slots__ = ("provided", "inquirer", "request_id", "processing_number", "permit_ms")
    PROVIDED_FIELD_NUMBER: _ClassVar[int]
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PROCESSING_NUMBER_FIELD_NUMBER: _ClassVar[int]
    PERMIT_MS_FIELD_NUMBER: _ClassVar[int]
    provided: bool
    inquirer: str
    request_id: bytes
    processing_number: str
    permit_ms: int
    def __init__(self, provided: bool = ..., inquirer: _Optional[str] = ..., request_id: _Optional[bytes] = ..., processing_number: _Optional[str] = ..., permit_ms: _Optional[int] = ...) -> None: ...

class ProveExchangesRequest(_message.Message):
    __slots__ = ("tree_size", "exchanges")
    TREE_SIZE_FIELD_NUMBER: _ClassVar[int]
    EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    tree_size: int
    exchanges: _containers.RepeatedCompositeFieldContainer[ExchangeName]
    def __init__(self, tree_size: _Optional[int] = ..., exchanges: _Optional[_Iterable[_Union[ExchangeName, _Mapping]]] = ...) -> None: ...

class ExchangeName(_message.Message):
    __slots__ = ("inquirer", "request_id")
    INQUIRER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    inquirer: str
    request_id: bytes
    def __init__(self, inquirer: _Optional[str] = ..., request_id: _Optional[bytes] = ...) -> None: ...

class ProveExchangesResponse(_message.Message):
    __slots__ = ("exchanges",)
    EXCHANGES_FIELD_NUMBER: _ClassVar[int]
    exchanges: _containers.RepeatedCompositeFieldContainer[ProvenExchange]
    def __init__(self, exchanges: _Optional[_Iterable[_Union[ProvenExchange, _Mapping]]] = ...) -> None: ...

class ProvenExchange(_message.Message):
    __slots__ = ("leaves",)
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    leaves: _containers.RepeatedCompositeFieldContainer[ProvenLeaf]
    def __init__(self, leaves: _Optional[_Iterable[_Union[ProvenLeaf, _Mapping]]] = ...) -> None: ...

class ProvenLeaf(_message.Message):
    __slots__ = ("position", "leaf", "hashes")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    HASHES_FIELD_NUMBER: _ClassVar[int]
    position: int
    leaf: bytes
    hashes: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, position: _Optional[int] = ..., leaf: _Optional[bytes] = ..., hashes: _Optional[_Iterable[bytes]] = ...) -> None: ...

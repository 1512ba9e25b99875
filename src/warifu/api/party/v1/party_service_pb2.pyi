import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AlarmKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALARM_KIND_UNSPECIFIED: _ClassVar[AlarmKind]
    ALARM_KIND_CREDENTIAL_REFUSED: _ClassVar[AlarmKind]
    ALARM_KIND_REVOCATION_LIST_REFUSED: _ClassVar[AlarmKind]
    ALARM_KIND_DIRECTORY_REFUSED: _ClassVar[AlarmKind]
    ALARM_KIND_LISTENER_MOVED: _ClassVar[AlarmKind]
    ALARM_KIND_STARTED_EMPTY: _ClassVar[AlarmKind]
    ALARM_KIND_CERTIFICATE_ENDS_SOON: _ClassVar[AlarmKind]
    ALARM_KIND_REVOCATION_LIST_ENDS_SOON: _ClassVar[AlarmKind]
    ALARM_KIND_DISK_LOW: _ClassVar[AlarmKind]
    ALARM_KIND_HUB_NOT_IN_CONTACT: _ClassVar[AlarmKind]
    ALARM_KIND_CHECKPOINT_NOT_PUBLISHED: _ClassVar[AlarmKind]
    ALARM_KIND_DATABASE_REPLACED: _ClassVar[AlarmKind]
    ALARM_KIND_ROOT_ENDS_SOON: _ClassVar[AlarmKind]
    ALARM_KIND_DIRECTORY_VERSION_REFUSED: _ClassVar[AlarmKind]
    ALARM_KIND_LOG_BEHIND: _ClassVar[AlarmKind]
    ALARM_KIND_RECORDS_BEHIND: _ClassVar[AlarmKind]
    ALARM_KIND_CONVERSION_NOT_PROVEN: _ClassVar[AlarmKind]
    ALARM_KIND_CHORE_FELL_OVER: _ClassVar[AlarmKind]
    ALARM_KIND_PERMISSION_TABLE_REFUSED: _ClassVar[AlarmKind]
    ALARM_KIND_PERMIT_FORBIDDEN: _ClassVar[AlarmKind]
    ALARM_KIND_EXCHANGE_NOT_IN_LOG: _ClassVar[AlarmKind]
    ALARM_KIND_PERMIT_HELD_BACK: _ClassVar[AlarmKind]
    ALARM_KIND_CHECKPOINT_STANDS_STILL: _ClassVar[AlarmKind]
    ALARM_KIND_LOG_VIEWS_DIFFER: _ClassVar[AlarmKind]
    ALARM_KIND_DIRECTORY_VIEWS_DIFFER: _ClassVar[AlarmKind]
    ALARM_KIND_CODES_ACQUIRED_FAST: _ClassVar[AlarmKind]
    ALARM_KIND_NUMBERS_MISSED: _ClassVar[AlarmKind]
    ALARM_KIND_ADAPTER_NOT_IN_CONTACT: _ClassVar[AlarmKind]
ALARM_KIND_UNSPECIFIED: AlarmKind
ALARM_KIND_CREDENTIAL_REFUSED: AlarmKind
ALARM_KIND_REVOCATION_LIST_REFUSED: AlarmKind
ALARM_KIND_DIRECTORY_REFUSED: AlarmKind
ALARM_KIND_LISTENER_MOVED: AlarmKind
ALARM_KIND_STARTED_EMPTY: AlarmKind
ALARM_KIND_CERTIFICATE_ENDS_SOON: AlarmKind
ALARM_KIND_REVOCATION_LIST_ENDS_SOON: AlarmKind
ALARM_KIND_DISK_LOW: AlarmKind
ALARM_KIND_HUB_NOT_IN_CONTACT: AlarmKind
ALARM_KIND_CHECKPOINT_NOT_PUBLISHED: AlarmKind
ALARM_KIND_DATABASE_REPLACED: AlarmKind
ALARM_KIND_ROOT_ENDS_SOON: AlarmKind
ALARM_KIND_DIRECTORY_VERSION_REFUSED: AlarmKind
ALARM_KIND_LOG_BEHIND: AlarmKind
ALARM_KIND_RECORDS_BEHIND: AlarmKind
ALARM_KIND_CONVERSION_NOT_PROVEN: AlarmKind
ALARM_KIND_CHORE_FELL_OVER: AlarmKind
ALARM_KIND_PERMISSION_TABLE_REFUSED: AlarmKind
ALARM_KIND_PERMIT_FORBIDDEN: AlarmKind
ALARM_KIND_EXCHANGE_NOT_IN_LOG: AlarmKind
ALARM_KIND_PERMIT_HELD_BACK: AlarmKind
ALARM_KIND_CHECKPOINT_STANDS_STILL: AlarmKind
ALARM_KIND_LOG_VIEWS_DIFFER: AlarmKind
ALARM_KIND_DIRECTORY_VIEWS_DIFFER: AlarmKind
ALARM_KIND_CODES_ACQUIRED_FAST: AlarmKind
ALARM_KIND_NUMBERS_MISSED: AlarmKind
ALARM_KIND_ADAPTER_NOT_IN_CONTACT: AlarmKind

class GetStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetStatusResponse(_message.Message):
    __slots__ = ("role", "institution_code", "network", "suite", "release", "started_time", "directory_version", "epoch", "certificates", "revocation_list", "checkpoint", "free_disk_bytes", "counts", "alarms", "code_epoch")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    STARTED_TIME_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_LIST_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    FREE_DISK_BYTES_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    ALARMS_FIELD_NUMBER: _ClassVar[int]
    CODE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    role: str
    institution_code: str
    network: str
    suite: int
    release: str
    started_time: _timestamp_pb2.Timestamp
    directory_version: int
    epoch: int
    certificates: _containers.RepeatedCompositeFieldContainer[CertificateStatus]
    revocation_list: RevocationListStatus
    checkpoint: CheckpointStatus
    free_disk_bytes: int
    counts: HoldingCounts
    alarms: _containers.RepeatedCompositeFieldContainer[Alarm]
    code_epoch: int
    def __init__(self, role: _Optional[str] = ..., institution_code: _Optional[str] = ..., network: _Optional[str] = ..., suite: _Optional[int] = ..., release: _Optional[str] = ..., started_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., directory_version: _Optional[int] = ..., epoch: _Optional[int] = ..., certificates: _Optional[_Iterable[_Union[CertificateStatus, _Mapping]]] = ..., revocation_list: _Optional[_Union[RevocationListStatus, _Mapping]] = ..., checkpoint: _Optional[_Union[CheckpointStatus, _Mapping]] = ..., free_disk_bytes: _Optional[int] = ..., counts: _Optional[_Union[HoldingCounts, _Mapping]] = ..., alarms: _Optional[_Iterable[_Union[Alarm, _Mapping]]] = ..., code_epoch: _Optional[int] = ...) -> None: ...

class CertificateStatus(_message.Message):
    __slots__ = ("use", "serial", "not_after")
    USE_FIELD_NUMBER: _ClassVar[int]
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    NOT_AFTER_FIELD_NUMBER: _ClassVar[int]
    use: str
    serial: str
    not_after: _timestamp_pb2.Timestamp
    def __init__(self, use: _Optional[str] = ..., serial: _Optional[str] = ..., not_after: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RevocationListStatus(_message.Message):
    __slots__ = ("number", "next_update", "serial_count")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    NEXT_UPDATE_FIELD_NUMBER: _ClassVar[int]
    SERIAL_COUNT_FIELD_NUMBER: _ClassVar[int]
    number: int
    next_update: _timestamp_pb2.Timestamp
    serial_count: int
    def __init__(self, number: _Optional[int] = ..., next_update: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., serial_count: _Optional[int] = ...) -> None: ...

class CheckpointStatus(_message.Message):
    __slots__ = ("size", "published_time")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_TIME_FIELD_NUMBER: _ClassVar[int]
    size: int
    published_time: _timestamp_pb2.Timestamp
    def __init__(self, size: _Optional[int] = ..., published_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class HoldingCounts(_message.Message):
    __slots__ = ("leaf_count", "person_count", "record_count", "code_count", "code_behind_count", "certificate_count", "user_count")
    LEAF_COUNT_FIELD_NUMBER: _ClassVar[int]
    PERSON_COUNT_FIELD_NUMBER: _ClassVar[int]
    RECORD_COUNT_FIELD_NUMBER: _ClassVar[int]
    CODE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CODE_BEHIND_COUNT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    leaf_count: int
    person_count: int
    record_count: int
    code_count: int
    code_behind_count: int
    certificate_count: int
    user_count: int
    def __init__(self, leaf_count: _Optional[int] = ..., person_count: _Optional[int] = ..., record_count: _Optional[int] = ..., code_count: _Optional[int] = ..., code_behind_count: _Optional[int] = ..., certificate_count: _Optional[int] = ..., user_count: _Optional[int] = ...) -> None: ...

class Alarm(_message.Message):
    __slots__ = ("kind", "since", "where")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    kind: AlarmKind
    since: _timestamp_pb2.Timestamp
    where: str
    def __init__(self, kind: _Optional[_Union[AlarmKind, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., where: _Optional[str] = ...) -> None: ...

from warifu.api.jpki.v1 import certificate_service_pb2 as _certificate_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CardState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CARD_STATE_UNSPECIFIED: _ClassVar[CardState]
    CARD_STATE_APPLIED: _ClassVar[CardState]
    CARD_STATE_ORDERED: _ClassVar[CardState]
    CARD_STATE_PERSONALISED: _ClassVar[CardState]
    CARD_STATE_NOTIFIED: _ClassVar[CardState]
    CARD_STATE_COLLECTED: _ClassVar[CardState]
    CARD_STATE_ACTIVE: _ClassVar[CardState]
    CARD_STATE_SUSPENDED: _ClassVar[CardState]
    CARD_STATE_RETURNED: _ClassVar[CardState]
    CARD_STATE_EXPIRED: _ClassVar[CardState]
    CARD_STATE_REISSUED: _ClassVar[CardState]

class CardStep(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CARD_STEP_UNSPECIFIED: _ClassVar[CardStep]
    CARD_STEP_ORDER: _ClassVar[CardStep]
    CARD_STEP_NOTIFY: _ClassVar[CardStep]
    CARD_STEP_COLLECT: _ClassVar[CardStep]
    CARD_STEP_ACTIVATE: _ClassVar[CardStep]
    CARD_STEP_SUSPEND: _ClassVar[CardStep]
    CARD_STEP_RESUME: _ClassVar[CardStep]
    CARD_STEP_RETURN: _ClassVar[CardStep]
    CARD_STEP_EXPIRE: _ClassVar[CardStep]

class IdentityCheck(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IDENTITY_CHECK_UNSPECIFIED: _ClassVar[IdentityCheck]
    IDENTITY_CHECK_FACE_AND_NOTICE: _ClassVar[IdentityCheck]
    IDENTITY_CHECK_DOCUMENTS_AND_NOTICE: _ClassVar[IdentityCheck]
    IDENTITY_CHECK_BY_PROXY: _ClassVar[IdentityCheck]
CARD_STATE_UNSPECIFIED: CardState
CARD_STATE_APPLIED: CardState
CARD_STATE_ORDERED: CardState
CARD_STATE_PERSONALISED: CardState
CARD_STATE_NOTIFIED: CardState
CARD_STATE_COLLECTED: CardState
CARD_STATE_ACTIVE: CardState
CARD_STATE_SUSPENDED: CardState
CARD_STATE_RETURNED: CardState
CARD_STATE_EXPIRED: CardState
CARD_STATE_REISSUED: CardState
CARD_STEP_UNSPECIFIED: CardStep
CARD_STEP_ORDER: CardStep
CARD_STEP_NOTIFY: CardStep
CARD_STEP_COLLECT: CardStep
CARD_STEP_ACTIVATE: CardStep
CARD_STEP_SUSPEND: CardStep
CARD_STEP_RESUME: CardStep
CARD_STEP_RETURN: CardStep
CARD_STEP_EXPIRE: CardStep
IDENTITY_CHECK_UNSPECIFIED: IdentityCheck
IDENTITY_CHECK_FACE_AND_NOTICE: IdentityCheck
IDENTITY_CHECK_DOCUMENTS_AND_NOTICE: IdentityCheck
IDENTITY_CHECK_BY_PROXY: IdentityCheck

class ApplyForCardRequest(_message.Message):
    __slots__ = ("request_id", "four_items", "prefecture", "municipality", "portrait", "predecessor_application_id")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    PREFECTURE_FIELD_NUMBER: _ClassVar[int]
    MUNICIPALITY_FIELD_NUMBER: _ClassVar[int]
    PORTRAIT_FIELD_NUMBER: _ClassVar[int]
    PREDECESSOR_APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    four_items: _certificate_service_pb2.FourItems
    prefecture: str
    municipality: str
    portrait: bytes
    predecessor_application_id: str
    def __init__(self, request_id: _Optional[bytes] = ..., four_items: _Optional[_Union[_certificate_service_pb2.FourItems, _Mapping]] = ..., prefecture: _Optional[str] = ..., municipality: _Optional[str] = ..., portrait: _Optional[bytes] = ..., predecessor_application_id: _Optional[str] = ...) -> None: ...

class ApplyForCardResponse(_message.Message):
    __slots__ = ("application_id", "last_day")
    APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_DAY_FIELD_NUMBER: _ClassVar[int]
    application_id: str
    last_day: str
    def __init__(self, application_id: _Optional[str] = ..., last_day: _Optional[str] = ...) -> None: ...

class AdvanceCardRequest(_message.Message):
    __slots__ = ("application_id", "step", "identity_check")
    APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_CHECK_FIELD_NUMBER: _ClassVar[int]
    application_id: str
    step: CardStep
    identity_check: IdentityCheck
    def __init__(self, application_id: _Optional[str] = ..., step: _Optional[_Union[CardStep, str]] = ..., identity_check: _Optional[_Union[IdentityCheck, str]] = ...) -> None: ...

class AdvanceCardResponse(_message.Message):
    __slots__ = ("state",)
    STATE_FIELD_NUMBER: _ClassVar[int]
    state: CardState
    def __init__(self, state: _Optional[_Union[CardState, str]] = ...) -> None: ...

class GetCardRequest(_message.Message):
    __slots__ = ("application_id",)
    APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    application_id: str
    def __init__(self, application_id: _Optional[str] = ...) -> None: ...

class CardTransition(_message.Message):
    __slots__ = ("to", "at_unix_ms", "identity_check")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_CHECK_FIELD_NUMBER: _ClassVar[int]
    to: CardState
    at_unix_ms: int
    identity_check: IdentityCheck
    def __init__(self, to: _Optional[_Union[CardState, str]] = ..., at_unix_ms: _Optional[int] = ..., identity_check: _Optional[_Union[IdentityCheck, str]] = ..., **kwargs) -> None: ...

class GetCardResponse(_message.Message):
    __slots__ = ("state", "transitions", "last_day", "four_items", "portrait", "signing_certificate", "authentication_certificate", "predecessor_application_id")
    STATE_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    LAST_DAY_FIELD_NUMBER: _ClassVar[int]
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    PORTRAIT_FIELD_NUMBER: _ClassVar[int]
    SIGNING_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    PREDECESSOR_APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    state: CardState
    transitions: _containers.RepeatedCompositeFieldContainer[CardTransition]
    last_day: str
    four_items: _certificate_service_pb2.FourItems
    portrait: bytes
    signing_certificate: bytes
    authentication_certificate: bytes
    predecessor_application_id: str
    def __init__(self, state: _Optional[_Union[CardState, str]] = ..., transitions: _Optional[_Iterable[_Union[CardTransition, _Mapping]]] = ..., last_day: _Optional[str] = ..., four_items: _Optional[_Union[_certificate_service_pb2.FourItems, _Mapping]] = ..., portrait: _Optional[bytes] = ..., signing_certificate: _Optional[bytes] = ..., authentication_certificate: _Optional[bytes] = ..., predecessor_application_id: _Optional[str] = ...) -> None: ...

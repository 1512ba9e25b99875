from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CertificateUse(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CERTIFICATE_USE_UNSPECIFIED: _ClassVar[CertificateUse]
    CERTIFICATE_USE_SIGNING: _ClassVar[CertificateUse]
    CERTIFICATE_USE_AUTHENTICATION: _ClassVar[CertificateUse]

class CertificateEvent(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CERTIFICATE_EVENT_UNSPECIFIED: _ClassVar[CertificateEvent]
    CERTIFICATE_EVENT_ITEMS_CHANGED: _ClassVar[CertificateEvent]
    CERTIFICATE_EVENT_HOLDER_GONE: _ClassVar[CertificateEvent]
    CERTIFICATE_EVENT_KEY_LEAKED: _ClassVar[CertificateEvent]
    CERTIFICATE_EVENT_NUMBER_REPLACED: _ClassVar[CertificateEvent]
    CERTIFICATE_EVENT_HOLDER_ASKED: _ClassVar[CertificateEvent]
CERTIFICATE_USE_UNSPECIFIED: CertificateUse
CERTIFICATE_USE_SIGNING: CertificateUse
CERTIFICATE_USE_AUTHENTICATION: CertificateUse
CERTIFICATE_EVENT_UNSPECIFIED: CertificateEvent
CERTIFICATE_EVENT_ITEMS_CHANGED: CertificateEvent
CERTIFICATE_EVENT_HOLDER_GONE: CertificateEvent
CERTIFICATE_EVENT_KEY_LEAKED: CertificateEvent
CERTIFICATE_EVENT_NUMBER_REPLACED: CertificateEvent
CERTIFICATE_EVENT_HOLDER_ASKED: CertificateEvent

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

class CardKey(_message.Message):
    __slots__ = ("public_key", "possession")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    POSSESSION_FIELD_NUMBER: _ClassVar[int]
    public_key: bytes
    possession: bytes
    def __init__(self, public_key: _Optional[bytes] = ..., possession: _Optional[bytes] = ...) -> None: ...

class IssueCertificatesRequest(_message.Message):
    __slots__ = ("request_id", "application_id", "signing_key", "authentication_key")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_KEY_FIELD_NUMBER: _ClassVar[int]
    request_id: bytes
    application_id: str
    signing_key: CardKey
    authentication_key: CardKey
    def __init__(self, request_id: _Optional[bytes] = ..., application_id: _Optional[str] = ..., signing_key: _Optional[_Union[CardKey, _Mapping]] = ..., authentication_key: _Optional[_Union[CardKey, _Mapping]] = ...) -> None: ...

class IssueCertificatesResponse(_message.Message):
    __slots__ = ("signing_certificate", "authentication_certificate")
    SIGNING_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    signing_certificate: bytes
    authentication_certificate: bytes
    def __init__(self, signing_certificate: _Optional[bytes] = ..., authentication_certificate: _Optional[bytes] = ...) -> None: ...

class ReportEventRequest(_message.Message):
    __slots__ = ("application_id", "event", "four_items")
    APPLICATION_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    FOUR_ITEMS_FIELD_NUMBER: _ClassVar[int]
    application_id: str
    event: CertificateEvent
    four_items: FourItems
    def __init__(self, application_id: _Optional[str] = ..., event: _Optional[_Union[CertificateEvent, str]] = ..., four_items: _Optional[_Union[FourItems, _Mapping]] = ...) -> None: ...

class ReportEventResponse(_message.Message):
    __slots__ = ("lapsed_serials",)
    LAPSED_SERIALS_FIELD_NUMBER: _ClassVar[int]
    lapsed_serials: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, lapsed_serials: _Optional[_Iterable[bytes]] = ...) -> None: ...

class GetTrustRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetTrustResponse(_message.Message):
    __slots__ = ("signing_roots", "authentication_roots", "http_endpoint")
    SIGNING_ROOTS_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_ROOTS_FIELD_NUMBER: _ClassVar[int]
    HTTP_ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    signing_roots: _containers.RepeatedScalarFieldContainer[bytes]
    authentication_roots: _containers.RepeatedScalarFieldContainer[bytes]
    http_endpoint: str
    def __init__(self, signing_roots: _Optional[_Iterable[bytes]] = ..., authentication_roots: _Optional[_Iterable[bytes]] = ..., http_endpoint: _Optional[str] = ...) -> None: ...

class AnswerOcspRequest(_message.Message):
    __slots__ = ("ocsp_request",)
    OCSP_REQUEST_FIELD_NUMBER: _ClassVar[int]
    ocsp_request: bytes
    def __init__(self, ocsp_request: _Optional[bytes] = ...) -> None: ...

class AnswerOcspResponse(_message.Message):
    __slots__ = ("ocsp_response",)
    OCSP_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    ocsp_response: bytes
    def __init__(self, ocsp_response: _Optional[bytes] = ...) -> None: ...

class GetRevocationListRequest(_message.Message):
    __slots__ = ("use",)
    USE_FIELD_NUMBER: _ClassVar[int]
    use: CertificateUse
    def __init__(self, use: _Optional[_Union[CertificateUse, str]] = ...) -> None: ...

class GetRevocationListResponse(_message.Message):
    __slots__ = ("revocation_list",)
    REVOCATION_LIST_FIELD_NUMBER: _ClassVar[int]
    revocation_list: bytes
    def __init__(self, revocation_list: _Optional[bytes] = ...) -> None: ...

class GetLinksRequest(_message.Message):
    __slots__ = ("serial",)
    SERIAL_FIELD_NUMBER: _ClassVar[int]
    serial: bytes
    def __init__(self, serial: _Optional[bytes] = ...) -> None: ...

class GetLinksResponse(_message.Message):
    __slots__ = ("predecessor_serial", "signing_serial", "signing_is_good")
    PREDECESSOR_SERIAL_FIELD_NUMBER: _ClassVar[int]
    SIGNING_SERIAL_FIELD_NUMBER: _ClassVar[int]
    SIGNING_IS_GOOD_FIELD_NUMBER: _ClassVar[int]
    predecessor_serial: bytes
    signing_serial: bytes
    signing_is_good: bool
    def __init__(self, predecessor_serial: _Optional[bytes] = ..., signing_serial: _Optional[bytes] = ..., signing_is_good: bool = ...) -> None: ...

class GiveConsentRequest(_message.Message):
    __slots__ = ("service", "items", "nonce", "signing_serial", "signature")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    SIGNING_SERIAL_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    service: str
    items: _containers.RepeatedScalarFieldContainer[str]
    nonce: bytes
    signing_serial: bytes
    signature: bytes
    def __init__(self, service: _Optional[str] = ..., items: _Optional[_Iterable[str]] = ..., nonce: _Optional[bytes] = ..., signing_serial: _Optional[bytes] = ..., signature: _Optional[bytes] = ...) -> None: ...

class FourItemConsent(_message.Message):
    __slots__ = ("consent_id", "service", "items", "consented_at_unix_ms", "expires_at_unix_ms")
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    CONSENTED_AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_UNIX_MS_FIELD_NUMBER: _ClassVar[int]
    consent_id: bytes
    service: str
    items: _containers.RepeatedScalarFieldContainer[str]
    consented_at_unix_ms: int
    expires_at_unix_ms: int
    def __init__(self, consent_id: _Optional[bytes] = ..., service: _Optional[str] = ..., items: _Optional[_Iterable[str]] = ..., consented_at_unix_ms: _Optional[int] = ..., expires_at_unix_ms: _Optional[int] = ...) -> None: ...

class GiveConsentResponse(_message.Message):
    __slots__ = ("consent",)
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    consent: FourItemConsent
    def __init__(self, consent: _Optional[_Union[FourItemConsent, _Mapping]] = ...) -> None: ...

class EndConsentRequest(_message.Message):
    __slots__ = ("consent_id",)
    CONSENT_ID_FIELD_NUMBER: _ClassVar[int]
    consent_id: bytes
    def __init__(self, consent_id: _Optional[bytes] = ...) -> None: ...

class EndConsentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

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

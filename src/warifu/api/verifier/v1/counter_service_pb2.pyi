from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReferenceNumber(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REFERENCE_NUMBER_UNSPECIFIED: _ClassVar[ReferenceNumber]
    REFERENCE_NUMBER_A: _ClassVar[ReferenceNumber]
    REFERENCE_NUMBER_B: _ClassVar[ReferenceNumber]
REFERENCE_NUMBER_UNSPECIFIED: ReferenceNumber
REFERENCE_NUMBER_A: ReferenceNumber
REFERENCE_NUMBER_B: ReferenceNumber

class CheckIdentityRequest(_message.Message):
    __slots__ = ("nonce", "reference_number", "cv_certificate", "face_record", "presence", "printed_birth_date", "printed_sex", "printed_expiry", "texts_agree", "faces_agree")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CV_CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    FACE_RECORD_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    PRINTED_BIRTH_DATE_FIELD_NUMBER: _ClassVar[int]
    PRINTED_SEX_FIELD_NUMBER: _ClassVar[int]
    PRINTED_EXPIRY_FIELD_NUMBER: _ClassVar[int]
    TEXTS_AGREE_FIELD_NUMBER: _ClassVar[int]
    FACES_AGREE_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    reference_number: ReferenceNumber
    cv_certificate: bytes
    face_record: bytes
    presence: bytes
    printed_birth_date: str
    printed_sex: str
    printed_expiry: str
    texts_agree: bool
    faces_agree: bool
    def __init__(self, nonce: _Optional[bytes] = ..., reference_number: _Optional[_Union[ReferenceNumber, str]] = ..., cv_certificate: _Optional[bytes] = ..., face_record: _Optional[bytes] = ..., presence: _Optional[bytes] = ..., printed_birth_date: _Optional[str] = ..., printed_sex: _Optional[str] = ..., printed_expiry: _Optional[str] = ..., texts_agree: bool = ..., faces_agree: bool = ...) -> None: ...

class CheckIdentityResponse(_message.Message):
    __slots__ = ("checks",)
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    checks: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, checks: _Optional[_Iterable[str]] = ...) -> None: ...

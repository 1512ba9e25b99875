from warifu.api.type.v1 import inquiry_pb2 as _inquiry_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DesignateMyNumbersRequest(_message.Message):
    __slots__ = ("resident_record_codes",)
    RESIDENT_RECORD_CODES_FIELD_NUMBER: _ClassVar[int]
    resident_record_codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, resident_record_codes: _Optional[_Iterable[str]] = ...) -> None: ...

class DesignateMyNumbersResponse(_message.Message):
    __slots__ = ("my_numbers",)
    MY_NUMBERS_FIELD_NUMBER: _ClassVar[int]
    my_numbers: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, my_numbers: _Optional[_Iterable[str]] = ...) -> None: ...

class ReplaceMyNumberRequest(_message.Message):
    __slots__ = ("my_number",)
    MY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    my_number: str
    def __init__(self, my_number: _Optional[str] = ...) -> None: ...

class ReplaceMyNumberResponse(_message.Message):
    __slots__ = ("my_number",)
    MY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    my_number: str
    def __init__(self, my_number: _Optional[str] = ...) -> None: ...

class Acquisition(_message.Message):
    __slots__ = ("acquisition_number", "my_number")
    ACQUISITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    acquisition_number: bytes
    my_number: str
    def __init__(self, acquisition_number: _Optional[bytes] = ..., my_number: _Optional[str] = ...) -> None: ...

class IssuedCode(_message.Message):
    __slots__ = ("acquisition_number", "converted_code", "failure")
    ACQUISITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONVERTED_CODE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    acquisition_number: bytes
    converted_code: _inquiry_pb2.EncryptedCode
    failure: _inquiry_pb2.CallFailure
    def __init__(self, acquisition_number: _Optional[bytes] = ..., converted_code: _Optional[_Union[_inquiry_pb2.EncryptedCode, _Mapping]] = ..., failure: _Optional[_Union[_inquiry_pb2.CallFailure, _Mapping]] = ...) -> None: ...

class ConversionReceipt(_message.Message):
    __slots__ = ("context", "hub_signature", "encrypted_codes", "authority_signature", "conversion_proofs")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTED_CODES_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_PROOFS_FIELD_NUMBER: _ClassVar[int]
    context: bytes
    hub_signature: bytes
    encrypted_codes: _containers.RepeatedCompositeFieldContainer[_inquiry_pb2.EncryptedCode]
    authority_signature: bytes
    conversion_proofs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, context: _Optional[bytes] = ..., hub_signature: _Optional[bytes] = ..., encrypted_codes: _Optional[_Iterable[_Union[_inquiry_pb2.EncryptedCode, _Mapping]]] = ..., authority_signature: _Optional[bytes] = ..., conversion_proofs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class AcquireCodeRequest(_message.Message):
    __slots__ = ("acquisition",)
    ACQUISITION_FIELD_NUMBER: _ClassVar[int]
    acquisition: Acquisition
    def __init__(self, acquisition: _Optional[_Union[Acquisition, _Mapping]] = ...) -> None: ...

class AcquireCodeResponse(_message.Message):
    __slots__ = ("issued_code", "receipt")
    ISSUED_CODE_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    issued_code: IssuedCode
    receipt: ConversionReceipt
    def __init__(self, issued_code: _Optional[_Union[IssuedCode, _Mapping]] = ..., receipt: _Optional[_Union[ConversionReceipt, _Mapping]] = ...) -> None: ...

class AcquireCodesRequest(_message.Message):
    __slots__ = ("acquisitions",)
    ACQUISITIONS_FIELD_NUMBER: _ClassVar[int]
    acquisitions: _containers.RepeatedCompositeFieldContainer[Acquisition]
    def __init__(self, acquisitions: _Optional[_Iterable[_Union[Acquisition, _Mapping]]] = ...) -> None: ...

class AcquireCodesResponse(_message.Message):
    __slots__ = ("issued_codes", "receipt")
    ISSUED_CODES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    issued_codes: _containers.RepeatedCompositeFieldContainer[IssuedCode]
    receipt: ConversionReceipt
    def __init__(self, issued_codes: _Optional[_Iterable[_Union[IssuedCode, _Mapping]]] = ..., receipt: _Optional[_Union[ConversionReceipt, _Mapping]] = ...) -> None: ...

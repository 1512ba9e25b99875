from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DirectoryEntry(_message.Message):
    __slots__ = ("institution_code", "institution_kind", "institution_name", "suite", "epoch", "agency_key", "opening_key", "joint_key", "factor_commitment", "sealing_key", "signing_key", "joint_key_proof", "key_id", "agency_signature", "hub_signature")
    INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    INSTITUTION_KIND_FIELD_NUMBER: _ClassVar[int]
    INSTITUTION_NAME_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    AGENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    OPENING_KEY_FIELD_NUMBER: _ClassVar[int]
    JOINT_KEY_FIELD_NUMBER: _ClassVar[int]
    FACTOR_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    SEALING_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    JOINT_KEY_PROOF_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    AGENCY_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    institution_code: str
    institution_kind: str
    institution_name: str
    suite: int
    epoch: int
    agency_key: bytes
    opening_key: bytes
    joint_key: bytes
    factor_commitment: bytes
    sealing_key: bytes
    signing_key: bytes
    joint_key_proof: bytes
    key_id: bytes
    agency_signature: bytes
    hub_signature: bytes
    def __init__(self, institution_code: _Optional[str] = ..., institution_kind: _Optional[str] = ..., institution_name: _Optional[str] = ..., suite: _Optional[int] = ..., epoch: _Optional[int] = ..., agency_key: _Optional[bytes] = ..., opening_key: _Optional[bytes] = ..., joint_key: _Optional[bytes] = ..., factor_commitment: _Optional[bytes] = ..., sealing_key: _Optional[bytes] = ..., signing_key: _Optional[bytes] = ..., joint_key_proof: _Optional[bytes] = ..., key_id: _Optional[bytes] = ..., agency_signature: _Optional[bytes] = ..., hub_signature: _Optional[bytes] = ...) -> None: ...

class DirectoryFile(_message.Message):
    __slots__ = ("network", "suite", "hub_institution_code", "hub_signing_key", "authority_institution_code", "authority_signing_key", "log_verifier_key", "entries")
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    HUB_INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    LOG_VERIFIER_KEY_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    network: str
    suite: int
    hub_institution_code: str
    hub_signing_key: bytes
    authority_institution_code: str
    authority_signing_key: bytes
    log_verifier_key: str
    entries: _containers.RepeatedCompositeFieldContainer[DirectoryEntry]
    def __init__(self, network: _Optional[str] = ..., suite: _Optional[int] = ..., hub_institution_code: _Optional[str] = ..., hub_signing_key: _Optional[bytes] = ..., authority_institution_code: _Optional[str] = ..., authority_signing_key: _Optional[bytes] = ..., log_verifier_key: _Optional[str] = ..., entries: _Optional[_Iterable[_Union[DirectoryEntry, _Mapping]]] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListEntriesResponse(_message.Message):
    __slots__ = ("directory",)
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    directory: DirectoryFile
    def __init__(self, directory: _Optional[_Union[DirectoryFile, _Mapping]] = ...) -> None: ...

class AnnounceEndpointRequest(_message.Message):
    __slots__ = ("endpoint",)
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    def __init__(self, endpoint: _Optional[str] = ...) -> None: ...

class AnnounceEndpointResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetRevocationListRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetRevocationListResponse(_message.Message):
    __slots__ = ("revocation_list_pem",)
    REVOCATION_LIST_PEM_FIELD_NUMBER: _ClassVar[int]
    revocation_list_pem: bytes
    def __init__(self, revocation_list_pem: _Optional[bytes] = ...) -> None: ...

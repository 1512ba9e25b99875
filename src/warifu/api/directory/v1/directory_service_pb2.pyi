from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ProofPolicyKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROOF_POLICY_KIND_UNSPECIFIED: _ClassVar[ProofPolicyKind]
    PROOF_POLICY_KIND_ALWAYS: _ClassVar[ProofPolicyKind]
    PROOF_POLICY_KIND_SAMPLED: _ClassVar[ProofPolicyKind]
    PROOF_POLICY_KIND_OFF: _ClassVar[ProofPolicyKind]
PROOF_POLICY_KIND_UNSPECIFIED: ProofPolicyKind
PROOF_POLICY_KIND_ALWAYS: ProofPolicyKind
PROOF_POLICY_KIND_SAMPLED: ProofPolicyKind
PROOF_POLICY_KIND_OFF: ProofPolicyKind

class DirectoryEntry(_message.Message):
    __slots__ = ("institution_code", "institution_kind", "institution_name", "suite", "epoch", "code_epoch", "opening_epoch", "agency_key", "opening_key", "joint_key", "factor_commitment", "sealing_key", "signing_key", "joint_key_proof", "key_id", "agency_signature", "hub_signature")
    INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    INSTITUTION_KIND_FIELD_NUMBER: _ClassVar[int]
    INSTITUTION_NAME_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CODE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    OPENING_EPOCH_FIELD_NUMBER: _ClassVar[int]
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
    code_epoch: int
    opening_epoch: int
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
    def __init__(self, institution_code: _Optional[str] = ..., institution_kind: _Optional[str] = ..., institution_name: _Optional[str] = ..., suite: _Optional[int] = ..., epoch: _Optional[int] = ..., code_epoch: _Optional[int] = ..., opening_epoch: _Optional[int] = ..., agency_key: _Optional[bytes] = ..., opening_key: _Optional[bytes] = ..., joint_key: _Optional[bytes] = ..., factor_commitment: _Optional[bytes] = ..., sealing_key: _Optional[bytes] = ..., signing_key: _Optional[bytes] = ..., joint_key_proof: _Optional[bytes] = ..., key_id: _Optional[bytes] = ..., agency_signature: _Optional[bytes] = ..., hub_signature: _Optional[bytes] = ...) -> None: ...

class DatedEntry(_message.Message):
    __slots__ = ("entry", "accepted_until_ms")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    entry: DirectoryEntry
    accepted_until_ms: int
    def __init__(self, entry: _Optional[_Union[DirectoryEntry, _Mapping]] = ..., accepted_until_ms: _Optional[int] = ...) -> None: ...

class DatedKey(_message.Message):
    __slots__ = ("public_key", "accepted_until_ms")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    public_key: bytes
    accepted_until_ms: int
    def __init__(self, public_key: _Optional[bytes] = ..., accepted_until_ms: _Optional[int] = ...) -> None: ...

class ProofPolicy(_message.Message):
    __slots__ = ("kind", "one_in")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ONE_IN_FIELD_NUMBER: _ClassVar[int]
    kind: ProofPolicyKind
    one_in: int
    def __init__(self, kind: _Optional[_Union[ProofPolicyKind, str]] = ..., one_in: _Optional[int] = ...) -> None: ...

class DirectoryHeader(_message.Message):
    __slots__ = ("network", "suite", "version", "previous_digest", "made_ms", "hub_institution_code", "hub_signing_key", "former_hub_signing_keys", "authority_institution_code", "authority_signing_key", "former_authority_signing_keys", "log_verifier_key", "former_log_verifier_keys", "entries_digest", "permission_table_digest", "proof_policy", "root_signature")
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MADE_MS_FIELD_NUMBER: _ClassVar[int]
    HUB_INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    HUB_SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    FORMER_HUB_SIGNING_KEYS_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_INSTITUTION_CODE_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    FORMER_AUTHORITY_SIGNING_KEYS_FIELD_NUMBER: _ClassVar[int]
    LOG_VERIFIER_KEY_FIELD_NUMBER: _ClassVar[int]
    FORMER_LOG_VERIFIER_KEYS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PERMISSION_TABLE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    PROOF_POLICY_FIELD_NUMBER: _ClassVar[int]
    ROOT_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    network: str
    suite: int
    version: int
    previous_digest: bytes
    made_ms: int
    hub_institution_code: str
    hub_signing_key: bytes
    former_hub_signing_keys: _containers.RepeatedCompositeFieldContainer[DatedKey]
    authority_institution_code: str
    authority_signing_key: bytes
    former_authority_signing_keys: _containers.RepeatedCompositeFieldContainer[DatedKey]
    log_verifier_key: str
    former_log_verifier_keys: _containers.RepeatedScalarFieldContainer[str]
    entries_digest: bytes
    permission_table_digest: bytes
    proof_policy: ProofPolicy
    root_signature: bytes
    def __init__(self, network: _Optional[str] = ..., suite: _Optional[int] = ..., version: _Optional[int] = ..., previous_digest: _Optional[bytes] = ..., made_ms: _Optional[int] = ..., hub_institution_code: _Optional[str] = ..., hub_signing_key: _Optional[bytes] = ..., former_hub_signing_keys: _Optional[_Iterable[_Union[DatedKey, _Mapping]]] = ..., authority_institution_code: _Optional[str] = ..., authority_signing_key: _Optional[bytes] = ..., former_authority_signing_keys: _Optional[_Iterable[_Union[DatedKey, _Mapping]]] = ..., log_verifier_key: _Optional[str] = ..., former_log_verifier_keys: _Optional[_Iterable[str]] = ..., entries_digest: _Optional[bytes] = ..., permission_table_digest: _Optional[bytes] = ..., proof_policy: _Optional[_Union[ProofPolicy, _Mapping]] = ..., root_signature: _Optional[bytes] = ...) -> None: ...

class DirectoryFile(_message.Message):
    __slots__ = ("header", "entries", "dated_entries")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    DATED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    header: DirectoryHeader
    entries: _containers.RepeatedCompositeFieldContainer[DirectoryEntry]
    dated_entries: _containers.RepeatedCompositeFieldContainer[DatedEntry]
    def __init__(self, header: _Optional[_Union[DirectoryHeader, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[DirectoryEntry, _Mapping]]] = ..., dated_entries: _Optional[_Iterable[_Union[DatedEntry, _Mapping]]] = ...) -> None: ...

class ListVersionsRequest(_message.Message):
    __slots__ = ("held_version", "page_size", "page_token")
    HELD_VERSION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    held_version: int
    page_size: int
    page_token: str
    def __init__(self, held_version: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListVersionsResponse(_message.Message):
    __slots__ = ("headers", "newest_version", "positions", "next_page_token")
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    NEWEST_VERSION_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    headers: _containers.RepeatedCompositeFieldContainer[DirectoryHeader]
    newest_version: int
    positions: _containers.RepeatedScalarFieldContainer[int]
    next_page_token: str
    def __init__(self, headers: _Optional[_Iterable[_Union[DirectoryHeader, _Mapping]]] = ..., newest_version: _Optional[int] = ..., positions: _Optional[_Iterable[int]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListEntriesRequest(_message.Message):
    __slots__ = ("version", "page_size", "page_token")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    version: int
    page_size: int
    page_token: str
    def __init__(self, version: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListEntriesResponse(_message.Message):
    __slots__ = ("version", "entries", "dated_entries", "entry_count", "next_page_token")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    DATED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    ENTRY_COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    version: int
    entries: _containers.RepeatedCompositeFieldContainer[DirectoryEntry]
    dated_entries: _containers.RepeatedCompositeFieldContainer[DatedEntry]
    entry_count: int
    next_page_token: str
    def __init__(self, version: _Optional[int] = ..., entries: _Optional[_Iterable[_Union[DirectoryEntry, _Mapping]]] = ..., dated_entries: _Optional[_Iterable[_Union[DatedEntry, _Mapping]]] = ..., entry_count: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class FollowVersionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FollowVersionsResponse(_message.Message):
    __slots__ = ("directory_version", "revocation_list_number")
    DIRECTORY_VERSION_FIELD_NUMBER: _ClassVar[int]
    REVOCATION_LIST_NUMBER_FIELD_NUMBER: _ClassVar[int]
    directory_version: int
    revocation_list_number: int
    def __init__(self, directory_version: _Optional[int] = ..., revocation_list_number: _Optional[int] = ...) -> None: ...

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

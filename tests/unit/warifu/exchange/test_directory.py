"""The key directory: an entry is used only when agency, hub and proof all vouch for every field of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warifu.api.directory.v1.directory_service_pb2 import DirectoryEntry as EntryMessage
from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile, DirectoryHeader
from warifu.clock import SystemClock
from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Point, Scalar
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import countersign_entry, sign_entry
from warifu.exchange.directory_header import check_follows, entries_digest, header_digest, sign_header
from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy
from warifu.exchange.proofs import joint_key_context, prove_joint_key
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.directory_file import read_directory_file, write_directory_file
from warifu.pki import Root

TAX, CHILDCARE = InstitutionCode("9020110020000001"), InstitutionCode("9030110020000001")
ORDER_EIGHT = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
HUB_KEY = SigningKey.generate()
ROOT = Root.create("sim-test", SystemClock())
AGENCY_KEYS = {code: SigningKey.generate() for code in (TAX, CHILDCARE)}


def stated(institution: InstitutionCode, kind: str, opening: Scalar | None = None) -> EntryMessage:
    """An entry before anybody signed it, with a proof that holds."""
    opening = opening or SUITE_2.random_scalar()
    agency_key = SUITE_2.base_multiply(SUITE_2.random_scalar())
    joint_key = SUITE_2.multiply(opening, agency_key)
    context = joint_key_context(institution, 1)
    return EntryMessage(
        institution_code=institution,
        institution_kind=kind,
        institution_name=f"{kind} office",
        suite=2,
        epoch=1,
        code_epoch=1,
        opening_epoch=1,
        agency_key=agency_key,
        opening_key=SUITE_2.base_multiply(opening),
        joint_key=joint_key,
        factor_commitment=SUITE_2.base_multiply(SUITE_2.random_scalar()),
        sealing_key=secrets.token_bytes(32),
        signing_key=AGENCY_KEYS[institution].verify_key,
        joint_key_proof=prove_joint_key(SUITE_2, opening, agency_key, context, secrets.token_bytes),
    )


def signed(message: EntryMessage) -> EntryMessage:
    sign_entry(AGENCY_KEYS[InstitutionCode(message.institution_code)], message)
    countersign_entry(HUB_KEY, message)
    return message


def file_of(*entries: EntryMessage) -> DirectoryFile:
    header = DirectoryHeader(
        network="sim-test",
        suite=2,
        version=1,
        made_ms=1,
        hub_institution_code="9900000000000001",
        hub_signing_key=HUB_KEY.verify_key,
        authority_institution_code="9910000000000001",
        authority_signing_key=SigningKey.generate().verify_key,
        log_verifier_key="log+0+key",
        permission_table_digest=bytes(32),
        proof_policy=ALWAYS_PROVEN.to_message(),
    )
    return resigned(DirectoryFile(header=header, entries=entries))


def resigned(file: DirectoryFile) -> DirectoryFile:
    """The same with the header that goes with its entries, as whoever has the root's key would make it."""
    file.header.entries_digest = entries_digest(file.entries, file.dated_entries)
    sign_header(ROOT, file.header)
    return file


def refused(file: DirectoryFile) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        Directory.from_message(file, ROOT.cert_pem)
    assert error.value.reason is Reason.DIRECTORY_INVALID
    return error.value


@pytest.fixture(scope="module")
def whole() -> DirectoryFile:
    """A directory of two agencies that verifies."""
    return file_of(signed(stated(TAX, "tax")), signed(stated(CHILDCARE, "childcare")))


def copy_of(file: DirectoryFile) -> DirectoryFile:
    copy = DirectoryFile()
    copy.CopyFrom(file)
    return copy


def test_a_directory_that_verifies_gives_every_entry_as_it_was_stated(whole: DirectoryFile) -> None:
    directory = Directory.from_message(whole, ROOT.cert_pem)
    assert set(directory.entries) == {TAX, CHILDCARE}
    entry, message = directory.entry(TAX), whole.entries[0]
    names = ("agency_key", "opening_key", "joint_key", "factor_commitment", "sealing_key", "signing_key", "key_id")
    assert [getattr(entry, name) for name in names] == [getattr(message, name) for name in names]
    assert (entry.kind, entry.name, entry.epoch) == ("tax", "tax office", 1)
    assert [found.institution for found in directory.of_kind("childcare")] == [CHILDCARE]
    assert directory.group.suite == directory.suite == 2


def test_an_institution_that_is_not_in_the_directory_is_unknown(whole: DirectoryFile) -> None:
    with pytest.raises(WarifuError) as error:
        Directory.from_message(whole, ROOT.cert_pem).entry(
            InstitutionCode("9999999999999999"), where="inquiry.provider"
        )
    assert (error.value.reason, error.value.where) == (Reason.INSTITUTION_UNKNOWN, "inquiry.provider")


FIELDS = [field.name for field in EntryMessage.DESCRIPTOR.fields]


def altered(value: Any) -> list[Any]:
    """A few other values of the same type, near ``value``."""
    if isinstance(value, bytes):
        return [
            bytes([value[0] ^ 1]) + value[1:],
            value[:-1] + bytes([value[-1] ^ 0x40]),
            value[:-1],
            value + b"\0",
            b"",
        ]
    if isinstance(value, int):
        return [value + 1, 0, 255]
    return [value + "x", value[:-1], "", value.swapcase() if value.swapcase() != value else value[::-1]]


@pytest.mark.parametrize("name", FIELDS)
def test_an_entry_with_any_field_altered_is_refused_and_named(whole: DirectoryFile, name: str) -> None:
    for value in altered(getattr(whole.entries[1], name)):
        file = copy_of(whole)
        setattr(file.entries[1], name, value)
        error = refused(file)
        assert error.where.startswith("directory.entries"), error.where
        assert name == "institution_code" or str(CHILDCARE) in error.where


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_in_any_key_proof_or_signature_is_refused(whole: DirectoryFile, data: st.DataObject) -> None:
    file = copy_of(whole)
    binary = [field.name for field in EntryMessage.DESCRIPTOR.fields if field.type == field.TYPE_BYTES]
    name = data.draw(st.sampled_from(binary))
    value = bytearray(getattr(file.entries[0], name))
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    value[bit // 8] ^= 1 << bit % 8
    setattr(file.entries[0], name, bytes(value))
    refused(file)


def test_fields_of_two_good_entries_cannot_be_exchanged(whole: DirectoryFile) -> None:
    for name in FIELDS:
        mine, other = getattr(whole.entries[0], name), getattr(whole.entries[1], name)
        if mine != other:
            file = copy_of(whole)
            setattr(file.entries[0], name, other)
            refused(file)


def test_an_unknown_field_smuggled_in_changes_nothing_that_is_used(whole: DirectoryFile) -> None:
    entry = EntryMessage.FromString(whole.entries[0].SerializeToString() + b"\xfa\x3f\x01x")
    assert Directory.from_message(file_of(entry), ROOT.cert_pem).entry(TAX).joint_key == whole.entries[0].joint_key


def test_a_joint_key_the_hub_could_open_alone_is_refused_even_when_both_signed_it() -> None:
    message = stated(TAX, "tax")
    message.joint_key = SUITE_2.base_multiply(SUITE_2.random_scalar())
    assert refused(file_of(signed(message))).where == f"directory.entries[{TAX}].joint_key_proof"


def test_a_proof_made_for_another_institution_or_epoch_is_refused() -> None:
    opening = SUITE_2.random_scalar()
    for context in (joint_key_context(CHILDCARE, 1), joint_key_context(TAX, 2)):
        message = stated(TAX, "tax", opening)
        message.joint_key_proof = prove_joint_key(
            SUITE_2, opening, Point(message.agency_key), context, secrets.token_bytes
        )
        assert refused(file_of(signed(message))).where.endswith("joint_key_proof")


@pytest.mark.parametrize("name", ["agency_key", "opening_key", "joint_key", "factor_commitment"])
@pytest.mark.parametrize("point", [bytes([1, *bytes(31)]), ORDER_EIGHT, b"\xff" * 32, bytes(31), bytes(33)])
def test_an_invalid_point_is_refused_whoever_signed_it(name: str, point: bytes) -> None:
    message = stated(TAX, "tax")
    setattr(message, name, point)
    error = refused(file_of(signed(message)))
    assert error.where == f"directory.entries[{TAX}].{name}"
    assert error.debug == Reason.POINT_INVALID.value


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_sealing_key_of_another_length_is_refused_whoever_signed_it(size: int) -> None:
    message = stated(TAX, "tax")
    message.sealing_key = bytes(size)
    assert refused(file_of(signed(message))).where == f"directory.entries[{TAX}].sealing_key"


def test_epoch_zero_is_refused_whoever_signed_it() -> None:
    message = stated(TAX, "tax")
    message.epoch = 0
    refused(file_of(signed(message)))


def test_a_code_epoch_above_the_entrys_or_zero_is_refused_whoever_signed_it() -> None:
    for name, epoch in (("code_epoch", 2), ("code_epoch", 0), ("opening_epoch", 0)):
        message = stated(TAX, "tax")
        setattr(message, name, epoch)
        refused(file_of(signed(message)))


Sabotage = Callable[[DirectoryFile], None]
WHOLE_FILE: dict[str, Sabotage] = {
    "another hub's signing key": lambda file: setattr(file.header, "hub_signing_key", SigningKey.generate().verify_key),
    "no hub signing key": lambda file: file.header.ClearField("hub_signing_key"),
    "a suite nobody knows": lambda file: setattr(file.header, "suite", 3),
    "no suite": lambda file: file.header.ClearField("suite"),
    "no hub": lambda file: file.header.ClearField("hub_institution_code"),
    "no authority": lambda file: setattr(file.header, "authority_institution_code", "12"),
    "an institution twice": lambda file: file.entries.append(file.entries[0]),
    "an entry without the agency's signature": lambda file: file.entries[0].ClearField("agency_signature"),
    "an entry without the hub's signature": lambda file: file.entries[0].ClearField("hub_signature"),
    "an empty entry": lambda file: file.entries.append(EntryMessage()),
}


@pytest.mark.parametrize("case", WHOLE_FILE)
def test_a_directory_with_a_flaw_anywhere_is_refused_as_a_whole(whole: DirectoryFile, case: str) -> None:
    file = copy_of(whole)
    WHOLE_FILE[case](file)
    refused(resigned(file))


def test_the_hub_alone_cannot_make_an_entry(whole: DirectoryFile) -> None:
    file = copy_of(whole)
    file.entries[0].institution_name = "Tax office, moved"
    countersign_entry(HUB_KEY, file.entries[0])
    refused(file)
    sign_entry(HUB_KEY, file.entries[0])
    countersign_entry(HUB_KEY, file.entries[0])
    assert refused(file).where == f"directory.entries[{TAX}].agency_signature"


def test_an_agency_alone_cannot_make_an_entry(whole: DirectoryFile) -> None:
    file = copy_of(whole)
    file.entries[0].epoch = 1
    file.entries[0].institution_name = "Tax office, moved"
    sign_entry(AGENCY_KEYS[TAX], file.entries[0])
    assert refused(file).where == f"directory.entries[{TAX}].hub_signature"


def test_a_directory_file_is_read_back_as_written_and_replaced_whole(whole: DirectoryFile, tmp_path: Path) -> None:
    path = tmp_path / "directory.json"
    write_directory_file(path, DirectoryFile(header=DirectoryHeader(network="before")))
    write_directory_file(path, whole)
    assert read_directory_file(path) == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["directory.json"]
    assert json.loads(path.read_text())["entries"][0]["institutionCode"] == TAX


@pytest.mark.parametrize(
    "content", [b"", b"not json", b"7", b'{"network": 3}', b'{"unknown": "field"}', b'{"entries": "none"}', b"\xff\xfe"]
)
def test_a_file_that_is_no_directory_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "directory.json"
    path.write_bytes(content)
    with pytest.raises(WarifuError) as error:
        read_directory_file(path)
    assert error.value.reason is Reason.DIRECTORY_INVALID
    assert error.value.where.split(":")[0] == "directory.json"


def test_a_directory_file_saved_with_a_byte_order_mark_is_read(whole: DirectoryFile, tmp_path: Path) -> None:
    path = tmp_path / "directory.json"
    write_directory_file(path, whole)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_directory_file(path) == whole


def test_half_a_character_in_a_directory_file_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "directory.json"
    path.write_text('{\n "network": "\\ud800"\n}', "utf-8")
    with pytest.raises(WarifuError) as error:
        read_directory_file(path)
    assert (error.value.reason, error.value.where.split()[0]) == (Reason.DIRECTORY_INVALID, "directory.json:2")


def test_a_missing_directory_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(WarifuError) as error:
        read_directory_file(tmp_path / "directory.json")
    assert (error.value.reason, error.value.where) == (Reason.DIRECTORY_INVALID, "directory.json")


@pytest.mark.parametrize("policy", ["always", "sampled:16", "off"])
def test_what_the_hub_proves_stands_under_the_roots_signature(policy: str) -> None:
    file = file_of()
    for other in ("always", "sampled:15", "off"):
        file.header.proof_policy.CopyFrom(ProofPolicy.parse(policy).to_message())
        resigned(file)
        assert str(Directory.from_message(file, ROOT.cert_pem).proof_policy) == policy
        if other != policy:
            file.header.proof_policy.CopyFrom(ProofPolicy.parse(other).to_message())
            assert refused(file).where == "directory.header.root_signature"


def test_a_directory_that_does_not_say_what_the_hub_proves_is_refused_and_not_taken_for_off() -> None:
    file = file_of()
    file.header.ClearField("proof_policy")
    assert refused(resigned(file)).where == "directory.header.proof_policy"


def test_a_version_that_proves_otherwise_than_the_one_before_follows_nothing() -> None:
    before, after = file_of().header, file_of().header
    after.version, after.previous_digest = 2, header_digest(before)
    after.authority_signing_key = before.authority_signing_key
    check_follows(before, after)
    after.proof_policy.CopyFrom(ProofPolicy.parse("off").to_message())
    with pytest.raises(WarifuError) as error:
        check_follows(before, after)
    assert (error.value.reason, error.value.where) == (Reason.DIRECTORY_INVALID, "directory.header.proof_policy")

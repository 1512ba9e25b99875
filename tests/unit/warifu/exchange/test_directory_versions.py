"""Versions of the directory: a chain that only the root lengthens, and keys that are good until their time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from warifu.api.directory.v1.directory_service_pb2 import DatedEntry, DatedKey, DirectoryFile, DirectoryHeader
from warifu.clock import ManualClock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.directory import Directory
from warifu.exchange.directory_entry import countersign_entry
from warifu.exchange.directory_header import (
    check_follows,
    entries_digest,
    header_digest,
    says_published,
    sign_header,
    verify_header,
)
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.directory_file import VERSIONS_FOLDER, read_directory_file
from warifu.pki import Root
from warifu_hub.leaves import directory_leaf
from warifu_kit.network.creation import create_network
from warifu_kit.network.rotation import (
    AgencyKeys,
    announce_codes,
    put_codes_in_force,
    rotate_agency_keys,
    rotate_log_key,
    rotate_signing_key,
)

START = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
OVERLAP_MS = 600_000


class Chain:
    """Six versions of one network: tax gets new keys, its codes rotate, hub, log and authority get new keys."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        create_network(path, clock=clock)
        self.path, self.root = path, Root.load(path / "root", clock)
        self.made_ms = [clock.unix_ms()]
        changes: tuple[Callable[[], int], ...] = (
            lambda: rotate_agency_keys(path, "tax", AgencyKeys(agency_key=True), overlap=OVERLAP, clock=clock),
            lambda: announce_codes(path, "tax", clock=clock),
            lambda: put_codes_in_force(path, "tax", overlap=OVERLAP, clock=clock),
            lambda: rotate_signing_key(path, "hub", overlap=OVERLAP, clock=clock),
            lambda: rotate_signing_key(path, "authority", overlap=OVERLAP, clock=clock),
            lambda: rotate_log_key(path, clock=clock),
        )
        for change in changes:
            clock.advance(timedelta(seconds=60))
            self.made_ms.append(clock.unix_ms())
            change()

    @property
    def count(self) -> int:
        return len(self.made_ms)

    def file(self, version: int) -> DirectoryFile:
        """A copy that a test may spoil."""
        return read_directory_file(self.path / "hub" / VERSIONS_FOLDER / f"{version}.json")

    def directory(self, version: int) -> Directory:
        return Directory.from_message(self.file(version), self.root.cert_pem)

    def resigned(self, file: DirectoryFile) -> DirectoryFile:
        """The same with a header that goes with its entries, as whoever has the root's key would make it."""
        file.header.entries_digest = entries_digest(file.entries, file.dated_entries)
        sign_header(self.root, file.header)
        return file


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return Chain(tmp_path_factory.mktemp("chain") / "net", ManualClock(START))


def refused(call: Callable[..., Any], *args: Any, **named: Any) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        call(*args, **named)
    return error.value


def code_of(chain: Chain, kind: str) -> InstitutionCode:
    return next(entry.institution for entry in chain.directory(1).of_kind(kind))


def test_every_version_verifies_and_follows_the_one_before(chain: Chain) -> None:
    headers = [chain.directory(version).header for version in range(1, chain.count + 1)]
    assert [header.version for header in headers] == list(range(1, chain.count + 1))
    assert [header.made_ms for header in headers] == chain.made_ms
    for before, header in pairwise(headers):
        check_follows(before, header)


def _others(value: Any) -> list[Any]:
    if isinstance(value, bytes):
        return [value[:-1], value + b"\0", b"", bytes([value[0] ^ 0x80]) + value[1:]] if value else [b"x" * 32]
    if isinstance(value, int):
        return [value + 1, value - 1, 0]
    return [value + "x", value[:-1], ""]


SINGLE = [
    field.name
    for field in DirectoryHeader.DESCRIPTOR.fields
    if isinstance(getattr(DirectoryHeader(), field.name), bytes | int | str)
]
REPEATED = [field.name for field in DirectoryHeader.DESCRIPTOR.fields if field.name not in (*SINGLE, "proof_policy")]


@pytest.mark.parametrize("name", SINGLE)
def test_a_header_with_any_field_altered_is_refused(chain: Chain, name: str) -> None:
    for value in _others(getattr(chain.file(5).header, name)):
        file = chain.file(5)
        setattr(file.header, name, value)
        error = refused(Directory.from_message, file, chain.root.cert_pem)
        assert error.reason is Reason.DIRECTORY_INVALID


@pytest.mark.parametrize("name", REPEATED)
def test_a_former_key_taken_out_added_or_moved_is_refused(chain: Chain, name: str) -> None:
    for change in ("drop", "add", "date"):
        file = chain.file(chain.count)
        keys = getattr(file.header, name)
        if change == "drop":
            del keys[:]
        elif change == "add":
            keys.append(keys[0])
        elif name == "former_log_verifier_keys":
            keys[0] = f"{keys[0]}x"
        else:
            keys[0].accepted_until_ms += 1
        error = refused(Directory.from_message, file, chain.root.cert_pem)
        assert error.reason is Reason.DIRECTORY_INVALID


@given(data=st.data())
def test_a_bit_flipped_anywhere_in_a_header_gives_no_other_header_that_verifies(
    chain: Chain, data: st.DataObject
) -> None:
    header = chain.file(chain.count).header
    raw = bytearray(header.SerializeToString(deterministic=True))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        flipped = DirectoryHeader.FromString(bytes(raw))
        verify_header(flipped, chain.root.cert_pem)
    except (DecodeError, WarifuError):  # no header at all any more, or refused
        return
    assert header_digest(flipped) == header_digest(header)


def test_a_header_of_another_networks_root_is_refused(chain: Chain) -> None:
    file = chain.file(2)
    sign_header(Root.create(file.header.network, SystemClock()), file.header)
    error = refused(Directory.from_message, file, chain.root.cert_pem)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, "directory.header.root_signature")


@pytest.mark.parametrize("version", [0, 1])
def test_a_later_version_cannot_call_itself_the_first_nor_none(chain: Chain, version: int) -> None:
    file = chain.file(2)
    file.header.version = version
    assert refused(verify_header, chain.resigned(file).header, chain.root.cert_pem).where.endswith("version")


def test_a_first_version_that_names_one_before_it_is_refused(chain: Chain) -> None:
    file = chain.file(1)
    file.header.previous_digest = bytes(32)
    assert refused(Directory.from_message, chain.resigned(file), chain.root.cert_pem).where.endswith("version")


FOLLOWS: dict[str, Any] = {
    "version": 4,
    "previous_digest": bytes(32),
    "network": "sim-other",
    "suite": 1,
    "hub_institution_code": "9910000000000001",
    "authority_institution_code": "9900000000000001",
    "made_ms": 1,
}


@pytest.mark.parametrize("name", FOLLOWS)
def test_a_version_that_changes_what_never_changes_does_not_follow(chain: Chain, name: str) -> None:
    before, header = chain.file(2).header, chain.file(3).header
    check_follows(before, header)
    setattr(header, name, FOLLOWS[name])
    error = refused(check_follows, before, header)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, f"directory.header.{name}")


def test_a_gap_the_same_version_again_and_the_way_back_do_not_follow(chain: Chain) -> None:
    for first, second in ((1, 3), (2, 2), (3, 2)):
        error = refused(check_follows, chain.file(first).header, chain.file(second).header)
        assert error.where == "directory.header.version"


def test_another_version_with_the_same_number_has_no_successor_of_the_first(chain: Chain) -> None:
    other = chain.file(2)
    other.header.made_ms += 1
    error = refused(check_follows, chain.resigned(other).header, chain.file(3).header)
    assert error.where == "directory.header.previous_digest"


def test_an_entry_of_another_version_is_refused_in_this_one(chain: Chain) -> None:
    tax = code_of(chain, "tax")
    for version, other in ((1, 2), (2, 1), (3, 4)):
        file = chain.file(version)
        place = next(at for at, entry in enumerate(file.entries) if entry.institution_code == tax)
        file.entries[place].CopyFrom(
            next(entry for entry in chain.file(other).entries if entry.institution_code == tax)
        )
        error = refused(Directory.from_message, file, chain.root.cert_pem)
        assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, "directory.header.entries_digest")


@pytest.mark.parametrize("change", ["drop", "drop dated", "order", "date", "dated put in force"])
def test_entries_left_out_moved_or_dated_otherwise_are_refused(chain: Chain, change: str) -> None:
    file = chain.file(2)
    if change == "drop":
        del file.entries[0]
    elif change == "drop dated":
        del file.dated_entries[:]
    elif change == "order":
        first = list(file.entries)
        del file.entries[:]
        file.entries.extend(reversed(first))
    elif change == "date":
        file.dated_entries[0].accepted_until_ms += 1
    else:
        former = file.dated_entries[0].entry
        kept = [entry for entry in file.entries if entry.institution_code != former.institution_code]
        del file.entries[:], file.dated_entries[:]
        file.entries.extend([*kept, former])
    error = refused(Directory.from_message, file, chain.root.cert_pem)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, "directory.header.entries_digest")


def _without(file: DirectoryFile, institution: str) -> None:
    kept = [entry for entry in file.entries if entry.institution_code != institution]
    del file.entries[:]
    file.entries.extend(kept)


def _back_to(chain: Chain, file: DirectoryFile) -> None:
    """Tax as it was in version 1, with the entry of epoch 3 announced."""
    tax = code_of(chain, "tax")
    _without(file, tax)
    file.entries.extend(entry for entry in chain.file(1).entries if entry.institution_code == tax)
    del file.dated_entries[0]


DATED: dict[str, Callable[[Chain, DirectoryFile], None]] = {
    "a former entry of the epoch in force": lambda _, file: file.dated_entries.append(
        DatedEntry(entry=file.entries[0], accepted_until_ms=1)
    ),
    "the epoch in force announced": lambda _, file: file.dated_entries.append(DatedEntry(entry=file.entries[0])),
    "a former entry announced": lambda _, file: setattr(file.dated_entries[0], "accepted_until_ms", 0),
    "an announced entry given a date": lambda _, file: setattr(file.dated_entries[1], "accepted_until_ms", 1),
    "a former entry twice": lambda _, file: file.dated_entries.append(file.dated_entries[0]),
    "of nobody in force": lambda _, file: _without(file, file.dated_entries[0].entry.institution_code),
    "two epochs ahead": _back_to,
}


@pytest.mark.parametrize("case", DATED)
def test_a_dated_entry_that_does_not_fit_the_one_in_force_is_refused_whoever_signed_it(chain: Chain, case: str) -> None:
    file = chain.file(3)  # tax: epoch 2 in force, 1 former, 3 announced
    DATED[case](chain, file)
    error = refused(Directory.from_message, chain.resigned(file), chain.root.cert_pem)
    assert error.where == "directory.dated_entries"


def test_an_announced_entry_is_known_and_may_not_be_used_yet(chain: Chain) -> None:
    directory, tax = chain.directory(3), code_of(chain, "tax")
    announced = directory.announced(tax)
    assert announced is not None
    assert (announced.epoch, announced.code_epoch, directory.entry(tax).code_epoch) == (3, 2, 1)
    assert [entry.epoch for entry in directory.entries_of(tax)] == [1, 2, 3]
    for issued_ms in (1, chain.made_ms[2]):
        error = refused(directory.entry_for, tax, 3, issued_ms, epoch_where="here")
        assert (error.reason, error.where) == (Reason.EPOCH_STALE, "here")
    assert chain.directory(4).announced(tax) is None
    assert chain.directory(4).entry(tax).key_id == announced.key_id


def test_a_former_entry_is_good_for_what_was_issued_up_to_its_time_and_no_longer(chain: Chain) -> None:
    directory, tax = chain.directory(chain.count), code_of(chain, "tax")
    for epoch, replaced_in in ((1, 2), (2, 4)):
        until = chain.made_ms[replaced_in - 1] + OVERLAP_MS
        assert directory.entry_for(tax, epoch, until).epoch == epoch
        assert directory.entry_for(tax, epoch, 0).epoch == epoch
        error = refused(directory.entry_for, tax, epoch, until + 1, epoch_where="context.epoch_to")
        assert (error.reason, error.where) == (Reason.EPOCH_STALE, "context.epoch_to")
    assert directory.entry_for(tax, 3, 2**63).epoch == 3


@pytest.mark.parametrize("epoch", [0, 4, 2**32 - 1])
def test_an_epoch_that_never_was_is_stale(chain: Chain, epoch: int) -> None:
    error = refused(chain.directory(4).entry_for, code_of(chain, "tax"), epoch, 0)
    assert error.reason is Reason.EPOCH_STALE


@pytest.mark.parametrize(("party", "version"), [("hub", 5), ("authority", 6)])
def test_a_statement_under_a_former_key_is_believed_up_to_its_time(chain: Chain, party: str, version: int) -> None:
    before, after = chain.directory(version - 1), chain.directory(version)
    keys = {True: getattr(before, f"{party}_signing_key"), False: getattr(after, f"{party}_signing_key")}
    assert keys[True] != keys[False]

    def check(former: bool) -> Callable[[bytes], None]:
        def only(key: bytes) -> None:
            if key != keys[former]:
                raise WarifuError(Reason.SIGNATURE_INVALID, where="signature")

        return only

    until = chain.made_ms[version - 1] + OVERLAP_MS
    checking = getattr(after, f"check_{party}")
    checking(until, check(True))
    checking(0, check(True))
    checking(until + 1, check(False))
    checking(0, check(False))
    error = refused(checking, until + 1, check(True))
    assert (error.reason, error.where) == (Reason.SIGNATURE_INVALID, "signature")
    assert refused(getattr(before, f"check_{party}"), 0, check(False)).reason is Reason.SIGNATURE_INVALID


def test_what_no_key_signed_is_refused_for_the_reason_under_the_key_in_force(chain: Chain) -> None:
    directory = chain.directory(5)

    def check(key: bytes) -> None:
        raise WarifuError(Reason.SIGNATURE_INVALID, where="now" if key == directory.hub_signing_key else "before")

    assert refused(directory.check_hub, 0, check).where == "now"


@pytest.mark.parametrize("name", ["former_hub_signing_keys", "former_authority_signing_keys"])
def test_a_former_key_of_another_length_is_refused_whoever_signed_it(chain: Chain, name: str) -> None:
    file = chain.file(5)
    getattr(file.header, name).append(DatedKey(public_key=bytes(31), accepted_until_ms=1))
    error = refused(Directory.from_message, chain.resigned(file), chain.root.cert_pem)
    assert error.reason is Reason.DIRECTORY_INVALID
    assert error.where.endswith(name)


@pytest.mark.parametrize("name", ["hub_signing_key", "authority_signing_key"])
@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_signing_key_of_another_length_is_refused_also_where_nobody_is_in_the_network(
    chain: Chain, name: str, size: int
) -> None:
    file = chain.file(1)
    del file.entries[:]
    setattr(file.header, name, bytes(size))
    error = refused(Directory.from_message, chain.resigned(file), chain.root.cert_pem)
    assert (error.reason, error.where) == (Reason.DIRECTORY_INVALID, f"directory.header.{name}")


def test_entries_that_the_hubs_former_key_signed_are_refused_under_the_new_one(chain: Chain) -> None:
    file, former = chain.file(5), chain.file(4)
    del file.entries[:]
    file.entries.extend(former.entries)
    error = refused(Directory.from_message, chain.resigned(file), chain.root.cert_pem)
    assert error.where.endswith("hub_signature")


def test_a_dated_entry_that_does_not_verify_is_refused_like_one_in_force(chain: Chain) -> None:
    file = chain.file(2)
    file.dated_entries[0].entry.institution_name += "x"
    countersign_entry(SigningKey.generate(), file.dated_entries[0].entry)
    error = refused(Directory.from_message, chain.resigned(file), chain.root.cert_pem)
    assert error.where.startswith("directory.dated_entries[")


def test_only_the_leaf_of_this_very_version_says_that_it_was_published(chain: Chain) -> None:
    hub, header, now = chain.directory(1).hub, chain.file(2).header, START
    assert says_published(directory_leaf(hub, header, now), header)
    other = chain.file(2)
    other.header.made_ms += 1
    for leaf in (directory_leaf(hub, other.header, now), directory_leaf(hub, chain.file(3).header, now), b"", b"\xff"):
        assert not says_published(leaf, header)

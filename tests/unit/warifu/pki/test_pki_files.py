from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.pki import Credential, CredentialFiles, Identity, Role, Root, write_private_file, write_public_file
from warifu.pki.files import FileWatch


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_private_file_is_its_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_private_file(tmp_path / "key", b"secret")
        write_public_file(tmp_path / "cert", b"public")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "cert").stat().st_mode) == 0o644


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "key"
    write_private_file(target, b"old")
    with target.open("rb") as reader:
        write_private_file(target, b"new")
        assert reader.read() == b"old"  # whoever was reading goes on reading the old file
    assert target.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "key"
    write_private_file(target, b"old")

    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        write_private_file(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_watch_sees_a_replacement_once_and_looks_no_more_often_than_told(tmp_path: Path) -> None:
    seconds = [0.0]
    write_public_file(tmp_path / "file", b"one")
    watch = FileWatch((tmp_path / "file",), 1.0, monotonic=lambda: seconds[0])
    write_public_file(tmp_path / "file", b"two")
    seconds[0] = 0.9
    assert not watch.changed()
    seconds[0] = 1.0
    assert watch.changed()
    seconds[0] = 2.0
    assert not watch.changed()
    (tmp_path / "file").unlink()
    seconds[0] = 3.0
    assert watch.changed()


def test_replaced_files_are_taken_up_when_certificate_and_key_agree_again(
    root: Root, agency: Identity, tmp_path: Path
) -> None:
    first, second = root.issue(agency), root.issue(agency)
    cert_path, key_path = tmp_path / "party.pem", tmp_path / "party.key"
    first.save(cert_path, key_path)
    files = CredentialFiles(cert_path, key_path, check_every_s=0)
    assert files.current() == first
    assert files.current() is files.current()
    write_private_file(key_path, second.key_pem)
    assert files.current() == first
    write_public_file(cert_path, second.cert_pem)
    assert files.current() == second
    cert_path.unlink()
    assert files.current() == second


def test_a_credential_whose_halves_do_not_fit_is_refused_by_file(root: Root, agency: Identity, tmp_path: Path) -> None:
    cert_path, key_path = tmp_path / "party.pem", tmp_path / "party.key"
    with pytest.raises(WarifuError) as missing:
        CredentialFiles(cert_path, key_path)
    assert (missing.value.reason, missing.value.where) == (Reason.KEY_INVALID, str(cert_path))
    write_public_file(cert_path, root.issue(agency).cert_pem)
    write_private_file(key_path, root.issue(agency).key_pem)
    with pytest.raises(WarifuError) as unfit:
        CredentialFiles(cert_path, key_path)
    assert (unfit.value.reason, unfit.value.where) == (Reason.KEY_INVALID, str(cert_path))


@pytest.mark.parametrize("spoilt", ["party.pem", "party.key"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_of_a_certificate_and_a_key_the_one_that_is_no_good_is_named(
    root: Root, agency: Identity, tmp_path: Path, spoilt: str, content: bytes | None
) -> None:
    root.issue(agency).save(tmp_path / "party.pem", tmp_path / "party.key")
    (tmp_path / spoilt).unlink()
    if content is not None:
        (tmp_path / spoilt).write_bytes(content)
    for read in (CredentialFiles, Credential.read):
        with pytest.raises(WarifuError) as refused:
            read(tmp_path / "party.pem", tmp_path / "party.key")
        assert (refused.value.reason, refused.value.where) == (Reason.KEY_INVALID, str(tmp_path / spoilt))


@pytest.mark.parametrize("garbage", [b"", b"nonsense"])
def test_garbage_is_no_credential(root: Root, agency: Identity, garbage: bytes) -> None:
    good = root.issue(agency)
    for cert_pem, key_pem in ((garbage, good.key_pem), (good.cert_pem, garbage)):
        with pytest.raises(WarifuError) as refused:
            Credential.from_pem(cert_pem, key_pem)
        assert refused.value.reason is Reason.KEY_INVALID


def test_the_roots_own_certificate_is_no_partys_credential(root: Root, tmp_path: Path) -> None:
    root.save(tmp_path)
    with pytest.raises(WarifuError) as refused:
        Credential.from_pem(root.cert_pem, (tmp_path / "root.key").read_bytes())
    assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED


class Heard:
    """What a credential in files told of its replacements."""

    def __init__(self) -> None:
        self.refused: list[tuple[str, str]] = []
        self.taken = 0

    def on_refused(self, error: WarifuError) -> None:
        self.refused.append((Path(error.where).name, error.debug))

    def on_taken(self) -> None:
        self.taken += 1


def followed(tmp_path: Path, first: Credential, root: Root, clock: ManualClock) -> tuple[CredentialFiles, Heard]:
    """``first`` in two files of which each look is a fresh one, and what is heard of them."""
    heard = Heard()
    first.save(tmp_path / "tls.pem", tmp_path / "tls.key")
    files = CredentialFiles(
        tmp_path / "tls.pem",
        tmp_path / "tls.key",
        check_every_s=0,
        root_pem=root.cert_pem,
        clock=clock,
        on_refused=heard.on_refused,
        on_taken=heard.on_taken,
    )
    return files, heard


def test_a_pair_replaced_one_file_after_the_other_is_no_fault(
    root: Root, agency: Identity, clock: ManualClock, tmp_path: Path
) -> None:
    second = root.issue(agency)
    files, heard = followed(tmp_path, root.issue(agency), root, clock)
    write_private_file(tmp_path / "tls.key", second.key_pem)
    files.current()
    write_public_file(tmp_path / "tls.pem", second.cert_pem)
    assert files.current() == second
    assert (heard.refused, heard.taken) == ([], 1)


@pytest.mark.parametrize("spoilt", ["tls.pem", "tls.key"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_a_replacement_that_stays_bad_is_said_once_and_its_end_too(
    root: Root, agency: Identity, clock: ManualClock, tmp_path: Path, spoilt: str, content: bytes | None
) -> None:
    first = root.issue(agency)
    files, heard = followed(tmp_path, first, root, clock)
    (tmp_path / spoilt).unlink()
    if content is not None:
        (tmp_path / spoilt).write_bytes(content)
    for _ in range(4):
        assert files.current() == first
    assert [name for name, _ in heard.refused] == [spoilt]
    assert heard.taken == 0
    first.save(tmp_path / "tls.pem", tmp_path / "tls.key")
    kept = files.current()
    assert (kept, heard.taken) == (first, 1)
    assert files.current() is kept


def test_a_pair_of_somebody_else_is_refused_and_said(
    root: Root, agency: Identity, clock: ManualClock, tmp_path: Path
) -> None:
    first = root.issue(agency)
    others = {
        "names warifu://dev/business/9010000000000001, not warifu://dev/agency/9010000000000001": root.issue(
            Identity(network="dev", role=Role.BUSINESS, institution=agency.institution)
        ),
        "names warifu://other/agency/9010000000000001, not warifu://dev/agency/9010000000000001": Root.create(
            "other", clock
        ).issue(Identity(network="other", role=Role.AGENCY, institution=agency.institution)),
        "the network's root did not sign it": Root.create("dev", clock).issue(agency),
    }
    for why, other in others.items():
        files, heard = followed(tmp_path, first, root, clock)
        other.save(tmp_path / "tls.pem", tmp_path / "tls.key")
        for _ in range(3):
            assert files.current() == first
        assert heard.refused == [("tls.pem", why)]


@pytest.mark.parametrize("days", [-1, 91])
def test_a_pair_that_is_not_good_yet_or_any_more_is_refused_and_the_one_before_goes_on(
    root: Root, agency: Identity, clock: ManualClock, tmp_path: Path, days: int
) -> None:
    first, second = root.issue(agency, valid_days=900), root.issue(agency)
    files, heard = followed(tmp_path, first, root, clock)
    clock.advance(timedelta(days=days))
    second.save(tmp_path / "tls.pem", tmp_path / "tls.key")
    for _ in range(2):
        assert files.current() == first
    assert heard.refused == [("tls.pem", "it is not good at this time")]

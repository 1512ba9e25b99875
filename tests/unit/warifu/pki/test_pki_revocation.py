from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.pki import RevocationFile, RevocationRegister, Root, read_revocation_list, write_public_file

SERIALS = st.integers(min_value=1, max_value=2**159 - 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(serials=st.sets(SERIALS, max_size=5))
def test_a_list_is_read_back_with_the_serials_that_were_put_in(
    root: Root, clock: ManualClock, serials: set[int]
) -> None:
    read = read_revocation_list(root.revocation_list(serials, clock), root.cert_pem, clock.now())
    assert read.serials == serials
    assert read.made_at == clock.now()
    assert read.good_until == clock.now() + timedelta(days=30)


def test_a_list_that_another_root_signed_is_refused(root: Root, clock: ManualClock) -> None:
    foreign = Root.create("dev", clock).revocation_list([7], clock)
    with pytest.raises(WarifuError) as refused:
        read_revocation_list(foreign, root.cert_pem, clock.now())
    assert refused.value.reason is Reason.SIGNATURE_INVALID


def test_a_list_with_one_serial_changed_is_refused(root: Root, clock: ManualClock) -> None:
    serial = 0x0123456789ABCDEF
    der = x509.load_pem_x509_crl(root.revocation_list([serial], clock)).public_bytes(Encoding.DER)
    changed = der.replace(serial.to_bytes(8), (serial ^ 1).to_bytes(8))
    assert changed != der
    pem = x509.load_der_x509_crl(changed).public_bytes(Encoding.PEM)
    with pytest.raises(WarifuError) as refused:
        read_revocation_list(pem, root.cert_pem, clock.now())
    assert refused.value.reason is Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 40, b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"])
def test_what_is_not_a_list_is_refused_by_name(root: Root, clock: ManualClock, garbage: bytes) -> None:
    with pytest.raises(WarifuError) as refused:
        read_revocation_list(garbage, root.cert_pem, clock.now(), where="revoked.pem")
    assert (refused.value.reason, refused.value.where) == (Reason.FILE_INVALID, "revoked.pem")


def test_a_list_past_its_date_is_not_taken_but_one_already_held_stays_in_force(root: Root, clock: ManualClock) -> None:
    register = RevocationRegister(root.cert_pem, clock)
    pem = root.revocation_list([7], clock, valid_for=timedelta(hours=1))
    register.take(pem)
    clock.advance(timedelta(hours=1))
    with pytest.raises(WarifuError) as refused:
        register.take(pem)
    assert refused.value.reason is Reason.FILE_INVALID
    assert register.revoked() == {7}


def test_an_older_list_cannot_be_played_back(root: Root, clock: ManualClock) -> None:
    register = RevocationRegister(root.cert_pem, clock)
    assert register.revoked() == frozenset()
    assert register.held is None
    before = root.revocation_list([], clock)
    clock.advance(timedelta(milliseconds=1))
    after = root.revocation_list([7], clock)
    register.take(after)
    register.take(after)
    with pytest.raises(WarifuError) as refused:
        register.take(before)
    assert refused.value.reason is Reason.FILE_INVALID
    assert register.revoked() == {7}


def test_a_replaced_file_takes_effect_and_a_bad_one_is_reported_and_ignored(
    root: Root, clock: ManualClock, tmp_path: Path
) -> None:
    path, refused, taken = tmp_path / "revoked.pem", list[WarifuError](), list[int]()
    write_public_file(path, root.revocation_list([], clock))
    followed = RevocationFile(
        path,
        root.cert_pem,
        clock,
        check_every_s=0,
        on_refused=refused.append,
        on_taken=lambda: taken.append(len(refused)),
    )
    assert followed.revoked() == frozenset()
    clock.advance(timedelta(seconds=1))
    write_public_file(path, root.revocation_list([7, 8], clock))
    assert followed.revoked() == {7, 8}
    write_public_file(path, b"nonsense")
    assert followed.revoked() == {7, 8}
    path.unlink()
    assert followed.revoked() == {7, 8}
    assert [(error.reason, error.where) for error in refused] == [(Reason.FILE_INVALID, str(path))] * 2
    write_public_file(path, root.revocation_list([7, 8], clock))
    assert followed.revoked() == {7, 8}
    assert followed.held is not None
    assert followed.held.serials == {7, 8}
    assert taken == [0, 2], "it is said when the file is good, and that it is good again"


def test_a_list_that_ended_stays_in_force_until_a_good_one_comes(
    root: Root, clock: ManualClock, tmp_path: Path
) -> None:
    """Who was taken back stays out; that nobody renews the list is an alarm (``warifu.party.lookout``)."""
    path = tmp_path / "revoked.pem"
    write_public_file(path, root.revocation_list([7], clock))
    followed = RevocationFile(path, root.cert_pem, clock, check_every_s=0)
    clock.advance(timedelta(days=60))
    ended = root.revocation_list([], clock)
    clock.advance(timedelta(days=60))
    write_public_file(path, ended)
    assert followed.revoked() == {7}, "nor is one taken that ended meanwhile"
    write_public_file(path, root.revocation_list([7, 8], clock))
    assert followed.revoked() == {7, 8}


def test_a_file_that_is_missing_at_the_start_is_refused(root: Root, clock: ManualClock, tmp_path: Path) -> None:
    with pytest.raises(WarifuError) as refused:
        RevocationFile(tmp_path / "revoked.pem", root.cert_pem, clock)
    assert (refused.value.reason, refused.value.where) == (Reason.FILE_INVALID, str(tmp_path / "revoked.pem"))


def test_the_newest_good_list_is_handed_on_even_when_the_file_is_gone(
    root: Root, clock: ManualClock, tmp_path: Path
) -> None:
    path, refused = tmp_path / "revoked.pem", list[WarifuError]()
    write_public_file(path, root.revocation_list([], clock))
    followed = RevocationFile(path, root.cert_pem, clock, check_every_s=0, on_refused=refused.append)
    clock.advance(timedelta(seconds=1))
    newer = root.revocation_list([7], clock)
    write_public_file(path, newer)
    assert followed.list_pem() == newer
    write_public_file(path, b"nonsense")
    assert followed.list_pem() == newer
    path.unlink()
    assert followed.list_pem() == newer
    assert len(refused) == 2


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: write_public_file(path, b"nonsense")])
def test_a_spoilt_file_is_said_before_the_list_in_force_is_written_to_it_again(
    root: Root, clock: ManualClock, tmp_path: Path, spoil: Any
) -> None:
    path, said = tmp_path / "revoked.pem", list[str]()
    in_force = root.revocation_list([7], clock)
    write_public_file(path, in_force)
    followed = RevocationFile(
        path,
        root.cert_pem,
        clock,
        on_refused=lambda _: said.append("refused"),
        on_taken=lambda: said.append("taken"),
    )
    followed.restore()
    assert said == []
    spoil(path)
    followed.restore()
    assert (said, path.read_bytes()) == (["refused"], in_force)
    assert followed.look()
    assert said == ["refused", "taken"]


def test_only_a_newer_list_that_the_root_signed_replaces_the_file(
    root: Root, clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "revoked.pem"
    older = root.revocation_list([], clock)
    clock.advance(timedelta(seconds=1))
    held = root.revocation_list([7], clock)
    clock.advance(timedelta(seconds=1))
    newer = root.revocation_list([7, 8], clock)
    write_public_file(path, held)
    followed = RevocationFile(path, root.cert_pem, clock)
    for same_or_older in (held, older):
        followed.replace(same_or_older)
        assert path.read_bytes() == held
    with pytest.raises(WarifuError) as refused:
        followed.replace(Root.create("dev", clock).revocation_list([7, 8, 9], clock))
    assert refused.value.reason is Reason.SIGNATURE_INVALID
    assert path.read_bytes() == held
    followed.replace(newer)
    assert path.read_bytes() == newer

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.pki import Identity, Role, Root


def certificate_of(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def test_a_certificate_holds_one_uri_one_dns_name_and_nothing_else(root: Root, agency: Identity) -> None:
    certificate = certificate_of(root.issue(agency).cert_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {type(name): name.value for name in names} == {
        x509.UniformResourceIdentifier: "warifu://dev/agency/9010000000000001",
        x509.DNSName: "i9010000000000001.agency.dev.warifu.test",
    }
    assert len(list(names)) == 2


def test_every_certificate_says_that_it_is_simulated(root: Root, agency: Identity) -> None:
    for pem in (root.cert_pem, root.issue(agency).cert_pem):
        (organisation,) = certificate_of(pem).subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        assert organisation.value == "SIMULATED - warifu"


def test_a_certificate_is_for_both_ends_of_tls_and_signs_no_other(root: Root, agency: Identity) -> None:
    extensions = certificate_of(root.issue(agency).cert_pem).extensions
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH}
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert not extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


def test_keys_are_on_p256(root: Root, agency: Identity) -> None:
    for pem in (root.cert_pem, root.issue(agency).cert_pem):
        key = certificate_of(pem).public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"


def test_a_standard_verifier_accepts_it_at_both_ends(root: Root, clock: ManualClock, agency: Identity) -> None:
    certificate = certificate_of(root.issue(agency).cert_pem)
    store = verification.Store([certificate_of(root.cert_pem)])
    builder = verification.PolicyBuilder().store(store).time(clock.now())
    builder.build_server_verifier(x509.DNSName(agency.dns_name)).verify(certificate, [])
    assert builder.build_client_verifier().verify(certificate, []).subjects


def test_a_certificate_runs_from_a_little_before_now_for_the_days_asked(
    root: Root, clock: ManualClock, agency: Identity
) -> None:
    certificate = certificate_of(root.issue(agency, valid_days=3).cert_pem)
    assert certificate.not_valid_before_utc == clock.now() - timedelta(minutes=5)
    assert certificate.not_valid_after_utc == clock.now() + timedelta(days=3)


def test_no_certificate_outlives_its_root(root: Root, agency: Identity) -> None:
    certificate = certificate_of(root.issue(agency, valid_days=100_000).cert_pem)
    assert certificate.not_valid_after_utc == certificate_of(root.cert_pem).not_valid_after_utc


def test_serial_numbers_and_keys_are_never_repeated(root: Root, agency: Identity) -> None:
    issued = [root.issue(agency) for _ in range(5)]
    assert len({credential.serial for credential in issued}) == 5
    assert len({credential.key_pem for credential in issued}) == 5


def test_a_root_issues_for_its_own_network_only(root: Root, agency: Identity) -> None:
    with pytest.raises(ValueError, match="own network"):
        root.issue(Identity(network="other", role=Role.AGENCY, institution=agency.institution))


def test_a_credential_does_not_show_its_key(root: Root, agency: Identity) -> None:
    credential = root.issue(agency)
    assert "PRIVATE" not in repr(credential)
    assert credential.key_pem.decode().splitlines()[1] not in repr(credential)


def test_a_saved_root_is_loaded_and_goes_on_issuing(
    root: Root, clock: ManualClock, agency: Identity, tmp_path: Path
) -> None:
    root.save(tmp_path)
    again = Root.load(tmp_path, clock)
    assert (again.network, again.cert_pem) == (root.network, root.cert_pem)
    issued = certificate_of(again.issue(agency).cert_pem)
    issued.verify_directly_issued_by(certificate_of(root.cert_pem))


def test_the_key_of_a_saved_root_is_its_owners_alone(root: Root, tmp_path: Path) -> None:
    root.save(tmp_path)
    assert stat.S_IMODE((tmp_path / "root.key").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root.key", "root.pem"]


def test_a_root_that_is_missing_or_not_of_a_piece_is_refused_by_file(
    root: Root, clock: ManualClock, tmp_path: Path
) -> None:
    def refused_at() -> str:
        with pytest.raises(WarifuError) as refused:
            Root.load(tmp_path, clock)
        assert refused.value.reason is Reason.KEY_INVALID
        return refused.value.where

    assert refused_at() == str(tmp_path / "root.pem")
    root.save(tmp_path)
    (tmp_path / "root.pem").write_bytes(Root.create("dev", clock).cert_pem)
    assert refused_at() == str(tmp_path / "root.key")
    (tmp_path / "root.key").write_bytes(b"not a key")
    assert refused_at() == str(tmp_path / "root.key")
    (tmp_path / "root.key").unlink()
    assert refused_at() == str(tmp_path / "root.key")
    root.save(tmp_path)
    (tmp_path / "root.pem").write_bytes(b"not a certificate")
    assert refused_at() == str(tmp_path / "root.pem")

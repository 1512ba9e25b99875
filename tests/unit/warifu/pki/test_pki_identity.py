from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import Identity, Role, Root, identity_of

NETWORKS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True)
CODES = st.from_regex(r"[0-9]{16}", fullmatch=True).map(InstitutionCode)
IDENTITIES = st.builds(Identity, network=NETWORKS, role=st.sampled_from(Role), institution=CODES)


@given(IDENTITIES)
def test_an_identity_is_read_back_from_its_uri(identity: Identity) -> None:
    assert Identity.parse_uri(identity.uri) == identity


@given(IDENTITIES, IDENTITIES)
def test_two_identities_share_neither_uri_nor_dns_name(one: Identity, other: Identity) -> None:
    assert (one == other) == (one.uri == other.uri) == (one.dns_name == other.dns_name)


@given(IDENTITIES)
def test_a_dns_name_keeps_to_the_limits_of_dns(identity: Identity) -> None:
    assert len(identity.dns_name) <= 253
    assert all(0 < len(label) <= 63 for label in identity.dns_name.split("."))


@given(st.text())
def test_any_other_text_is_no_identity(text: str) -> None:
    with pytest.raises(WarifuError) as refused:
        Identity.parse_uri(f"warifu://{text}")
    assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://dev/agency/9010000000000001",
        "warifu://dev/agency/901000000000000",
        "warifu://dev/agency/90100000000000011",
        "warifu://dev/agency/９010000000000001",
        "warifu://dev/Agency/9010000000000001",
        "warifu://dev/spy/9010000000000001",
        "warifu://Dev/agency/9010000000000001",
        "warifu://-dev/agency/9010000000000001",
        "warifu:///agency/9010000000000001",
        "warifu://dev/agency/9010000000000001/",
        "warifu://dev/agency/9010000000000001\n",
        "warifu://dev/agency/9010000000000001?x=1",
        " warifu://dev/agency/9010000000000001",
    ],
)
def test_an_almost_right_uri_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(WarifuError) as refused:
        Identity.parse_uri(uri)
    assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED
    assert refused.value.where == "certificate"


@pytest.mark.parametrize("network", ["", "Dev", "a_b", "-a", "a-", "a" * 33, "a.b", "ａ"])
def test_an_identity_cannot_be_made_for_what_cannot_name_a_network(network: str) -> None:
    with pytest.raises(ValueError, match="network"):
        Identity(network=network, role=Role.HUB, institution=InstitutionCode("9000000000000000"))


def test_a_certificate_tells_its_identity_and_serial(root: Root, agency: Identity) -> None:
    credential = root.issue(agency)
    peer = identity_of(credential.cert_pem)
    assert (peer.identity, peer.serial) == (agency, credential.serial)
    assert identity_of(bytes(bytearray(credential.cert_pem))) is peer  # read once, known by its bytes


def certificate_naming(clock: ManualClock, *names: x509.GeneralName) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    nobody = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(nobody).issuer_name(nobody).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(clock.now()).not_valid_after(clock.now() + timedelta(days=1))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def test_a_certificate_with_no_uri_or_two_or_another_is_no_identity(clock: ManualClock, agency: Identity) -> None:
    own = x509.UniformResourceIdentifier(agency.uri)
    second = x509.UniformResourceIdentifier("https://example.test/")
    for names in ([], [x509.DNSName(agency.dns_name)], [own, second], [own, own], [second]):
        with pytest.raises(WarifuError) as refused:
            identity_of(certificate_naming(clock, *names))
        assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00\xff", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_not_a_certificate_is_no_identity(garbage: bytes) -> None:
    with pytest.raises(WarifuError) as refused:
        identity_of(garbage)
    assert refused.value.reason is Reason.CALLER_NOT_IDENTIFIED

"""Certificates and signatures that are wrong in one way each: every one is refused by what is wrong with it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given
from hypothesis import strategies as st

from warifu.errors import Reason, WarifuError
from warifu.jpki import signature as signatures
from warifu.jpki.certificate import EndCertificate
from warifu.jpki.four_items import FourItems, Sex
from warifu.jpki.profile import CertificateUse
from warifu.jpki.trust import TrustStore
from warifu_services.jpki.certifying import Place, RootKey, Subject, certify, new_root
from warifu_services.verifier.checks import Presented, believed_so_far

SIGNING, AUTHENTICATION = CertificateUse
NOW = datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
STATEMENT = b"what is signed"
ITEMS = FourItems(name="割符　花子", address="札幌市", birth_date=datetime.date(1990, 7, 4), sex=Sex.FEMALE)


@dataclass(frozen=True)
class World:
    """Two roots, a stranger's root of the same names, and one holder's key."""

    roots: dict[CertificateUse, RootKey]
    strangers: dict[CertificateUse, RootKey]
    key: rsa.RSAPrivateKey

    def subject(self, use: CertificateUse = SIGNING) -> Subject:
        return Subject(
            public_key=self.key.public_key(),
            place=Place(prefecture="北海道", municipality="札幌市"),
            items=ITEMS if use is SIGNING else None,
            not_before=NOW - DAY,
            not_after=NOW + 1000 * DAY,
        )

    def store(self, use: CertificateUse = SIGNING) -> TrustStore:
        return TrustStore.of(use, [self.roots[use].certificate.public_bytes(Encoding.DER)])

    def presented(self, certificate: x509.Certificate, signature: bytes | None = None) -> Presented:
        made = self.key.sign(STATEMENT, padding.PKCS1v15(), SHA256()) if signature is None else signature
        return Presented(bytes(32), certificate.public_bytes(Encoding.DER), made)


@pytest.fixture(scope="module")
def world() -> World:
    keys = [rsa.generate_private_key(65_537, 2048) for _ in range(5)]

    def roots(first: int) -> dict[CertificateUse, RootKey]:
        return {
            use: new_root(use, keys[first + n], NOW - DAY, NOW + 3650 * DAY) for n, use in enumerate(CertificateUse)
        }

    return World(roots(0), roots(2), keys[4])


def refused(world: World, presented: Presented, use: CertificateUse = SIGNING) -> tuple[Reason, str]:
    with pytest.raises(WarifuError) as error:
        believed_so_far(presented, STATEMENT, world.store(use), NOW)
    return error.value.reason, error.value.where


def resigned(certificate: x509.Certificate, root: RootKey, **changed: object) -> x509.Certificate:
    """The same certificate with extensions replaced, by OID, or left out for None, signed by ``root``."""
    builder = x509.CertificateBuilder().subject_name(certificate.subject).issuer_name(certificate.issuer)
    builder = builder.public_key(changed.get("key") or certificate.public_key())  # type: ignore[arg-type]
    builder = builder.serial_number(certificate.serial_number)
    builder = builder.not_valid_before(certificate.not_valid_before_utc).not_valid_after(
        certificate.not_valid_after_utc
    )
    more = changed.get("more", ())
    replaced = {type(each) for each in more}  # type: ignore[attr-defined]
    for extension in certificate.extensions:
        if type(extension.value) not in replaced and type(extension.value) is not changed.get("without"):
            builder = builder.add_extension(extension.value, extension.critical)
    for each in more:  # type: ignore[attr-defined]
        builder = builder.add_extension(each, critical=True)
    return builder.sign(root.key, SHA256())


def test_a_good_certificate_is_believed_and_says_its_items(world: World) -> None:
    presented = world.presented(certify(world.roots[SIGNING], world.subject()))
    believed = believed_so_far(presented, STATEMENT, world.store(), NOW)
    assert believed.leaf.four_items() == ITEMS
    other = world.presented(certify(world.roots[AUTHENTICATION], world.subject(AUTHENTICATION)))
    assert believed_so_far(other, STATEMENT, world.store(AUTHENTICATION), NOW).root == (
        world.roots[AUTHENTICATION].certificate
    )


def test_one_of_the_other_store_is_refused(world: World) -> None:
    presented = world.presented(certify(world.roots[AUTHENTICATION], world.subject(AUTHENTICATION)))
    assert refused(world, presented) == (
        Reason.CERTIFICATE_NOT_TRUSTED,
        "presented.certificate: no root for signing signed it",
    )


def test_one_of_a_stranger_who_took_the_name_and_the_key_identifier_is_refused(world: World) -> None:
    certificate = certify(world.roots[SIGNING], world.subject())
    forged = resigned(certificate, world.strangers[SIGNING])
    assert forged.issuer == certificate.issuer
    assert refused(world, world.presented(forged))[1] == "presented.certificate: no root for signing signed it"


def test_one_that_its_holder_made_is_refused(world: World) -> None:
    own = RootKey(SIGNING, world.roots[SIGNING].certificate, world.key)
    assert refused(world, world.presented(certify(own, world.subject())))[0] is Reason.CERTIFICATE_NOT_TRUSTED


def test_a_root_that_presents_itself_is_refused(world: World) -> None:
    root = world.roots[SIGNING]
    signature = root.key.sign(STATEMENT, padding.PKCS1v15(), SHA256())
    assert (
        refused(world, world.presented(root.certificate, signature))[1] == "presented.certificate: an authority's own"
    )


@pytest.mark.parametrize(("days", "word"), [(-2, "not yet"), (1001, "expired")])
def test_one_out_of_its_time_is_refused(world: World, days: int, word: str) -> None:
    presented = world.presented(certify(world.roots[SIGNING], world.subject()))
    with pytest.raises(WarifuError) as error:
        believed_so_far(presented, STATEMENT, world.store(), NOW + days * DAY)
    assert (error.value.reason, error.value.where) == (
        Reason.CERTIFICATE_NOT_IN_DATE,
        f"presented.certificate: {word}",
    )


def usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (usage(digital_signature=True), "key usage"),
        (usage(content_commitment=True), "key usage"),
        (usage(digital_signature=True, content_commitment=True, key_cert_sign=True), "key usage"),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\x05\x00"), "critical extension 2.999.1"),
        (
            x509.CertificatePolicies(
                [x509.PolicyInformation(x509.ObjectIdentifier("1.2.392.200149.8.5.1.1.20"), None)]
            ),
            "policy",
        ),
        (x509.SubjectKeyIdentifier(bytes(20)), "critical extension 2.5.29.14"),
    ],
)
def test_one_that_the_root_signed_for_something_else_is_refused(
    world: World, more: x509.ExtensionType, why: str
) -> None:
    certificate = certify(world.roots[SIGNING], world.subject())
    presented = world.presented(resigned(certificate, world.roots[SIGNING], more=[more]))
    assert refused(world, presented) == (Reason.CERTIFICATE_NOT_TRUSTED, f"presented.certificate: {why}")


@pytest.mark.parametrize("kind", [x509.KeyUsage, x509.CertificatePolicies, x509.SubjectKeyIdentifier])
def test_one_that_does_not_say_what_it_is_for_is_refused(world: World, kind: type[x509.ExtensionType]) -> None:
    certificate = certify(world.roots[SIGNING], world.subject())
    presented = world.presented(resigned(certificate, world.roots[SIGNING], without=kind))
    assert refused(world, presented)[0] is Reason.CERTIFICATE_NOT_TRUSTED


def test_one_without_an_authority_key_identifier_is_refused(world: World) -> None:
    certificate = certify(world.roots[SIGNING], world.subject())
    without = resigned(certificate, world.roots[SIGNING], without=x509.AuthorityKeyIdentifier)
    assert refused(world, world.presented(without))[1] == "presented.certificate: no root for signing signed it"


@pytest.mark.parametrize("bits", [1024, 3072])
def test_a_key_of_another_size_is_refused(world: World, bits: int) -> None:
    key = rsa.generate_private_key(65_537, bits)
    subject = replace(world.subject(), public_key=key.public_key())
    signature = key.sign(STATEMENT, padding.PKCS1v15(), SHA256())
    presented = world.presented(certify(world.roots[SIGNING], subject), signature)
    assert refused(world, presented) == (Reason.SIGNATURE_INVALID, "presented.signature")


def test_a_key_of_another_kind_is_refused(world: World) -> None:
    certificate = certify(world.roots[SIGNING], world.subject())
    other = resigned(certificate, world.roots[SIGNING], key=ec.generate_private_key(ec.SECP256R1()).public_key())
    assert refused(world, world.presented(other))[1] == "presented.certificate: its form or kind of key"


def test_a_signing_certificate_without_the_items_says_none(world: World) -> None:
    leaf = certify(world.roots[SIGNING], replace(world.subject(), items=None))
    with pytest.raises(WarifuError) as error:
        EndCertificate.read(leaf.public_bytes(Encoding.DER)).four_items()
    assert error.value.reason is Reason.CERTIFICATE_NOT_TRUSTED


def with_block(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    """The signature whose opened block is ``block``."""
    numbers = key.private_numbers()
    return pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")


def garbage_after(info: bytes) -> bytes:
    return b"\x00\x01" + b"\xff" * 8 + b"\x00" + info + bytes(256 - 11 - len(info))


def garbage_in_parameters(info: bytes) -> bytes:
    """The digest where a lax reader looks for it, with parameters that are no NULL."""
    body = bytes.fromhex("0609608648016503040201") + b"\x04\x82\x00\xb0" + bytes(0xB0)
    inner = b"\x30\x82" + len(body).to_bytes(2, "big") + body + info[-34:]
    told = b"\x30\x82" + len(inner).to_bytes(2, "big") + inner
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(told)) + b"\x00" + told


def without_padding(info: bytes) -> bytes:
    return bytes(256 - len(info)) + info


def without_null(info: bytes) -> bytes:
    told = bytes.fromhex("302f300b0609608648016503040201") + info[-34:]
    return b"\x00\x01" + b"\xff" * (256 - 3 - len(told)) + b"\x00" + told


@pytest.mark.parametrize("made", [garbage_after, garbage_in_parameters, without_padding, without_null])
def test_a_block_that_only_looks_right_is_refused(world: World, made: Callable[[bytes], bytes]) -> None:
    forged = with_block(world.key, made(signatures.digest_info(STATEMENT)))
    presented = world.presented(certify(world.roots[SIGNING], world.subject()), forged)
    assert refused(world, presented) == (Reason.SIGNATURE_INVALID, "presented.signature")


def test_other_ways_to_sign_and_other_data_are_refused(world: World) -> None:
    certificate = certify(world.roots[SIGNING], world.subject())
    pss = padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=32)
    made = (
        world.key.sign(STATEMENT, pss, SHA256()),
        world.key.sign(b"something else", padding.PKCS1v15(), SHA256()),
        world.key.sign(STATEMENT, padding.PKCS1v15(), utils.NoDigestInfo()),
        bytes(256),
        b"\xff" * 256,
    )
    for signature in made:
        assert refused(world, world.presented(certificate, signature))[0] is Reason.SIGNATURE_INVALID


@given(bit=st.integers(0, 256 * 8 - 1))
def test_a_flipped_bit_anywhere_in_the_signature_is_refused(world: World, bit: int) -> None:
    presented = world.presented(certify(world.roots[SIGNING], world.subject()))
    flipped = bytearray(presented.signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert refused(world, replace(presented, signature=bytes(flipped)))[0] is Reason.SIGNATURE_INVALID


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
@example(place=12, bit=0)  # a version that there is not
def test_a_flipped_bit_anywhere_in_the_certificate_is_refused(world: World, place: int, bit: int) -> None:
    presented = world.presented(certify(world.roots[SIGNING], world.subject()))
    flipped = bytearray(presented.certificate)
    flipped[place % len(flipped)] ^= 1 << bit
    reason, _ = refused(world, replace(presented, certificate=bytes(flipped)))
    assert reason in {Reason.CERTIFICATE_NOT_TRUSTED, Reason.SIGNATURE_INVALID, Reason.CERTIFICATE_NOT_IN_DATE}


@given(st.binary(max_size=5_000))
def test_whatever_is_no_certificate_is_refused_as_one(found: bytes) -> None:
    with pytest.raises(WarifuError) as error:
        EndCertificate.read(found)
    assert error.value.reason is Reason.CERTIFICATE_NOT_TRUSTED

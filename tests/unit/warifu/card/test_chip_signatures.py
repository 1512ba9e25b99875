"""The six ways to sign, each verified by somebody else's code."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate
from tests.unit.warifu.card.conftest import Field

from warifu.card.applications import jpki
from warifu.card.personalisation import Personalisation
from warifu.card.secrets import Pin
from warifu.card.terminal import CardRefusedError, Terminal

MESSAGE = b"to be signed"
HASH = hashlib.sha256(MESSAGE).digest()
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + HASH
V15 = padding.PKCS1v15()
PSS = padding.PSS(padding.MGF1(SHA256()), 32)


@pytest.fixture
def terminal(field: Field) -> Terminal:
    terminal = field.terminal()
    terminal.select(jpki.AID)
    terminal.verify(jpki.AUTHENTICATION_PIN, Pin.of("4321"))
    terminal.verify(jpki.SIGNING_PIN, Pin.of("GOLDEN42"))
    return terminal


def _public(certificate: bytes) -> rsa.RSAPublicKey:
    key = load_der_x509_certificate(certificate).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


@pytest.mark.parametrize(("p1", "sent"), [(0x00, DIGEST_INFO), (0x02, HASH), (0x03, MESSAGE)])
def test_three_ways_lead_to_the_signature_that_everybody_verifies(
    terminal: Terminal, given: Personalisation, p1: int, sent: bytes
) -> None:
    assert given.signing is not None
    signature = terminal.sign(jpki.SIGNING_KEY, p1, sent)
    _public(given.signing.certificate).verify(signature, MESSAGE, V15, SHA256())


@pytest.mark.parametrize(("p1", "sent"), [(0x04, HASH), (0x05, MESSAGE)])
def test_two_ways_lead_to_pss(terminal: Terminal, given: Personalisation, p1: int, sent: bytes) -> None:
    signature = terminal.sign(jpki.AUTHENTICATION_KEY, p1, sent)
    _public(given.authentication.certificate).verify(signature, MESSAGE, PSS, SHA256())


def test_one_way_signs_the_bare_hash_of_a_message(terminal: Terminal, given: Personalisation) -> None:
    signature = terminal.sign(jpki.AUTHENTICATION_KEY, 0x01, MESSAGE)
    public = _public(given.authentication.certificate)
    public.verify(signature, HASH, V15, utils.NoDigestInfo())  # type: ignore[arg-type]  # typed for keys that sign only


def test_pkcs1_is_the_same_each_time_and_pss_is_not(terminal: Terminal) -> None:
    for p1, same in ((0x02, True), (0x04, False)):
        twice = [terminal.sign(jpki.AUTHENTICATION_KEY, p1, HASH) for _ in range(2)]
        assert (twice[0] == twice[1]) is same


@pytest.mark.parametrize(("p1", "sent"), [(0x00, b"1" * 246), (0x02, b"1" * 31), (0x04, b"1" * 33), (0x03, b"")])
def test_what_does_not_fit_the_way_is_refused(terminal: Terminal, p1: int, sent: bytes) -> None:
    with pytest.raises(CardRefusedError) as refused:
        terminal.sign(jpki.AUTHENTICATION_KEY, p1, sent)
    assert refused.value.word == 0x6700


def test_all_that_fits_between_padding_and_modulus_can_be_signed(terminal: Terminal) -> None:
    assert len(terminal.sign(jpki.AUTHENTICATION_KEY, 0x00, b"1" * 245)) == 256

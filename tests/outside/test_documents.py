"""Documents that the card signed, found good by programs that check documents: OpenSSL's CMS, poppler's pdfsig, xmlsec1."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from tests.outside.conftest import ENGINE, PKCS11, Judge
from tests.outside.pdf_by_hand import signed_pdf
from tests.outside.xml_by_hand import xades, xmldsig

pytestmark = pytest.mark.outside

AUTHENTICATION = ("0", "01", "03", "1234", "JPKI%20(User%20Authentication%20PIN)")
SIGNING = ("1", "02", "04", "SPECIMEN1", "JPKI%20(Digital%20Signature%20PIN)")
KEYS = pytest.mark.parametrize("key", [AUTHENTICATION, SIGNING], ids=["authentication", "signing"])

CONFIGURATION = f"""openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = p11
[p11]
engine_id = pkcs11
dynamic_path = {ENGINE}
MODULE_PATH = {PKCS11}
init = 0
"""


class Signer:
    """Signs with one of the card's keys by programs that know nothing of us."""

    def __init__(self, judge: Judge, key: tuple[str, str, str, str, str]) -> None:
        self.judge = judge
        self.slot, self.identifier, issuer, self.pin, self.token = key
        login = () if self.slot == "0" else ("--login", "--pin", self.pin)
        self.certificate = judge.certificate(self.identifier, self.slot, *login)
        self.issuer = judge.certificate(issuer, "0")
        judge.write("engine.cnf", CONFIGURATION.encode())

    def der(self) -> bytes:
        return self.certificate.with_suffix(".der").read_bytes()

    def cms(self, content: bytes) -> bytes:
        """By OpenSSL and libp11's engine. It asks for the signing key's PIN a second time, on a terminal, which `script` is."""
        self.judge.write("content", content)
        uri = f"pkcs11:token={self.token};id=%{self.identifier};type=private;pin-value={self.pin}"
        what = ("-sign", "-in", "content", "-binary", "-md", "sha256", "-signer", str(self.certificate))
        key = ("-engine", "pkcs11", "-keyform", "engine", "-inkey", uri, "-outform", "DER", "-out", "content.cms")
        command = shlex.join(["env", "OPENSSL_CONF=engine.cnf", "openssl", "cms", *what, *key])
        self.judge.run("script", "-qec", command, "/dev/null", stdin=f"{self.pin}\n")
        return (self.judge.folder / "content.cms").read_bytes()

    def raw(self, content: bytes) -> bytes:
        self.judge.write("raw", content)
        signing = ("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", self.identifier)
        files = ("--input-file", "raw", "--output-file", "raw.sig")
        self.judge.run("pkcs11-tool", "--slot-index", self.slot, "--login", "--pin", self.pin, *signing, *files)
        return (self.judge.folder / "raw.sig").read_bytes()


@KEYS
def test_openssl_signs_cms_through_its_engine_and_finds_it_good(
    judge: Judge, key: tuple[str, str, str, str, str]
) -> None:
    signer = Signer(judge, key)
    signer.cms(b"a statement")
    verify = ("openssl", "cms", "-verify", "-inform", "DER", "-in", "content.cms", "-binary", "-purpose", "any")
    trust = ("-CAfile", str(signer.issuer), "-out", "/dev/null")
    assert "successful" in judge.run(*verify, "-content", "content", *trust)
    judge.write("other", b"another statement")
    assert "failure" in judge.run(*verify, "-content", "other", *trust, status=4)


def test_pdfsig_finds_a_signed_pdf_good_and_a_changed_one_not(judge: Judge) -> None:
    pdf = signed_pdf(Signer(judge, SIGNING).cms)
    judge.write("signed.pdf", pdf)
    shown = judge.run("pdfsig", "signed.pdf", status=None)
    assert "Signature is Valid" in shown
    assert "Total document signed" in shown
    judge.write("changed.pdf", pdf.replace(b"SIMULATED statement", b"SIMULATED statemenT"))
    assert "Digest Mismatch" in judge.run("pdfsig", "changed.pdf", status=None)


def test_xmlsec_finds_xmldsig_and_xades_good_and_changed_ones_not(judge: Judge) -> None:
    signer = Signer(judge, SIGNING)
    certificate = signer.der()
    plain = xmldsig("a statement", certificate, signer.raw)
    advanced = xades("a statement", certificate, "2026-04-01T09:00:00+09:00", signer.raw)
    for name, signed, references in (("plain.xml", plain, 1), ("advanced.xml", advanced, 2)):
        assert f"SignedInfo References (ok/all): {references}/{references}" in _xmlsec(
            judge, signer.issuer, name, signed
        )
    for spoilt in (plain.replace("a statement", "no statement"), advanced.replace("09:00:00", "10:00:00")):
        assert "FAIL" in _xmlsec(judge, signer.issuer, "spoilt.xml", spoilt, status=None)


def _xmlsec(judge: Judge, issuer: Path, name: str, signed: str, status: int | None = 0) -> str:
    judge.write(name, signed.encode())
    names = [f"--id-attr:Id {each}" for each in ("Object", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties")]
    identifiers = [part for each in names for part in each.split(" ", 1)]
    return judge.run("xmlsec1", "--verify", *identifiers, "--trusted-pem", str(issuer), name, status=status)

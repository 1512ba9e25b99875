"""The authority's HTTP endpoint: what it serves, and what comes to whoever asks for something else."""

from __future__ import annotations

import asyncio
import base64
import secrets
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.integration.jpki.conftest import Office

from warifu.errors import WarifuError
from warifu.jpki.profile import CertificateUse
from warifu.jpki.status import ocsp_request, status_by_list, status_by_ocsp

SIGNING, AUTHENTICATION = CertificateUse


async def said(office: Office, sent: bytes) -> tuple[str, bytes]:
    """The status line and the content of what comes, until the endpoint ends the connection."""
    host, _, port = office.http.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
    told = await reader.read()
    writer.close()
    head, _, content = told.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0].decode(), content


def posted(body: bytes, path: str = "/ocsp") -> bytes:
    return f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def certificate_of(office: Office, use: CertificateUse = SIGNING) -> x509.Certificate:
    return x509.load_pem_x509_certificate(office.root(use).read_bytes())


async def test_a_status_is_had_by_post_and_by_get(office: Office) -> None:
    person, root = await office.holder(), certificate_of(office)
    leaf, nonce = x509.load_der_x509_certificate(person.certificates[SIGNING]), secrets.token_bytes(16)
    request = ocsp_request(leaf, root, nonce)
    path = quote(base64.b64encode(request).decode(), safe="")
    for sent in (posted(request), f"GET /ocsp/{path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()):
        status, answer = await said(office, sent)
        assert status == "HTTP/1.1 200 OK"
        assert status_by_ocsp(leaf, root, answer, nonce, office.clock.now()).revoked is None


async def test_both_lists_and_both_roots_are_had(office: Office) -> None:
    for use in CertificateUse:
        root = certificate_of(office, use)
        _, listed = await said(office, f"GET /{use.value}.crl HTTP/1.0\r\n\r\n".encode())
        assert status_by_list(root, root, listed, office.clock.now()).revoked is None
        _, found = await said(office, f"GET /{use.value}-root.cer HTTP/1.0\r\n\r\n".encode())
        assert x509.load_der_x509_certificate(found) == root


REFUSED = [
    (b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 Not Found"),
    (b"GET /../jpki/signing-root.key HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found"),
    (b"PUT /ocsp HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
    (b"GET /ocsp/!!! HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"),
    (b"POST /elsewhere HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 Not Found"),
    (b"POST /ocsp HTTP/1.1\r\nContent-Length: 4097\r\n\r\n", "HTTP/1.1 413 Content Too Large"),
    (b"POST /ocsp HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 413 Content Too Large"),
    (b"POST /ocsp HTTP/1.1\r\nContent-Length: x\r\n\r\n", ""),
    (b"GET\r\n\r\n", ""),
    (b"\x16\x03\x01 a TLS hello\r\n\r\n", ""),
    (b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000, ""),
]


async def test_anything_else_is_refused_and_the_connection_ends(office: Office) -> None:
    for sent, status in REFUSED:
        assert (await said(office, sent))[0] == status, sent[:40]


async def test_what_is_no_request_is_answered_so(office: Office) -> None:
    for request_der in (b"", b"0\x80 not a request", secrets.token_bytes(200)):
        _, answer = await said(office, posted(request_der))
        status = ocsp.load_der_ocsp_response(answer).response_status
        assert status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_a_root_answers_for_its_own_certificates_alone(office: Office) -> None:
    person, other = await office.holder(), certificate_of(office, AUTHENTICATION)
    serial = x509.load_der_x509_certificate(person.certificates[SIGNING]).serial_number
    named = ocsp.load_der_ocsp_request(ocsp_request(other, other, bytes(16)))
    builder = ocsp.OCSPRequestBuilder()
    request = builder.add_certificate_by_hash(named.issuer_name_hash, named.issuer_key_hash, serial, SHA256()).build()
    _, answer = await said(office, posted(request.public_bytes(Encoding.DER)))
    assert ocsp.load_der_ocsp_response(answer).certificate_status is ocsp.OCSPCertStatus.UNKNOWN


async def test_nobody_answers_for_a_root_that_is_not_here(office: Office) -> None:
    person, other = await office.holder(), certificate_of(office, AUTHENTICATION)
    leaf = x509.load_der_x509_certificate(person.certificates[SIGNING])
    _, answer = await said(office, posted(ocsp_request(leaf, other, bytes(16))))  # the one's name, the other's key
    assert ocsp.load_der_ocsp_response(answer).response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


async def test_an_answer_to_another_nonce_or_about_another_certificate_is_none(office: Office) -> None:
    one, two, root = await office.holder(), await office.holder(), certificate_of(office)
    leaf, other = (x509.load_der_x509_certificate(each.certificates[SIGNING]) for each in (one, two))
    _, answer = await said(office, posted(ocsp_request(leaf, root, bytes(16))))
    for asked, nonce in ((leaf, b"\x01" * 16), (other, bytes(16))):
        with pytest.raises(WarifuError) as refused:
            status_by_ocsp(asked, root, answer, nonce, office.clock.now())
        assert refused.value.where == "OCSP: not to what was asked"


async def test_an_answer_without_a_nonce_is_none_though_openssl_takes_it(office: Office) -> None:
    person, root = await office.holder(), certificate_of(office)
    leaf = x509.load_der_x509_certificate(person.certificates[SIGNING])
    request = ocsp.OCSPRequestBuilder().add_certificate(leaf, root, SHA256()).build().public_bytes(Encoding.DER)
    _, answer = await said(office, posted(request))
    with pytest.raises(WarifuError) as refused:
        status_by_ocsp(leaf, root, answer, bytes(16), office.clock.now())
    assert refused.value.where == "OCSP: not an answer"

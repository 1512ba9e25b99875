"""XML signatures by hand, written in canonical form: XMLDSig (W3C), and XAdES-BES (ETSI EN 319 132-1) with its signed properties."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable

DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"


def xmldsig(content: str, certificate: bytes, sign: Callable[[bytes], bytes]) -> str:
    """An enveloping signature over ``content``, plain text, by ``sign`` (PKCS#1 v1.5 with SHA-256); ``certificate`` in DER."""
    thing = f'<ds:Object xmlns:ds="{DS}" Id="content">{content}</ds:Object>'
    return _signature([("content", thing, "")], certificate, sign)


def xades(content: str, certificate: bytes, at: str, sign: Callable[[bytes], bytes]) -> str:
    """The same, with time ``at`` and certificate under the signature (BES)."""
    thing = f'<ds:Object xmlns:ds="{DS}" Id="content">{content}</ds:Object>'
    properties = _properties(certificate, at)
    held = (
        f'<ds:Object xmlns:ds="{DS}"><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#signature">'
        f"{properties}</xades:QualifyingProperties></ds:Object>"
    )
    parts = [("content", thing, ""), ("properties", properties, f' Type="{_PROPERTIES_TYPE}"')]
    return _signature(parts, certificate, sign, [thing, held])


def _properties(certificate: bytes, at: str) -> str:
    return (
        f'<xades:SignedProperties xmlns:xades="{XADES}" Id="properties"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{at}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"
        f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{_SHA256}"></ds:DigestMethod>'
        f'<ds:DigestValue xmlns:ds="{DS}">{_digest(certificate)}</ds:DigestValue>'
        "</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"
        "</xades:SignedProperties>"
    )


def _signature(
    parts: list[tuple[str, str, str]],
    certificate: bytes,
    sign: Callable[[bytes], bytes],
    objects: list[str] | None = None,
) -> str:
    references = "".join(
        f'<ds:Reference{kind} URI="#{name}"><ds:Transforms><ds:Transform Algorithm="{_C14N}"></ds:Transform></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{_SHA256}"></ds:DigestMethod><ds:DigestValue>{_digest(part.encode())}</ds:DigestValue>'
        "</ds:Reference>"
        for name, part, kind in parts
    )
    signed = (
        f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{_C14N}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{_RSA}"></ds:SignatureMethod>{references}</ds:SignedInfo>'
    )
    value = b64encode(sign(signed.encode())).decode()
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ds:Signature xmlns:ds="{DS}" Id="signature">{signed}'
        f"<ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
        f"{b64encode(certificate).decode()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        f"{''.join(objects or [parts[0][1]])}</ds:Signature>\n"
    )


def _digest(content: bytes) -> str:
    return b64encode(hashlib.sha256(content).digest()).decode()

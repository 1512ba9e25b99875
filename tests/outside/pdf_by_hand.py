"""A PDF of one page with a place for a signature: ISO 32000-1 sections 7.5 and 12.8, by hand, so that the signature can be anybody's."""

from __future__ import annotations

from collections.abc import Callable

ROOM = 12_000
"""Bytes kept for the signature."""

_OBJECTS = (
    b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [4 0 R] >> >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Annots [4 0 R] /Contents 6 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
    ),
    b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (signature) /V 5 0 R /P 3 0 R /Rect [0 0 0 0] /F 132 >>",
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [%s] /Contents <%s> >>",
    b"<< /Length 46 >>\nstream\nBT /F1 12 Tf 20 100 Td (SIMULATED statement) Tj ET\nendstream",
)
_RANGE = 40


def signed_pdf(sign: Callable[[bytes], bytes]) -> bytes:
    """The file, signed by ``sign``, which gives a detached CMS in DER over what it is given."""
    whole = _unsigned()
    start = whole.index(b"/Contents <0") + len(b"/Contents ")
    end = start + 2 + 2 * ROOM
    ranges = b"0 %d %d %d" % (start, end, len(whole) - end)
    at = whole.index(b"/ByteRange [") + len(b"/ByteRange [")
    whole = whole[:at] + ranges.ljust(_RANGE) + whole[at + _RANGE :]
    signature = sign(whole[:start] + whole[end:]).hex().encode().ljust(2 * ROOM, b"0")
    return whole[: start + 1] + signature + whole[end - 1 :]


def _unsigned() -> bytes:
    whole, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(_OBJECTS, start=1):
        offsets.append(len(whole))
        body = each % (b" " * _RANGE, b"0" * 2 * ROOM) if b"/ByteRange" in each else each
        whole += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(_OBJECTS) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(whole))
    return whole + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer

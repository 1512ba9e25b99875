"""The connection itself: TLS, the certificate that is shown, and what is no TLS."""

from __future__ import annotations

from warifu.api.adapter.v1.adapter_service_pb2 import GetReadinessRequest
from warifu_kit.conformance.adapter_under_check import CheckedAdapter
from warifu_kit.conformance.case import Subject, expect, fail, unknown
from warifu_kit.conformance.wire.sockets import QuietConnections, say_bytes, tls_spoken

__all__ = ["SUBJECT"]

SUBJECT = Subject("adapter", "connection", "adapter.md")
_HTTP = b"GET / HTTP/1.1\r\nHost: adapter\r\n\r\n"


@SUBJECT.case(
    "tls",
    "TLS 1.3 and HTTP/2 are spoken, with the business system's own certificate",
    rule="TLS 1.3 and HTTP/2, with the certificate of the institution's own business system",
    at="the-connection",
    mend="Serve with tls.pem and tls.key of the folder that `warifu certificate adapter` wrote, with TLS 1.3 allowed.",
)
async def tls(adapter: CheckedAdapter) -> None:
    adapter.evidence.sent(f"a TLS handshake that expects {adapter.about.system.uri}")
    try:
        spoken = await tls_spoken(adapter.about.endpoint, adapter.about.system, adapter.about.root_pem)
    except OSError as error:
        raise fail(f"the handshake failed: {type(error).__name__}") from None
    adapter.evidence.came_back(f"agreed upon: {', '.join(spoken)}")
    expect(spoken == ("TLSv1.3", "h2"), f"agreed upon was {', '.join(spoken)}")


@SUBJECT.case(
    "in-the-clear",
    "Nobody is answered without TLS",
    rule="There is no answer without TLS",
    at="the-connection",
    mend="Open no port without TLS; the address that the node calls must have server credentials.",
)
async def in_the_clear(adapter: CheckedAdapter) -> None:
    reply = await adapter.in_the_clear("GetReadiness", GetReadinessRequest())
    expect(not reply.ok, "a call without TLS was answered")
    await adapter.still_answers()


@SUBJECT.case(
    "no-tls-at-all",
    "Bytes that are no TLS end nothing but their own connection",
    rule="What is no TLS ends that connection and nothing else",
    at="the-connection",
    mend="Let a failed handshake end its connection only; an exception in it must not reach the server's loop.",
)
async def no_tls_at_all(adapter: CheckedAdapter) -> None:
    for said in (_HTTP, bytes(range(256)) * 8, b"\x16\x03\x01\xff\xff" + bytes(600)):
        adapter.evidence.sent(f"{len(said)} bytes that are no TLS: {said[:16].hex()}…")
        try:
            came = await say_bytes(adapter.about.endpoint, said)
        except OSError as error:
            raise unknown(f"no connection: {type(error).__name__}") from None
        adapter.evidence.came_back(f"{len(came)} bytes")
        expect(not came.startswith(b"HTTP/1.1 200"), "HTTP without TLS was answered")
    await adapter.still_answers()


@SUBJECT.case(
    "quiet",
    "Connections on which nothing is said keep nobody waiting",
    rule="What says nothing ends that connection and nothing else",
    at="the-connection",
    mend="Do handshakes beside one another, and bound how long one may take.",
)
async def quiet(adapter: CheckedAdapter) -> None:
    try:
        async with QuietConnections(adapter.about.endpoint, 20):
            adapter.evidence.sent("20 connections on which nothing is said")
            await adapter.still_answers()
    except OSError as error:
        raise unknown(f"no connection: {type(error).__name__}") from None

"""Whose certificate answers at an address, and why none that is trusted does.

Decides what is looked at before a connection counts: the caller's own certificate by its dates and issuer, the name, the
way, the handshake, the server's certificate (under the network's root, in date, naming exactly the party expected, not
taken back). Each that fails has its own reason and its own words. Nothing was sent then, so all of it is definite.
It sends no client certificate and no call: gRPC does that afterwards, to the very certificate that was found here.

gRPC itself says of all this only UNAVAILABLE, with a text for its developers. It knows no channel.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from warifu.clock import Clock, SystemClock
from warifu.errors import Reason, WarifuError
from warifu.pki.identity import Identity, PeerCertificate, identity_of

__all__ = ["FoundCertificate", "Peer", "check_own_certificate", "find_certificate", "find_certificate_sync"]

_EXPIRED, _NOT_YET_VALID, _OTHER_NAME = 10, 9, 62  # X509_V_ERR_… of <openssl/x509_vfy.h>
_HTTP2 = "h2"
_MACHINES = SystemClock()
_PAST, _EARLY = "its certificate is past its date", "its certificate is not valid yet"
_OTHER_TLS = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"})
_ENDED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who is to be called. ``target`` is host:port; certificates are held against ``clock``, but for TLS itself."""

    target: str
    expect: Identity
    root_pem: bytes
    clock: Clock = _MACHINES

    def fault(self, reason: Reason, words: str) -> WarifuError:
        """An error at this party; ``debug`` is the words without the address."""
        return WarifuError(reason, where=f"{self.expect.role.value} at {self.target}: {words}", debug=words)

    def host_and_port(self) -> tuple[str, int]:
        """The two parts of the target."""
        host, _, port = self.target.rpartition(":")
        return host.strip("[]"), int(port)

    def check_still_good(self, names: PeerCertificate, revoked: Collection[int]) -> None:
        """See that the party's certificate was not taken back and is in date: TLS asks no more once it is connected.

        Raises: PEER_NOT_TRUSTED.
        """
        if names.serial in revoked:
            raise self.fault(Reason.PEER_NOT_TRUSTED, "its certificate was taken back")
        now = self.clock.now()
        if not names.is_good_at(now):
            words = _PAST if now > names.not_after else _EARLY
            raise self.fault(Reason.PEER_NOT_TRUSTED, f"{words}; {_clock(self.clock)}")


@dataclass(frozen=True, slots=True)
class FoundCertificate:
    """A server's certificate that is trusted, and what it says."""

    pem: bytes
    names: PeerCertificate


def check_own_certificate(peer: Peer, cert_pem: bytes) -> None:
    """Refuse to call with a certificate that no party could accept. Raises: OWN_CERTIFICATE_INVALID."""
    own, root = x509.load_pem_x509_certificate(cert_pem), x509.load_pem_x509_certificate(peer.root_pem)
    now = peer.clock.now()
    if now > own.not_valid_after_utc:
        words = f"this caller's own certificate ended on {_told(own.not_valid_after_utc)}; renew it"
    elif now < own.not_valid_before_utc:
        words = f"this caller's own certificate begins on {_told(own.not_valid_before_utc)}"
    elif not _issued_by(own, root):
        raise peer.fault(Reason.OWN_CERTIFICATE_INVALID, "this caller's own certificate is of another network")
    else:
        return
    raise peer.fault(Reason.OWN_CERTIFICATE_INVALID, f"{words}; {_clock(peer.clock)}")


async def find_certificate(peer: Peer, revoked: Collection[int], seconds: float) -> FoundCertificate:
    """The trusted certificate that answers at ``peer``'s address.

    Raises: NOT_CONNECTED, PEER_NOT_TRUSTED.
    """
    host, port = peer.host_and_port()
    try:
        async with asyncio.timeout(seconds):
            loop = asyncio.get_running_loop()
            addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            der = await _first(addresses, peer)
    except (OSError, UnicodeError) as error:
        raise _unreached(peer, error, seconds) from None
    return _trusted(peer, der, revoked)


async def _first(addresses: list[Any], peer: Peer) -> bytes:
    """The certificate at the first of the addresses where anybody answers. Raises: OSError of the last one."""
    for place, address in enumerate(addresses, start=1):
        try:
            return await _handshake(address[4], peer)
        except ssl.SSLError:
            raise
        except OSError:
            if place == len(addresses):
                raise
    raise socket.gaierror(socket.EAI_NONAME, "no address")


async def _handshake(address: tuple[Any, ...], peer: Peer) -> bytes:
    _, writer = await asyncio.open_connection(
        address[0], address[1], ssl=_context(peer), server_hostname=peer.expect.dns_name
    )
    try:
        der: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return der
    finally:
        writer.transport.abort()


def find_certificate_sync(peer: Peer, revoked: Collection[int], seconds: float) -> FoundCertificate:
    """:func:`find_certificate` for callers without an event loop."""
    try:
        with socket.create_connection(peer.host_and_port(), timeout=seconds) as raw:
            wrapped = _context(peer).wrap_socket(raw, server_hostname=peer.expect.dns_name)
            with closing(wrapped):
                der = wrapped.getpeercert(binary_form=True)
    except (OSError, UnicodeError) as error:
        raise _unreached(peer, error, seconds) from None
    assert der is not None  # noqa: S101  # a handshake that verifies has one
    return _trusted(peer, der, revoked)


def _context(peer: Peer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # asks for a certificate and compares its name
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # where a client may leave before it shows its own certificate
    context.set_alpn_protocols([_HTTP2])
    context.load_verify_locations(cadata=peer.root_pem.decode("ascii"))
    return context


def _trusted(peer: Peer, der: bytes, revoked: Collection[int]) -> FoundCertificate:
    pem = ssl.DER_cert_to_PEM_cert(der).encode("ascii")
    try:
        names = identity_of(pem)
    except WarifuError:
        raise peer.fault(Reason.PEER_NOT_TRUSTED, "its certificate names no party") from None
    if names.identity != peer.expect:
        raise peer.fault(Reason.PEER_NOT_TRUSTED, "another party answers there")
    peer.check_still_good(names, revoked)
    return FoundCertificate(pem, names)


def _unreached(peer: Peer, error: Exception, seconds: float) -> WarifuError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return peer.fault(Reason.PEER_NOT_TRUSTED, _distrusted(error.verify_code))
    if isinstance(error, ssl.SSLError) and error.reason in _OTHER_TLS:
        return peer.fault(Reason.PEER_NOT_TRUSTED, "it speaks an older TLS than 1.3, with which parties call")
    if isinstance(error, ssl.SSLError) and not isinstance(error, _ENDED):
        return peer.fault(
            Reason.PEER_NOT_TRUSTED, "no party of a network answers there, but another program or a proxy"
        )
    for kinds, words in (
        (_ENDED, "the connection was ended during the handshake"),
        ((socket.gaierror, UnicodeError), "no such name is known"),
        (ConnectionRefusedError, "nobody listens there"),
        (TimeoutError, f"no answer within {seconds:.3g} s"),
    ):
        if isinstance(error, kinds):
            return peer.fault(Reason.NOT_CONNECTED, words)
    return peer.fault(Reason.NOT_CONNECTED, f"no way there: {getattr(error, 'strerror', None) or type(error).__name__}")


def _distrusted(verify_code: int) -> str:
    if verify_code == _EXPIRED:
        return f"{_PAST}; {_clock()}"
    if verify_code == _NOT_YET_VALID:
        return f"{_EARLY}; {_clock()}"
    if verify_code == _OTHER_NAME:
        return "another party answers there"
    return "its certificate is of another network"


def _issued_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _told(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _clock(clock: Clock = _MACHINES) -> str:
    """A clock that is wrong makes good certificates look bad, so both are said."""
    return f"this machine's clock says {_told(clock.now())}"

"""HTTP/2 by hand (RFC 9113), for what no gRPC client does: half a call, a reply nobody takes, frames without an end."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress

from tests.integration.floods.attacks.place import Place

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1
_INITIAL_WINDOW = 65_535
_LARGEST_FRAME = 16_384


def frame(kind: int, flags: int, stream: int, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content))[1:] + struct.pack(">BBI", kind, flags, stream) + content


def field(name: str, value: str) -> bytes:
    """A literal header field that goes into no table (RFC 7541 section 6.2.2)."""
    return b"\x00" + text(name) + text(value)


def text(value: str) -> bytes:
    return number(len(value), 7) + value.encode()


def number(value: int, bits: int) -> bytes:
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    told, value = bytearray([most]), value - most
    while value >= 128:
        told.append(value % 128 + 128)
        value //= 128
    return bytes([*told, value])


def message(content: bytes, size: int | None = None) -> bytes:
    """A gRPC message, or the beginning of one of ``size`` bytes."""
    return struct.pack(">BI", 0, len(content) if size is None else size) + content


class Wire:
    """One connection. What the server sends is read and thrown away, unless ``reads`` is false."""

    def __init__(self, place: Place, *, window: int = _INITIAL_WINDOW, reads: bool = True) -> None:
        """``window`` is how many bytes of a reply the server may send before it is asked for more, which it never is."""
        host, _, port = place.endpoint.rpartition(":")
        self._socket = socket.create_connection((host.strip("[]"), int(port)))
        self._in, self._out, self._tls_lock = ssl.MemoryBIO(), ssl.MemoryBIO(), threading.Lock()
        self._tls = place.tls().wrap_bio(self._in, self._out)
        self._shake_hands()
        self._sending = threading.Lock()
        self._room = threading.Condition()
        self._connection_room = _INITIAL_WINDOW
        self._stream_room: dict[int, int] = defaultdict(self._room_at_first)
        self._initial: int = _INITIAL_WINDOW  # what a stream has room for, as the server last said
        self._next = 1
        self._read_ahead = bytearray()
        self.got: Counter[int] = Counter()
        self.ended = 0  # streams
        self.is_open = True
        self.send(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, window)))
        if window > _INITIAL_WINDOW:
            self.send(frame(WINDOW, 0, 0, struct.pack(">I", 2**31 - 1 - _INITIAL_WINDOW)))
        if reads:
            threading.Thread(target=self._read, daemon=True).start()

    def send(self, sent: bytes) -> None:
        """Raises: OSError once the connection has ended."""
        with self._sending:
            with self._tls_lock:
                self._tls.write(sent)
                sealed = self._out.read()
            self._socket.sendall(sealed)

    def headers(self, path: str, metadata: Iterable[tuple[str, str]] = ()) -> bytes:
        told = b"\x83\x87" + b"\x04" + text(path) + b"\x01" + text("a")
        told += field("content-type", "application/grpc") + field("te", "trailers")
        return told + b"".join(field(name, value) for name, value in metadata)

    def begin(self, path: str, metadata: Iterable[tuple[str, str]] = (), *, content: bytes | None = None) -> int:
        """Begin a call. With ``content`` it is whole; without, nothing follows."""
        stream, self._next = self._next, self._next + 2
        sent = frame(HEADERS, END_HEADERS, stream, self.headers(path, metadata))
        if content is not None:
            sent += frame(DATA, END_STREAM, stream, message(content))
        self.send(sent)
        return stream

    def data(self, stream: int, content: bytes) -> None:
        """Send ``content`` as fast as the server lets it."""
        while content:
            with self._room:
                self._room.wait_for(lambda: not self.is_open or self._largest(stream) > 0)
                if not self.is_open:
                    raise ConnectionError
                size = min(self._largest(stream), len(content))
                self._connection_room -= size
                self._stream_room[stream] -= size
            self.send(frame(DATA, 0, stream, content[:size]))
            content = content[size:]

    def room(self, stream: int) -> int:
        """How many bytes of a stream the server would take now."""
        with self._room:
            return max(0, self._largest(stream))

    def reset(self, stream: int) -> None:
        self.send(frame(RESET, 0, stream, struct.pack(">I", 8)))

    def close(self) -> None:
        self._socket.close()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._socket.sendall(self._out.read())
                self._in.write(self._socket.recv(65_536) or _fail())
            else:
                self._socket.sendall(self._out.read())
                return

    def _room_at_first(self) -> int:
        return self._initial

    def _largest(self, stream: int) -> int:
        return min(self._connection_room, self._stream_room[stream], _LARGEST_FRAME)

    def _read(self) -> None:
        with suppress(OSError, ssl.SSLError):
            while head := self._exactly(9):
                kind, flags, stream = struct.unpack(">BBI", head[3:])
                self._take(kind, flags, stream, self._exactly(int.from_bytes(head[:3], "big")))
        with self._room:
            self.is_open = False
            self._room.notify_all()

    def _exactly(self, size: int) -> bytes:
        while len(self._read_ahead) < size:
            try:
                with self._tls_lock:
                    self._read_ahead += self._tls.read(65_536) or _fail()
            except ssl.SSLWantReadError:
                sealed = self._socket.recv(65_536) or _fail()
                with self._tls_lock:
                    self._in.write(sealed)
        got = bytes(self._read_ahead[:size])
        del self._read_ahead[:size]
        return got

    def _take(self, kind: int, flags: int, stream: int, content: bytes) -> None:
        self.got[kind] += 1
        self.ended += kind == RESET or (kind in (HEADERS, DATA) and flags & END_STREAM)
        with self._room:
            if kind == WINDOW:
                more = int.from_bytes(content, "big")
                if stream:
                    self._stream_room[stream] += more
                else:
                    self._connection_room += more
            elif kind == SETTINGS and not flags & ACK:
                self._settle(content)
            self._room.notify_all()
        if kind in (SETTINGS, PING) and not flags & ACK:
            self.send(frame(kind, ACK, 0, content if kind == PING else b""))

    def _settle(self, content: bytes) -> None:
        for name, value in struct.iter_unpack(">HI", content):
            if name == 4:
                self._stream_room.update(
                    {each: room + value - self._initial for each, room in self._stream_room.items()}
                )
                self._initial = value


def _fail() -> bytes:
    raise ConnectionError

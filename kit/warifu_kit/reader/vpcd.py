"""A card in a machine's own pcscd: vsmartcard's protocol, spoken to its virtual reader.

Decides the frames: two big-endian bytes of length before each; a body of one byte is a word of the reader's (off, on, reset, answer to
reset), any other a command. Source: vsmartcard, ``vpcd.c``; measured: without TCP_QUICKACK each command waits 40 ms, for that reader sends length
and body apart.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from warifu.errors import Reason, WarifuError
from warifu_kit.reader.card_file import CardInField
from warifu_kit.reader.slot import ATR

__all__ = ["run_in_vpcd", "virtual_reader"]

_OFF, _ON, _RESET, _ATR = 0x00, 0x01, 0x02, 0x04
_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)  # Linux has it


def virtual_reader(endpoint: str) -> tuple[str, int]:
    """Host and port of a virtual reader. Raises: CONFIG_INVALID when they are none, or elsewhere: PINs go there in the clear."""
    host, _, port = endpoint.rpartition(":")
    with suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback and 0 < int(port) < 2**16:
            return host, int(port)
    where = f"{endpoint}: should be the address and port of a virtual reader on this machine, such as 127.0.0.1:35963"
    raise WarifuError(Reason.CONFIG_INVALID, where=where)


async def run_in_vpcd(stop: asyncio.Event, endpoint: tuple[str, int], card: Path) -> None:
    """Be the card in the virtual reader at ``endpoint`` until ``stop`` is set or the reader ends.

    Raises: PATH_UNUSABLE when nobody listens; FILE_INVALID.
    """
    host, port = endpoint
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        where = f"{host}:{port}: no virtual reader listens there ({error.strerror or type(error).__name__})"
        raise WarifuError(Reason.PATH_UNUSABLE, where=where) from None
    inserted = CardInField(card)
    try:
        with closing(writer):
            serving = asyncio.create_task(_serve(reader, writer, inserted))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
            for task in (serving, stopping):
                task.cancel()
            await asyncio.gather(serving, stopping, return_exceptions=True)
    finally:
        inserted.take_out()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, card: CardInField) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            body = await _frame(reader, writer)
            response = _response(body, card)
            if response is not None:
                writer.write(len(response).to_bytes(2, "big") + response)
                await writer.drain()


async def _frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    _acknowledge_at_once(writer)
    size = int.from_bytes(await reader.readexactly(2), "big")
    _acknowledge_at_once(writer)
    return await reader.readexactly(size)


def _acknowledge_at_once(writer: asyncio.StreamWriter) -> None:
    """The system forgets this by itself, so it is said before each read."""
    if _QUICKACK is not None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


def _response(body: bytes, card: CardInField) -> bytes | None:
    """What is sent back, None for nothing. Raises: ConnectionError when the card's file cannot be written: it leaves the reader."""
    if len(body) != 1:
        try:
            return card.answer(body) if body else None
        except OSError as error:
            raise ConnectionResetError(*error.args[:2]) from error
    if body[0] in {_OFF, _ON, _RESET}:
        card.reset()
    return ATR if body[0] == _ATR else None

"""The reader's socket: pcsc-lite's server, for every program that is told of it by PCSCLITE_CSOCK_NAME.

Decides how messages are read and answered, who waits while another has a transaction, and what ends a connection: a message that is no
message, a handle that is another's. What the reader does, :mod:`warifu_kit.reader.slot` decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from warifu_kit.reader import messages
from warifu_kit.reader.attributes import attribute
from warifu_kit.reader.messages import Command, Rv
from warifu_kit.reader.slot import Slot, UnknownHandleError

__all__ = ["MOST_CLIENTS", "ReaderService"]

MOST_CLIENTS: Final = 200
"""Clients at once, as pcsc-lite's server has it."""

_READER_EVENTS: Final = 1  # readers that came or went: this one came
_Told = list[int | bytes]


class _ProtocolError(Exception):
    """A message that is none: its client is let go."""


class _Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.context = 0
        self.minor = messages.MINORS[0]
        self.waiting = False


class ReaderService:
    """All clients of one slot. Every method runs on the event loop it was made on."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._clients: set[_Client] = set()
        self._turn = asyncio.Condition()
        self._next_context = 1
        self._actions: dict[Command, Callable[[_Client, _Told], Awaitable[bytes]]] = {
            Command.VERSION: self._version,
            Command.ESTABLISH: self._establish,
            Command.RELEASE: self._release,
            Command.CONNECT: self._connect,
            Command.RECONNECT: self._reconnect,
            Command.DISCONNECT: self._disconnect,
            Command.BEGIN: self._begin,
            Command.END: self._end,
            Command.TRANSMIT: self._transmit,
            Command.CONTROL: self._control,
            Command.STATUS: self._status,
            Command.CANCEL: self._cancel,
            Command.GET_ATTRIBUTE: self._get_attribute,
            Command.SET_ATTRIBUTE: self._set_attribute,
            Command.STATES: self._states,
            Command.WAIT: self._wait,
            Command.STOP_WAITING: self._stop_waiting,
            Command.READER_EVENTS: self._reader_events,
            Command.STATES_SIZE: self._states_size,
            Command.STATES_ARRAY: self._states_array,
        }

    async def changed(self) -> None:
        """A card came or went: tell everybody who waits for that, and let those go on who wait for a turn."""
        for client in [each for each in self._clients if each.waiting]:
            client.waiting = False
            client.writer.write(messages.EVENT.pack(0, Rv.SUCCESS))
        await self._next_turn()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it goes or says something that is no message."""
        client = _Client(reader, writer)
        try:
            if len(self._clients) < MOST_CLIENTS:
                self._clients.add(client)
                await self._serve(client)
        finally:
            self._clients.discard(client)
            self._slot.disconnect_all(client)
            writer.close()
        await self._next_turn()

    async def _serve(self, client: _Client) -> None:
        with suppress(_ProtocolError, UnknownHandleError, asyncio.IncompleteReadError, ConnectionError):
            while True:
                client.writer.write(await self._answer(client))
                await client.writer.drain()

    async def _answer(self, client: _Client) -> bytes:
        size, number = messages.HEADER.unpack(await client.reader.readexactly(messages.HEADER.size))
        try:
            command = Command(number)
        except ValueError:
            raise _ProtocolError from None
        if size != messages.SIZES[command]:
            raise _ProtocolError
        body = await client.reader.readexactly(size)
        return await self._actions[command](client, messages.fields(command, body) if size else [])

    async def _version(self, client: _Client, told: _Told) -> bytes:
        """Each client is answered in its own version, from 4.4 to 4.6; others hear which is the newest."""
        major, minor, _ = told
        known = major == messages.MAJOR and minor in messages.MINORS
        client.minor = int(minor) if known else messages.MINORS[-1]
        rv = Rv.SUCCESS if known else Rv.SERVICE_STOPPED
        return messages.packed(Command.VERSION, [messages.MAJOR, client.minor, rv])

    async def _establish(self, client: _Client, told: _Told) -> bytes:
        client.context, self._next_context = self._next_context, self._next_context % 0x7FFFFFFF + 1
        return messages.packed(Command.ESTABLISH, [told[0], client.context, Rv.SUCCESS])

    async def _release(self, client: _Client, told: _Told) -> bytes:
        if not client.context or told[0] != client.context:
            return messages.packed(Command.RELEASE, [told[0], Rv.INVALID_VALUE])
        client.context = 0
        self._slot.disconnect_all(client)
        await self._next_turn()
        return messages.packed(Command.RELEASE, [told[0], Rv.SUCCESS])

    async def _connect(self, client: _Client, told: _Told) -> bytes:
        context, reader, share, protocols = told[:4]
        if not client.context or context != client.context:
            return messages.packed(Command.CONNECT, [*told[:4], 0, 0, Rv.INVALID_HANDLE])
        await self._turn_of(None)
        name = bytes(reader).split(b"\0")[0]
        rv, handle, protocol = self._slot.connect(client, name, int(share), int(protocols))
        return messages.packed(Command.CONNECT, [*told[:4], handle, protocol, rv])

    async def _reconnect(self, client: _Client, told: _Told) -> bytes:
        handle = await self._turn_of_own(client, told)
        share, protocols, disposition = (int(each) for each in told[1:4])
        rv, protocol = self._slot.reconnect(client, handle, share, protocols, disposition)
        return messages.packed(Command.RECONNECT, [*told[:4], protocol, rv])

    async def _disconnect(self, client: _Client, told: _Told) -> bytes:
        handle = await self._turn_of_own(client, told)
        rv = self._slot.disconnect(client, handle, int(told[1]))
        await self._next_turn()
        return messages.packed(Command.DISCONNECT, [*told[:2], rv])

    async def _begin(self, client: _Client, told: _Told) -> bytes:
        handle = await self._turn_of_own(client, told)
        return messages.packed(Command.BEGIN, [handle, self._slot.begin(client, handle)])

    async def _end(self, client: _Client, told: _Told) -> bytes:
        rv = self._slot.end(client, self._own(client, told), int(told[1]))
        await self._next_turn()
        return messages.packed(Command.END, [*told[:2], rv])

    async def _transmit(self, client: _Client, told: _Told) -> bytes:
        length, room = int(told[3]), int(told[6])
        if length > messages.LONGEST_APDU:
            raise _ProtocolError
        handle = self._own(client, told)
        command = await client.reader.readexactly(length)
        await self._turn_of(handle)
        rv, response = self._slot.transmit(client, handle, command)
        if len(response) > room:
            rv = Rv.INSUFFICIENT_BUFFER
        answered = messages.packed(Command.TRANSMIT, [*told[:6], len(response), rv])
        return answered + response if rv is Rv.SUCCESS else answered

    async def _control(self, client: _Client, told: _Told) -> bytes:
        """This reader has no keypad and no display, which is what programs ask here: the list of its features is empty."""
        length = int(told[2])
        if length > messages.LONGEST_APDU:
            raise _ProtocolError
        rv = self._slot.status(client, self._own(client, told))
        await client.reader.readexactly(length)
        return messages.packed(Command.CONTROL, [*told[:4], 0, rv])

    async def _status(self, client: _Client, told: _Told) -> bytes:
        return messages.packed(Command.STATUS, [told[0], self._slot.status(client, self._own(client, told))])

    async def _cancel(self, client: _Client, told: _Told) -> bytes:
        """One connection ends the waiting of another, which has the context that is named."""
        del client
        for each in [each for each in self._clients if each.waiting and each.context == told[0]]:
            each.waiting = False
            each.writer.write(messages.EVENT.pack(0, Rv.CANCELLED))
            return messages.packed(Command.CANCEL, [told[0], Rv.SUCCESS])
        return messages.packed(Command.CANCEL, [told[0], Rv.INVALID_HANDLE])

    async def _get_attribute(self, client: _Client, told: _Told) -> bytes:
        self._own(client, told)
        value = attribute(self._slot.state(), int(told[1]))
        if value is None:
            return messages.packed(Command.GET_ATTRIBUTE, [*told[:2], b"", 0, Rv.UNSUPPORTED_FEATURE])
        rv = Rv.SUCCESS if len(value) <= int(told[3]) else Rv.INSUFFICIENT_BUFFER
        return messages.packed(Command.GET_ATTRIBUTE, [*told[:2], value if rv is Rv.SUCCESS else b"", len(value), rv])

    async def _set_attribute(self, client: _Client, told: _Told) -> bytes:
        self._own(client, told)
        return messages.packed(Command.SET_ATTRIBUTE, [*told[:4], Rv.UNSUPPORTED_FEATURE])

    async def _states(self, client: _Client, told: _Told) -> bytes:
        del client, told
        return messages.states((self._slot.state(),), messages.MOST_READERS)

    async def _wait(self, client: _Client, told: _Told) -> bytes:
        """From now on the client hears of the next change, once. Up to 4.5 the states go with it; 4.6 asks for them."""
        client.waiting = True
        return b"" if client.minor >= messages.MINORS[-1] else await self._states(client, told)

    async def _stop_waiting(self, client: _Client, told: _Told) -> bytes:
        del told
        answered = messages.EVENT.pack(0, Rv.SUCCESS) if client.waiting else b""  # else the event is under way already
        client.waiting = False
        return answered

    async def _reader_events(self, client: _Client, told: _Told) -> bytes:
        del client, told
        return messages.EVENT.pack(_READER_EVENTS, Rv.SUCCESS)

    async def _states_size(self, client: _Client, told: _Told) -> bytes:
        del client, told
        return messages.COUNT.pack(messages.MOST_READERS)

    async def _states_array(self, client: _Client, told: _Told) -> bytes:
        return await self._states(client, told)

    def _own(self, client: _Client, told: _Told) -> int:
        handle = int(told[0])
        if not self._slot.holds(client, handle):
            raise UnknownHandleError
        return handle

    async def _turn_of_own(self, client: _Client, told: _Told) -> int:
        handle = self._own(client, told)
        await self._turn_of(handle)
        return handle

    async def _turn_of(self, handle: int | None) -> None:
        if not self._slot.is_free_for(handle):
            async with self._turn:
                await self._turn.wait_for(lambda: self._slot.is_free_for(handle))

    async def _next_turn(self) -> None:
        async with self._turn:
            self._turn.notify_all()

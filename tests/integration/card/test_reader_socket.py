"""What PC/SC programs find at the reader's socket: versions, transactions, events; and what a broken client does to the others."""

from __future__ import annotations

import random
import socket
import stat
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.integration.card.conftest import Reader
from tests.integration.card.pcsc_by_hand import (
    DIRECT,
    EXCLUSIVE,
    NO_SMARTCARD,
    READER,
    REMOVED_CARD,
    RESET,
    RESET_CARD,
    SHARING_VIOLATION,
    SUCCESS,
    Client,
)

SELECT = bytes.fromhex("00A4040C0AD392F000260100000001")
PIN_FILE, CERTIFICATE = bytes.fromhex("00A4020C020018"), bytes.fromhex("00A4020C02000A")
VERIFY, WRONG = b"\x00\x20\x00\x80\x041234", b"\x00\x20\x00\x80\x049999"
SIGN = bytes.fromhex("802A029720") + b"\x11" * 32 + b"\x00"
OK = b"\x90\x00"
PRESENT, ABSENT = 0x04, 0x02


@pytest.mark.parametrize("minor", [4, 5, 6])
def test_a_client_of_each_version_is_served_in_its_own(reader: Reader, minor: int) -> None:
    with Client(reader.socket, minor=minor) as client:
        client.begin_session()
        name, _, state, sharing, atr = client.state()
        assert (name, state & PRESENT, sharing) == (READER, PRESENT, 0)
        assert atr[:2] == b"\x3b\xda"
        if minor >= 5:
            client.send(0x15)
            assert struct.unpack("<II", client.take(8))[1] == SUCCESS
        card = client.connected()
        assert client.transmit(card, SELECT) == (SUCCESS, OK)
        client.wait_for_change()
        reader.remove()
        assert client.told_of_change() == SUCCESS
        assert client.state()[2] == ABSENT
        assert client.transmit(card, SELECT)[0] == REMOVED_CARD


@pytest.mark.parametrize("version", [(3, 4), (4, 3), (4, 7), (5, 4)])
def test_a_client_of_another_version_hears_which_is_spoken(reader: Reader, version: tuple[int, int]) -> None:
    with Client(reader.socket) as client:
        major, minor, rv = client.asked(0x11, "<iiI", *version, 0)
        assert (major, minor) == (4, 6)
        assert rv != SUCCESS


def test_sockets_and_card_are_their_owners_alone(reader: Reader) -> None:
    for path in (reader.socket, reader.socket.with_name("reader.door"), reader.card):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_transaction_keeps_the_others_waiting_until_it_ends(reader: Reader) -> None:
    with Client(reader.socket) as first, Client(reader.socket) as second:
        card, other = first.begin_session().connected(), second.begin_session().connected()
        assert first.begin(card) == SUCCESS
        for apdu in (SELECT, PIN_FILE, VERIFY):
            assert first.transmit(card, apdu) == (SUCCESS, OK)
        second.ask(other, SELECT)  # would forget the first one's PIN
        rv, response = first.transmit(card, SIGN)
        assert (rv, len(response)) == (SUCCESS, 258)
        assert first.end(card) == SUCCESS
        assert second.answered() == (SUCCESS, OK)
        assert first.transmit(card, SIGN) == (SUCCESS, b"\x69\x82")


def test_a_client_that_goes_in_the_middle_of_a_transaction_lets_the_next_one_go_on_without_its_pin(
    reader: Reader,
) -> None:
    with Client(reader.socket) as second:
        other = second.begin_session().connected()
        with Client(reader.socket) as first:
            card = first.begin_session().connected()
            assert first.begin(card) == SUCCESS
            for apdu in (SELECT, PIN_FILE, VERIFY):
                first.transmit(card, apdu)
            second.send(0x07, struct.pack("<iI", other, 0))
        told = struct.unpack("<iI", second.take(8))[1]
        assert told == RESET_CARD  # it hears that the card was reset, and goes on after that
        assert second.reconnect(other) == SUCCESS
        assert second.begin(other) == SUCCESS
        second.transmit(other, SELECT)
        assert second.transmit(other, SIGN) == (SUCCESS, b"\x69\x82")


def test_transactions_of_one_client_lie_within_each_other(reader: Reader) -> None:
    with Client(reader.socket) as client:
        card = client.begin_session().connected()
        assert [client.begin(card), client.begin(card), client.end(card), client.end(card)] == [SUCCESS] * 4
        assert client.end(card) == SHARING_VIOLATION


def test_disconnecting_with_a_reset_forgets_the_pin_and_tells_the_others(reader: Reader) -> None:
    with Client(reader.socket) as first, Client(reader.socket) as second:
        card, other = first.begin_session().connected(), second.begin_session().connected()
        for apdu in (SELECT, PIN_FILE, VERIFY):
            first.transmit(card, apdu)
        assert first.disconnect(card, RESET) == SUCCESS
        assert second.status(other) == RESET_CARD
        assert second.transmit(other, SIGN)[0] == RESET_CARD
        assert second.reconnect(other) == SUCCESS
        assert second.transmit(other, SELECT) == (SUCCESS, OK)
        assert second.transmit(other, SIGN) == (SUCCESS, b"\x69\x82")


def test_one_who_wants_the_card_alone_has_it_alone(reader: Reader) -> None:
    with Client(reader.socket) as first, Client(reader.socket) as second:
        rv, card = first.begin_session().connect(EXCLUSIVE)
        assert rv == SUCCESS
        assert second.begin_session().connect()[0] == SHARING_VIOLATION
        assert second.state()[3] == -1
        assert first.disconnect(card) == SUCCESS
        assert second.connect()[0] == SUCCESS
        assert first.connect(EXCLUSIVE)[0] == SHARING_VIOLATION


def test_four_clients_at_once_each_get_a_signature_of_their_own(reader: Reader) -> None:
    def sign(number: int) -> bytes:
        with Client(reader.socket) as client:
            card = client.begin_session().connected()
            assert client.begin(card) == SUCCESS
            for apdu in (SELECT, PIN_FILE, VERIFY):
                assert client.transmit(card, apdu) == (SUCCESS, OK)
            rv, response = client.transmit(card, bytes.fromhex("802A029720") + bytes([number]) * 32 + b"\x00")
            assert (rv, response[-2:]) == (SUCCESS, OK)
            client.end(card)
            return response[:-2]

    with ThreadPoolExecutor(4) as clients:
        signatures = list(clients.map(sign, range(4)))
    assert len(set(signatures)) == 4


def test_a_removed_card_is_gone_and_another_may_come(reader: Reader) -> None:
    with Client(reader.socket) as client:
        client.begin_session()
        before = client.state()[1]
        reader.remove()
        assert client.connect()[0] == NO_SMARTCARD
        assert client.connect(DIRECT)[0] == SUCCESS
        client.wait_for_change()
        reader.insert()
        assert client.told_of_change() == SUCCESS
        assert client.state()[1] == before + 2
        assert client.transmit(client.connected(), SELECT) == (SUCCESS, OK)


def test_waiting_can_be_ended_by_oneself_and_by_another_connection(reader: Reader) -> None:
    with Client(reader.socket) as client, Client(reader.socket) as other:
        client.begin_session().wait_for_change()
        client.send(0x14)
        assert client.told_of_change() == SUCCESS
        client.wait_for_change()
        assert other.asked(0x0D, "<II", client.context, 0)[-1] == SUCCESS
        assert client.told_of_change() == 0x80100002
        client.send(0x14)  # nobody waits any more: no answer is due
        assert client.state()[0] == READER


def test_a_handle_of_another_client_ends_the_connection(reader: Reader) -> None:
    with Client(reader.socket) as first, Client(reader.socket) as second:
        card = first.begin_session().connected()
        second.begin_session()
        with pytest.raises(ConnectionError):
            second.transmit(card, SELECT)
        assert first.transmit(card, SELECT) == (SUCCESS, OK)


def test_tries_that_were_answered_for_survive_a_reader_that_is_killed(own_reader: Reader) -> None:
    for left in (0xC2, 0xC1, 0xC0):
        with Client(own_reader.socket) as client:
            card = client.begin_session().connected()
            client.transmit(card, SELECT)
            client.transmit(card, PIN_FILE)
            assert client.transmit(card, WRONG) == (SUCCESS, bytes([0x63, left]))
            own_reader.kill()
        own_reader.start_again()
    with Client(own_reader.socket) as client:
        card = client.begin_session().connected()
        client.transmit(card, SELECT)
        client.transmit(card, PIN_FILE)
        assert client.transmit(card, VERIFY) == (SUCCESS, b"\x69\x84")


def test_a_card_that_cannot_be_written_any_more_answers_no_pin(own_reader: Reader) -> None:
    with Client(own_reader.socket) as client:
        card = client.begin_session().connected()
        client.transmit(card, SELECT)
        client.transmit(card, PIN_FILE)
        own_reader.folder.rename(own_reader.folder.with_name(own_reader.folder.name + "-gone"))
        try:
            assert client.transmit(card, WRONG)[0] != SUCCESS
        finally:
            own_reader.folder.with_name(own_reader.folder.name + "-gone").rename(own_reader.folder)
        assert client.transmit(card, WRONG) == (SUCCESS, b"\x63\xc2")


def _conversation(context: int, card: int) -> list[bytes]:
    """What an honest client sends, message by message."""
    long_name = READER.ljust(128, b"\0")
    return [
        struct.pack("<IIiiI", 12, 0x11, 4, 4, 0),
        struct.pack("<IIIII", 12, 0x01, 2, 0, 0),
        struct.pack("<III", 156, 0x04, context) + long_name + struct.pack("<IIiII", 2, 3, 0, 0, 0),
        struct.pack("<IIiI", 8, 0x07, card, 0),
        struct.pack("<IIiIIIIIII", 32, 0x09, card, 2, 16, len(SELECT), 2, 16, 65_548, 0) + SELECT,
        struct.pack("<IIiIIIII", 24, 0x0A, card, 0x42000D48, 0, 264, 0, 0),
        struct.pack("<IIiI", 8, 0x0B, card, 0),
        struct.pack("<IIiI", 280, 0x0F, card, 0x90303) + bytes(264) + struct.pack("<II", 264, 0),
        struct.pack("<II", 0, 0x12),
        struct.pack("<II", 0, 0x13),
        struct.pack("<II", 0, 0x14),
        struct.pack("<IIiII", 12, 0x08, card, 0, 0),
        struct.pack("<IIiII", 12, 0x06, card, 0, 0),
        struct.pack("<IIII", 8, 0x02, context, 0),
    ]


def _mutated(message: bytes, draws: random.Random) -> bytes:
    spoilt = bytearray(message)
    for _ in range(draws.randint(1, 4)):
        place = draws.randrange(len(spoilt)) if spoilt else 0
        act = draws.randrange(4)
        if act < 2 and spoilt:
            spoilt[place] = draws.choice((0, 1, 0x7F, 0xFF, draws.randrange(256)))
        elif act == 2:
            spoilt[place:place] = draws.randbytes(draws.randint(1, 9))
        else:
            del spoilt[place : place + draws.randint(1, 9)]
    return bytes(spoilt)


def _attack(reader: Reader, draws: random.Random) -> None:
    """One connection, most often of a client that holds the card, and one spoilt message."""
    with Client(reader.socket) as attacking:
        card = attacking.begin_session().connected() if draws.random() < 0.8 else 0
        messages = _conversation(attacking.context, card)
        begun = messages[3] if draws.random() < 0.3 else b""
        try:
            attacking.socket.sendall(begun + _mutated(draws.choice(messages), draws))
            attacking.socket.shutdown(socket.SHUT_WR)
            while attacking.socket.recv(65_536):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass


def _attacked(reader: Reader, count: int, seed: int) -> None:
    """An honest client is served all the time, and no try is gained or spent."""
    draws = random.Random(seed)
    with Client(reader.socket) as honest:
        card = honest.begin_session().connected()
        for number in range(count):
            _attack(reader, draws)
            if number % 50 == 0:
                _is_served(honest, card)
        _is_served(honest, card)
        honest.transmit(card, PIN_FILE)
        assert honest.transmit(card, b"\x00\x20\x00\x80") == (SUCCESS, b"\x63\xc3")
    assert reader.process.poll() is None


def _is_served(honest: Client, card: int) -> None:
    if honest.status(card) == RESET_CARD:  # somebody went in the middle of a transaction
        assert honest.reconnect(card) == SUCCESS
    assert honest.transmit(card, SELECT) == (SUCCESS, OK)


def test_spoilt_messages_end_their_own_connection_and_nobody_elses(own_reader: Reader) -> None:
    _attacked(own_reader, 1_000, seed=3)
    assert own_reader.stop() == ""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_thousand_spoilt_messages_end_their_own_connections_and_nobody_elses(own_reader: Reader) -> None:
    _attacked(own_reader, 100_000, seed=4)
    assert own_reader.stop() == ""

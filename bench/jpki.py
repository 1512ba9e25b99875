"""``python bench/jpki.py``: OCSP answers of the certificate authority, and cards issued, each beside what its RSA alone costs.

Decides what is counted: an answer over HTTP to a request with a nonce of its own, which is signed for it, by the processor time of the
authority's process; and cards from the application to the notice, by two counters at once. Beside them, in the same run and on the same
processors: bare signatures with a key of that size, and the drawing of a card's three keys.

Exit status: 0 the figures hold, goals reached or not; 1 something failed.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from figures import Row, goal_text
from measure import cpu_ns, machine

from warifu.card.personalisation import FourItems, Sex
from warifu.client import BlockingCardClient, NetworkDescription
from warifu.identifiers import MunicipalityCode, MyNumber
from warifu.jpki.status import ocsp_request
from warifu_kit.jpki.applicant import Applicant
from warifu_kit.jpki.card_counter import CardCounter
from warifu_kit.network.creation import DEFAULT_MEMBERS, JPKI_MEMBERS, create_network
from warifu_kit.network.party_process import PartyProcess, party_command

COUNTERS = 2
KEYS_OF_A_CARD = 3

Cards = Annotated[int, typer.Option(min=2, help="How many cards are issued.")]
Answers = Annotated[int, typer.Option(min=10, help="How many OCSP answers are asked for.")]


def main(cards: Cards = 1_000, answers: Answers = 5_000) -> None:
    """Measure, and say whether the goals are reached."""
    with tempfile.TemporaryDirectory(prefix="warifu-") as folder, _authority(Path(folder) / "net") as process:
        path = Path(folder) / "net"
        took, cpu_s, counters_s = _issue(path, cards, process)
        rows = [
            Row("issue_1000_cards_s", took * 1000 / cards, "s"),
            Row("issue_authority_cpu_ms", cpu_s * 1000 / cards, "ms"),
            Row("issue_counter_cpu_ms", counters_s * 1000 / cards, "ms"),
            Row("three_rsa_keys_ms", _keys_ms(), "ms"),
            Row("ocsp_per_core_s", _ocsp(path, answers, process), "/s"),
            Row("rsa_signatures_per_core_s", _signatures(), "/s"),
        ]
    for row in rows:
        print(f"{row.name:<28}{row.value:>10.4g} {row.unit:<3} {goal_text(row) or ''}")
    print(f"cards {cards}, by {COUNTERS} counters at once; " + ", ".join(f"{k} {v}" for k, v in machine().items()))
    print(json.dumps([row.told() for row in rows]))


@contextmanager
def _authority(path: Path) -> Iterator[PartyProcess]:
    """A network of which only the certificate authority runs."""
    create_network(path, members=(*DEFAULT_MEMBERS, *JPKI_MEMBERS))
    process = PartyProcess("jpki", path / "jpki", party_command("jpki", path / "jpki", []))
    process.start()
    endpoint = process.wait_ready()
    described = json.loads((path / "network.json").read_text())
    described["parties"]["jpki"]["endpoint"] = endpoint
    (path / "network.json").write_text(json.dumps(described))
    try:
        yield process
    finally:
        process.send(signal.SIGTERM)
        process.wait_stopped(5.0)


def _issue(path: Path, cards: int, process: PartyProcess) -> tuple[float, float, float]:
    """Seconds that it took, and seconds of processor time: the authority's, the counters'."""
    shares = [cards // COUNTERS + (number < cards % COUNTERS) for number in range(COUNTERS)]
    with ProcessPoolExecutor(COUNTERS, mp_context=get_context("spawn")) as counters:
        list(counters.map(_counter, [path] * COUNTERS, [0] * COUNTERS))  # they have imported everything
        begun, cpu = time.perf_counter(), cpu_ns(process.pid)
        counted = list(counters.map(_counter, [path] * COUNTERS, shares))
        return time.perf_counter() - begun, (cpu_ns(process.pid) - cpu) / 1e9, sum(counted)


def _counter(path: Path, cards: int) -> float:
    """One counter has so many cards made; seconds of its processor time."""
    begun = time.process_time()
    with BlockingCardClient(NetworkDescription.load(path).to_jpki()) as client:
        counter = CardCounter(client, path / "jpki")
        client.trust()
        for _ in range(cards):
            counter.make(counter.apply(_applicant()), date(2026, 4, 1))
    return time.process_time() - begun


def _applicant() -> Applicant:
    items = FourItems("見本　花子", "東京都千代田区見本町１丁目１番１号", date(2001, 7, 4), Sex.FEMALE)
    number = MyNumber.from_body(f"{secrets.randbelow(10**11):011}")
    return Applicant(items=items, municipality=MunicipalityCode("131016"), my_number=number)


def _ocsp(path: Path, answers: int, process: PartyProcess) -> float:
    """Answers for each second of the authority's processor time. Each is asked for with a nonce of its own."""
    root = x509.load_pem_x509_certificate((path / "jpki" / "signing-root.pem").read_bytes())
    asked = [_posted(ocsp_request(root, root, secrets.token_bytes(32))) for _ in range(answers)]
    host, _, port = json.loads((path / "jpki" / "http.json").read_text())["http_endpoint"].rpartition(":")
    with socket.create_connection((host, int(port))) as line:
        _answer(line, asked[0])
        begun = cpu_ns(process.pid)
        for request in asked:
            _answer(line, request)
        return answers / ((cpu_ns(process.pid) - begun) / 1e9)


def _posted(request: bytes) -> bytes:
    head = f"POST /ocsp HTTP/1.1\r\nHost: bench\r\nContent-Length: {len(request)}\r\n\r\n"
    return head.encode() + request


def _answer(line: socket.socket, request: bytes) -> None:
    """Ask, and read the whole answer. Raises: RuntimeError when it is none."""
    line.sendall(request)
    told = b""
    while b"\r\n\r\n" not in told:
        told += line.recv(65_536)
    head, _, body = told.partition(b"\r\n\r\n")
    size = next(int(each.split(b":")[1]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length"))
    while len(body) < size:
        body += line.recv(65_536)
    if b" 200 " not in head or size < 256:
        raise RuntimeError("no answer")


def _keys_ms(count: int = 20) -> float:
    """Milliseconds of processor time for the keys of one card: two pairs, and the one by which the chip shows that it is there."""
    begun = time.process_time()
    for _ in range(count):
        rsa.generate_private_key(65_537, 2048)
    return (time.process_time() - begun) / count * KEYS_OF_A_CARD * 1000


def _signatures(count: int = 2_000) -> float:
    """Bare signatures for each second of processor time."""
    key = rsa.generate_private_key(65_537, 2048)
    begun = time.process_time()
    for number in range(count):
        key.sign(number.to_bytes(8, "big"), padding.PKCS1v15(), SHA256())
    return count / (time.process_time() - begun)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", os.pathsep.join(sys.path))
    typer.run(main)

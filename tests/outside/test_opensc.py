"""OpenSC and pcsc-tools find the card, read it, sign with it, lock it, and see it come and go."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.integration.card.conftest import Reader
from tests.outside.conftest import PATIENCE_S, Judge

pytestmark = pytest.mark.outside

AUTHENTICATION = ("0", "01", "1234")
SIGNING = ("1", "02", "SPECIMEN1")


def _sign(judge: Judge, slot: str, identifier: str, pin: str, name: str) -> Path:
    signature = judge.folder / f"{name}.sig"
    signing = ("--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", identifier, "--input-file", name)
    judge.run("pkcs11-tool", "--slot-index", slot, "--login", "--pin", pin, *signing, "--output-file", str(signature))
    return signature


def test_opensc_knows_what_card_it_is(judge: Judge) -> None:
    assert "warifu SIMULATED card reader" in judge.run("opensc-tool", "--list-readers")
    assert "jpki" in judge.run("opensc-tool", "--name").splitlines()


def test_opensc_dumps_two_pins_two_keys_and_four_certificates(judge: Judge) -> None:
    dump = judge.run("pkcs15-tool", "--dump")
    assert "PKCS#15 Card [JPKI]" in dump
    assert [dump.count(each) for each in ("PIN [", "Private RSA Key [", "X.509 Certificate [")] == [2, 2, 4]
    assert ("Tries left     : 3" in dump, "Tries left     : 5" in dump) == (True, True)
    assert "SIMULATED" in judge.run("pkcs11-tool", "--list-objects")


@pytest.mark.parametrize(("slot", "identifier", "pin"), [AUTHENTICATION, SIGNING], ids=["authentication", "signing"])
def test_a_signature_by_pkcs11_is_good_for_openssl(judge: Judge, slot: str, identifier: str, pin: str) -> None:
    judge.write("message", b"what is signed")
    signature = _sign(judge, slot, identifier, pin, "message")
    certificate = judge.certificate(identifier, slot, "--login", "--pin", pin)
    judge.run("openssl", "x509", "-in", str(certificate), "-pubkey", "-noout", "-out", "public.pem")
    verify = ("openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", str(signature))
    assert "Verified OK" in judge.run(*verify, "message")
    judge.write("other", b"what is not")
    assert "Verification" in judge.run(*verify, "other", status=1)


def test_the_signing_certificate_is_not_read_without_its_password(judge: Judge) -> None:
    listing = ("pkcs11-tool", "--slot-index", "1", "--list-objects", "--type", "cert")
    assert "specimen, signing" not in judge.run(*listing)
    assert "specimen, signing" in judge.run(*listing, "--login", "--pin", "SPECIMEN1")


def test_three_wrong_pins_lock_the_card_for_opensc_too(own_reader: Reader, tmp_path: Path) -> None:
    judge = Judge(own_reader, tmp_path)
    select = ["-s", "00A4040C0AD392F000260100000001", "-s", "00A4020C020018"]
    words = []
    for _ in range(4):
        shown = judge.run("opensc-tool", *select, "-s", "00200080043939" + "3939")
        words.append(shown.splitlines()[-1].removeprefix("Received "))
    assert [word.split(")")[0].lstrip("(") for word in words] == [
        "SW1=0x63, SW2=0xC2",
        "SW1=0x63, SW2=0xC1",
        "SW1=0x63, SW2=0xC0",
        "SW1=0x69, SW2=0x84",
    ]
    assert "user PIN locked" in judge.run("pkcs11-tool", "--list-token-slots")
    assert "Tries left     : 0" in judge.run("pkcs15-tool", "--dump")


def test_four_clients_at_once_each_get_a_signature(judge: Judge) -> None:
    for number in range(4):
        judge.write(f"message{number}", b"%d" % number)
    with ThreadPoolExecutor(4) as clients:
        signatures = list(clients.map(lambda n: _sign(judge, *AUTHENTICATION, f"message{n}"), range(4)))
    certificate = judge.certificate("01", "0")
    judge.run("openssl", "x509", "-in", str(certificate), "-pubkey", "-noout", "-out", "public.pem")
    for number, signature in enumerate(signatures):
        verify = ("openssl", "dgst", "-sha256", "-verify", "public.pem", "-signature", str(signature))
        assert "Verified OK" in judge.run(*verify, f"message{number}")


def test_pcsc_scan_sees_the_card_come_and_go(judge: Judge) -> None:
    reader = judge.reader
    scan = ["stdbuf", "-oL", "pcsc_scan", "-n"]
    scanning = subprocess.Popen(scan, env=reader.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = b""
    try:
        for act, expected in (
            (None, b"Card inserted"),
            (reader.remove, b"Card removed"),
            (reader.insert, b"Card inserted"),
        ):
            if act is not None:
                act()
            part = _read_until(scanning, expected)
            seen += part
    finally:
        scanning.terminate()
        scanning.communicate(timeout=PATIENCE_S)
    assert seen.count(b"Card inserted") == 2


def _read_until(process: subprocess.Popen[bytes], expected: bytes) -> bytes:
    assert process.stdout is not None
    shown = b""
    while expected not in shown:
        part = os.read(process.stdout.fileno(), 4096)
        assert part, shown
        shown += part
    return shown

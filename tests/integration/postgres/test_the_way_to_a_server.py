"""The way to a server over TCP: sslmode is kept, or the reason why it cannot be is said."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.postgres.server import MISSING, PostgresServer, binaries

from warifu.errors import WarifuError
from warifu.party.postgres.address import PostgresAddress
from warifu.party.postgres.database import PostgresDatabase


def certificate(name: str) -> tuple[bytes, bytes]:
    """A certificate for ``name`` that stands for itself, and its key."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    words = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), words


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Way:
    """A server over TCP, with or without TLS."""

    def __init__(self, *, encrypts: bool) -> None:
        programs = binaries()
        if programs is None:
            pytest.skip(MISSING)
        self.tls, self._port = certificate("localhost"), free_port()
        self.server = PostgresServer(programs, port=self._port, tls=self.tls if encrypts else None)

    def is_encrypted(self, mode: str, schema: str) -> bool:
        """Open a store there and see whether the way to it is encrypted. Raises: why it is not opened."""
        address = PostgresAddress.parse(
            f"postgresql://warifu@localhost:{self._port}/postgres?sslmode={mode}", schema=schema
        )
        database = PostgresDatabase(address, ())
        try:
            row = database.reader.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
            return bool(row and row[0])
        finally:
            database.close()


@pytest.fixture(scope="module")
def encrypting() -> Iterator[Way]:
    way = Way(encrypts=True)
    yield way
    way.server.remove()


@pytest.fixture(scope="module")
def plain() -> Iterator[Way]:
    way = Way(encrypts=False)
    yield way
    way.server.remove()


def test_a_way_that_is_to_be_encrypted_is(encrypting: Way) -> None:
    assert encrypting.is_encrypted("require", "a")


def test_a_server_is_believed_by_the_root_that_is_named_and_by_no_other(
    encrypting: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root.pem"
    monkeypatch.setenv("PGSSLROOTCERT", str(root))
    root.write_bytes(encrypting.tls[0])
    assert encrypting.is_encrypted("verify-full", "b")
    root.write_bytes(certificate("localhost")[0])
    with pytest.raises(WarifuError, match="b: the server's certificate does not verify"):
        encrypting.is_encrypted("verify-full", "b")


def test_a_root_that_is_not_there_is_said(encrypting: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "none.pem"))
    with pytest.raises(WarifuError, match="PGSSLROOTCERT"):
        encrypting.is_encrypted("verify-full", "c")


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_nothing_is_sent_to_a_server_that_does_not_encrypt(
    plain: Way, mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root.pem").write_bytes(plain.tls[0])
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "root.pem"))
    with pytest.raises(WarifuError, match="d: the server does not encrypt, which sslmode asks for"):
        plain.is_encrypted(mode, "d")

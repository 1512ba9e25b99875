"""Judges that nobody here wrote: they run where Debian's packages of tools/outside.txt are, and say in a sentence what to install elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.integration.card.conftest import Reader, _shared, own_reader, reader, short_folder, specimen_chip

__all__ = ["Judge", "_shared", "own_reader", "reader", "short_folder", "specimen_chip"]

PACKAGES = (Path(__file__).parents[2] / "tools" / "outside.txt").read_text("utf-8").split()
PROGRAMS = ("opensc-tool", "pkcs15-tool", "pkcs11-tool", "pcsc_scan", "openssl", "xmlsec1", "pdfsig", "pcscd")
MODULE_NAME = "opensc-pkcs11.so"
PATIENCE_S = 60


def _found(name: str) -> Path:
    places = [*Path("/usr/lib").glob(f"*/{name}"), *Path("/usr/lib").glob(f"*/engines-3/{name}")]
    return places[0] if places else Path(name)


PKCS11 = _found(MODULE_NAME)
ENGINE = _found("pkcs11.so")


@pytest.fixture(autouse=True)
def _judges_are_here() -> None:
    missing = [each for each in PROGRAMS if shutil.which(each, path="/usr/bin:/usr/sbin:/bin:/sbin") is None]
    missing += [str(each) for each in (PKCS11, ENGINE) if not each.exists()]
    if missing:
        pytest.skip(f"the judges are missing ({', '.join(missing)}): apt-get install {' '.join(PACKAGES)}")


class Judge:
    """Runs others' programs at our reader, in a folder."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader, self.folder = reader, folder

    def run(self, *command: str, stdin: str | None = None, status: int | None = 0) -> str:
        """What a program prints. ``status`` is what it must end with, None for any."""
        ended = subprocess.run(
            command,
            cwd=self.folder,
            env=self.reader.environment(),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            check=False,
            text=True,
        )
        assert status is None or ended.returncode == status, f"{' '.join(command)}\n{ended.stdout}"
        return ended.stdout

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def certificate(self, identifier: str, slot: str, *login: str) -> Path:
        """The certificate ``identifier`` in PEM."""
        read = ("--read-object", "--type", "cert", "--id", identifier, "-o", f"{identifier}.der")
        self.run("pkcs11-tool", "--slot-index", slot, *login, *read)
        pem = self.folder / f"{identifier}.pem"
        self.run("openssl", "x509", "-inform", "der", "-in", f"{identifier}.der", "-out", str(pem))
        return pem


@pytest.fixture
def judge(reader: Reader, tmp_path: Path) -> Judge:
    return Judge(reader, tmp_path)

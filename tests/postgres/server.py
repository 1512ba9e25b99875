"""A real PostgreSQL server for the tests: the machine's own binaries, a folder and a socket of its own, no port.

The server refuses to run as root; a test run that is root hands it to the system's ``postgres`` user.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INSTALLED = Path("/usr/lib/postgresql")
MISSING = "PostgreSQL's binaries are not installed: apt-get install postgresql"


def binaries() -> Path | None:
    """The newest installed version's folder of programs."""
    versions = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class PostgresServer:
    """One server, which a test may kill and start again. ``address`` is what a party is given."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path is at most 107 bytes
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        self._run(
            "initdb", "--pgdata", str(self._rows), "--auth=trust", "--username=warifu", "--no-sync", "--encoding=UTF8"
        )
        self.start()

    @property
    def _rows(self) -> Path:
        return self._folder / "rows"

    @property
    def address(self) -> str:
        """Where its database is."""
        return f"postgresql://warifu@/postgres?host={self._folder}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        said = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}' -c shared_buffers=16MB"
        log = str(self._folder / "log")
        self._run("pg_ctl", "--pgdata", str(self._rows), "--options", said, "--log", log, "--wait", "start")

    @contextmanager
    def stopped(self, backend: int) -> Iterator[None]:
        """Within it one of the server's processes does nothing, and nobody is told."""
        os.kill(backend, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(backend, signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would: the first process and, with it, all others, at once."""
        number = int((self._rows / "postmaster.pid").read_text().split()[0])
        os.kill(number, signal.SIGKILL)
        self._run("pg_ctl", "--pgdata", str(self._rows), "--mode", "immediate", "stop", check=False)

    def remove(self) -> None:
        """End it, and leave nothing."""
        self._run("pg_ctl", "--pgdata", str(self._rows), "--mode", "immediate", "stop", check=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, str(self._programs / program), *arguments],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout or (self._folder / 'log').read_text()}")

"""One party's process: the command that runs it, its ready line, its end.

Decides when a party that was started serves (the one line it writes) and what its log says when it does not. Whether one
that died is started again, it does not decide (``warifu_kit.network.network``).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from warifu.errors import Reason, WarifuError
from warifu.pki import keep_private
from warifu_kit.network.nursery import Child, Nursery

__all__ = ["STOP_SECONDS", "PartyProcess", "party_command"]

STOP_SECONDS = 4.0
"""How long a party that is asked to stop may take before it is ended by force."""

PARTY_ENTRY = "warifu_kit.network.party_entry"

_ENTRY_WORDS = 4
"""Words of the command before those that a person would type."""

_READY_SECONDS = 30.0
_NAMED_BY_ROLE = frozenset({"hub", "authority", "jpki", "verifier", "witness"})


def party_command(party: str, folder: Path, options: Sequence[str]) -> list[str]:
    """The command that runs one party: the words that a person would type after ``warifu``, without the command line.

    With ``-P`` nothing is imported from the folder in which it is started, which is somebody else's: a ``select.py`` there
    would be taken for Python's.
    """
    words = [party] if party in _NAMED_BY_ROLE else ["agency", party]
    return [
        sys.executable,
        "-P",
        "-m",
        PARTY_ENTRY,
        *words,
        "--dir",
        str(folder),
        *options,
        "--stop-with-parent",
    ]


class PartyProcess:
    """One party's process. Its log goes to ``party.log`` in its folder.

    ``amiss`` is why it does not do its work though it is ready, as it said when it was; empty when nothing is.
    """

    def __init__(self, party: str, folder: Path, command: list[str], nursery: Nursery | None = None) -> None:
        """With a ``nursery``, that starts it, unless ``command`` is another than the one of :func:`party_command`."""
        self.party = party
        self.endpoint = ""
        self.amiss = ""
        self.is_ready = False
        self.hub_reached = True
        """False once the party said that it takes calls and has not found the hub: nothing goes through there."""
        self.log_path = folder / "party.log"
        self._command = command
        self._nursery = nursery
        self._process: Child | None = None

    @property
    def pid(self) -> int:
        """The process id of the running process."""
        if self._process is None:
            raise WarifuError(Reason.INTERNAL, where=f"{self.party} is not started")
        return self._process.pid

    def start(self) -> None:
        """Start the process; :meth:`wait_ready` says when it serves.

        Raises: PARTY_NOT_STARTED when its log cannot be written or the system starts no process.
        """
        self.is_ready = False
        try:
            keep_private(self.log_path)
            with self.log_path.open("ab") as log:
                self._process = self._begun(log)
        except OSError as error:
            why = f"{error.filename or 'process'}: {error.strerror}"
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=f"{self.party} did not start: {why}") from error

    def _begun(self, log: IO[bytes]) -> Child:
        entry = party_command(self.party, self.log_path.parent, [])[:_ENTRY_WORDS]
        if self._nursery is not None and self._command[:_ENTRY_WORDS] == entry:
            return self._nursery.start(self._command[_ENTRY_WORDS:], log)
        return subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    def wait_ready(self) -> str:
        """Wait for the ready line; the endpoint in it. Raises: PARTY_NOT_STARTED, with the log's last words."""
        process = self._process
        if process is None or process.stdout is None:
            raise WarifuError(Reason.INTERNAL, where=f"{self.party} is not started")
        told = _ready_line(_first_line(process.stdout, _READY_SECONDS))
        if told is None:
            process.kill()
            self.wait_stopped(STOP_SECONDS)
            raise WarifuError(Reason.PARTY_NOT_STARTED, where=f"{self.party} did not start: {self._last_words()}")
        self.hub_reached = told.get("hub_reached") is not False
        self.amiss = str(told.get("amiss") or "")
        self.endpoint, self.is_ready = told["endpoint"], True
        return self.endpoint

    def restart(self, command: list[str]) -> None:
        """Start again, by ``command``, and wait until it is ready. Raises: PARTY_NOT_STARTED."""
        self.wait_stopped(STOP_SECONDS)
        self._command = command
        self.start()
        self.wait_ready()

    def exit_status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it still runs."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)

    def has_stopped_within(self, seconds: float) -> bool:
        """Whether it ends by itself within ``seconds``, or never started."""
        try:
            return self._process is None or self._process.wait(seconds) is not None
        except subprocess.TimeoutExpired:
            return False

    def wait_stopped(self, seconds: float) -> int | None:
        """Wait for the end, and end it by force after ``seconds``; the exit status, None if it never started."""
        if self._process is None:
            return None
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status

    def _last_words(self) -> str:
        try:
            lines = self.log_path.read_text("utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return _readable(lines[-1]) if lines else f"see {self.log_path}"


def _readable(line: str) -> str:
    """A log line's reason and place, where it has them; else the line as it is."""
    try:
        told = json.loads(line)
        return " ".join(told[name] for name in ("reason", "where", "debug") if told.get(name)) or line
    except (ValueError, TypeError, AttributeError):
        return line


def _first_line(stream: IO[str], seconds: float) -> str:
    """The first line of ``stream``, empty if it ends or takes longer than ``seconds``."""
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(seconds)
    return lines[0] if lines else ""


def _ready_line(line: str) -> dict[str, Any] | None:
    """What a ready line tells, at least an endpoint; None when it is none."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) and isinstance(told.get("endpoint"), str) else None

"""``witness.vkey``: the public keys of the witnesses that a network's log has, one on each line.

Decides how the file is read. It stands beside ``log.vkey`` in the network's folder, for whoever verifies the log, and in the
hub's, which takes cosignatures of these witnesses and of no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.pki import write_public_file
from warifu.saved_text import without_mark
from warifu.tlog.cosignature import Witness

__all__ = ["WITNESS_FILE", "WITNESS_KEY", "read_witnesses", "witness_name", "witnesses_in", "write_witnesses"]

WITNESS_FILE = "witness.vkey"
WITNESS_KEY = "witness.key"
"""The secret of a witness in its own folder."""

_MOST = 64
_LARGEST = 64 * 1024


def witness_name(network: str, institution: InstitutionCode) -> str:
    """The name under which an institution of a network cosigns."""
    return f"warifu.test/{network}/witness/{institution}"


def witnesses_in(text: str, where: str = WITNESS_FILE) -> tuple[Witness, ...]:
    """The witnesses in ``text``, one on each line that is not empty. Raises: KEY_INVALID, at the line."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    found = tuple(Witness.parse(line, where=f"{where} line {number}") for number, line in lines)
    if len(found) > _MOST or len({each.public_key for each in found}) != len(found):
        raise WarifuError(Reason.KEY_INVALID, where=f"{where}: a key twice, or more than {_MOST}")
    return found


def read_witnesses(folder: Path) -> tuple[Witness, ...]:
    """The witnesses of the file in ``folder``; none when there is no such file. Raises: KEY_INVALID."""
    try:
        content = (folder / WITNESS_FILE).read_bytes()[:_LARGEST]
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise WarifuError(Reason.KEY_INVALID, where=WITNESS_FILE, debug=type(error).__name__) from error
    return witnesses_in(without_mark(content).decode("utf-8", errors="replace"))


def write_witnesses(folder: Path, witnesses: Iterable[Witness]) -> None:
    """Write the file in ``folder``. Raises: OSError."""
    write_public_file(folder / WITNESS_FILE, "".join(f"{each.vkey}\n" for each in witnesses).encode())

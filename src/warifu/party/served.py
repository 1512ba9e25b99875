"""What a party's folder remembers of the last time it served: where it listened, and that it had a database.

Decides, when a party starts, whether it is the one that served from this folder before: at the same endpoint, with what
it had written. The evidence is one small file, ``served.json``, written when the party serves, so that a new party is no
alarm and one that lost its database is. Holds nothing else; what is in a database, it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from warifu.party.alarms import AlarmKind, Alarms
from warifu.pki import write_public_file
from warifu.rpc.logging import get_logger

__all__ = ["SERVED_FILE", "Served", "note_serving", "what_differs"]

SERVED_FILE = "served.json"
"""In a party's folder. Whoever removes it says that the party begins anew: what was amiss by it is well again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where a party last listened (host:port), and whether it went on with an empty database in place of a lost one."""

    endpoint: str
    started_empty: bool


def what_differs(before: Served | None, endpoint: str, *, began_empty: bool) -> Iterator[tuple[AlarmKind, str]]:
    """What is amiss with a party that serves at ``endpoint`` now, and why, given what its folder remembers.

    ``began_empty`` says whether its database was empty when it was opened. A party without a past is always well.
    """
    if before is None:
        return
    if before.endpoint != endpoint:
        yield AlarmKind.LISTENER_MOVED, f"{endpoint}: it was {before.endpoint} when the party last ran"
    if began_empty or before.started_empty:
        text = f"its database was lost: restore it, or remove {SERVED_FILE} to go on without what it held"
        yield AlarmKind.STARTED_EMPTY, text


def note_serving(alarms: Alarms, endpoint: str, *, began_empty: bool) -> None:
    """Begin the alarms that :func:`what_differs` finds, and have the folder remember how the party serves now."""
    before = _read(alarms.folder / SERVED_FILE)
    for kind, where in what_differs(before, endpoint, began_empty=began_empty):
        alarms.begin(kind, where)
    now = Served(endpoint=endpoint, started_empty=before is not None and (began_empty or before.started_empty))
    if now == before:
        return
    try:
        write_public_file(alarms.folder / SERVED_FILE, (json.dumps(asdict(now)) + "\n").encode())
    except OSError as error:  # a party may live in a folder it must not write; then it cannot remember
        get_logger("party").warning("served_not_noted", error=type(error).__name__)


def _read(path: Path) -> Served | None:
    """What the file says; None for none and for one that says nothing."""
    with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
        told = json.loads(path.read_bytes())
        return Served(endpoint=str(told["endpoint"]), started_empty=told["started_empty"] is True)
    return None

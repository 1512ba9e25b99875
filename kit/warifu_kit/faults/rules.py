"""Faults that somebody asked of a party: at the next calls of one RPC, or at one exchange; and that it draw none for a while.

Decides that rules lie in the party's own folder, in a file that only its owner reads and writes: whoever may change a party's
files may ask for faults, and nobody over the network. A number is never given twice, so that a ledger always says which rule it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.pki import write_private_file
from warifu_kit.faults.kinds import parse_chain
from warifu_kit.faults.rule import Rule

__all__ = ["RULES_FILE", "WatchedRules", "add_rule", "clear_rules", "read_rules", "set_calm"]

RULES_FILE = "faults.rules.json"
"""In the folder of a party that takes faults."""

_LOCK_FILE = "faults.rules.lock"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the file says. ``next`` is the number of the next rule."""

    next: int = 1
    rules: tuple[Rule, ...] = ()
    calm: bool = False


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """The rules in a party's folder; none where nobody asked for any. Raises: CONFIG_INVALID, OSError."""
    return _read(folder).rules


def add_rule(folder: Path, *, rpc: str, faults: str, times: int = 1, exchange: str = "") -> Rule:
    """Ask a party for faults. Raises: CONFIG_INVALID, OSError."""
    with _changing(folder):
        asked = _read(folder)
        rule = Rule(number=asked.next, rpc=rpc, faults=faults, times=times, exchange=exchange)
        _write(folder, replace(asked, next=asked.next + 1, rules=(*asked.rules, rule)))
    return rule


def clear_rules(folder: Path) -> int:
    """Take back everything that was asked of a party; how many rules that were. Raises: CONFIG_INVALID, OSError."""
    with _changing(folder):
        asked = _read(folder)
        if asked.rules:
            _write(folder, replace(asked, rules=()))
    return len(asked.rules)


def set_calm(folder: Path, calm: bool) -> None:
    """Have a party draw no faults from the next call on, or draw them again. Raises: CONFIG_INVALID, OSError."""
    with _changing(folder):
        asked = _read(folder)
        if asked.calm is not calm:
            _write(folder, replace(asked, calm=calm))


class WatchedRules:
    """The rules of one party, read again whenever the file was replaced. One that cannot be read changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int, int] | None = None
        self._asked = _Asked()

    @property
    def calm(self) -> bool:
        """Whether none are drawn now, as of :meth:`current`."""
        return self._asked.calm

    def current(self) -> tuple[Rule, ...]:
        """The rules as they are now; looked at for every call, so that the next one goes by what was just asked for."""
        seen = self._fingerprint()
        if seen != self._seen:
            with suppress(WarifuError, OSError):
                self._asked = _read(self._folder)
            self._seen = seen
        return self._asked.rules

    def _fingerprint(self) -> tuple[int, int, int] | None:
        try:
            found = (self._folder / RULES_FILE).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    with claim(folder / _LOCK_FILE, wait=True):
        yield


def _read(folder: Path) -> _Asked:
    path = folder / RULES_FILE
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return _Asked()
    except ValueError:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: not JSON") from None
    try:
        rules = tuple(_rule(each) for each in told["rules"])
        return _Asked(int(told["next"]), rules, bool(told["calm"]))
    except (KeyError, TypeError, ValueError) as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {error}") from None


def _rule(told: dict[str, Any]) -> Rule:
    rule = Rule(**told)
    parse_chain(rule.faults)
    return rule


def _write(folder: Path, asked: _Asked) -> None:
    write_private_file(folder / RULES_FILE, json.dumps(asdict(asked), indent=1).encode())

"""Faults that somebody asked of a party: at the next calls of one RPC, or at one exchange.

Decides that rules lie in the party's own folder, in a file that only its owner reads and writes: whoever may change a party's
files may ask for faults, and nobody over the network. A number is never given twice, so that a ledger always says which rule it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from warifu.errors import Reason, WarifuError
from warifu.party.claim import claim
from warifu.pki import write_private_file
from warifu_kit.faults.kinds import parse_chain
from warifu_kit.faults.rule import Rule

__all__ = ["RULES_FILE", "WatchedRules", "add_rule", "clear_rules", "read_rules"]

RULES_FILE = "faults.rules.json"
"""In the folder of a party that takes faults."""

_LOCK_FILE = "faults.rules.lock"


def read_rules(folder: Path) -> tuple[Rule, ...]:
    """The rules in a party's folder; none where nobody asked for any. Raises: CONFIG_INVALID, OSError."""
    return _read(folder)[1]


def add_rule(folder: Path, *, rpc: str, faults: str, times: int = 1, exchange: str = "") -> Rule:
    """Ask a party for faults. Raises: CONFIG_INVALID, OSError."""
    with _changing(folder):
        number, rules = _read(folder)
        rule = Rule(number=number, rpc=rpc, faults=faults, times=times, exchange=exchange)
        _write(folder, number + 1, (*rules, rule))
    return rule


def clear_rules(folder: Path) -> int:
    """Take back everything that was asked of a party; how many rules that were. Raises: CONFIG_INVALID, OSError."""
    with _changing(folder):
        number, rules = _read(folder)
        if rules:
            _write(folder, number, ())
    return len(rules)


class WatchedRules:
    """The rules of one party, read again whenever the file was replaced. One that cannot be read changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: tuple[int, int, int] | None = None
        self._rules: tuple[Rule, ...] = ()

    def current(self) -> tuple[Rule, ...]:
        """The rules as they are now; looked at for every call, so that the next one goes by what was just asked for."""
        seen = self._fingerprint()
        if seen != self._seen:
            with suppress(WarifuError, OSError):
                self._rules = read_rules(self._folder)
            self._seen = seen
        return self._rules

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


def _read(folder: Path) -> tuple[int, tuple[Rule, ...]]:
    """The next rule's number, and the rules."""
    path = folder / RULES_FILE
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return 1, ()
    except ValueError:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: not JSON") from None
    try:
        rules = tuple(_rule(each) for each in told["rules"])
        return int(told["next"]), rules
    except (KeyError, TypeError, ValueError) as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: {error}") from None


def _rule(told: dict[str, Any]) -> Rule:
    rule = Rule(**told)
    parse_chain(rule.faults)
    return rule


def _write(folder: Path, next_number: int, rules: Iterable[Rule]) -> None:
    told = {"next": next_number, "rules": [asdict(rule) for rule in rules]}
    write_private_file(folder / RULES_FILE, json.dumps(told, indent=1).encode())

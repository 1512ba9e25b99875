"""What a network's folder holds of faults: what the network goes by while it is up, and each party's rules and ledger.

Decides that every start begins anew: rules of the time before would surprise, and a ledger tells of one seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.pki import write_public_file
from warifu_kit.faults.ledger import LEDGER_FILE
from warifu_kit.faults.rules import RULES_FILE
from warifu_kit.faults.settings import SETTINGS_FILE, FaultSettings

__all__ = ["begin_faults", "end_faults", "faults_in_force"]


def begin_faults(network: Path, parties: Iterable[str], settings: FaultSettings | None) -> None:
    """A network begins, with faults or without. Raises: OSError."""
    end_faults(network)
    if settings is None:
        return
    for party in parties:
        for name in (LEDGER_FILE, RULES_FILE):
            (network / party / name).unlink(missing_ok=True)
    write_public_file(network / SETTINGS_FILE, f"{settings.to_json()}\n".encode())


def end_faults(network: Path) -> None:
    """A network ends; its ledgers stay. Raises: OSError."""
    (network / SETTINGS_FILE).unlink(missing_ok=True)


def faults_in_force(network: Path) -> FaultSettings:
    """What a network that is up goes by. Raises: CONFIG_INVALID when its parties take no faults."""
    path = network / SETTINGS_FILE
    try:
        return FaultSettings.from_json(path.read_text("utf-8"), where=str(path))
    except OSError:
        why = "its parties take no faults; `warifu up` starts parties that do"
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{network}: {why}") from None

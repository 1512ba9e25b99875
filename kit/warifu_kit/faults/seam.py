"""What the kit hands to a party that it starts, so that it takes faults: interceptors and a clock.

The party is the same code as ever: it takes any interceptors and any clock, and does not know what these are for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from warifu.clock import Clock, SystemClock
from warifu_kit.faults.clock import SkewedClock
from warifu_kit.faults.party import PartyFaults
from warifu_kit.faults.settings import FaultSettings
from warifu_kit.faults.wire.calling import faulty_calls
from warifu_kit.faults.wire.interceptor import FaultyServer

__all__ = ["seam"]


def seam(party: str, folder: Path, settings: str, clock: Clock | None = None) -> dict[str, Any]:
    """The arguments of ``run_hub`` and its like for a party called ``party``, by ``settings`` as JSON.

    ``clock`` is the machine's unless given. Raises: CONFIG_INVALID; OSError when the ledger cannot be written.
    """
    faults = PartyFaults(party, folder, FaultSettings.from_json(settings))
    return {
        "server_interceptors": [FaultyServer(faults)],
        "channel_interceptors": faulty_calls(faults),
        "clock": SkewedClock(clock or SystemClock()),
    }

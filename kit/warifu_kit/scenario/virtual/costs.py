"""What an exchange costs at each of its visits, as measured on some machine.

Decides what a calibration holds and how long a visit takes of it: a part that each exchange needs for itself, and a part that
those share who are served together, as signatures, disk syncs and messages are shared (ADR 13, 14). Beside a processor's time
there is waiting that holds none: for a disk, for a line. It measures nothing (``virtual.calibrating``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from warifu.errors import Reason, WarifuError

__all__ = ["SHIPPED", "TOGETHER", "VISITS", "Calibration", "Visit", "load_calibration"]

VISITS: Final = ("inquirer_asks", "hub_permits", "provider_answers", "hub_relays", "inquirer_opens")
"""The five times that an exchange is served, in order: twice by the inquirer's node and by the hub, once by the provider's."""

TOGETHER: Final = 32
"""The most exchanges that share what can be shared."""

SHIPPED: Final = Path(__file__).with_name("calibration.json")
"""A calibration that comes with warifu: of the machine that it names, and of no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit: microseconds of a processor for each exchange and shared, milliseconds of waiting, spread of the former.

    ``variation`` is the coefficient of variation of the processor's time, which is lognormal.
    """

    each_us: float
    shared_us: float
    disk_ms: float
    variation: float

    def seconds(self, waiting: int) -> float:
        """Of a processor, on average, when ``waiting`` others wait to be served next."""
        return (self.each_us + self.shared_us / min(waiting + 1, TOGETHER)) / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """``line_ms`` is one way between two parties; ``sequencer_us`` what ordering one exchange costs whoever owns the log."""

    machine: Mapping[str, Any]
    network: Mapping[str, Any]
    visits: Mapping[str, Visit]
    line_ms: float
    sequencer_us: float
    hub_bytes: float
    log_bytes: float
    process_mb: float

    def as_json(self) -> str:
        """As it lies in a file."""
        told = {"SIMULATED": "costs of a SIMULATED network, measured on the machine named here and true of no other"}
        return json.dumps(told | asdict(self), indent=1, ensure_ascii=False) + "\n"


def load_calibration(path: Path | None = None) -> Calibration:
    """The calibration in ``path``; the shipped one for None. Raises: CONFIG_INVALID."""
    path = path or SHIPPED
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
        told.pop("SIMULATED")
        visits = {name: Visit(**told["visits"][name]) for name in VISITS}
        return Calibration(**(told | {"visits": visits}))
    except OSError as error:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{path}: is no calibration of warifu") from None

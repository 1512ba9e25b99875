"""What an exchange costs: for each kind of work, how often each needs it, and how often all that go in step need it once.

docs/performance.md shows these numbers; a test holds page and tables together.
"""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["BYTES_ON_DISK", "PROOF", "UNPROVEN", "Costs"]

Costs: TypeAlias = dict[str, dict[str, tuple[int, int]]]

UNPROVEN: Costs = {
    "inquirer": {
        "multiply": (1, 0),
        "base_multiply": (2, 0),
        "add": (1, 0),
        "sign": (0, 1),
        "verify": (0, 1),
        "hpke_set_up": (0, 2),
        "box": (2, 0),
        "x25519": (0, 2),
        "x25519_base": (0, 2),
        "at_rest": (2, 0),
        "from_rest": (1, 0),
    },
    "hub": {
        "multiply": (4, 0),
        "base_multiply": (2, 0),
        "add": (2, 0),
        "subtract": (1, 0),
        "sign": (0, 1),
        "verify": (0, 2),
    },
    "provider": {
        "multiply": (1, 0),
        "subtract": (1, 0),
        "validate": (1, 0),
        "sign": (0, 1),
        "verify": (0, 2),
        "hpke_set_up": (0, 2),
        "box": (2, 0),
        "x25519": (0, 2),
        "x25519_base": (0, 1),
    },
    "messages": {"to hub": (0, 1), "from hub": (0, 1), "to provider": (0, 1), "from provider": (0, 1)},
    "disk": {
        "inquirer records": (2, 0),
        "inquirer syncs": (0, 2),
        "hub records": (2, 0),
        "hub syncs": (0, 2),
        "provider records": (1, 0),
        "provider syncs": (0, 1),
    },
}
"""Each exchange, and all in step, where conversions are not proven. The streams are open: no RPC is begun. A box is sealed or opened."""

PROOF: Costs = {
    "hub": {"multiply": (3, 2), "base_multiply": (1, 1), "add": (2, 0), "subtract": (0, 1)},
    "provider": {"multiply": (4, 3), "base_multiply": (2, 1), "add": (2, 0), "subtract": (2, 2), "validate": (-1, 0)},
}
"""What the proof of a conversion adds. Its check multiplies what is opened, and so has seen that it is in the group."""

BYTES_ON_DISK = {"hub": 1600, "inquirer": 600, "provider": 2000}
"""What an exchange leaves in each party's database file, with its indexes."""

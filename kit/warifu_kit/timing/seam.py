"""What the kit hands to a party that it starts, so that it tells its times: more interceptors, inside those of faults."""

from __future__ import annotations

from typing import Any

from warifu_kit.timing.wire.calling import TimedCalls
from warifu_kit.timing.wire.serving import TimingServer

__all__ = ["timed_too"]


def timed_too(handed: dict[str, Any], party: str) -> dict[str, Any]:
    """The arguments of ``run_hub`` and its like, with what makes ``party`` tell its times. Nobody times an authority."""
    if party == "authority":
        return handed
    role = "hub" if party == "hub" else "agency"
    return {
        **handed,
        "server_interceptors": [*handed.get("server_interceptors", ()), TimingServer(role)],
        "channel_interceptors": [*handed.get("channel_interceptors", ()), TimedCalls()],
    }

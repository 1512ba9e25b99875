"""What the kit hands to a party that it starts, so that it can be recorded: more interceptors, beside those of faults.

Decides that they lie inside those: what is noted is what the party itself was asked and said, and what its business system
was asked and said, not what faults made of it for others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from warifu_kit.recording.order import Recorder
from warifu_kit.recording.wire.calling import recording_calls
from warifu_kit.recording.wire.serving import RecordingServer

__all__ = ["recorded_too"]


def recorded_too(handed: dict[str, Any], party: str, folder: Path) -> dict[str, Any]:
    """The arguments of ``run_hub`` and its like, with what records the party in ``folder``."""
    role = party if party in ("hub", "authority") else "agency"
    recorder = Recorder(party, role, folder)
    return {
        **handed,
        "server_interceptors": [*handed["server_interceptors"], RecordingServer(recorder)],
        "channel_interceptors": [*handed["channel_interceptors"], *recording_calls(recorder)],
    }

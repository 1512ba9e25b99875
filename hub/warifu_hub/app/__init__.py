"""The hub as one process: what it is made from, what it does beside answering, how it starts and ends."""

from warifu_hub.app.construction import Hub, build_hub
from warifu_hub.app.running import run_hub

__all__ = ["Hub", "build_hub", "run_hub"]

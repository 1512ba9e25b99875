"""The hub's processes: what it is made from, what it does beside answering, how it starts and ends."""

from warifu_hub.app.construction import Hub, build_hub
from warifu_hub.app.running import run_hub
from warifu_hub.app.starting import start_hub

__all__ = ["Hub", "build_hub", "run_hub", "start_hub"]

"""Serving as the business system behind an agency's node, in Python and as a program of its own.

The same :class:`warifu.agency.Agency` answers here that a node would load by its entry point. It knows no code, no My Number
and nobody but its own node. ``servicer`` has the service for those who have an event loop of their own.
"""

from __future__ import annotations

from warifu.adapter.folder import AdapterFolder, AdapterSettings
from warifu.adapter.running import run_adapter

__all__ = ["AdapterFolder", "AdapterSettings", "run_adapter"]

"""An adapter's process, from its start to its end.

gRPC looks at the environment once, when it is loaded; what it must not find there is taken out by ``warifu.party.process``. So
this module is imported before gRPC, and what serves is loaded when it is needed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from warifu.adapter.folder import AdapterFolder
from warifu.agency import Agency
from warifu.party.process import announce_ready, run_party, serve_until

__all__ = ["run_adapter"]


def run_adapter(agency: Agency, folder: Path, *, listen: str) -> int:
    """Serve ``agency`` as the business system whose folder this is, until the process is asked to stop; the exit status.

    ``listen`` is host:port; port 0 takes a free one, which the one line on standard output tells.
    """
    return run_party(lambda stop: _serve(stop, agency, folder, listen), party="adapter", log_level="warning")


async def _serve(stop: asyncio.Event, agency: Agency, path: Path, listen: str) -> None:
    from warifu.adapter.servicer import build_adapter

    server, endpoint = build_adapter(agency, AdapterFolder(path), listen=listen)
    await server.start()
    announce_ready(party="adapter", endpoint=endpoint)
    await serve_until(stop, server)

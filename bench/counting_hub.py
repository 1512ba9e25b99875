"""The production hub, which also says how many durable writes shared how many disk syncs.

    python bench/counting_hub.py --dir NET/hub --listen HOST:PORT

Nothing in the hub is replaced, but that with ``--unary`` it asks every provider one RPC at a time. On SIGUSR1 the counters that its database keeps anyway are written to
``NET/hub/counters.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

from warifu.party.process import run_party
from warifu_hub.app import Hub, build_hub, construction, run_hub, running
from warifu_hub.providers import GrpcProviders
from warifu_hub.store_database import DatabaseHubStore

COUNTERS = "counters.json"


async def _run(stop: asyncio.Event, path: Path, listen: str | None, *, unary: bool) -> None:
    if unary:
        vars(construction)["GrpcProviders"] = partial(GrpcProviders, streamed=False)

    def build_counted(*arguments: Any, **options: Any) -> Hub:
        hub = build_hub(*arguments, **options)
        store = hub.store
        assert isinstance(store, DatabaseHubStore)

        def tell() -> None:
            counted = {"syncs": store.database.groups_committed, "records": store.database.mutations_committed}
            unfinished = path / f"{COUNTERS}.new"
            unfinished.write_text(json.dumps(counted), "ascii")
            unfinished.replace(path / COUNTERS)

        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
        return hub

    vars(running)["build_hub"] = build_counted
    await run_hub(stop, path, listen=listen)


def main() -> int:
    """Run the hub until it is told to stop."""
    parser = argparse.ArgumentParser(description="The hub, with its counters told on SIGUSR1.")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--listen")
    parser.add_argument("--unary", action="store_true")
    parser.add_argument("--stop-with-parent", action="store_true")
    told = parser.parse_args()
    return run_party(
        lambda stop: _run(stop, told.dir, told.listen, unary=told.unary),
        party="hub",
        log_level="warning",
        stop_with_parent=told.stop_with_parent,
    )


if __name__ == "__main__":
    sys.exit(main())

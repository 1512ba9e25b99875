"""One party as a process: how it starts, says that it is ready, and stops."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from warifu.rpc.channel import secure_channel, wait_until_serving

Process = asyncio.subprocess.Process
Start = Callable[..., Awaitable[Process]]

# A hub with nothing but health behind it; argv: folder with its files, and words that change what it does.
PARTY = """
import asyncio, os, sys
from pathlib import Path
from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles
from warifu.party.process import announce_ready, run_party, serve_until
from warifu.rpc.server import build_server

folder, words = Path(sys.argv[1]), sys.argv[2:]

async def main(stop):
    if "refuse" in words:
        raise WarifuError(Reason.CONFIG_INVALID, where="hub.yaml:3 listen", debug="no such address")
    if "fail" in words:
        raise ValueError("SECRET")
    files = CredentialFiles(folder / "hub.pem", folder / "hub.key")
    root = (folder / "root.pem").read_bytes()
    server, port = build_server(credential=files, root_pem=root, access={}, services=[], revoked=frozenset)
    await server.start()
    announce_ready(party="hub", endpoint=f"127.0.0.1:{port}")
    if "tell" in words:
        print(os.sched_getscheduler(0) == os.SCHED_BATCH, type(asyncio.get_running_loop()).__module__, flush=True)
    await serve_until(stop, server, grace_s=0.2)

sys.exit(run_party(main, party="hub", log_level="info", stop_with_parent="orphan" in words))
"""
# Starts the process whose arguments it is given, with its own streams, and waits; it is killed meanwhile.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"

# argv: what to import first. What gRPC's core is made to do here, it would write two lines about.
CORE = """
import importlib, sys
importlib.import_module(sys.argv[1])
import grpc
channel = grpc.secure_channel("127.0.0.1:1", grpc.ssl_channel_credentials(b"no certificate"))
try:
    channel.unary_unary("/a/b")(b"", timeout=5)
except grpc.RpcError:
    pass
"""


@pytest.fixture
async def start(wire: Any, tmp_path: Path) -> AsyncIterator[Start]:
    wire.root.save(tmp_path)
    wire.hub.save(tmp_path / "hub.pem", tmp_path / "hub.key")
    started: list[Process] = []

    async def start(*words: str, before: tuple[str, ...] = ()) -> Process:
        arguments = [*before, "-c", PARTY, str(tmp_path), *words]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(await asyncio.wait_for(process.stdout.readline(), 20))
    return line


async def ended(process: Process) -> tuple[str, list[dict[str, Any]]]:
    """What else it wrote to standard output, and the lines of its log."""
    out, err = await asyncio.wait_for(process.communicate(), 20)
    return out.decode(), [json.loads(line) for line in err.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_party_says_where_it_is_answers_and_stops_when_asked(
    start: Start, wire: Any, number: signal.Signals
) -> None:
    process = await start()
    line = await ready(process)
    assert (line["ready"], line["party"]) == (True, "hub")
    async with secure_channel(
        line["endpoint"], credential=wire.hub, root_pem=wire.root.cert_pem, expect=wire.hub.identity
    ) as channel:
        await wait_until_serving(channel, 10)
        health: Any = channel.unary_stream("/grpc.health.v1.Health/Watch")
        watch = health(b"")
        assert await watch.read()
        process.send_signal(number)
        with pytest.raises(grpc.aio.AioRpcError):
            await watch.read()
    out, log = await ended(process)
    assert (process.returncode, out) == (0, "")
    assert {line["event"] for line in log} == {"call_answered", "call_cancelled"}


async def test_a_party_runs_in_the_batch_class_and_on_the_fastest_loop_there_is(start: Start) -> None:
    process = await start("tell")
    await ready(process)
    assert process.stdout is not None
    batch, loop = (await process.stdout.readline()).decode().split()
    assert batch == "True"
    assert loop.partition(".")[0] in {"uvloop", "asyncio"}
    process.terminate()


async def test_a_party_that_refuses_to_start_says_why_in_one_line(start: Start) -> None:
    process = await start("refuse")
    out, (line,) = await ended(process)
    assert (process.returncode, out) == (1, "")
    assert (line["event"], line["reason"], line["where"]) == ("party_failed", "CONFIG_INVALID", "hub.yaml:3 listen")
    assert line["debug"] == "no such address"


async def test_a_party_that_fails_tells_where_but_not_what_was_said(start: Start) -> None:
    process = await start("fail")
    out, (line,) = await ended(process)
    assert (process.returncode, out) == (1, "")
    assert (line["event"], line["error"]) == ("party_failed", "ValueError")
    assert line["at"].startswith("<string>:")
    assert "SECRET" not in json.dumps(line)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent ended")
async def test_a_party_does_not_outlive_whoever_started_it(start: Start) -> None:
    parent = await start("orphan", before=("-c", PARENT))
    await ready(parent)
    parent.kill()
    out, _ = await ended(parent)  # ends only when the party, which holds the same streams, has ended too
    assert out == ""


@pytest.mark.parametrize(
    "entry",
    ["warifu.party.process", "warifu_kit.cli", "warifu_kit.blindness.tapped_hub", "warifu_kit.network.party_entry"],
)
def test_grpc_writes_no_lines_of_its_own_into_the_log(entry: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment.pop("GRPC_VERBOSITY", None)
    ended = subprocess.run(
        [sys.executable, "-c", CORE, entry], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    assert ended.stderr == ""

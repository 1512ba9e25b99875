"""``warifu log copy`` and ``warifu log verify``: the exchange log, from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warifu.printable import shell_command
from warifu_kit.commands.log_key import Wanted, WitnessKeys, key_text, read_small, wanted_witnesses
from warifu_kit.output import say, say_json

__all__ = ["app"]

app = typer.Typer(name="log", help="Copy the exchange log, and verify a copy offline.", no_args_is_help=True)

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network that is up.")]
CopyDir = Annotated[Path, typer.Argument(metavar="COPY", help="The folder of the copy.")]
Json = Annotated[bool, typer.Option("--json", help="Tell it as one line of JSON.")]


@app.command()
def copy(
    path: NetworkDir,
    out: Annotated[Path, typer.Option("--out", metavar="COPY", help="Where to write the copy.")],
    witnesses: Wanted = 0,
    witness_key: WitnessKeys = None,
    json: Json = False,
) -> None:
    """Copy the log of the network in DIR as the supervisor, in the layout of C2SP tlog-tiles.

    An earlier copy of the same log in COPY is brought up to date. With --witnesses the copy is of the newest checkpoint that
    was cosigned, a few seconds old, by witnesses of DIR/witness.vkey unless --witness-key says otherwise.

    Example: warifu log copy net --out copy

    Example: warifu log copy net --out copy --witnesses 1
    """
    import asyncio

    from warifu.client import LogClient, NetworkDescription
    from warifu.party.witness_file import WITNESS_FILE
    from warifu_kit.audit.log_copy import copy_log

    connection = NetworkDescription.load(path).to_hub()
    if witnesses and witness_key is None:
        witness_key = str(path / WITNESS_FILE)
    known = wanted_witnesses(witnesses, witness_key)

    async def copied() -> int:
        async with LogClient(connection) as log:
            return (await copy_log(log, out, witnesses=known, least_cosignatures=witnesses)).size

    size = asyncio.run(copied())
    if json:
        say_json({"entries": size, "copy": str(out), "log_verifier_key": str(path / "log.vkey")})
        return
    demanded = ["--witnesses", str(witnesses), "--witness-key", str(witness_key)] if witnesses else []
    verify_it = shell_command("warifu", "log", "verify", "--key", path / "log.vkey", *demanded, out)
    say(f"copied {size} entries to {out}; verify with: {verify_it}")


@app.command()
def verify(
    copy_path: CopyDir,
    key: Annotated[str, typer.Option("--key", metavar="FILE_OR_TEXT", help="The hub's public log key (log.vkey).")],
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="CHECKPOINT", help="A checkpoint kept from earlier, which COPY must extend."),
    ] = None,
    witnesses: Wanted = 0,
    witness_key: WitnessKeys = None,
    json: Json = False,
) -> None:
    """Verify a copy of the log offline, with the hub's public key and nothing else.

    With --witnesses also that so many witnesses cosigned it: then nobody who demands the same was shown another log. When they did is said:
    a hub can show one that was cosigned long ago.

    Exit status 0: every entry is what the checkpoint was signed over. 1: it is not, and the fault is named.

    Example: warifu log verify --key net/log.vkey copy

    Example: warifu log verify --key net/log.vkey --witnesses 1 --witness-key net/witness.vkey copy
    """
    import base64

    from warifu.tlog import verify_copy

    seen = read_small(since, "checkpoint") if since is not None else None
    known = wanted_witnesses(witnesses, witness_key)
    verified = verify_copy(copy_path, key_text(key), seen=seen, witnesses=known, least_cosignatures=witnesses)
    root = base64.b64encode(verified.root_hash).decode("ascii")
    if json:
        cosigned = [{"time": each.time, "witness": each.witness.name} for each in verified.cosignatures]
        told = {"entries": verified.size, "origin": verified.checkpoint.origin, "root_hash": root}
        say_json({**told, **({"cosigned": cosigned} if witnesses else {})})
        return
    extends = f", extends {since}" if since is not None else ""
    say(f"verified: {verified.size} entries of {verified.checkpoint.origin}, root {root}{extends}")
    for each in verified.cosignatures:
        say(f"cosigned at {_time(each.time)} by {each.witness.name}")


def _time(seconds: int) -> str:
    """For people; as it stands when a witness's clock is beyond the calendar."""
    from datetime import UTC, datetime

    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{seconds} seconds after 1970"

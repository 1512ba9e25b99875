"""``warifu record``: keep what a party is asked and says; ``warifu replay``: ask it of another build."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warifu.errors import WarifuError
from warifu.printable import shell_command
from warifu_kit.output import say, say_error, say_json

__all__ = ["record", "replay"]

_NOT_RUN = 2


def record(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network that is up.")],
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Whose calls, such as tax.")],
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Begin, into a file that is not there yet.")] = None,
    end: Annotated[bool, typer.Option("--end", help="End it.")] = False,
) -> None:
    """Record what PARTY is asked and says, and what its node asks its business system, one line of JSON a call.

    `warifu up` must have started the network. It goes on until --end, or
    until the network is started again. The file is for its owner alone: it holds
    requests and replies in full.

    Example: warifu record net tax --out tax.jsonl
    """
    from warifu_kit.recording.asking import begin_recording, end_recording

    if (out is None) == (not end):
        say("warifu: say --out FILE, or --end", err=True)
        raise typer.Exit(_NOT_RUN)
    if out is not None:
        name = begin_recording(path, party, out)
        say(
            f"SIMULATED  recording {name} into {out}; end it with: {shell_command('warifu', 'record', path, name, '--end')}"
        )
        return
    recording = end_recording(path, party)
    calls = len(recording.calls)
    say(
        f"SIMULATED  recorded {calls} call{'' if calls == 1 else 's'} of {recording.beginning.party} in {recording.path}"
    )


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `warifu record` wrote.")],
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the network, up or not.")],
    target: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where the business system listens.")],
    pace: Annotated[bool, typer.Option("--pace", help="Keep the pauses between calls as they were.")] = False,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write the result as JSON; - is the output.")
    ] = None,
) -> None:
    """Ask a business system at HOST:PORT what it was asked before, as its node, and say what it answers otherwise.

    Only what a node asked its business system can be asked again. Fields are named, and what is in them is not shown.

    Exit status 0: all the same. 1: something differs, or is not answered. 2: not
    run: wrong command line or file, or the target cannot be reached as itself. 3:
    there was nothing to compare.

    Example: warifu replay tax.jsonl net --target 127.0.0.1:7500
    """
    import asyncio
    from json import dumps

    from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck
    from warifu_kit.recording.recording_file import read_recording
    from warifu_kit.recording.replayed import as_json, replayable, summary_lines
    from warifu_kit.recording.replaying import replay as replayed

    try:
        recording = read_recording(file)
        replayable(recording)
        about = AdapterUnderCheck.of(path, recording.beginning.party, target)
        outcome = asyncio.run(replayed(recording, about, paced=pace, ended=lambda _: None))
    except WarifuError as error:
        say_error(error)
        raise typer.Exit(_NOT_RUN) from None
    if json == "-":
        say_json(as_json(outcome))
    else:
        if json is not None:
            Path(json).write_text(dumps(as_json(outcome), indent=2) + "\n", "utf-8")
        say(*summary_lines(outcome))
    raise typer.Exit(outcome.exit_status)

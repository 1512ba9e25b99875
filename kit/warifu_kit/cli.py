"""The ``warifu`` command.

Exit status: 0 it did what it says; 1 what it checked does not hold, or it failed; 2 the command line is wrong; 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import typer

from warifu.errors import Reason, WarifuError
from warifu.party.inherited import settle_process
from warifu_kit.commands import (
    audit,
    backup,
    bulk,
    card,
    certificates,
    check,
    clerk,
    clock,
    demo,
    fault,
    inspect,
    keys,
    log,
    member,
    parties,
    populate,
    protos,
    record,
    scenario,
    status,
    up,
    witness,
)
from warifu_kit.output import allow_any_terminal, say, say_error

__all__ = ["app", "main"]

_INTERRUPTED = 130

app = typer.Typer(
    name="warifu",
    help="A SIMULATED My Number information-sharing network. Never put real My Numbers in it.",
    epilog="Exit status: 0 done and holds; 1 failed or does not hold; 2 wrong command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    """Tell which release this is, and end."""
    if asked:
        from importlib.metadata import version

        say(f"warifu {version('warifu')}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell which release this is.")
    ] = False,
) -> None:
    """A SIMULATED My Number information-sharing network. Never put real My Numbers in it."""


app.command()(demo.demo)
app.command()(up.new)
app.command()(up.up)
app.command()(populate.populate)
app.command()(bulk.bulk)
app.command()(status.status)
app.command()(inspect.inspect)
app.command()(clock.clock)
app.command()(record.record)
app.command()(record.replay)
app.command()(scenario.run)
app.command()(scenario.calibrate)
app.command()(scenario.capacity)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(protos.protos)
app.command()(parties.hub)
app.command()(parties.authority)
app.command()(parties.agency)
app.command()(parties.jpki)
app.command()(parties.verifier)
app.command()(witness.witness)
app.add_typer(log.app)
app.add_typer(audit.app)
app.add_typer(clerk.app)
app.add_typer(certificates.app)
app.add_typer(member.app)
app.add_typer(keys.app)
app.add_typer(fault.app)
app.add_typer(check.app)
app.add_typer(card.app)


def main() -> None:
    """Run the command line; a catalogued error, or one of the disk, ends it with one sentence and status 1.

    Ctrl-C ends it with the status of a program that was interrupted, and no other word than the command's own.
    """
    try:
        allow_any_terminal()
        settle_process()
        app()
    except KeyboardInterrupt:  # before the command line was read, or after it was through
        sys.exit(_INTERRUPTED)
    except WarifuError as error:
        ended = error
    except OSError as error:
        ended = WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename or 'output'}: {error.strerror}")
    else:
        return
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing is left to do but to go
    say_error(ended)
    sys.exit(1)


if __name__ == "__main__":
    main()

"""``warifu audit``: what others kept, judged by somebody who holds no key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from warifu.errors import Reason, WarifuError
from warifu_kit.output import say, say_json

__all__ = ["app"]

app = typer.Typer(name="audit", help="Judge what nodes kept, without any key.", no_args_is_help=True)

EvidenceFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file from a node's folder evidence.")]
RootFile = Annotated[
    Path, typer.Option("--root", metavar="FILE", help="The certificate of the network's root (root.pem).")
]
Json = Annotated[bool, typer.Option("--json", help="Tell it as one line of JSON.")]


@app.command()
def evidence(path: EvidenceFile, root: RootFile, json: Json = False) -> None:
    """Say whether a permit that a node kept convicts the hub: it signed a conversion that it did not prove.

    Exit status 0: it does. 1: the proof holds, or it is not the hub's permit, and nothing is shown.

    Example: warifu audit evidence net/tax/evidence/20261128000000000000.json --root net/hub/root.pem
    """
    from warifu.exchange.evidence import Evidence, convicts

    found = Evidence.from_json(_read(path), where=str(path))
    shown = convicts(found, _read(root))
    number = found.permit.processing_number
    if json:
        say_json({"convicts": shown, "processing_number": number})
    elif shown:
        say(
            f"SIMULATED. {number}: the hub signed this permit, and did not prove that it converted the inquirer's code."
        )
    else:
        say(f"SIMULATED. {number}: the proof holds; nothing is shown.")
    if not shown:
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WarifuError(Reason.FILE_INVALID, where=str(path), debug=type(error).__name__) from None

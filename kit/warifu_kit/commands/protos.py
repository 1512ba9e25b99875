"""``warifu protos``: the contract's ``.proto`` files, for whoever generates code in another language from an installed warifu.

Decides where they come from: beside this package where a wheel was installed, else from the tree that it runs from.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from warifu.errors import Reason, WarifuError
from warifu_kit.output import say

__all__ = ["protos"]

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "protos", _PACKAGE.parents[1] / "protos")


def protos(
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder that is not there yet.")],
) -> None:
    """Write the contract's .proto files into DIR, to generate code from in any language.

    Example: warifu protos --out protos
    """
    if out.exists():
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{out}: is there already")
    shutil.copytree(next(place for place in _PLACES if place.is_dir()), out)
    count = len(list(out.rglob("*.proto")))
    say(f"{count} files in {out}; they import each other from there, and nothing else but google/protobuf")

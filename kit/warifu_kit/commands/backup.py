"""``warifu backup`` and ``warifu restore``: a network's whole state to a folder, and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warifu.printable import shell_command
from warifu_kit.output import Terminal, say, say_json

if TYPE_CHECKING:
    from warifu_kit.backup.manifest import Manifest

__all__ = ["backup", "restore"]

Json = Annotated[bool, typer.Option("--json", help="Print what was done as JSON, for programs.")]
_QUIET_S = 2.0


def backup(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder; with --verify the backup's.")],
    out: Annotated[Path | None, typer.Argument(metavar="OUT", help="Where to; must be new or empty.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Only see whether the backup in DIR is whole.")] = False,
    json: Json = False,
) -> None:
    """Copy the network in DIR, which may be up, to OUT: every party as it was at one moment.

    OUT holds every secret of every party and of the network's root: whoever reads it can act as any of them. It is open to
    its owner only. It appears whole or not at all. Exchanges go on meanwhile.

    Exit status 0: done, or whole. 1: it is not, and why is said.

    Example: warifu backup net /safe/net-backup

    Example: warifu backup --verify /safe/net-backup
    """
    if verify == (out is not None):
        raise typer.BadParameter("give DIR and OUT, or --verify and one backup")
    if out is None:
        _verify(path, as_json=json)
        return
    from warifu_kit.backup.backup import back_up

    with _bar("copying databases") as told:
        manifest = back_up(path, out, progress=told)
    if json:
        say_json({"backup": str(out), **_summary(manifest)})
        return
    say(f"backed up {len(manifest.parties)} parties as of {manifest.made_at} to {out}, {_log_text(manifest)}")
    say(f"it holds every secret of the network; restore it with: {shell_command('warifu', 'restore', out)} NEW_DIR")


def restore(
    path: Annotated[Path, typer.Argument(metavar="OUT", help="The backup's folder.")],
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder; with --party a network's.")],
    party: Annotated[
        str | None, typer.Option(metavar="PARTY", help="Restore this party only, into a network that is down.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --party: keep what its folder holds beside it, and take its place.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a backup back: the whole network into a new folder, or one party into a network that is down.

    Every file is first held against the backup's manifest; a torn backup is refused. A party restored alone is behind what
    the others hold: when it meets them it says so, and refuses until it is told to go on (`warifu up DIR --go-on PARTY`).

    Exit status 0: done. 1: nothing was done, and why is said.

    Example: warifu restore /safe/net-backup net2

    Example: warifu restore /safe/net-backup net --party tax --replace
    """
    from warifu_kit.backup.manifest import read_manifest
    from warifu_kit.backup.restore import restore_network, restore_party

    if replace and party is None:
        raise typer.BadParameter("--replace needs --party")
    manifest, kept = read_manifest(path), None
    files = manifest.all_files() if party is None else list(manifest.of_party(party))
    total = sum(file.size for file in files)
    with _bar("checking files") as told:
        if party is None:
            restore_network(path, target, progress=lambda count: told(count, total))
        else:
            kept = restore_party(path, target, party, replace=replace, progress=lambda count: told(count, total))
    if json:
        done = {"restored": str(target), "party": party, "kept": str(kept) if kept else None}
        say_json({**done, **_summary(manifest)})
        return
    say(f"restored {party or 'the network'} as of {manifest.made_at} to {target}")
    if kept is not None:
        say(f"what was there is in {kept}; it holds secrets too")
    also = f"; if it says that it is behind: {shell_command('warifu', 'up', target, '--go-on', party)}" if party else ""
    say(f"start it with: {shell_command('warifu', 'up', target)}{also}")


def _verify(path: Path, *, as_json: bool) -> None:
    from warifu_kit.backup.manifest import check_files, read_manifest

    manifest = read_manifest(path)
    files = manifest.all_files()
    total = sum(file.size for file in files)
    with _bar("checking files") as told:
        check_files(path, files, lambda count: told(count, total))
    if as_json:
        say_json({"backup": str(path), "whole": True, **_summary(manifest)})
        return
    say(f"whole: {len(files)} files, {total} bytes, as of {manifest.made_at}, {_log_text(manifest)}")


def _summary(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "network": manifest.network,
        "parties": manifest.parties,
        "bytes": sum(file.size for file in manifest.all_files()),
        "log_size": manifest.log.size if manifest.log else 0,
    }


def _log_text(manifest: Manifest) -> str:
    return f"{manifest.log.size} log entries" if manifest.log else "no log yet: it never was up"


class _Told:
    """Shows a bar on a terminal once the work has taken two seconds."""

    def __init__(self, text: str) -> None:
        from rich.progress import Progress

        self._text = text
        self._begun = time.monotonic()
        self._console = Terminal(stderr=True)
        self._progress = Progress(console=self._console, transient=True)
        self._done = 0

    def __call__(self, count: int, total: int) -> None:
        self._done += count
        if not self._console.is_terminal or time.monotonic() - self._begun < _QUIET_S:
            return
        if not self._progress.tasks:
            self._progress.add_task(self._text, total=total)
            self._progress.start()
        self._progress.update(self._progress.tasks[0].id, completed=self._done)

    def stop(self) -> None:
        if self._progress.tasks:  # one that was never shown would leave an empty line
            self._progress.stop()


@contextmanager
def _bar(text: str) -> Iterator[_Told]:
    told = _Told(text)
    try:
        yield told
    finally:
        told.stop()

"""``warifu audit``: whether those who run the network keep to its rules, by what they signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from warifu.errors import Reason, WarifuError
from warifu_kit.commands.log_key import Wanted, WitnessKeys, key_text, wanted_witnesses
from warifu_kit.output import say, say_json

if TYPE_CHECKING:
    from warifu.api.directory.v1.directory_service_pb2 import DirectoryFile
    from warifu.exchange.evidence import Evidence
    from warifu.exchange.log_views import LogViews
    from warifu_kit.audit.permitted import Forbidden
    from warifu_kit.pooling.joining import Share
    from warifu_kit.pooling.pooled import Pooling

__all__ = ["app"]

app = typer.Typer(name="audit", help="Hold what members did and hold against the rules, offline.", no_args_is_help=True)

CopyDir = Annotated[Path, typer.Argument(metavar="COPY", help="The folder of a copy of the log.")]
EvidenceFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file from a node's folder evidence.")]
RootFile = Annotated[
    Path, typer.Option("--root", metavar="FILE", help="The certificate of the network's root (root.pem).")
]
Json = Annotated[bool, typer.Option("--json", help="Tell it as one line of JSON.")]

_RELATIONS = {
    "TWO_LOGS": "The hub signed both checkpoints, and no log extends both: it showed two logs.",
    "ONE_LOG": "Both checkpoints are of one log; nothing is shown.",
    "CONTINUED": "One checkpoint says that the log went on from an older state; nothing is shown.",
    "NOT_SHOWN": "The hub signed both checkpoints; whether one log extends both, a copy of the log decides (--copy).",
}
"""What is said of two checkpoints, by what is shown of them."""


@app.command()
def permissions(
    copy_path: CopyDir,
    key: Annotated[str, typer.Option("--key", metavar="FILE_OR_TEXT", help="The hub's public log key (log.vkey).")],
    table: Annotated[Path, typer.Option("--table", metavar="FILE", help="The permission table (permissions.yaml).")],
    directory: Annotated[
        Path,
        typer.Option("--directory", metavar="PATH", help="A version of the directory, or a folder with all of them."),
    ],
    witnesses: Wanted = 0,
    witness_key: WitnessKeys = None,
    json: Json = False,
) -> None:
    """Say which exchanges of a log the hub permitted though the permission table forbids them.

    The copy is verified first; the directory must be one that the log says was published, and the table the one that the
    directory names. Whether a person's consent is on record no log says.

    Exit status 0: the table permits everything that was permitted. 1: it does not, or a file is not what it should be.

    Example: warifu audit permissions --key net/log.vkey --table net/hub/permissions.yaml --directory net/hub/versions copy
    """
    from warifu.permissions.table import PermissionTable
    from warifu.tlog import verify_copy
    from warifu_kit.audit.permitted import audit_permissions

    known = wanted_witnesses(witnesses, witness_key)
    verified = verify_copy(copy_path, key_text(key), witnesses=known, least_cosignatures=witnesses)
    audited = audit_permissions(verified.leaves(), PermissionTable.load(table), _versions(directory))
    if json:
        say_json(
            {
                "entries": verified.size,
                "permitted": audited.permitted,
                "forbidden": [_as_json(each) for each in audited.forbidden],
            }
        )
    else:
        say(*(_line(each) for each in audited.forbidden))
        say(f"{audited.permitted} exchanges permitted; the permission table forbids {len(audited.forbidden)} of them")
    if audited.forbidden:
        raise typer.Exit(1)


@app.command()
def evidence(
    path: EvidenceFile,
    root: RootFile,
    copy_path: Annotated[
        Path | None,
        typer.Option(
            "--copy", metavar="COPY", help="A copy of the log, to decide about checkpoints that do not by themselves."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say whether what a node kept convicts the hub.

    A permit does when the hub signed a conversion that it did not prove; two checkpoints do when the hub signed both and no
    log can extend both. Of two checkpoints of different sizes without a proof that decides, a copy of the log does.

    Exit status 0: it does. 1: it does not, or it is not the hub's, and nothing is shown.

    Example: warifu audit evidence net/tax/evidence/20261128000000000000.json --root net/hub/root.pem

    Example: warifu audit evidence net/tax/evidence/log-views-9030110020000001.json --root net/hub/root.pem
    """
    from warifu.exchange.evidence import Evidence, kind_of
    from warifu.exchange.log_views import LOG_VIEWS_KIND, LogViews

    content = _read(path)
    if kind_of(content, where=str(path)) == LOG_VIEWS_KIND:
        shown = _judge_views(LogViews.from_json(content, where=str(path)), _read(root), copy_path, json=json)
    else:
        shown = _judge_permit(Evidence.from_json(content, where=str(path)), _read(root), json=json)
    if not shown:
        raise typer.Exit(1)


def _judge_views(views: LogViews, root_pem: bytes, copy_path: Path | None, *, json: bool) -> bool:
    from warifu.exchange.log_views import relation_of
    from warifu.tlog import verify_copy
    from warifu.tlog.views import Relation

    log = verify_copy(copy_path, views.header.log_verifier_key).tree if copy_path is not None else None
    relation = relation_of(views, root_pem, log)
    if json:
        say_json({"convicts": relation is Relation.TWO_LOGS, "relation": relation.value})
    else:
        say(f"SIMULATED. {_RELATIONS[relation.value]}")
    return relation is Relation.TWO_LOGS


def _judge_permit(found: Evidence, root_pem: bytes, *, json: bool) -> bool:
    from warifu.exchange.evidence import convicts

    shown = convicts(found, root_pem)
    number = found.permit.processing_number
    if json:
        say_json({"convicts": shown, "processing_number": number})
    elif shown:
        say(
            f"SIMULATED. {number}: the hub signed this permit, and did not prove that it converted the inquirer's code."
        )
    else:
        say(f"SIMULATED. {number}: the proof holds; nothing is shown.")
    return shown


@app.command()
def pooling(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The network's folder, with all parties' folders in it.")],
    json: Json = False,
) -> None:
    """Say how far every two providers get who lay their records side by side to join a third agency's cases.

    By each thing they hold: when, in which order, where in the log, under which numbers. The truth is the inquirer's own book,
    opened with its key, which no provider has. Joined are exchanges of one procedure; chance is blind joining.

    Exit status 0, whatever it finds.

    Example: warifu audit pooling net
    """
    from warifu_kit.pooling.pooled import audit_pooling, pooling_lines

    found = list(audit_pooling(path))
    if json:
        say_json({"poolings": [_pooling_as_json(each) for each in found]})
    elif found:
        say(*pooling_lines(found))
    else:
        say("nobody has asked two providers yet")


def _pooling_as_json(each: Pooling) -> dict[str, Any]:
    def share(measured: Share) -> dict[str, float]:
        return {name: round(getattr(measured, name), 4) for name in ("part", "low", "high")}

    return {
        "inquirer": each.inquirer,
        "providers": list(each.providers),
        "exchanges": each.pooled.exchanges,
        "chance": round(each.pooled.chance, 4),
        "clues": [
            {"clue": clue.clue, "accuracy": share(clue.accuracy), "auc": share(clue.auc)} for clue in each.pooled.clues
        ],
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WarifuError(Reason.FILE_INVALID, where=f"{path}: {error.strerror}") from None


def _versions(path: Path) -> list[DirectoryFile]:
    """The version in the file, or every one in the folder, oldest first. Raises: DIRECTORY_INVALID."""
    from warifu.party.directory_file import read_directory_file

    files = path.glob("*.json") if path.is_dir() else [path]
    return sorted((read_directory_file(file) for file in files), key=lambda version: version.header.version)


def _line(each: Forbidden) -> str:
    return (
        f"entry {each.position}: {each.processing_number} under row {each.permission_row or '?'}: {each.inquirer} asked "
        f"{each.provider} for {each.item_code} in {each.procedure_code}: {each.reason}"
    )


def _as_json(each: Forbidden) -> dict[str, Any]:
    return {name: getattr(each, name) for name in type(each).__slots__}

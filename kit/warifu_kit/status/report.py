"""A network's condition for people, in at most 80 columns, and for programs, as JSON.

Decides nothing about the network. Text from elsewhere is in one line each, with what a terminal would obey escaped. Lines
that hold a command or a path are as long as these are: they are there to be copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from textwrap import wrap
from typing import Any, Final

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.printable import printable
from warifu_kit.status.condition import NetworkCondition, PartyCondition, Warned

__all__ = ["WIDTH", "as_json", "as_lines"]

WIDTH: Final = 80
"""The most columns of the table."""

_HEADINGS = ("party", "state", "release", "certificates until", "free")
_GAP = "  "
_BELOW = "    "
_LONGEST_RELEASE = 16
_COUNTS = (
    ("leaf_count", "leaf", "leaves"),
    ("person_count", "person", "people"),
    ("record_count", "exchange record", "exchange records"),
    ("code_count", "code issued", "codes issued"),
    ("certificate_count", "certificate issued", "certificates issued"),
    ("user_count", "user", "users"),
    ("code_behind_count", "code to rotate", "codes to rotate"),
)
_WHERE_NOT_ZERO = frozenset({"code_behind_count"})
"""What is told only while there is some."""


def as_lines(condition: NetworkCondition) -> Iterator[str]:
    """The whole report, line by line."""
    described = condition.described
    made = f"suite {described.suite}, proofs {described.proofs}"
    yield f"SIMULATED network {described.network}, {made}: {condition.up} of {condition.processes} up"
    if condition.list_until is not None:
        yield f"revocation list {condition.list_number}, good until {_day(condition.list_until)}"
    checkpoint = condition.checkpoint
    if checkpoint is not None:
        when = f", published {_minute(_moment(checkpoint.published_time))}" if _told_when(checkpoint) else ""
        yield f"last checkpoint: {_counted(checkpoint.size, 'leaf', 'leaves')}{when}"
    yield ""
    yield from _table(condition.parties)
    yield ""
    if not condition.warnings:
        yield "All is well: nothing amiss, nothing ends soon."
    for warned in condition.warnings:
        yield from _warning(warned)


def as_json(condition: NetworkCondition) -> dict[str, Any]:
    """The whole report as plain values: times in RFC 3339, serial numbers in hexadecimal, sizes in bytes."""
    checkpoint = condition.checkpoint
    return {
        "notice": "SIMULATED",
        "network": condition.described.network,
        "suite": condition.described.suite,
        "proofs": condition.described.proofs,
        "looked_at": _rfc3339(condition.looked_at),
        "well": not condition.warnings,
        "up": condition.up,
        "processes": condition.processes,
        "revocation_list": _list_json(condition),
        "checkpoint": None if checkpoint is None else _checkpoint_json(checkpoint),
        "parties": {each.party: _party_json(each) for each in condition.parties},
        "warnings": [_warned_json(each) for each in condition.warnings],
    }


def _row(each: PartyCondition) -> tuple[str, ...]:
    first_end = min((end.not_after for end in each.certificates if end.use != "root"), default=None)
    until = _day(first_end) if first_end else "-"
    free = f"{each.free_bytes / 2**30:.1f} GiB" if each.free_bytes is not None else "-"
    reply = each.reply
    if reply is None:
        return each.party, "no answer" if each.is_process else "no process", "-", until, free
    return each.party, "amiss" if reply.alarms else "up", _cut(printable(reply.release), _LONGEST_RELEASE), until, free


def _said_below(each: PartyCondition) -> Iterator[str]:
    """What more there is to say of a party that answers: by what it goes, what it holds, and what became of it."""
    reply = each.reply
    if reply is None:
        return
    epoch = f", epoch {reply.epoch}" if reply.epoch else ""
    if reply.directory_version:
        yield f"directory {reply.directory_version}{epoch}"
    if holds := ", ".join(_counted(count, one, many) for one, many, count in _counts(reply)):
        yield holds
    if each.spread_s:
        yield f"spreads inquiries over {each.spread_s:g} s"
    if each.ends is not None:
        began = f", the last time by {printable(each.ends.last)}; up since {_minute(_moment(reply.started_time))}"
        yield f"ended {_counted(each.ends.times, 'time', 'times')} since the network was started{began}"


def _counts(reply: party_pb2.GetStatusResponse) -> Iterator[tuple[str, str, int]]:
    """What the party holds: the noun for one, the noun for many, and how many."""
    for field, one, many in _COUNTS:
        if reply.counts.HasField(field) and (getattr(reply.counts, field) or field not in _WHERE_NOT_ZERO):
            yield one, many, getattr(reply.counts, field)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _table(parties: Sequence[PartyCondition]) -> Iterator[str]:
    """A line in columns for each party, and below it what has no column."""
    rows = [_HEADINGS, *(_row(each) for each in parties)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    for row, below in zip(rows, ((), *(_said_below(each) for each in parties)), strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield _cut(_GAP.join(cells).rstrip())
        yield from wrap(
            "; ".join(below), WIDTH, initial_indent=_BELOW, subsequent_indent=_BELOW, break_on_hyphens=False
        )


def _cut(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _warning(warned: Warned) -> Iterator[str]:
    since = f", since {_minute(warned.since)}" if warned.since is not None else ""
    at = f"{warned.party}: " if warned.party else ""
    yield f"{at}{warned.kind}{since}"
    yield f"    {printable(warned.text)}"
    yield f"    do: {warned.next_step}"


def _party_json(each: PartyCondition) -> dict[str, Any]:
    reply = each.reply
    told: dict[str, Any] = {
        "role": each.about.role,
        "institution_code": each.about.institution_code,
        "endpoint": each.about.endpoint,
        "answers": reply is not None,
        "why_not": each.silence or None,
        "certificates": {
            end.use: {"serial": f"{end.serial:x}", "not_after": _rfc3339(end.not_after)} for end in each.certificates
        },
        "free_disk_bytes": each.free_bytes,
        "spread_s": each.spread_s,
    }
    if reply is not None:
        told |= {
            "release": reply.release,
            "started": _rfc3339(_moment(reply.started_time)),
            "directory_version": reply.directory_version,
            "epoch": reply.epoch,
            "code_epoch": reply.code_epoch,
            "revocation_list_number": reply.revocation_list.number,
            "ended": 0 if each.ends is None else each.ends.times,
            "counts": {many.replace(" ", "_"): count for _, many, count in _counts(reply)},
        }
    return told


def _list_json(condition: NetworkCondition) -> dict[str, Any] | None:
    if condition.list_until is None:
        return None
    return {"number": condition.list_number, "good_until": _rfc3339(condition.list_until)}


def _checkpoint_json(checkpoint: party_pb2.CheckpointStatus) -> dict[str, Any]:
    published = _rfc3339(_moment(checkpoint.published_time)) if _told_when(checkpoint) else None
    return {"size": checkpoint.size, "published": published}


def _warned_json(warned: Warned) -> dict[str, Any]:
    return {
        "party": warned.party or None,
        "kind": warned.kind,
        "text": warned.text,
        "since": _rfc3339(warned.since) if warned.since is not None else None,
        "do": warned.next_step,
    }


def _told_when(checkpoint: party_pb2.CheckpointStatus) -> bool:
    return checkpoint.HasField("published_time")


def _moment(stamp: Any) -> datetime:
    moment: datetime = stamp.ToDatetime(UTC)
    return moment


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

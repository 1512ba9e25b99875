"""A diagram in words: as lines to read, and as values for JSON. Parties are told by their names in the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from warifu_kit.inspection.diagram import Diagram, Entry, Found, Message
from warifu_kit.inspection.readable import READABLE, Part, Sent

__all__ = ["as_json", "as_lines"]

Done = tuple[str, str, str]
"""What a network made for tests did to a call on purpose: the party that served it, the RPC, and what was done."""

_NO_RECORD = {
    Found.NONE: "no record, and none need be there",
    Found.MISSING: "MISSING: no record, and there must be one",
    Found.NOT_HERE: "its database is not in this folder",
}


def as_lines(diagram: Diagram, parties: Mapping[str, str], done: Sequence[Done] = ()) -> Iterator[str]:
    """``parties`` has the name of each institution."""
    names = _names(diagram, parties)
    yield f"SIMULATED exchange {diagram.request_id.hex() or 'without request_id'}: {diagram.ending}"
    row = f", permission row {diagram.permission_row}" if diagram.permission_row else ""
    yield f"{names[Part.INQUIRER]} asks {names[Part.PROVIDER]} for {diagram.item_code} in {diagram.procedure_code}{row}"
    yield f"processing number {diagram.processing_number or 'none: nothing was permitted'}"
    for number, message in enumerate(diagram.messages, 1):
        yield ""
        yield f"{number}. ({message.steps}) {names[message.sender]} --> {names[message.receiver]}: {message.sent}, {message.rpc}"
        yield from (
            f"     {names[each.part]} ({each.step}): {_recorded(each, message.sent)}" for each in message.entries
        )
        yield from (f"     could read, {names[part]}: {what}" for part, what in READABLE[message.sent].items())
        yield f"     could read, {', '.join(_others(message, names))}: nothing"
    yield ""
    yield from (f"done on purpose by {party} to {rpc}: {what}" for party, rpc, what in done)
    yield from _verdict(diagram, names)


def as_json(diagram: Diagram, parties: Mapping[str, str], done: Sequence[Done] = ()) -> dict[str, Any]:
    """The same for programs: times are RFC 3339, digests hexadecimal, what is not known is null."""
    names = _names(diagram, parties)
    return {
        "request_id": diagram.request_id.hex(),
        "processing_number": diagram.processing_number or None,
        "inquirer": names[Part.INQUIRER],
        "provider": names[Part.PROVIDER],
        "procedure_code": diagram.procedure_code,
        "item_code": diagram.item_code,
        "permission_row": diagram.permission_row or None,
        "ending": diagram.ending,
        "agrees": diagram.agrees,
        "messages": [_message(number, each, names) for number, each in enumerate(diagram.messages, 1)],
        "differences": [
            {"side": _side(each.side, names), "what": each.what, "found": each.found, "expected": each.expected}
            for each in diagram.differences
        ],
        "not_here": [names[part] for part in diagram.not_here],
        "done_on_purpose": [{"party": party, "rpc": rpc, "done": what} for party, rpc, what in done],
    }


def _names(diagram: Diagram, parties: Mapping[str, str]) -> dict[Part, str]:
    inquirer = parties.get(diagram.inquirer, diagram.inquirer)
    provider = parties.get(diagram.provider, diagram.provider) or "a provider nobody could read"
    business = f"business system of {inquirer}"
    return {Part.BUSINESS: business, Part.INQUIRER: inquirer, Part.HUB: "hub", Part.PROVIDER: provider}


def _side(side: str, names: Mapping[Part, str]) -> str:
    """A side is a part, or an institution whose record says no side."""
    return next((name for part, name in names.items() if part == side), side)


def _others(message: Message, names: Mapping[Part, str]) -> list[str]:
    return [*(name for part, name in names.items() if part not in READABLE[message.sent]), "authority"]


def _recorded(entry: Entry, sent: Sent) -> str:
    if entry.found is not Found.RECORDED:
        return _NO_RECORD[entry.found]
    said = [
        " ".join(filter(None, (entry.event, entry.reason))),
        f"leaf {entry.position} of the log" if entry.position >= 0 else "",
        f"{entry.minute:%Y-%m-%d %H:%M} UTC" if entry.minute else "",
        f"written {entry.written:%Y-%m-%d %H:%M:%S}.{entry.written.microsecond // 1000:03d} UTC"
        if entry.written
        else "",
        f"{_digested(sent)} digest {entry.digest.hex()[:16]}…" if entry.digest else "",
        f"{entry.kept_bytes} bytes kept" if entry.kept_bytes else "",
    ]
    return ", ".join(filter(None, said))


def _digested(sent: Sent) -> str:
    return "inquiry" if sent in (Sent.QUESTION, Sent.INQUIRY, Sent.PERMIT) else "answer"


def _verdict(diagram: Diagram, names: Mapping[Part, str]) -> Iterator[str]:
    for each in diagram.differences:
        yield f"differs, {_side(each.side, names)}: {each.what} is {each.found}, should be {each.expected}"
    if diagram.not_here:
        yield f"not looked at, their databases are not in this folder: {', '.join(names[part] for part in diagram.not_here)}"
    if not diagram.differences:
        yield "what is recorded agrees"


def _message(number: int, message: Message, names: Mapping[Part, str]) -> dict[str, Any]:
    return {
        "number": number,
        "steps": message.steps,
        "kind": message.sent.value,
        "from": names[message.sender],
        "to": names[message.receiver],
        "rpc": message.rpc,
        "recorded": [_entry(each, names, message.sent) for each in message.entries],
        "readable": {names[part]: READABLE[message.sent].get(part) for part in Part} | {"authority": None},
    }


def _entry(entry: Entry, names: Mapping[Part, str], sent: Sent) -> dict[str, Any]:
    return {
        "party": names[entry.part],
        "step": entry.step,
        "found": entry.found.value,
        "event": entry.event or None,
        "reason": entry.reason or None,
        f"{_digested(sent)}_digest": entry.digest.hex() or None,
        "minute": _rfc3339(entry.minute, "minutes"),
        "written": _rfc3339(entry.written, "milliseconds"),
        "leaf": entry.position if entry.position >= 0 else None,
        "kept_bytes": entry.kept_bytes or None,
    }


def _rfc3339(when: datetime | None, precision: str) -> str | None:
    if when is None:
        return None
    return when.isoformat(timespec="seconds" if precision == "minutes" else precision).replace("+00:00", "Z")

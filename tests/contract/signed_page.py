"""docs/protocol/signed.md as a program: each label's table, and the items that it makes of fields.

So the page is held against the vectors as it stands, and not a copy of what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.contract.protocol_by_hand import digest

SECTION = re.compile(r"^### `(warifu-v1/[a-z-]+)`$(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| (.+) \|$", re.MULTILINE)
PART = re.compile(r"`([a-z_]+)` ([a-z0-9]+)")
FORMER = "warifu-v1/directory-former-keys"


class Row(NamedTuple):
    """One row of a table."""

    field: str
    form: str


def tables(text: str) -> dict[str, list[Row]]:
    """The table of each label."""
    return {label: [Row(*found) for found in ROW.findall(section)] for label, section in SECTION.findall(text)}


def statement(label: str, rows: list[Row], fields: dict[str, Any]) -> bytes:
    """The statement that a table makes of fields as a vector tells them."""
    items: list[bytes] = []
    for place, row in enumerate(rows):
        value = fields[row.field]
        if row.form == "count":
            following = list(_items(rows[place + 1].form, value))
            items.append(len(following).to_bytes(8, "big"))
        else:
            items += _items(row.form, value)
    return digest(label, *items)


def _items(form: str, value: Any) -> Iterator[bytes]:
    if form == "joined":
        yield b"".join(bytes.fromhex(code[half]) for code in value for half in ("c1", "c2"))
    elif form == "each":
        yield from (bytes.fromhex(each) for each in value)
    elif form.startswith("each "):
        yield from _parts(form, value)
    elif form == "list digest of text":
        yield digest(FORMER, *(each.encode() for each in value))
    elif form.startswith("list digest of "):
        yield digest(FORMER, *_parts(form, value))
    else:
        yield _plain(form, value)


def _parts(form: str, value: Any) -> Iterator[bytes]:
    parts = PART.findall(form)
    assert parts, form
    for each in value:
        for name, of in parts:
            yield _plain(of, each[name])


def _plain(form: str, value: Any) -> bytes:
    if form == "bytes":
        return bytes.fromhex(value)
    if form == "text":
        return str(value).encode()
    kind, size = form[0], int(form[1:]) // 8
    assert kind in "iu", form
    return int(value).to_bytes(size, "big", signed=kind == "i")

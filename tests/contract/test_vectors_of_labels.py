"""Every label has a vector, and each vector is made again from its inputs alone."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from typing import Any

from tests.contract import protocol_by_hand as by_hand
from tests.contract.conftest import FOLDER, ROOT
from tests.contract.groups_by_hand import SUITES
from tests.contract.test_vectors_of_codes import USED as USED_IN_CODES

Told = Callable[[str], dict[str, Any]]


def _made(step: dict[str, Any], before: list[bytes]) -> bytes:
    """The value of one step, by docs/protocol/bytes.md."""

    def value(text: str) -> bytes:
        return before[int(text[1:])] if text.startswith("$") else bytes.fromhex(text)

    items, label = [value(each) for each in step.get("items", ())], step.get("label", "")
    labelled = [label.encode(), *items] if label else items
    made: dict[str, Callable[[], bytes]] = {
        "digest": lambda: by_hand.digest(label, *items),
        "hash_to_scalar": lambda: by_hand.written(by_hand.to_scalar(step["suite"], label, *items)),
        "hash_to_point": lambda: SUITES[step["suite"]].write(SUITES[step["suite"]].hashed(*items)),
        "hmac_sha512": lambda: by_hand.keyed(value(step["key"]), *labelled)[: step.get("first")],
        "hmac_sha512_bare": lambda: hmac.digest(value(step["key"]), b"".join(items), "sha512"),
        "hmac_sha256_of_label": lambda: hmac.digest(value(step["key"]), label.encode(), "sha256"),
        "keyed_blake2b": lambda: by_hand.keyed_blake(value(step["key"]), step["size"], *labelled),
        "prefixed": lambda: by_hand.prefixed(*labelled),
        "merkle_root": lambda: by_hand.root([by_hand.leaf_hash(value(step[name])) for name in ("leaf", "right")]),
        "ed25519": lambda: by_hand.signature(value(step["seed"]), *items),
    }
    return made[step["function"]]()


def test_what_is_made_under_a_label_is_made_by_the_steps_that_the_vector_names(told: Told) -> None:
    for entry in told("labels")["labels"]:
        values: list[bytes] = []
        for step in entry["steps"]:
            values.append(_made(step, values))
        assert values[-1].hex() == entry["value"], (entry["label"], entry["what"])


def test_every_label_of_the_protocol_has_a_vector(told: Told) -> None:
    known = {entry["label"] for entry in told("labels")["labels"]}
    for path in FOLDER.glob("*-suite1.json"):
        known |= {entry["label"] for entry in told(path.stem).get("statements", ())}
    page = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(warifu-v1[^`]+)` \|", page, re.MULTILINE))
    assert len(documented) > 40
    assert sorted(documented - known - set(USED_IN_CODES)) == []
    assert sorted((known | set(USED_IN_CODES)) - documented) == []


def test_the_files_of_vectors_are_those_that_the_page_lists(page: Callable[[str], str]) -> None:
    named = {path.name for path in FOLDER.glob("*.json")}
    assert {name for name in named if f"`{name}`" not in page("node")} == set()

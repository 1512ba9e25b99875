"""The hand-written pages below docs/protocol name what the code has: reasons, bounds, files, sizes, fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from warifu.api.log.v1.log_service_pb2 import ExchangeLeaf
from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange import directory_header
from warifu.exchange.context import LONGEST_SKEW, LONGEST_VALIDITY
from warifu.exchange.seal import BOX_OVERHEAD, LEAST_ANSWER, PADDING_STEP, TOGETHER_OVERHEAD
from warifu.identifiers import InstitutionCode
from warifu.pki.identity import Identity, Role
from warifu.rpc import paging, server
from warifu.rpc.admission import PATIENCE_S, REFUSALS, SHUT_OUT_S
from warifu.rpc.bounds import Bounds
from warifu.rpc.channel import KEEPALIVE_S
from warifu.rpc.multiplex import MOST_CALLS
from warifu.rpc.status import to_status
from warifu.tlog.note import MAX_NOTE_BYTES, MAX_SIGNATURES
from warifu_hub import exchange, room
from warifu_hub.beats import BEAT_SECONDS, LONGEST_BEAT_SECONDS
from warifu_hub.exchange_rules import LARGEST_SEALED_ANSWER, LARGEST_SEALED_QUERY
from warifu_hub.proving import MOST_EXCHANGES
from warifu_hub.servicers.hub import HUB_BOUNDS, LARGEST_MESSAGE
from warifu_kit.network.creation import create_network
from warifu_services.node import provider

ANYWHERE = re.compile(r"Any RPC may also end with (.*?)\. A message that does not parse is `(\w+)`", re.DOTALL)


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its kind."""
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def reasons(text: str) -> set[str]:
    return {name for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", text) if name in Reason.__members__}


@pytest.fixture(scope="session")
def protocol(pages: dict[str, str]) -> dict[str, str]:
    """The pages below docs/protocol, by name."""
    folder = "docs/protocol/"
    return {path.removeprefix(folder)[:-3]: text for path, text in pages.items() if path.startswith(folder)}


@pytest.mark.parametrize(
    ("heading", "rpc"), [("The hub", "Exchange"), ("The provider", "Provide")], ids=["hub", "provider"]
)
def test_the_checks_of_a_message_raise_what_its_rpc_lists_and_nothing_else(
    pages: dict[str, str], protocol: dict[str, str], heading: str, rpc: str
) -> None:
    listed = re.search(rf"^- `{rpc}`: .*?Errors: (.*)$", pages["docs/protocol.md"], re.MULTILINE)
    anywhere = ANYWHERE.search(pages["docs/protocol.md"])
    assert listed is not None
    assert anywhere is not None
    table = "\n".join(line for line in section(protocol["checks"], heading).splitlines() if line.startswith("|"))
    told = reasons(table) | reasons(section(protocol["directory"], "The permission table"))
    assert told - reasons(anywhere[0]) - {"CONFIG_INVALID"} >= reasons(listed[1]) - reasons(anywhere[0]) - {
        "HUB_TIMED_OUT"
    }
    assert told - reasons(listed[1]) - reasons(anywhere[0]) - {"CONFIG_INVALID"} == set()


def test_the_bounds_are_those_that_servers_are_built_with(protocol: dict[str, str]) -> None:
    others = Bounds()
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", section(protocol["transport"], "Bounds"), re.MULTILINE))
    told = {
        what: [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", how)] for what, how in rows.items()
    }

    def row(begin: str) -> list[int]:
        (found,) = (numbers for what, numbers in told.items() if what.startswith(begin))
        return found

    assert row("message") == [LARGEST_MESSAGE, server.TYPED_MESSAGE_LIMIT]
    assert row("a reply") == [server.CORE_MESSAGE_LIMIT // 2**20] * 2
    assert row("connections") == [HUB_BOUNDS.connections, HUB_BOUNDS.calls, others.connections, others.calls]
    assert row("calls on one connection") == [HUB_BOUNDS.connection_calls, others.connection_calls]
    assert row("streams") == [HUB_BOUNDS.streams, 4, others.streams, others.lists]
    assert row("bytes held") == [HUB_BOUNDS.held_bytes // 2**20, others.held_bytes // 2**20]
    assert row("time to send") == [PATIENCE_S] * 2
    assert row("calls in one message") == [MOST_CALLS] * 2
    options = dict(server.SERVER_OPTIONS)
    assert row("metadata")[0] == options["grpc.max_metadata_size"] // 1024


def test_the_pages_agree_on_the_version_of_tls_that_a_server_speaks(protocol: dict[str, str]) -> None:
    assert "A server speaks TLS 1.3" in protocol["transport"]
    assert "- TLS 1.3 and HTTP/2" in protocol["adapter"]


def test_the_rates_pages_and_times_are_those_of_the_code(protocol: dict[str, str]) -> None:
    text = " ".join(protocol["transport"].split())
    assert f"more than {REFUSALS.per_second:.0f} times a second ({REFUSALS.burst} at a time)" in text
    assert f"connections for {SHUT_OUT_S:.0f} seconds" in text
    assert f"more than {room.REFUSALS.per_second:.0f} times a second ({room.REFUSALS.burst:,} at a time)" in text
    assert f"{paging.PAGE_SIZE} in a page unless `page_size` says, {paging.LARGEST_PAGE:,} at most" in text
    assert f"Ping an idle connection every {KEEPALIVE_S} seconds" in text
    assert f"the hub {exchange.MARGIN_SECONDS * 1000:.0f}," in text
    checks = " ".join(protocol["checks"].split())
    assert f"{exchange.MARGIN_SECONDS + exchange.SHORTEST_PROVISION_SECONDS:g} s of the deadline are left" in checks
    assert f"{provider.SHORTEST_SECONDS * 1000:g} ms are left" in checks
    assert f"{room.MOST_UNDER_WAY:,} exchanges under way, {room.MOST_OF_ONE} of one side" in checks
    skew, life = (int(each.total_seconds() // 60) for each in (LONGEST_SKEW, LONGEST_VALIDITY))
    assert f"issued not over {skew} minutes in the future" in checks
    assert f"life above 0 and {life} minutes at most" in checks


def test_the_sizes_of_boxes_and_notes_are_those_of_the_code(protocol: dict[str, str]) -> None:
    sealed, log = protocol["sealed"], " ".join(protocol["log"].split())
    query = f"| query | {PADDING_STEP} | {BOX_OVERHEAD + PADDING_STEP} to {LARGEST_SEALED_QUERY:,} in steps of {PADDING_STEP}"
    together = TOGETHER_OVERHEAD - BOX_OVERHEAD
    query += f" | {TOGETHER_OVERHEAD + PADDING_STEP} to {LARGEST_SEALED_QUERY + together:,}"
    answer = f"| answer | {LEAST_ANSWER} | {BOX_OVERHEAD + LEAST_ANSWER} to {LARGEST_SEALED_ANSWER:,} in steps of {PADDING_STEP}"
    answer += f" | {TOGETHER_OVERHEAD + LEAST_ANSWER} to {LARGEST_SEALED_ANSWER + together:,}"
    assert f"{query} | {LARGEST_SEALED_QUERY - BOX_OVERHEAD - 4:,} |" in sealed
    assert f"{answer} | {LARGEST_SEALED_ANSWER - BOX_OVERHEAD - 4:,} |" in sealed
    assert f"{MAX_NOTE_BYTES // 1024} KiB and {MAX_SIGNATURES} signature lines at most" in log
    assert (
        f"({BEAT_SECONDS:g} seconds unless `beat_s` of the hub says otherwise, {LONGEST_BEAT_SECONDS:g} at most)" in log
    )
    assert f"{MOST_EXCHANGES} at most in a call" in log


def test_what_never_changes_of_a_directory_is_what_the_page_names(protocol: dict[str, str]) -> None:
    taking = " ".join(section(protocol["directory"], "Taking a version").split())
    for name in directory_header._NEVER_CHANGED:
        assert f"`{name}`" in taking or name.endswith("_institution_code"), name
    assert "both institution codes" in taking


def test_a_certificates_names_are_those_of_the_page(protocol: dict[str, str]) -> None:
    identity = Identity(network="net", role=Role.HUB, institution=InstitutionCode("9990000000000000"))
    told = {"network": "net", "role": "hub", "institution code": "9990000000000000"}
    for kind, name in (("URI", identity.uri), ("DNS", identity.dns_name)):
        found = re.search(rf"^    {kind}  (\S.*)$", protocol["transport"], re.MULTILINE)
        assert found is not None
        assert re.sub(r"<([^>]+)>", lambda part: told[part[1]], found[1]) == name
    assert [role.value for role in Role if f"`{role.value}`" not in protocol["transport"]] == []


def test_the_metadata_of_an_error_are_those_of_the_page(protocol: dict[str, str]) -> None:
    status = to_status(WarifuError(Reason.INTERNAL, where="field", done=1, retry_after_s=0.1))
    detail = status.details[0].value
    named = re.findall(r'`metadata\["(\w+)"\]`', section(protocol["transport"], "Errors"))
    assert [name for name in named if name.encode() not in detail] == []
    assert len(named) == 4


def test_the_files_of_a_network_are_those_of_the_page(protocol: dict[str, str], tmp_path: Path) -> None:
    create_network(tmp_path / "net", clock=SystemClock())
    page = protocol["files"]
    lying = {path.name for path in (tmp_path / "net").rglob("*") if path.is_file()}
    lying -= {"1.json", "root.key"}  # versions that the hub keeps; the root stays where the network was made
    assert sorted(name for name in lying if f"`{name}`" not in page and f"/{name}`" not in page) == []


def test_a_leaf_of_each_event_has_the_fields_that_the_page_names(tree: Path, protocol: dict[str, str]) -> None:
    known = json.loads((tree / "tests" / "vectors" / "protocol" / "log.json").read_text("utf-8"))["leaves"]
    rows = list(_leaf_rows(section(protocol["log"], "Leaves")))
    for leaf in known:
        fields = set(leaf["fields"]) - {"event", "event_time", "inquirer"}
        event = leaf["fields"]["event"].removeprefix("LEAF_EVENT_")
        assert any(event in events and fields == names for events, names in rows), leaf["fields"]


def _leaf_rows(table: str) -> Iterator[tuple[set[str], set[str]]]:
    """Of each row the events, and the fields besides those that every leaf has."""
    every = {field.name for field in ExchangeLeaf.DESCRIPTOR.fields}
    named: dict[str, set[str]] = {}
    for events, _, told in re.findall(r"^\| ([A-Z_, ]+) \|(.*?)\| (.*?) \|$", table, re.MULTILINE):
        fields: set[str] = set(re.findall(r"\b[a-z_]+\b", told)) & every
        for other in re.findall(r"as ([A-Z]+)", told):
            fields |= named[other]
        named |= {event: fields for event in events.split(", ") if event not in named}
        yield set(events.split(", ")), fields

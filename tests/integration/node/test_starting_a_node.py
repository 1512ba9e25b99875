"""A node starts with a folder that fits, and with no other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warifu.clock import ManualClock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode, ItemCode, ProcedureCode
from warifu.party.folder import PartyFolder
from warifu_services.node.app import build_node, purge, run_node
from warifu_services.node.store import ExchangeRecord, ExchangeSide, KeptInquiry
from warifu_services.node.store_memory import MemoryNodeStore


def _other_key(name: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        other = folder.parent / "residence" / name
        (folder / name).write_text(other.read_text("ascii"), "ascii")

    return spoil


def _setting(**changes: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        settings = json.loads((folder / "party.json").read_text("utf-8"))
        (folder / "party.json").write_text(json.dumps({**settings, **changes}), "utf-8")

    return spoil


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


SPOILT: list[tuple[Callable[[Path], object], Reason, str]] = [
    (_other_key("agency.key"), Reason.KEY_INVALID, "agency.key"),
    (_other_key("sealing.key"), Reason.KEY_INVALID, "sealing.key"),
    (_other_key("signing.key"), Reason.KEY_INVALID, "signing.key"),
    (_without("row.key"), Reason.KEY_INVALID, "row.key"),
    (_without("storage.key"), Reason.KEY_INVALID, "storage.key"),
    (lambda folder: (folder / "storage.key").chmod(0o644), Reason.KEY_INVALID, "storage.key"),
    (_without("directory.json"), Reason.DIRECTORY_INVALID, "directory.json"),
    (_without("revoked.pem"), Reason.FILE_INVALID, "revoked.pem"),
    (_without("party.json"), Reason.CONFIG_INVALID, "party.json"),
    (_setting(role="hub"), Reason.CONFIG_INVALID, "party.json"),
    (_setting(network="other"), Reason.CONFIG_INVALID, "party.json"),
    (_setting(institution_party="residence"), Reason.CONFIG_INVALID, "party.json"),
    (_setting(institution_kind="library"), Reason.CONFIG_INVALID, "known kinds"),
    (_setting(institution_code="9990000000000001"), Reason.INSTITUTION_UNKNOWN, "party.json"),
    (_setting(listen="nowhere:99999"), Reason.CONFIG_INVALID, "listen"),
    (lambda folder: (folder / "node.sqlite3").write_bytes(b"not a database" * 99), Reason.STORE_UNAVAILABLE, "sqlite3"),
]


@pytest.mark.parametrize(("spoil", "reason", "where"), SPOILT, ids=lambda value: str(value)[:30])
async def test_a_folder_that_does_not_fit_is_refused_by_file(
    empty_town: Any, spoil: Callable[[Path], object], reason: Reason, where: str
) -> None:
    spoil(empty_town.path / "tax")
    with pytest.raises(WarifuError) as refused:
        build_node(PartyFolder(empty_town.path / "tax"), hub="127.0.0.1:1", authority="127.0.0.1:1")
    assert refused.value.reason is reason
    assert where in refused.value.where


@pytest.mark.parametrize("option", ["hub", "authority"])
async def test_a_peers_address_that_is_none_is_refused_by_its_option(empty_town: Any, option: str) -> None:
    addresses = {"hub": "127.0.0.1:1", "authority": "127.0.0.1:1", option: "unix:elsewhere:1"}
    with pytest.raises(WarifuError) as refused:
        build_node(PartyFolder(empty_town.path / "tax"), **addresses)  # type: ignore[arg-type]  # two text options
    assert (refused.value.reason, refused.value.where) == (Reason.CONFIG_INVALID, f"{option} unix:elsewhere:1")


@pytest.mark.parametrize("name", ["row.key", "storage.key"])
async def test_a_key_that_is_not_the_databases_starts_nothing_and_the_databases_own_does(
    empty_town: Any, name: str
) -> None:
    folder = PartyFolder(empty_town.path / "tax")
    await build_node(folder, hub="127.0.0.1:1", authority="127.0.0.1:1").close()
    own = folder.secret(name)
    _other_key(name)(folder.path)
    with pytest.raises(WarifuError) as refused:
        build_node(folder, hub="127.0.0.1:1", authority="127.0.0.1:1")
    assert refused.value.reason is Reason.KEY_INVALID
    assert refused.value.where.startswith(f"{name}: ")
    (folder.path / name).write_text(own.hex(), "ascii")
    await build_node(folder, hub="127.0.0.1:1", authority="127.0.0.1:1").close()


async def test_a_node_of_another_kind_than_asked_for_does_not_run(empty_town: Any) -> None:
    with pytest.raises(WarifuError) as refused:
        await run_node(
            asyncio.Event(), empty_town.path / "tax", party="residence", hub="127.0.0.1:1", authority="127.0.0.1:1"
        )
    assert refused.value.reason is Reason.CONFIG_INVALID


async def test_a_node_runs_without_a_hub_and_says_where_it_listens(
    empty_town: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(20):
        await run_node(stop, empty_town.path / "tax", party="tax", hub="127.0.0.1:1", authority="127.0.0.1:1")
    ready = json.loads(capsys.readouterr().out)
    assert (ready["ready"], ready["party"]) == (True, "tax")
    assert ready["endpoint"].startswith("127.0.0.1:")


async def test_a_node_says_it_is_ready_once_the_hub_knows_where_it_listens(
    empty_town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[str | None] = []
    stop = asyncio.Event()

    def announce(*, party: str, endpoint: str, hub_reached: bool, amiss: str) -> None:
        assert hub_reached
        reading = empty_town.hub.store.endpoint(InstitutionCode(empty_town.code("tax")))
        with pytest.raises(
            StopIteration
        ) as read:  # at this very moment: a hub's own store never waits for what it reads
            reading.send(None)
        known.append(read.value.value)
        assert known == [endpoint]
        stop.set()

    monkeypatch.setattr("warifu_services.node.app.running.announce_ready", announce)
    await empty_town.start_hub()
    async with asyncio.timeout(20):
        await run_node(stop, empty_town.path / "tax", party="tax", hub=empty_town.hub_endpoint, authority="127.0.0.1:1")
    assert len(known) == 1


async def test_a_node_without_a_hub_becomes_ready_all_the_same(
    empty_town: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = asyncio.Event()
    monkeypatch.setattr("warifu_services.node.app.running.HUB_SOUGHT_S", 0.05)
    said: list[bool] = []

    def announce(*, party: str, endpoint: str, hub_reached: bool, amiss: str) -> None:
        said.append(hub_reached)
        stop.set()

    monkeypatch.setattr("warifu_services.node.app.running.announce_ready", announce)
    async with asyncio.timeout(20):
        await run_node(stop, empty_town.path / "tax", party="tax", hub="127.0.0.1:1", authority="127.0.0.1:1")
    assert said == [False]
    assert "ready_without_hub" in "".join(capsys.readouterr())


async def test_records_go_after_seven_years_and_not_a_moment_earlier() -> None:
    clock, store = ManualClock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)), MemoryNodeStore()
    record = ExchangeRecord(
        side=ExchangeSide.INQUIRER,
        request_id=bytes(16),
        inquirer=InstitutionCode("9030110020000001"),
        provider=InstitutionCode("9020110020000001"),
        procedure_code=ProcedureCode("JT99000000000001"),
        item_code=ItemCode("TM00000000000002"),
        requested_ms=clock.unix_ms(),
        inquiry_digest=bytes(32),
        non_disclosure=False,
    )
    await store.begin_inquiry(KeptInquiry(record=record, content=b"", changed_ms=clock.unix_ms()))
    clock.set(datetime(2033, 6, 15, 3, 0, tzinfo=UTC))
    await purge(store, clock)
    assert len(store.records(0, 10)) == 1
    clock.advance(timedelta(milliseconds=1))
    await purge(store, clock)
    assert store.records(0, 10) == []

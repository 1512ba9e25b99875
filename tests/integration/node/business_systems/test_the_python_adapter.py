"""The adapter that warifu serves for a Python class: whom it lets in, and that it takes up a new certificate."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from warifu.adapter import AdapterFolder
from warifu.adapter.servicer import build_adapter
from warifu.api.adapter.v1 import adapter_service_pb2 as adapter_pb2
from warifu.api.adapter.v1.adapter_service_pb2_grpc import (
    AdapterServiceStub,
)
from warifu.errors import Reason, WarifuError
from warifu.pki import CredentialFiles
from warifu.rpc.channel import PeerChannel
from warifu.rpc.probe import Peer, find_certificate
from warifu.rpc.status import translated
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_services.agencies.tax import TaxAgency


async def test_no_one_but_the_node_is_let_in_by_the_python_adapter(empty_town: Any, refused: Any) -> None:
    class Live(TaxAgency):
        keeps_replicas = False

    town, folder = empty_town, empty_town.path / "tax-system"
    make_adapter_folder(town.path, "tax", folder)
    server, endpoint = build_adapter(Live(), AdapterFolder(folder), listen="127.0.0.1:0")
    await server.start()
    expect = CredentialFiles(folder / "tls.pem", folder / "tls.key").current().identity

    async def asked(whose: str) -> Any:
        own = town.path / whose
        channel = PeerChannel(
            endpoint,
            credential=CredentialFiles(own / "tls.pem", own / "tls.key"),
            root_pem=(town.path / "root" / "root.pem").read_bytes(),
            expect=expect,
        )
        try:
            with translated({}):
                return await channel.stub(AdapterServiceStub).GetReadiness(adapter_pb2.GetReadinessRequest())
        finally:
            await channel.close()

    assert (await asked("tax")).ready
    for whose in ("childcare", "hub", "authority", "supervisor", "tax/business", "tax-system"):
        assert (await refused(asked(whose))).reason is Reason.CALLER_NOT_ALLOWED

    make_adapter_folder(town.path, "tax", folder)  # a new certificate is taken up without a restart
    renewed = CredentialFiles(folder / "tls.pem", folder / "tls.key").current().serial
    there = Peer(target=endpoint, expect=expect, root_pem=(town.path / "root" / "root.pem").read_bytes())
    async with asyncio.timeout(30):
        while (await find_certificate(there, (), 5.0)).names.serial != renewed:  # noqa: ASYNC110  # files have no event
            await asyncio.sleep(0.1)
    await server.stop(0)


async def test_the_folder_of_another_agencys_system_is_not_written_over(empty_town: Any) -> None:
    town, folder = empty_town, empty_town.path / "one-system"
    make_adapter_folder(town.path, "tax", folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(WarifuError) as refused:
        make_adapter_folder(town.path, "childcare", folder)
    assert (refused.value.reason, str(folder) in refused.value.where) == (Reason.CONFIG_INVALID, True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before

"""gRPC reflection: any member's tool finds what a party of the kit serves; a hub that a person starts tells nobody."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase  # type: ignore[import-untyped]

from warifu.api.hub.v1 import hub_service_pb2
from warifu.client import Connection, NetworkDescription

HUB = {"warifu.api.hub.v1.HubService", "warifu.api.log.v1.LogService", "warifu.api.directory.v1.DirectoryService"}
NODE = {"warifu.api.node.v1.NodeService", "warifu.api.agency.v1.AgencyService"}
EVERYWHERE = {"warifu.api.party.v1.PartyService", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


@contextmanager
def _asking(way: Connection, credential: Connection | None = None, endpoint: str = "") -> Iterator[Any]:
    """A tool's descriptor database over a channel with the certificate of ``credential``, by default of ``way``."""
    shown = credential or way
    credentials = grpc.ssl_channel_credentials(
        way.root_pem(), shown.private_key.read_bytes(), shown.certificate.read_bytes()
    )
    options = (("grpc.ssl_target_name_override", way.expect.dns_name),)
    with grpc.secure_channel(endpoint or way.endpoint, credentials, options) as channel:
        yield ProtoReflectionDescriptorDatabase(channel)


@pytest.mark.parametrize(
    ("party", "served"),
    [("hub", HUB), ("authority", {"warifu.api.authority.v1.AuthorityService"}), ("tax", NODE)],
)
def test_a_party_of_the_kit_lists_what_it_serves(running: Any, party: str, served: set[str]) -> None:
    with _asking(NetworkDescription.load(running.folder).to_party(party)) as tool:
        assert set(tool.get_services()) >= served | EVERYWHERE


def test_a_business_system_gets_the_contract_from_its_own_node(running: Any) -> None:
    with _asking(NetworkDescription.load(running.folder).to_node("tax")) as tool:
        service = DescriptorPool(tool).FindServiceByName("warifu.api.node.v1.NodeService")
    assert "Inquire" in service.methods_by_name


def test_what_is_told_is_the_contract(running: Any) -> None:
    with _asking(NetworkDescription.load(running.folder).to_hub()) as tool:
        told = tool.FindFileContainingSymbol("warifu.api.hub.v1.HubService")
    written = FileDescriptorProto()
    hub_service_pb2.DESCRIPTOR.CopyToProto(written)
    assert told == written


def test_who_is_no_member_learns_nothing(running: Any, demonstrated: Any) -> None:
    elsewhere = NetworkDescription.load(demonstrated.folder)
    stranger = Connection(
        endpoint="",
        expect=NetworkDescription.load(running.folder).to_hub().expect,
        certificate=demonstrated.folder / elsewhere.parties["tax"]["certificate"],
        private_key=demonstrated.folder / elsewhere.parties["tax"]["private_key"],
        root_certificate=running.folder / "hub/root.pem",
    )
    with (
        _asking(NetworkDescription.load(running.folder).to_hub(), stranger) as tool,
        pytest.raises(grpc.RpcError) as refused,
    ):
        tool.get_services()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_hub_that_a_person_starts_does_not_know_it(demonstrated: Any, warifu_command: Any, tmp_path: Path) -> None:
    network = Path(shutil.copytree(demonstrated.folder, tmp_path / "net"))
    command = warifu_command("hub", "--dir", network / "hub", "--listen", "127.0.0.1:0")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as hub:
        try:
            assert hub.stdout is not None
            endpoint = json.loads(hub.stdout.readline())["endpoint"]
            way = NetworkDescription.load(demonstrated.folder).to_hub()
            with _asking(way, endpoint=endpoint) as tool, pytest.raises(grpc.RpcError) as refused:
                tool.get_services()
        finally:
            hub.terminate()
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED

"""Reading from a network's folder how to reach whom, and with which certificate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from warifu.client import Connection, NetworkDescription
from warifu.errors import Reason, WarifuError
from warifu.pki import Role

PARTIES: dict[str, dict[str, Any]] = {
    "hub": {"role": "hub", "institution_code": "9900000000000001", "endpoint": "127.0.0.1:7400"},
    "authority": {"role": "authority", "institution_code": "9910000000000001", "endpoint": "127.0.0.1:7401"},
    "supervisor": {"role": "supervisor", "institution_code": "9920000000000001", "endpoint": None},
    "residence": {"role": "agency", "institution_code": "9010110020000001", "endpoint": "127.0.0.1:7402"},
    "tax": {"role": "agency", "institution_code": "9020110020000001", "endpoint": None},
}


def _described(folder: Path, **changes: Any) -> NetworkDescription:
    named = {"institution_kind": "kind", "institution_name": "name (SIMULATED)"}
    parties = {name: dict(about, folder=name, **named) for name, about in PARTIES.items()}
    for name, about in parties.items():
        about |= {"certificate": f"{name}/tls.pem", "private_key": f"{name}/tls.key"}
        if about["role"] == "agency":
            about["business_certificate"] = f"{name}/business/tls.pem"
            about["business_private_key"] = f"{name}/business/tls.key"
    told = {
        "network": "sim-1",
        "suite": 2,
        "root_certificate": "root/root.pem",
        "log_verifier_key": "key",
        "parties": parties,
        **changes,
    }
    (folder / "network.json").write_text(json.dumps(told), "utf-8")
    return NetworkDescription.load(folder)


def _refusal(read: Any, *arguments: Any) -> WarifuError:
    with pytest.raises(WarifuError) as raised:
        read(*arguments)
    assert raised.value.reason is Reason.CONFIG_INVALID
    return raised.value


def test_a_business_system_calls_its_own_node_with_its_own_certificate(tmp_path: Path) -> None:
    connection = _described(tmp_path).to_node("residence")
    assert connection.endpoint == "127.0.0.1:7402"
    assert connection.expect.uri == "warifu://sim-1/agency/9010110020000001"
    assert connection.certificate == tmp_path / "residence/business/tls.pem"
    assert connection.private_key == tmp_path / "residence/business/tls.key"
    assert connection.root_certificate == tmp_path / "residence/root.pem"


def test_the_registry_has_numbers_designated_with_its_business_certificate(tmp_path: Path) -> None:
    connection = _described(tmp_path).to_authority()
    assert connection.expect.role is Role.AUTHORITY
    assert connection.certificate == tmp_path / "residence/business/tls.pem"


def test_the_supervisor_calls_the_hub_with_its_own_certificate(tmp_path: Path) -> None:
    connection = _described(tmp_path).to_hub()
    assert connection.expect.role is Role.HUB
    assert connection.certificate == tmp_path / "supervisor/tls.pem"


def test_the_agencies_are_told_from_the_other_parties(tmp_path: Path) -> None:
    assert _described(tmp_path).agencies() == ["residence", "tax"]


def test_a_network_that_is_not_up_says_how_to_start_it(tmp_path: Path) -> None:
    nowhere = {name: {**about, "endpoint": None} for name, about in _described(tmp_path).parties.items()}
    where = _refusal(_described(tmp_path, parties=nowhere).to_node, "tax").where
    assert "warifu up" in where
    assert "write where it listens into its endpoint in network.json" in where


def test_a_party_that_is_nowhere_among_others_that_are_up_is_not_said_to_need_the_network_started(
    tmp_path: Path,
) -> None:
    where = _refusal(_described(tmp_path).to_node, "tax").where
    assert "network.json does not say where tax listens" in where
    assert "warifu up" not in where


def test_a_party_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    where = _refusal(_described(tmp_path).to_node, "library").where
    assert "library" in where
    assert "residence" in where


def test_a_party_without_a_business_system_is_refused(tmp_path: Path) -> None:
    assert "business certificate" in _refusal(_described(tmp_path).to_node, "hub").where


def test_a_folder_without_a_network_says_how_to_make_one(tmp_path: Path) -> None:
    assert "warifu up" in _refusal(NetworkDescription.load, tmp_path).where


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"network": "n", "log_verifier_key": "k", "parties": 3}'])
def test_a_file_that_describes_no_network_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "network.json").write_text(content, "utf-8")
    where = _refusal(NetworkDescription.load, tmp_path).where
    assert where.startswith(str(tmp_path / "network.json"))
    assert "warifu up" not in where, "there is one already"


def test_a_missing_root_certificate_is_named(tmp_path: Path) -> None:
    connection: Connection = _described(tmp_path).to_node("residence")
    with pytest.raises(WarifuError) as raised:
        connection.root_pem()
    assert raised.value.reason is Reason.KEY_INVALID
    assert "root.pem" in raised.value.where


def _of_kinds(folder: Path, **kinds: str) -> NetworkDescription:
    """The same network, with these kinds by party."""
    told = json.loads((_described(folder).folder / "network.json").read_text("utf-8"))
    for party, kind in kinds.items():
        told["parties"][party]["institution_kind"] = kind
    return _described(folder, parties=told["parties"])


def test_the_only_party_of_a_kind_is_found_by_its_kind(tmp_path: Path) -> None:
    network = _of_kinds(tmp_path, residence="registry", tax="revenue")
    assert network.to_node("registry") == network.to_node("residence")
    assert network.institution("revenue") == network.institution("tax")
    assert network.kind("registry") == "registry"


def test_of_several_of_a_kind_nobody_is_meant_and_all_are_named(tmp_path: Path) -> None:
    network = _of_kinds(tmp_path, residence="office", tax="office")
    said = _refusal(network.to_node, "office").where
    assert said == f"{tmp_path}: several parties are of the kind office; say which: residence, tax"


def test_a_partys_own_name_means_it_also_where_another_is_of_a_kind_called_so(tmp_path: Path) -> None:
    network = _of_kinds(tmp_path, residence="tax")
    assert network.institution("tax") == PARTIES["tax"]["institution_code"]

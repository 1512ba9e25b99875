"""The files in deploy/: they fit the published schemas, they say only what the commands take, and they leave nothing open."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

TREE = Path(__file__).parents[2]
DEPLOY = TREE / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path.read_text("utf-8")))


def compose() -> Any:
    (read,) = documents(DEPLOY / "compose.yaml")
    return read


def pods() -> Iterator[Any]:
    for path in MANIFESTS:
        for each in documents(path):
            if each["kind"] in {"Deployment", "StatefulSet"}:
                yield pytest.param(each["spec"]["template"]["spec"], id=each["metadata"]["name"])


def commands() -> Iterator[Any]:
    """Every command of a party, wherever it is started."""
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=/opt/warifu/bin/warifu (.*)$", unit.read_text("utf-8"), re.MULTILINE)
        yield pytest.param(line.replace("%i", "tax").split(), id=unit.name)
    for name, service in compose()["services"].items():
        if "command" in service:
            yield pytest.param(service["command"], id=f"compose {name}")
    for pod in pods():
        for container in pod.values[0]["containers"]:
            if "args" in container:
                yield pytest.param(container["args"], id=f"kubernetes {container['name']}")


@pytest.mark.parametrize("command", list(commands()))
def test_a_party_is_started_with_words_that_it_takes(command: list[str]) -> None:
    asked = [
        sys.executable,
        "-m",
        "warifu_kit.cli",
        *command,
        "--help",
    ]  # unknown words are refused before help is given
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_word_that_no_party_takes_would_be_seen() -> None:
    asked = [sys.executable, "-m", "warifu_kit.cli", "hub", "--dir", "x", "--sore", "y", "--help"]
    assert subprocess.run(asked, capture_output=True, check=False, timeout=60).returncode == 2


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_manifests_fit_the_published_schemas(path: Path) -> None:
    validate = Path(sys.executable).with_name("kubernetes-validate")
    done = subprocess.run([validate, "--strict", path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("pod", list(pods()))
def test_a_pod_has_no_rights_that_it_does_not_need(pod: Any) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"] + pod.get("initContainers", []):
        rights = container["securityContext"]
        assert rights["allowPrivilegeEscalation"] is False
        assert rights["capabilities"]["drop"] == ["ALL"]
        assert container["resources"]["limits"]["memory"]
        assert not container["image"].endswith(":latest")
        assert ":" in container["image"]


def test_every_volume_that_is_mounted_is_there_and_every_service_leads_somewhere() -> None:
    for pod in pods():
        spec = pod.values[0]
        volumes = {each["name"] for each in spec.get("volumes", [])} | {"rows"}
        mounted = {
            each["name"]
            for container in spec["containers"] + spec.get("initContainers", [])
            for each in container["volumeMounts"]
        }
        assert mounted <= volumes
    made = [each for path in MANIFESTS for each in documents(path)]
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in made if each["kind"] in {"Deployment", "StatefulSet"}
    ]
    for selector in (each["spec"]["selector"] for each in made if each["kind"] == "Service"):
        assert any(selector.items() <= found.items() for found in labels)


def test_nobody_is_reached_but_by_a_rule() -> None:
    (path,) = [path for path in MANIFESTS if "network-policies" in path.name]
    rules = documents(path)
    assert rules[0]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}, "all is closed first"
    opened = {each["spec"]["podSelector"]["matchLabels"]["warifu/party"] for each in rules[1:]}
    assert opened == {"hub", "authority", "agency", "postgresql"}
    assert all("from" in each for rule in rules[1:] for each in rule["spec"]["ingress"])


def test_compose_publishes_no_port_and_names_what_is_there() -> None:
    read = compose()
    for name, service in read["services"].items():
        assert "ports" not in service, name
        assert ":" in service["image"]
        assert not service["image"].endswith(":latest")
        assert set(service["secrets"]) <= read["secrets"].keys()
        assert set(service["networks"]) <= read["networks"].keys()
    addresses = [service["networks"]["warifu"]["ipv4_address"] for service in read["services"].values()]
    assert len(set(addresses)) == len(addresses)
    told = {word for service in read["services"].values() for word in service.get("command", []) if "10.77" in word}
    assert {word.partition(":")[0] for word in told} <= set(addresses)


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_its_party_again_and_lets_it_write_in_its_folder_only(unit: Path) -> None:
    text = unit.read_text("utf-8")
    for line in ("Restart=always", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077", "User=warifu"):
        assert line in text.splitlines()
    (folder,) = re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE)
    assert folder in text.partition("ExecStart=")[2].splitlines()[0]
    assert "SIMULATED" in text


def test_what_prepare_makes_is_a_network_whose_parties_know_the_server(tmp_path: Path) -> None:
    environment = os.environ | {
        "WARIFU": str(Path(sys.executable).with_name("warifu")),
        "SECRETS": str(tmp_path / "secrets"),
    }
    done = subprocess.run(
        [DEPLOY / "prepare.sh", tmp_path / "net"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for party in ("hub", "authority", "residence", "tax", "childcare", "insurance"):
        settings = json.loads((tmp_path / "net" / party / "party.json").read_text("utf-8"))
        assert settings["store"] == "postgresql://warifu@postgresql/warifu"
    password = (tmp_path / "secrets" / "password").read_text()
    assert (tmp_path / "secrets" / "pgpass").read_text() == f"postgresql:5432:warifu:warifu:{password}\n"
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "secrets").iterdir()} == {0}

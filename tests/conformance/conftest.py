"""A network's folder for checks, and checks against what runs in the test's own process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.honest_adapter import HonestAdapter
from tests.conformance.honest_inquirer import HonestInquirer
from tests.conformance.honest_node import HonestNode

from warifu.exchange.proof_policy import ProofPolicy
from warifu_kit.commands.network_changes import network_changes
from warifu_kit.conformance.adapter_under_check import AdapterUnderCheck
from warifu_kit.conformance.checking import check_adapter
from warifu_kit.conformance.node_checking import run_inquirer_cases, run_node_cases
from warifu_kit.conformance.outcome import Outcome
from warifu_kit.conformance.people_file import read_people
from warifu_kit.conformance.registry import cases_of, chosen
from warifu_kit.conformance.stage import staged
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_kit.network.creation import create_network

HERE = Path(__file__).resolve().parent
PEOPLE = HERE / "people.yaml"

CheckedAdapters = Callable[..., Awaitable[Outcome]]
CheckedNodes = Callable[..., Awaitable[Outcome]]
CheckedInquirers = Callable[..., Awaitable[Outcome]]
NetworkWith = Callable[[str], Path]


def planted(folder: str) -> list[Any]:
    """The planted mistakes of a folder by name; all but the first of each subject are slow: `make conformance` runs them."""
    named, subjects = list[Any](), set[str]()
    for path in sorted((HERE / "planted" / folder).glob("[a-z]*.py")):
        subject = path.read_text("utf-8").partition('CAUGHT_BY = "')[2].split(".")[1]
        named.append(pytest.param(path.stem, marks=[pytest.mark.slow] if subject in subjects else []))
        subjects.add(subject)
    return named


@pytest.fixture(scope="session")
def adapter_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that is not up; ``system`` beside it is the folder of its tax office's business system."""
    path = tmp_path_factory.mktemp("conformance") / "net"
    create_network(path)
    make_adapter_folder(path, "tax", path.parent / "system")
    return path


@pytest.fixture
def checked(adapter_network: Path, tmp_path: Path) -> CheckedAdapters:
    """Serves an adapter, checks it, stops it. ``people`` is the text of a people's file, ``party`` another office of the network."""

    async def check(
        kind: type[HonestAdapter], *only: str, people: str = "", party: str = "tax", seed: int | None = None
    ) -> Outcome:
        system, file = adapter_network.parent / "system", PEOPLE
        if party != "tax":
            system = tmp_path / "system"
            make_adapter_folder(adapter_network, party, system)
        if people:
            file = tmp_path / "people.yaml"
            file.write_text(people, "utf-8")
        server, endpoint = await kind(system).serve()
        try:
            about = AdapterUnderCheck.of(adapter_network, party, endpoint, read_people(file))
            return await check_adapter(about, chosen(cases_of("adapter"), only), ended=lambda _: None, seed=seed)
        finally:
            await server.stop(0)

    return check


@pytest.fixture(scope="session")
def network_with(tmp_path_factory: pytest.TempPathFactory) -> NetworkWith:
    """A network made for checks of its tax office's node, one for each policy of proofs."""

    @cache
    def made(proofs: str) -> Path:
        path = tmp_path_factory.mktemp("conformance") / "net"
        create_network(path, proofs=ProofPolicy.parse(proofs))
        return path

    return made


@pytest.fixture(scope="session")
def node_network(network_with: NetworkWith) -> Path:
    """The one where every conversion is proven."""
    return network_with("always")


@pytest.fixture
def checked_node(network_with: NetworkWith) -> CheckedNodes:
    """Sets the stage, serves a node on it, checks it, stops it."""

    async def check(kind: type[HonestNode], *only: str, proofs: str = "always", seed: int | None = None) -> Outcome:
        nowhere = "127.0.0.1:0"
        async with staged(
            network_with(proofs), "tax", hub_at=nowhere, authority_at=nowhere, changes=network_changes()
        ) as stage:
            node = kind(stage)

            async def started_again() -> str:
                nonlocal node
                await node.stop()
                node = kind(stage).from_disk(node)
                return await node.serve()

            about = replace(stage.under_check(await node.serve()), restarts=started_again)
            node.meet(about)
            try:
                cases = chosen(cases_of("node"), only)
                return await run_node_cases(about, cases, ended=lambda _: None, seed=seed, within_s=240)
            finally:
                await node.stop()

    return check


@pytest.fixture
def checked_inquirer(node_network: Path) -> CheckedInquirers:
    """The same for a node that asks."""

    async def check(kind: type[HonestInquirer], *only: str, seed: int | None = None) -> Outcome:
        nowhere = "127.0.0.1:0"
        async with staged(
            node_network, "childcare", hub_at=nowhere, authority_at=nowhere, changes=network_changes(), asks=True
        ) as stage:
            inquirer = kind(stage)
            about = replace(stage.inquirer_under_check(await inquirer.serve()), registry=None)
            inquirer.meet(about)
            try:
                cases = chosen(cases_of("inquirer"), only)
                return await run_inquirer_cases(about, cases, ended=lambda _: None, seed=seed)
            finally:
                await inquirer.server.stop(0)

    return check

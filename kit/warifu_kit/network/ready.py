"""What a program that starts a network needs to know of it, in one line: endpoints, certificates, processes.

Decides the form (``docs/guide/ci.md``). Every path is absolute; no key is in it, only where keys lie.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from warifu.party.network_file import NetworkFile, PartyEntry
from warifu.pki import Identity, Role
from warifu.printable import shell_command
from warifu_kit.network.for_tests import ForTests
from warifu_kit.network.network import Network

__all__ = ["ready_line"]


def ready_line(network: Network, population: Path | None = None) -> dict[str, Any]:
    """The line for a network that is up; ``population`` is the file that says who is registered, if anybody is."""
    folder, described = network.path.resolve(), network.described
    return {
        "event": "up",
        "simulated": True,
        "warnings": ForTests.of(described).loudly(),
        "network": described.network,
        "seed": described.seed,
        "suite": described.suite,
        "proofs": described.proofs,
        "folder": str(folder),
        "description": str(folder / "network.json"),
        "clock": None if described.clock is None else str(folder / described.clock),
        "faults": _faults(network),
        "population": None if population is None else str(population.resolve()),
        "root_certificate": str(folder / described.root_certificate),
        "log_verifier_key": str(folder / "log.vkey"),
        "parties": {party: _party(network, party, about, described) for party, about in described.parties.items()},
    }


def _faults(network: Network) -> dict[str, Any] | None:
    """What is done to calls on purpose, and how to have the same again; None where parties take no faults."""
    if (faults := network.faults) is None:
        return None
    again = shell_command("warifu", "up", network.path.resolve(), *faults.words())
    return {"awkward": not faults.calm, "seed": None if faults.calm else faults.seed, "the_same_again": again}


def _party(network: Network, party: str, about: PartyEntry, described: NetworkFile) -> dict[str, Any]:
    process, folder = network.parties.get(party), network.path.resolve()
    identity = Identity(network=described.network, role=Role(about.role), institution=about.institution_code)
    files = ("certificate", "private_key", "business_certificate", "business_private_key")
    paths = {name: getattr(about, name) for name in files}
    return {
        "role": about.role,
        "institution_code": about.institution_code,
        "institution_kind": about.institution_kind,
        "institution_name": about.institution_name,
        "endpoint": None if process is None else process.endpoint,
        "tls_name": identity.dns_name,
        "pid": None if process is None else process.pid,
        "hub_reached": None if process is None else process.hub_reached,
        "amiss": "" if process is None else process.amiss,
        "log": None if process is None else str(process.log_path.resolve()),
        **{name: str(folder / path) for name, path in paths.items() if path is not None},
    }

"""How to reach one party: where it listens, who must answer there, and what to show it.

Decides which certificate a caller uses for which party, from the ``network.json`` of a network's folder. Opens no
connection. Must never read a key that is not the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.identifiers import InstitutionCode
from warifu.party.network_file import NETWORK_FILE, party_called, read_network_file
from warifu.pki import Identity, RevocationFile, Role
from warifu.printable import shell_command
from warifu.saved_text import without_mark

__all__ = ["Connection", "NetworkDescription"]

_REGISTRY = "residence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One way to one party. ``endpoint`` is host:port; ``expect`` is the only one who may answer there.

    ``revocation_list`` is the network's list of certificates taken back, followed while calls are made; without one a
    party whose certificate was taken back is still called.
    """

    endpoint: str
    expect: Identity
    certificate: Path
    private_key: Path
    root_certificate: Path
    revocation_list: Path | None = None

    def root_pem(self) -> bytes:
        """The certificate of the network's root. Raises: KEY_INVALID."""
        try:
            return without_mark(self.root_certificate.read_bytes())
        except OSError as error:
            raise WarifuError(Reason.KEY_INVALID, where=str(self.root_certificate)) from error

    def revoked(self) -> Callable[[], frozenset[int]]:
        """Says which serial numbers were taken back, by the newest good list. Raises: FILE_INVALID, SIGNATURE_INVALID."""
        if self.revocation_list is None:
            return frozenset
        return RevocationFile(self.revocation_list, self.root_pem(), SystemClock()).revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkDescription:
    """A network as its ``network.json`` describes it to those who use it.

    A party is named by its own name, or by its kind where the network has one of that kind.
    """

    folder: Path
    network: str
    log_verifier_key: str
    parties: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, folder: Path) -> NetworkDescription:
        """Read ``folder/network.json``. Raises: CONFIG_INVALID when there is none, or it describes no network."""
        told = read_network_file(folder)
        return cls(
            folder=folder,
            network=told.network,
            log_verifier_key=told.log_verifier_key,
            parties={name: about.model_dump(mode="json", exclude_unset=True) for name, about in told.parties.items()},
        )

    def agencies(self) -> list[str]:
        """The names of the parties that are agencies."""
        return [name for name, about in self.parties.items() if about.get("role") == Role.AGENCY.value]

    def kind(self, party: str) -> str:
        """The institution kind of a party. Raises: CONFIG_INVALID when there is no such party."""
        return self._field(party, "institution_kind")

    def institution(self, party: str) -> InstitutionCode:
        """The institution code of a party. Raises: CONFIG_INVALID when there is no such party."""
        return InstitutionCode.parse(self._field(party, "institution_code"), f"{NETWORK_FILE}: {party}")

    def to_node(self, agency: str) -> Connection:
        """The way of an agency's business system to its own node."""
        return self._connection(agency, caller=agency, business=True)

    def to_authority(self, registry: str = _REGISTRY) -> Connection:
        """The way of a resident registry's business system to the numbering authority."""
        return self._connection("authority", caller=registry, business=True)

    def to_jpki(self, registry: str = _REGISTRY) -> Connection:
        """The way of a municipality's business system, by default its resident registry's, to the certificate authority."""
        return self._connection("jpki", caller=registry, business=True)

    def to_verifier(self, service: str = "verifier") -> Connection:
        """The way of a service's business system to the verifier; by default the verifier's own."""
        return self._connection("verifier", caller=service, business=True)

    def to_hub(self, caller: str = "supervisor") -> Connection:
        """The way of a party to the hub, with the party's own certificate."""
        return self._connection("hub", caller=caller, business=False)

    def to_party(self, party: str, caller: str = "supervisor") -> Connection:
        """The way of a party, by default the supervisor, to any other, with the party's own certificate."""
        return self._connection(party, caller=caller, business=False)

    def _connection(self, party: str, *, caller: str, business: bool) -> Connection:
        kind = "business_" if business else ""
        return Connection(
            endpoint=self._field(party, "endpoint"),
            expect=self._identity(party),
            certificate=self.folder / self._field(caller, f"{kind}certificate"),
            private_key=self.folder / self._field(caller, f"{kind}private_key"),
            root_certificate=self.folder / self._field(caller, "folder") / "root.pem",
            revocation_list=self._revocation_list(caller),
        )

    def _revocation_list(self, caller: str) -> Path | None:
        """The caller's list, which an agency's node keeps as new as the hub's; a folder copied without one has none."""
        path = self.folder / self._field(caller, "folder") / "revoked.pem"
        return path if path.exists() else None

    def _identity(self, party: str) -> Identity:
        try:
            role = Role(self._field(party, "role"))
        except ValueError:
            raise WarifuError(Reason.CONFIG_INVALID, where=f"{NETWORK_FILE}: {party}.role") from None
        return Identity(network=self.network, role=role, institution=self.institution(party))

    def _field(self, party: str, name: str) -> str:
        """One text field. Raises: CONFIG_INVALID, saying what to do where there is something to do."""
        kinds = {each: str(about.get("institution_kind", "")) for each, about in self.parties.items()}
        value = self.parties[party_called(party, kinds, self.folder)].get(name)
        if isinstance(value, str):
            return value
        fault = f"{self.folder}: {party} has no {name.replace('_', ' ')}"
        if name == "endpoint":
            fault = f"{self.folder}: {self._nowhere(party)}"
        raise WarifuError(Reason.CONFIG_INVALID, where=fault)

    def _nowhere(self, party: str) -> str:
        """What to do about a party without an endpoint: who starts parties one by one has to write them down."""
        write = f"if {party} was started by itself, write where it listens into its endpoint in {NETWORK_FILE}"
        if any(about.get("endpoint") for about in self.parties.values()):
            return f"{NETWORK_FILE} does not say where {party} listens; {write}"
        return f"the network is not up; start it with: {shell_command('warifu', 'up', self.folder)}; {write}"

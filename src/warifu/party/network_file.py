"""``network.json``: which parties a network has, where they listen, and which files of its folder are whose.

Decides whether the file describes a network at all, before anybody acts on it. Reads that one file: whether the folders
and certificates it names are there, it does not know. It holds no secret, only the names of the files that do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from warifu.errors import Reason, WarifuError
from warifu.exchange.proof_policy import POLICY_PATTERN
from warifu.identifiers import InstitutionCode
from warifu.party.claim import claim
from warifu.party.config import Fault, load_yaml, parsed_by
from warifu.pki import write_public_file
from warifu.printable import shell_command
from warifu.rpc.address import check_address

__all__ = [
    "NETWORK_FILE",
    "NetworkFile",
    "PartyEntry",
    "changing_network_file",
    "party_called",
    "read_network_file",
    "write_network_file",
]

NETWORK_FILE = "network.json"
"""Describes a network to those who use it; its presence says that the folder holds one."""


_NAMED_BY_ROLE = frozenset({"hub", "authority", "jpki", "verifier"})
"""Roles of which a network has one party at most, called like its role."""


def _endpoint(value: object) -> str | None:
    if value is None:
        return None
    fault = PydanticCustomError("endpoint", "should be host:port, or null before the network was up")
    if not isinstance(value, str):
        raise fault
    try:
        check_address(value, where="endpoint")
    except WarifuError:
        raise fault from None
    return value


_Text = Annotated[str, Field(min_length=1, max_length=300)]
_PartyName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
_Institution = Annotated[
    InstitutionCode, parsed_by(InstitutionCode.parse, "an institution code: sixteen digits, as text")
]


class PartyEntry(BaseModel):
    """One party. The paths of its files are relative to the network's folder; an agency has those of a business too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["hub", "authority", "agency", "supervisor", "jpki", "verifier"]
    institution_code: _Institution
    institution_kind: _Text
    institution_name: _Text
    endpoint: Annotated[str | None, PlainValidator(_endpoint)]
    folder: _Text
    certificate: _Text
    private_key: _Text
    business_certificate: _Text | None = None
    business_private_key: _Text | None = None


class NetworkFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    notice: str = ""
    network: _Text
    suite: Literal[1, 2]
    proofs: Annotated[str, Field(pattern=POLICY_PATTERN)] = "always"
    seed: Annotated[int, Field(ge=0)] | None = None
    """Of a network of tests: what all its keys and numbers were drawn from. They protect nothing."""
    clock: _Text | None = None
    """Of a network of tests: the file by which its parties' clocks are set, relative to the folder."""
    root_certificate: _Text
    log_verifier_key: _Text
    parties: dict[_PartyName, PartyEntry]
    former_parties: dict[_PartyName, PartyEntry] = {}
    """Parties that have left; their folders, and the records in them, stay."""

    def listening_at(self, endpoints: Mapping[str, str]) -> NetworkFile:
        """The same network with other endpoints: those of ``endpoints``, by party."""
        parties = {
            party: about.model_copy(update={"endpoint": endpoints[party]}) if party in endpoints else about
            for party, about in self.parties.items()
        }
        return self.model_copy(update={"parties": parties})


def party_called(called: str, kinds: Mapping[str, str], folder: Path) -> str:
    """The party that somebody means: the one of that name, or the only one of that kind.

    ``kinds`` has the kind of every party of the network in ``folder``. Raises: CONFIG_INVALID, naming who there is, or
    which of several could be meant.
    """
    if called in kinds:
        return called
    of_kind = [party for party, kind in kinds.items() if kind == called]
    if len(of_kind) == 1:
        return of_kind[0]
    if of_kind:
        where = f"{folder}: several parties are of the kind {called}; say which: {', '.join(of_kind)}"
    else:
        where = f"{folder}: no party is called {called}; there are {', '.join(kinds)}"
    raise WarifuError(Reason.CONFIG_INVALID, where=where)


def read_network_file(folder: Path) -> NetworkFile:
    """Read ``folder/network.json``.

    Raises: CONFIG_INVALID, saying how to make a network where there is none, and where the fault is in one that does
    not hold together.
    """
    path = folder / NETWORK_FILE
    try:
        path.stat()
    except OSError as error:
        where = f"{folder}: holds no network; make one there with: {shell_command('warifu', 'up', folder)}"
        raise WarifuError(Reason.CONFIG_INVALID, where=where, debug=type(error).__name__) from error
    return load_yaml(path, NetworkFile, _contradictions)  # JSON is YAML too, and the faults have their lines


def write_network_file(folder: Path, described: NetworkFile) -> None:
    """Replace ``folder/network.json`` in one step. Raises: PATH_UNUSABLE."""
    text = json.dumps(described.model_dump(mode="json", exclude_unset=True), ensure_ascii=False, indent=2)
    try:
        write_public_file(folder / NETWORK_FILE, (text + "\n").encode())
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{folder / NETWORK_FILE}: {error.strerror}") from error


@contextmanager
def changing_network_file(folder: Path) -> Iterator[Callable[[NetworkFile], None]]:
    """Whoever reads ``network.json`` to write it changed holds this meanwhile: two of them do not undo each other.

    Gives what writes it. Waits for its turn. Raises: PATH_UNUSABLE.
    """
    try:
        with claim(folder / "network.json.lock", wait=True):
            yield lambda described: write_network_file(folder, described)
    except OSError as error:
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{error.filename}: {error.strerror}") from error


def _contradictions(described: NetworkFile) -> Iterable[Fault]:
    for role in ("hub", "authority"):
        if role not in described.parties:
            yield Fault(("parties", role), "is missing")
    for party, about in described.parties.items():
        if about.folder != party:
            yield Fault(("parties", party, "folder"), "should be the party's own name")
        if (about.role in _NAMED_BY_ROLE or party in _NAMED_BY_ROLE) and about.role != party:
            yield Fault(("parties", party, "role"), "does not fit the party's name")

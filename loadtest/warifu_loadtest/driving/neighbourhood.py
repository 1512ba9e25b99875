"""The network that is called, as this process may see it: whose certificates are here, and whom each office asks.

Decides what a process can do on a host that holds some agencies' certificates and no others. Reads the network's folder and
nothing else; makes one client for each party, after locust has forked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from warifu.client import (
    BlockingAuthorityClient,
    BlockingLogClient,
    BlockingNodeClient,
    BlockingSupervisionClient,
    Connection,
    NetworkDescription,
)
from warifu.errors import Reason, WarifuError
from warifu.printable import shell_command
from warifu.saved_text import parse_json

__all__ = ["Neighbourhood", "Office", "Question"]

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whom an office asks for which item, and about which of its people, by their local numbers there."""

    provider: str
    item_code: str
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One agency that asks: its kind, its procedure, and what it may ask."""

    agency: str
    kind: str
    procedure_code: str
    questions: tuple[Question, ...]


class Neighbourhood:
    """What one process of a load test sees of a network. ``only`` names the agencies that it is, if not all it can be."""

    def __init__(self, folder: Path, only: Collection[str] = ()) -> None:
        """Raises: CONFIG_INVALID."""
        self.described = NetworkDescription.load(folder)
        self._only = frozenset(only)
        strangers = sorted(self._only - set(self.described.agencies()))
        if strangers:
            where = f"--agencies: no agency is called {strangers[0]}; there are {', '.join(self.described.agencies())}"
            raise WarifuError(Reason.CONFIG_INVALID, where=where)
        self._clients: dict[tuple[object, Path, str], Any] = {}

    @cached_property
    def agencies(self) -> tuple[str, ...]:
        """Those whose business certificates are here, and that this process may be."""
        return tuple(
            agency
            for agency in self.described.agencies()
            if (not self._only or agency in self._only) and self._holds(self.described.to_node(agency))
        )

    @cached_property
    def offices(self) -> tuple[Office, ...]:
        """The offices here that have somebody to ask about. Raises: FILE_INVALID where there are none, and why."""
        path = self.described.folder / "population.json"
        populate = f"fill it with: {shell_command('warifu', 'populate', self.described.folder)}"
        try:
            offices = self._offices_in(parse_json(path.read_bytes()))
        except FileNotFoundError as error:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: the network has no people; {populate}") from error
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WarifuError(Reason.FILE_INVALID, where=f"{path}: not what `warifu populate` writes") from error
        if not offices:
            where = f"{path}: no office has anybody to ask about; {populate} --residents 200"
            raise WarifuError(Reason.FILE_INVALID, where=where)
        return tuple(office for office in offices if office.agency in self.agencies)

    def offices_of(self, kind: str) -> tuple[Office, ...]:
        """The offices of one kind of agency."""
        return tuple(office for office in self.offices if office.kind == kind)

    def agencies_of(self, *kinds: str) -> tuple[str, ...]:
        """The agencies here of these kinds; of any, if none is named."""
        return tuple(agency for agency in self.agencies if not kinds or self.described.kind(agency) in kinds)

    @property
    def supervises(self) -> bool:
        """Whether the supervisor's certificate is here, and this process may be the supervisor."""
        return not self._only and "supervisor" in self.described.parties and self._holds(self.described.to_hub())

    def node(self, agency: str) -> BlockingNodeClient:
        """An agency's business system at its node."""
        return self._client(BlockingNodeClient, self.described.to_node(agency))

    def authority(self, registry: str) -> BlockingAuthorityClient:
        """A registry's business system at the authority."""
        return self._client(BlockingAuthorityClient, self.described.to_authority(registry))

    def log(self) -> BlockingLogClient:
        """The supervisor at the log."""
        return self._client(BlockingLogClient, self.described.to_hub())

    def supervision(self) -> BlockingSupervisionClient:
        """The supervisor at the hub."""
        return self._client(BlockingSupervisionClient, self.described.to_hub())

    def _client(self, kind: Callable[[Connection], Client], way: Connection) -> Client:
        key = (kind, way.certificate, way.endpoint)
        if key not in self._clients:
            self._clients[key] = kind(way)
        found: Client = self._clients[key]
        return found

    def _offices_in(self, told: Any) -> list[Office]:
        """Of agencies that are there, and about what they may ask one that is: some may have left since."""
        there = self.described.parties
        offices = [
            Office(
                agency=agency,
                kind=self.described.kind(agency),
                procedure_code=about["procedure_code"],
                questions=_questions(about, there),
            )
            for agency, about in told["offices"].items()
            if agency in there
        ]
        return [office for office in offices if office.questions]

    @staticmethod
    def _holds(way: Connection) -> bool:
        return all(path.exists() for path in (way.certificate, way.private_key, way.root_certificate))


def _questions(about: Mapping[str, Any], there: Collection[str]) -> tuple[Question, ...]:
    return tuple(
        Question(
            provider=asked["provider"],
            item_code=asked["item_code"],
            people=tuple(about["applicants_at"][asked["provider"]]),
        )
        for asked in about["questions"]
        if asked["provider"] in there and about["applicants_at"][asked["provider"]]
    )

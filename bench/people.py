"""The business systems' part: people with numbers, codes and records, before anything is measured.

Speaks to the parties as a business system does, over the contract and with its own certificate. Every record can be
told from its local number, so that a load process knows what each answer must say.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc

from warifu.api.authority.v1.authority_service_pb2 import DesignateMyNumbersRequest
from warifu.api.authority.v1.authority_service_pb2_grpc import AuthorityServiceStub
from warifu.api.node.v1 import node_service_pb2 as node
from warifu.api.node.v1.node_service_pb2_grpc import NodeServiceStub
from warifu.api.record.v1.local_tax_record_pb2 import LocalTaxRecord
from warifu.identifiers import ResidentRecordCode
from warifu.party.folder import PartyFolder
from warifu.pki import CredentialFiles, Identity, Role
from warifu.rpc.channel import secure_channel_sync

__all__ = ["BusinessSystem", "designate", "local_numbers", "tax_record"]

FISCAL_YEAR = 2025
_BATCH = 1_000


def local_numbers(first: int, count: int) -> list[str]:
    """Local numbers of made-up people."""
    return [f"B{number:08d}" for number in range(first, first + count)]


def tax_record(local_number: str) -> bytes:
    """The record of the person with that local number."""
    income = 1_000_000 + int(local_number[1:]) * 1_000
    return LocalTaxRecord(
        fiscal_year=FISCAL_YEAR,
        total_income_yen=income,
        taxable_income_yen=income // 2,
        income_levy_yen=income // 20,
        per_capita_levy_yen=5_000,
        dependants=2,
    ).SerializeToString(deterministic=True)


def designate(network: Path, authority: str, count: int) -> list[str]:
    """New My Numbers for ``count`` people whom nobody registered before, as the resident registry has them made."""
    channel = _business_channel(network, "residence", Role.AUTHORITY, authority)
    stub, numbers = AuthorityServiceStub(channel), list[str]()
    for start in range(0, count, _BATCH):
        bodies = (secrets.randbelow(10**10) for _ in range(min(_BATCH, count - start)))
        residents = [ResidentRecordCode.from_body(f"{body:010d}").digits for body in bodies]
        numbers += stub.DesignateMyNumbers(DesignateMyNumbersRequest(resident_record_codes=residents)).my_numbers
    channel.close()
    return numbers


class BusinessSystem:
    """The business system of one agency, at that agency's node."""

    def __init__(self, network: Path, party: str, endpoint: str) -> None:
        self._channel = _business_channel(network, party, Role.AGENCY, endpoint)
        self._node = NodeServiceStub(self._channel)

    def acquire(self, people: Sequence[tuple[str, str]]) -> float:
        """Acquire codes for (local number, My Number) pairs; the seconds it took. Raises: RuntimeError for a refusal."""
        asked = [node.PersonToAcquire(local_number=local, my_number=number) for local, number in people]
        started = time.perf_counter()
        answers = self._node.AcquireCodes(
            iter([node.AcquireCodesRequest(people=asked[at : at + _BATCH]) for at in range(0, len(asked), _BATCH)])
        )
        reasons = [result.reason for answer in answers for result in answer.results]
        took = time.perf_counter() - started
        if len(reasons) != len(people) or any(reasons):
            raise RuntimeError(f"codes were refused: {sorted(set(reasons))}")
        return took

    def register(self, numbers: Sequence[str], item_code: str) -> None:
        """Register everybody's record."""

        def requests() -> Iterator[node.RegisterReplicasRequest]:
            for at in range(0, len(numbers), _BATCH):
                yield node.RegisterReplicasRequest(
                    replicas=[_replica(number, item_code) for number in numbers[at : at + _BATCH]]
                )

        self._node.RegisterReplicas(requests())

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def _replica(local_number: str, item_code: str) -> node.Replica:
    return node.Replica(
        local_number=local_number,
        item_code=item_code,
        fiscal_year=FISCAL_YEAR,
        publication_start="2025-06-01",
        record=tax_record(local_number),
    )


def _business_channel(network: Path, party: str, role: Role, endpoint: str) -> grpc.Channel:
    folder = PartyFolder(network / party)
    directory, business = folder.directory(), folder.path / "business"
    institution = directory.authority if role is Role.AUTHORITY else folder.settings().institution_code
    credential = CredentialFiles(business / "tls.pem", business / "tls.key").current()
    return secure_channel_sync(
        endpoint,
        credential=credential,
        root_pem=folder.root_pem(),
        expect=Identity(network=directory.network, role=role, institution=institution),
    )

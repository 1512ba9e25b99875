"""PartyService: how this party is, for those who look after it. The same for hub, authority and nodes.

Decides who may ask (the supervisor, and the party's own institution) and nothing else: what is told, the party itself
hands in (:class:`About`) or its lookout saw. Nothing told is about a person; of what a party holds, only how much.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from warifu.api.party.v1 import party_service_pb2 as party_pb2
from warifu.api.party.v1.party_service_pb2_grpc import PartyServiceServicer
from warifu.errors import Reason, WarifuError
from warifu.party.alarms import Alarm
from warifu.party.lookout import Lookout
from warifu.pki import Identity, Role
from warifu.pki.validity import Validity
from warifu.rpc.access import EVERY_ROLE, AccessTable
from warifu.rpc.identity import AnyContext, caller

__all__ = ["PARTY_ACCESS", "About", "DirectoryInForce", "StatusServicer"]

_METHOD = "/warifu.api.party.v1.PartyService/GetStatus"

PARTY_ACCESS: AccessTable = {_METHOD: EVERY_ROLE}
"""Who may call which method of PartyService. Of these, the servicer answers the supervisor and its own institution."""


class DirectoryInForce(NamedTuple):
    """By which directory a party goes now: its version, and the epochs of the party's own keys and codes."""

    version: int
    epoch: int
    code_epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a party tells of itself. The functions are asked at each call."""

    identity: Identity
    suite: int
    directory: Callable[[], DirectoryInForce]
    counts: Callable[[], Awaitable[party_pb2.HoldingCounts]]
    checkpoint: Callable[[], party_pb2.CheckpointStatus | None] = lambda: None


class StatusServicer(PartyServiceServicer):
    """The generated base says what the method is for."""

    def __init__(self, about: About, lookout: Lookout) -> None:
        self._about = about
        self._lookout = lookout
        self._started = lookout.clock.now()

    async def GetStatus(self, request: party_pb2.GetStatusRequest, context: AnyContext) -> party_pb2.GetStatusResponse:
        """Look at everything now, and tell it."""
        about, lookout, asking = self._about, self._lookout, caller(context)
        if asking.role is not Role.SUPERVISOR and asking.institution != about.identity.institution:
            raise WarifuError(Reason.CALLER_NOT_ALLOWED, where=_METHOD)
        lookout.look()
        directory, counts, checkpoint = about.directory(), None, None
        with suppress(WarifuError):  # a party whose database fails must still be able to say how it is
            counts, checkpoint = await about.counts(), about.checkpoint()
        return party_pb2.GetStatusResponse(
            role=about.identity.role.value,
            institution_code=about.identity.institution,
            network=about.identity.network,
            suite=about.suite,
            release=version("warifu"),
            started_time=_timestamp(self._started),
            directory_version=directory.version,
            epoch=directory.epoch,
            code_epoch=directory.code_epoch,
            certificates=[_certificate("own", lookout.own_validity()), _certificate("root", lookout.root)],
            revocation_list=self._revocation_list(),
            checkpoint=checkpoint,
            free_disk_bytes=lookout.free_bytes() or 0,
            counts=counts,
            alarms=[_alarm(alarm) for alarm in lookout.alarms.standing()],
        )

    def _revocation_list(self) -> party_pb2.RevocationListStatus | None:
        held = self._lookout.revocations.held
        if held is None:
            return None
        return party_pb2.RevocationListStatus(
            number=held.number, next_update=_timestamp(held.good_until), serial_count=len(held.serials)
        )


def _certificate(use: str, validity: Validity) -> party_pb2.CertificateStatus:
    return party_pb2.CertificateStatus(use=use, serial=f"{validity.serial:x}", not_after=_timestamp(validity.not_after))


def _alarm(alarm: Alarm) -> party_pb2.Alarm:
    kind = f"ALARM_KIND_{alarm.kind.value}"
    return party_pb2.Alarm(kind=kind, since=_timestamp(alarm.since), where=alarm.where)


def _timestamp(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp

"""The demonstration's third act: one resident applies for a card, collects it, and opens a bank account with it.

Decides who (the first adult whose day of birth is known), in which order, and what must hold after each step; and that whoever certifies
people and relies on it holds no number, no code and no record: both are searched for what the hub is searched for, but for the
names that certificates have.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from warifu.api.jpki.v1.card_service_pb2 import CardState
from warifu.card.chip import answer
from warifu.card.chip_state import Chip, Session
from warifu.card.secrets import Pin
from warifu.client import BlockingCardClient, BlockingVerifierClient, NetworkDescription
from warifu.clock import SystemClock, day_in_japan
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MyNumber
from warifu_kit.blindness.needles import Secret
from warifu_kit.blindness.search import BlindnessReport
from warifu_kit.demo.population import Population
from warifu_kit.demo.result import Check
from warifu_kit.jpki.applicant import ApplicationOnFile, applicant_of
from warifu_kit.jpki.card_counter import CardCounter, ChosenPins
from warifu_kit.jpki.desk import ServiceDesk
from warifu_kit.jpki.holder import HeldCard
from warifu_kit.people.residents import Resident
from warifu_services.jpki.validity import ADULT

__all__ = ["CARD_PARTIES", "card_act", "holder_among", "searched_check", "sought_beside"]

CARD_PARTIES = ("jpki", "verifier")
"""The parties of this act."""

_BY_FACE = 1
_REGISTRY = "residence"
_KINDS = frozenset({"my_number", "resident_record_code", "local_number", "record"})


def holder_among(residents: Iterable[Resident]) -> Resident | None:
    """Who applies; None where nobody may."""
    today = day_in_japan(SystemClock().now())
    fits = (each for each in residents if each.date_of_birth.day and each.date_of_birth.ages(today)[0] >= ADULT)
    return next(fits, None)


def sought_beside(found: Iterable[Secret]) -> list[Secret]:
    """What must not be at the parties of this act, of all that must not be at the hub."""
    return [secret for secret in found if secret.kind in _KINDS]


def searched_check(party: str, report: BlindnessReport) -> Check:
    """The search of one of them as a check."""
    detail = f"{len(report.hits)} hits: {report.needle_count} values sought"
    return Check(name=f"{party} holds no number", holds=report.is_blind, detail=detail)


def card_act(network: NetworkDescription, holder: Resident, population: Population) -> Iterator[Check]:
    """Play it, a check after each step. Raises: what a party refuses with where nothing should be refused."""
    number = MyNumber(population.my_numbers[holder.resident_number])
    registry = next(iter(each for each in network.agencies() if network.kind(each) == _REGISTRY))
    pins = ChosenPins(_drawn(4, "0123456789"), _drawn(12, "ABCDEFGHJKLMNPQRSTUVWXYZ"))
    with (
        BlockingCardClient(network.to_jpki(registry)) as office,
        BlockingVerifierClient(network.to_verifier()) as service,
    ):
        counter = CardCounter(office, network.folder / "jpki")
        kept, chip = _issued(counter, holder, number, pins)
        yield _history_check(counter, kept)
        desk = ServiceDesk(service, HeldCard(_InHand(chip).transmit))
        yield from _used(desk, kept, pins)
        counter.suspend(kept.application_id)
        yield _refused(lambda: desk.log_in(pins.four_digits), "lost card refused", Reason.CERTIFICATE_REVOKED)


def _issued(
    counter: CardCounter, holder: Resident, number: MyNumber, pins: ChosenPins
) -> tuple[ApplicationOnFile, Chip]:
    today: date = day_in_japan(SystemClock().now())
    kept = counter.apply(applicant_of(holder, number))
    return kept, counter.collect(kept, counter.make(kept, today), _BY_FACE, pins)


def _used(desk: ServiceDesk, kept: ApplicationOnFile, pins: ChosenPins) -> Iterator[Check]:
    password = pins.password or Pin(b"")
    user = desk.register(password)
    same = desk.log_in(pins.four_digits) == user
    yield Check(name="registered, logged in", holds=same, detail="with two keys and two PINs, the same user")
    items = kept.applicant.items
    account, checks = desk.open_account(items, "生計費決済", "会社員", password)
    yield Check(name="bank account opened", holds=len(account) == 7, detail="; ".join(checks))
    checks = desk.check_identity(kept)
    yield Check(name="card shown at a counter", holds=bool(checks), detail="; ".join(checks))


def _history_check(counter: CardCounter, kept: ApplicationOnFile) -> Check:
    steps = counter.history(kept.application_id).transitions
    states = [CardState.Name(step.to).removeprefix("CARD_STATE_").lower() for step in steps]
    wanted = ["applied", "ordered", "personalised", "notified", "collected", "active"]
    return Check(name="card issued", holds=states == wanted, detail=", ".join(states))


def _refused(call: Callable[[], object], name: str, reason: Reason) -> Check:
    try:
        call()
    except WarifuError as error:
        return Check(name=name, holds=error.reason is reason, detail=error.reason.value)
    return Check(name=name, holds=False, detail="not refused")


def _drawn(count: int, alphabet: str) -> Pin:
    return Pin.of("".join(secrets.choice(alphabet) for _ in range(count)))


class _InHand:
    """A chip in this process, before a terminal."""

    def __init__(self, chip: Chip) -> None:
        self._chip, self._session = chip, Session()

    def transmit(self, command: bytes) -> bytes:
        done = answer(self._chip, self._session, command, secrets.token_bytes)
        self._session = done.session
        self._chip = done.kept[-1] if done.kept else self._chip
        return done.response

"""``warifu card apply``, ``collect``, ``suspend``, ``resume``, ``reissue``, ``history``: a card from its application to its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from warifu.printable import shell_command
from warifu_kit.commands.card.typed import taken_by_the_card, typed_pin
from warifu_kit.output import say, say_json, say_table, table

if TYPE_CHECKING:
    from datetime import date

    from warifu_kit.jpki.applicant import Applicant, ApplicationOnFile
    from warifu_kit.jpki.card_counter import CardCounter

__all__ = ["apply", "collect", "history", "reissue", "resume", "suspend"]

NetworkDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a network that is up.")]
ApplicationDir = Annotated[Path, typer.Argument(metavar="APPLICATION", help="The application's folder.")]
NewApplication = Annotated[
    Path, typer.Argument(metavar="APPLICATION", help="The folder of the new application; it must not be there yet.")
]
Registry = Annotated[str, typer.Option(metavar="PARTY", help="The resident registry whose counter it is.")]
Seed = Annotated[int | None, typer.Option(min=0, help="Which made-up person applies. [default: any]")]
_APPLICATION, _CARD = "application.json", "card.json"
_LARGEST_SEED = 1 << 31


def apply(
    path: NetworkDir,
    application: NewApplication,
    seed: Seed = None,
    child: Annotated[bool, typer.Option("--child", help="Somebody under 15, who gets no signing certificate.")] = False,
    registry: Registry = "residence",
) -> None:
    """Apply for a card for a made-up person, have it made, and keep what the counter keeps in the folder APPLICATION.

    The numbering authority designates the person's My Number; the certificate authority issues certificates for keys that the
    maker drew in the chip. The card lies in APPLICATION until it is collected, behind PINs that nobody knows.

    Example: warifu card apply net hanako
    """
    _must_be_new(application)
    kept = _with_card_made(path, application, _made_up(path, seed, registry, child=child), registry)
    say(f"{application}: applied for, ordered, made; SIMULATED, until {kept.last_day}; the notice is in the post")
    say(f"hand it over with: {shell_command('warifu', 'card', 'collect', path, application, 'card.json')}")


def collect(
    path: NetworkDir,
    application: ApplicationDir,
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The file of the card; it must not be there yet.")],
    identity: Annotated[
        Literal["face", "documents", "proxy"],
        typer.Option(help="How the holder's identity is checked: face and notice, documents and notice, or by proxy."),
    ] = "face",
    registry: Registry = "residence",
) -> None:
    """Hand a card over: check the holder's identity, let her set PINs, and write the card to the file CARD.

    Typed, or two lines of standard input: a PIN of four digits for three applications, and a password for signing, of 6 to 16
    upper-case letters and digits; for a child, the PIN alone.

    Example: warifu card collect net hanako card.json
    """
    from warifu.card.applications import jpki
    from warifu_kit.jpki.applicant import read_application
    from warifu_kit.jpki.card_counter import ChosenPins, with_pins
    from warifu_kit.reader.card_file import kept_card, new_card

    _must_be_new(card)
    kept, chip = read_application(application / _APPLICATION), kept_card(application / _CARD)
    found = chip.application(jpki.AID)
    can_sign = found is not None and found.pin(jpki.SIGNING_PIN) is not None
    four_digits = typed_pin("PIN of four digits")
    pins = ChosenPins(four_digits, typed_pin("password for signing") if can_sign else None)
    with taken_by_the_card("PIN"):
        with_pins(chip, pins)  # before the counter is asked
    check = {"face": 1, "documents": 2, "proxy": 3}[identity]
    with _counter(path, registry) as counter:
        new_card(card, counter.collect(kept, chip, check, pins))
    (application / _CARD).unlink()
    say(f"{card}: collected and active, SIMULATED, until {kept.last_day}; whoever can read the file has the card")


def suspend(path: NetworkDir, application: ApplicationDir, registry: Registry = "residence") -> None:
    """Report a card lost: it and its certificates are suspended until it is found.

    Example: warifu card suspend net hanako
    """
    with _counter(path, registry) as counter:
        counter.suspend(_application_id(application))
    say(f"{application}: the card and its certificates are suspended")


def resume(path: NetworkDir, application: ApplicationDir, registry: Registry = "residence") -> None:
    """Report a card found: it and its certificates are good again.

    Example: warifu card resume net hanako
    """
    with _counter(path, registry) as counter:
        counter.resume(_application_id(application))
    say(f"{application}: the card and its certificates are good again")


def reissue(
    path: NetworkDir, application: ApplicationDir, new: NewApplication, registry: Registry = "residence"
) -> None:
    """Apply for another card in the place of one, for the same person. The old one ends when the new one is collected.

    Example: warifu card reissue net hanako hanako-2
    """
    from warifu_kit.jpki.applicant import read_application

    _must_be_new(new)
    old = read_application(application / _APPLICATION)
    kept = _with_card_made(path, new, old.applicant, registry, old.application_id)
    say(f"{new}: made in the place of {application}, SIMULATED, until {kept.last_day}; the notice is in the post")


def history(
    path: NetworkDir,
    application: ApplicationDir,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON for each step, times in UTC.")] = False,
    registry: Registry = "residence",
) -> None:
    """Show each step that a card took, and when.

    Example: warifu card history net hanako
    """
    from datetime import UTC, datetime

    from warifu.api.jpki.v1.card_service_pb2 import CardState, IdentityCheck

    with _counter(path, registry) as counter:
        steps = counter.history(_application_id(application)).transitions
    shown = table(("state", "since (UTC)", "identity"))
    for step in steps:
        state = CardState.Name(step.to).removeprefix("CARD_STATE_").lower()
        since = f"{datetime.fromtimestamp(step.at_unix_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
        check = IdentityCheck.Name(step.identity_check).removeprefix("IDENTITY_CHECK_").lower().replace("_", " ")
        told = {"state": state, "since": since, "identity_check": check if step.identity_check else ""}
        if json:
            say_json(told)
        shown.add_row(*told.values())
    if not json:
        say_table(shown)


def _made_up(path: Path, seed: int | None, registry: str, *, child: bool) -> Applicant:
    """Somebody made up, with the My Number that the network's numbering authority designates."""
    import secrets

    from warifu.client import BlockingAuthorityClient, NetworkDescription
    from warifu.identifiers import MyNumber, ResidentRecordCode
    from warifu_kit.jpki.applicant import applicant_of
    from warifu_kit.people.residents import generate
    from warifu_services.jpki.validity import ADULT, LEAST_AGE_TO_SIGN

    seed, today = secrets.randbelow(_LARGEST_SEED) if seed is None else seed, _today()
    description = NetworkDescription.load(path)
    home = description.institution(registry).municipality
    people = generate(seed, 200, home)
    fits = (each for each in people if (each.date_of_birth.ages(today)[1] < LEAST_AGE_TO_SIGN) is child)
    resident = next(each for each in fits if child or each.date_of_birth.ages(today)[0] >= ADULT)
    code = ResidentRecordCode.from_body(f"{secrets.randbelow(10**10):010}")
    with BlockingAuthorityClient(description.to_authority(registry)) as authority:
        (number,) = authority.designate_my_numbers([code.digits])
    return applicant_of(resident, MyNumber(number))


def _with_card_made(
    path: Path, application: Path, applicant: Applicant, registry: str, predecessor: str = ""
) -> ApplicationOnFile:
    """Apply, have the card made, and keep both in the folder, which is made."""
    from warifu.pki import make_private_folder
    from warifu_kit.jpki.applicant import write_application
    from warifu_kit.reader.card_file import new_card

    with _counter(path, registry) as counter:
        kept = counter.apply(applicant, predecessor)
        make_private_folder(application)
        write_application(application / _APPLICATION, kept)
        new_card(application / _CARD, counter.make(kept, _today()))
    return kept


@contextmanager
def _counter(path: Path, registry: str) -> Iterator[CardCounter]:
    from warifu.client import BlockingCardClient, NetworkDescription
    from warifu_kit.jpki.card_counter import CardCounter

    description = NetworkDescription.load(path)
    with BlockingCardClient(description.to_jpki(registry)) as client:
        yield CardCounter(client, path / "jpki")


def _application_id(application: Path) -> str:
    from warifu_kit.jpki.applicant import read_application

    return read_application(application / _APPLICATION).application_id


def _must_be_new(path: Path) -> None:
    from warifu.errors import Reason, WarifuError

    if path.exists():
        raise WarifuError(Reason.PATH_UNUSABLE, where=f"{path}: is there already, and is not written over")


def _today() -> date:
    from warifu.clock import SystemClock, day_in_japan

    return day_in_japan(SystemClock().now())

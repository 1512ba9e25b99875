"""Who applies for a card, and what the counter keeps of the application until the card is collected and after.

Decides what is on file: who it is, the number that the numbering authority designated, the code that is printed, and what the office
calls the application. SIMULATED: the applicant is made up. The file is its owner's only, as a card's is: it has a My Number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from warifu.card.personalisation import FourItems, Sex
from warifu.card.secrets import Pin
from warifu.errors import Reason, WarifuError
from warifu.identifiers import MunicipalityCode, MyNumber
from warifu.pki import write_private_file
from warifu.saved_text import NotTextError, parse_json
from warifu_kit.people.municipalities import municipalities
from warifu_kit.people.residents import Resident

__all__ = ["Applicant", "ApplicationOnFile", "applicant_of", "place_of", "read_application", "write_application"]

_IS: Final = "warifu card application, SIMULATED"
_LARGEST: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who applies, and where she lives."""

    items: FourItems
    municipality: MunicipalityCode
    my_number: MyNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationOnFile:
    """An application as the counter keeps it; ``security_code`` is what will be printed."""

    applicant: Applicant
    application_id: str = field(repr=False)
    last_day: date
    security_code: Pin


def applicant_of(resident: Resident, my_number: MyNumber) -> Applicant:
    """Who applies when a made-up resident does. Of a birth date that is not known to the day, the first that it may be."""
    born = resident.date_of_birth.earliest
    sex = Sex.MALE if resident.sex.value == "male" else Sex.FEMALE
    items = FourItems(resident.name, resident.address, born, sex)
    return Applicant(items=items, municipality=resident.municipality_code, my_number=my_number)


def place_of(applicant: Applicant) -> tuple[str, str]:
    """Prefecture and municipality, as certificates have them."""
    place = municipalities()[applicant.municipality]
    return place.prefecture, place.name


def write_application(path: Path, kept: ApplicationOnFile) -> None:
    """Keep an application. Raises: OSError."""
    items = kept.applicant.items
    told = {
        "is": _IS,
        "application_id": kept.application_id,
        "last_day": kept.last_day.isoformat(),
        "security_code": kept.security_code.sent.decode("ascii"),
        "my_number": kept.applicant.my_number.digits,
        "municipality": str(kept.applicant.municipality),
        "name": items.name,
        "address": items.address,
        "born": items.born.isoformat(),
        "sex": int(items.sex),
    }
    write_private_file(path, (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode())


def read_application(path: Path) -> ApplicationOnFile:
    """An application on file. Raises: FILE_INVALID, naming the file and nothing in it."""
    try:
        with path.open("rb") as file:
            told = parse_json(file.read(_LARGEST))
        if not isinstance(told, dict) or told.get("is") != _IS:
            raise ValueError
        return _read(told)
    except (OSError, NotTextError, KeyError, TypeError, ValueError, WarifuError):
        where = f"{path}: not an application for a simulated card"
        raise WarifuError(Reason.FILE_INVALID, where=where) from None


def _read(told: dict[str, Any]) -> ApplicationOnFile:
    items = FourItems(told["name"], told["address"], date.fromisoformat(told["born"]), Sex(told["sex"]))
    applicant = Applicant(
        items=items, municipality=MunicipalityCode(told["municipality"]), my_number=MyNumber(told["my_number"])
    )
    return ApplicationOnFile(
        applicant=applicant,
        application_id=told["application_id"],
        last_day=date.fromisoformat(told["last_day"]),
        security_code=Pin.of(told["security_code"]),
    )

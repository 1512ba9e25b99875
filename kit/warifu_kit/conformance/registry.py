"""Finding the cases: every file of ``cases/<party>/`` that has a list of them.

Decides in which order they are run, and which are when some are asked for by name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from warifu.errors import Reason, WarifuError
from warifu_kit.conformance.case import Case

__all__ = ["PARTIES", "cases_of", "chosen"]

PARTIES = ("adapter", "node", "inquirer")
"""The kinds of party there are cases about."""


def cases_of(party: str) -> list[Case]:
    """Every case about that kind of party, by subject; the basics come first."""
    package = import_module(f"warifu_kit.conformance.cases.{party}")
    subjects = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    files = [import_module(f"{package.__name__}.{name}") for name in subjects]
    return sorted((case for file in files for case in file.SUBJECT.cases), key=lambda case: case.turn)


def chosen(cases: Sequence[Case], only: Sequence[str]) -> list[Case]:
    """Those that are named by their whole name or its beginning, their last part or their subject; all when none is named.

    A beginning is whole words: ``adapter.dates``, and not ``adapter.da``.

    Raises: CONFIG_INVALID for a name that nothing has.
    """
    for name in only:
        if not any(_named(case, name) for case in cases):
            raise WarifuError(Reason.CONFIG_INVALID, where=f"--only {name}: no case and no subject has that name")
    return [case for case in cases if not only or any(_named(case, name) for name in only)]


def _named(case: Case, name: str) -> bool:
    of_party = case.case_id.partition(".")[2]
    return f"{case.case_id}.".startswith(f"{name}.") or name in {
        case.subject,
        of_party,
        case.case_id.rpartition(".")[2],
    }

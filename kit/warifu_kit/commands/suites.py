"""``--suite``: in which group a new network calculates.

Decides what ``auto`` means, once, when a network is made: suite 1 on a machine that has its library, else suite 2. It
never means another suite for a network that is there.
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

__all__ = ["Suite", "chosen_suite", "suite_text"]

Suite = Annotated[
    Literal["auto", "1", "2"],
    typer.Option(
        help="Group of a new network. 1: ristretto255, needs the system's libsodium; 2: edwards25519 subgroup, works"
        " everywhere; auto: 1 where it can be had, else 2."
    ),
]


def chosen_suite(choice: Literal["auto", "1", "2"]) -> int:
    """The number of the suite to make a network in."""
    from warifu.curve.suites import available_suites

    return available_suites()[0] if choice == "auto" else int(choice)


def suite_text(suite: int) -> str:
    """A suite for people to read. Raises: ``CONFIG_INVALID`` when this machine lacks its library; ``SUITE_UNKNOWN``."""
    from warifu.curve.suites import group_of

    return f"suite {suite} ({group_of(suite).name})"

"""``--proofs``: which conversions of a new network the hub proves.

Decides what may be asked for, and what is said, loudly, of a network that goes without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from warifu_kit.output import say

if TYPE_CHECKING:
    from warifu.exchange.proof_policy import ProofPolicy

__all__ = ["Proofs", "chosen_proofs", "say_if_off"]

Proofs = Annotated[
    str | None,
    typer.Option(
        metavar="always|sampled:N|off",
        help="Which conversions of a new network the hub proves: all; those that a provider draws, one in N (2 to 65535);"
        " none. [default: always]",
    ),
]


def chosen_proofs(choice: str | None, listed: ProofPolicy | None) -> ProofPolicy:
    """The policy to make a network with: as asked for, else as its members file has it, else always."""
    from warifu.exchange.proof_policy import ALWAYS_PROVEN, ProofPolicy

    if choice is None:
        return listed or ALWAYS_PROVEN
    try:
        return ProofPolicy.parse(choice)
    except ValueError:
        raise typer.BadParameter(f"{choice!r} is none of always, sampled:2 to sampled:65535, off") from None


def say_if_off(proofs: ProofPolicy) -> None:
    """Warn of a network without proofs, on standard error."""
    from warifu.exchange.proof_policy import OFF_WARNING, PolicyKind

    if proofs.kind is PolicyKind.OFF:
        say(OFF_WARNING, err=True)

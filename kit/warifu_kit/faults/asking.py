"""Asking the parties of a network that is up for faults, by their folders.

Decides what may be asked: a party that there is and takes faults, an RPC that it serves, faults that can be done there. What is
not so is refused before it is written, for a rule that no call falls under would be waited for in vain.
"""

from __future__ import annotations

import re
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.party.network_file import NetworkFile, read_network_file
from warifu_kit.faults.deciding import cannot_meet
from warifu_kit.faults.folder import faults_in_force
from warifu_kit.faults.kinds import parse_chain
from warifu_kit.faults.rpcs import MADE_BY, SERVED_BY, every_rpc, names_exchange
from warifu_kit.faults.rule import Rule
from warifu_kit.faults.rules import add_rule

__all__ = ["ask_for", "every_folder", "party_folders"]

_REQUEST_ID = re.compile(r"([0-9a-f]{32})?")


def ask_for(network: Path, party: str, *, rpc: str, faults: str, times: int = 1, exchange: str = "") -> Rule:
    """Have ``party`` do ``faults`` to the next ``times`` calls of ``rpc``, 0 for all of them; see :class:`Rule`.

    It holds from the next call on. Raises: CONFIG_INVALID, saying what of it cannot be; OSError.
    """
    folder = party_folders(network, party)[party]
    _check_aim(read_network_file(network), party, rpc, faults)
    if not _REQUEST_ID.fullmatch(exchange):
        raise _not_to_be(f"{exchange!r} is no request_id: 32 hexadecimal digits, in small letters")
    if exchange and not names_exchange(every_rpc()[rpc]):
        raise _not_to_be(f"a request of {rpc} does not say which exchange it is about: ask for the next calls instead")
    if times < 0:
        raise _not_to_be(f"{times} times")
    return add_rule(folder, rpc=rpc, faults=faults, times=times, exchange=exchange)


def party_folders(network: Path, party: str | None = None) -> dict[str, Path]:
    """The folders of the parties that take faults, or of the one. Raises: CONFIG_INVALID when there is none."""
    faults_in_force(network)
    folders = every_folder(network)
    if party is None:
        return folders
    if party not in folders:
        raise _not_to_be(f"no party {party} takes faults; there are {', '.join(folders)}")
    return {party: folders[party]}


def every_folder(network: Path) -> dict[str, Path]:
    """The folders of the parties that serve calls, whether the network is up or not. Raises: CONFIG_INVALID."""
    parties = read_network_file(network).parties
    return {party: network / party for party, about in parties.items() if about.role in SERVED_BY}


def _check_aim(described: NetworkFile, party: str, rpc: str, faults: str) -> None:
    known, role = every_rpc(), described.parties[party].role
    service, served = rpc.partition(".")[0], SERVED_BY[role]
    if rpc not in known:
        raise _not_to_be(f"no RPC is called {rpc}, as Service.Method")
    if service not in served | MADE_BY[role]:
        raise _not_to_be(f"{party} neither serves nor calls {rpc}; it serves {', '.join(sorted(served))}")
    if (alone := known[rpc].stands_for) is not None:
        raise _not_to_be(f"the calls on {rpc} are calls of {alone.name}: say that")
    try:
        why = cannot_meet(known[rpc], parse_chain(faults), made=service not in served)
    except ValueError as error:
        raise _not_to_be(str(error)) from None
    if why:
        raise _not_to_be(why)


def _not_to_be(why: str) -> WarifuError:
    return WarifuError(Reason.CONFIG_INVALID, where=why)

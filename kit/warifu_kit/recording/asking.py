"""Having a party of a network that is up recorded, and no more, by its folder.

Decides what may be recorded: a party that there is, of a network whose parties take faults, into a file that is not there yet;
one recording of a party at a time.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path

from warifu.errors import Reason, WarifuError
from warifu.party.network_file import party_called, read_network_file
from warifu_kit.faults.folder import faults_in_force
from warifu_kit.faults.rpcs import SERVED_BY
from warifu_kit.recording.order import Order, order_in, take_back, write_order
from warifu_kit.recording.recorded import Beginning
from warifu_kit.recording.recording_file import Recording, begin_file, read_recording

__all__ = ["begin_recording", "end_recording"]


def begin_recording(network: Path, party: str, file: Path) -> str:
    """Have ``party`` recorded into ``file`` from its next call on; its name in full. Raises: CONFIG_INVALID, PATH_UNUSABLE."""
    name, folder = _folder(network, party)
    try:
        faults_in_force(network)
    except WarifuError:
        why = f"{network}: its parties cannot be recorded; `warifu up` starts parties that can"
        raise WarifuError(Reason.CONFIG_INVALID, where=why) from None
    if (before := order_in(folder)) is not None:
        raise WarifuError(Reason.CONFIG_INVALID, where=f"{name} is being recorded into {before.file}; end that first")
    described, now = read_network_file(network), time.time()
    about = described.parties[name]
    beginning = Beginning(
        network=described.network,
        party=name,
        role=about.role,
        institution_code=about.institution_code,
        version=version("warifu"),
        began=round(now, 3),
    )
    begin_file(file.absolute(), beginning)
    write_order(folder, Order(file.absolute(), now))
    return name


def end_recording(network: Path, party: str) -> Recording:
    """Have ``party`` recorded no more; what was. Raises: CONFIG_INVALID when it was not; FILE_INVALID, PATH_UNUSABLE."""
    name, folder = _folder(network, party)
    order = order_in(folder)
    if order is None:
        raise WarifuError(
            Reason.CONFIG_INVALID, where=f"{name} is not being recorded; its party.log says if it was ended"
        )
    take_back(folder)
    return read_recording(order.file)


def _folder(network: Path, party: str) -> tuple[str, Path]:
    parties = read_network_file(network).parties
    kinds = {each: about.institution_kind for each, about in parties.items() if about.role in SERVED_BY}
    name = party_called(party, kinds, network)
    return name, network / name

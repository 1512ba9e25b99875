"""The card in a machine's own pcscd, by vsmartcard's virtual reader, where nobody else can reach it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.integration.card.conftest import WARIFU

from warifu.card.chip_file import written_chip
from warifu.card.chip_state import Chip
from warifu.pki.files import write_private_file

pytestmark = pytest.mark.outside

SCRIPT = Path(__file__).with_name("in_namespace.sh")


def test_a_machines_own_pcscd_sees_the_card_signs_with_it_and_sees_it_go(
    short_folder: Path, specimen_chip: Chip
) -> None:
    drivers = list(Path("/usr/lib/pcsc/drivers/serial").glob("libifdvpcd.so"))
    root = () if os.geteuid() == 0 else ("--map-root-user",)
    alone = ["unshare", *root, "--mount", "--net"]
    if not drivers or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a virtual reader and namespaces are needed: apt-get install vsmartcard-vpcd")
    card = short_folder / "card.json"
    write_private_file(card, written_chip(specimen_chip))
    ran = subprocess.run(
        [*alone, str(SCRIPT), str(WARIFU), str(card), str(short_folder), str(drivers[0])],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "jpki" in ran.stdout
    assert ran.stdout.endswith("removed\nVerified OK\n")

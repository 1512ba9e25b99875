"""``python -m tests.integration.floods.attacks NAME PLACE``: run one attack until it is killed."""

from __future__ import annotations

import importlib
import sys

from tests.integration.floods.attacks.place import Place

importlib.import_module(f"tests.integration.floods.attacks.{sys.argv[1]}").flood(Place.read(sys.argv[2]))

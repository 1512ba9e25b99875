"""Our own node, and the one in JavaScript, started by their commands, pass every case in both roles."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.exchange.proof_policy import ProofPolicy
from warifu_kit.cli import app
from warifu_kit.conformance.registry import cases_of
from warifu_kit.network.creation import create_network

Checked = Callable[..., Counter[str]]

ROOT = Path(__file__).resolve().parents[2]


BY_COMMAND = "{warifu} agency {party} --dir {{dir}} --hub {{hub}} --authority {{authority}} --log-level error"
LONG = "240"
"""Seconds for a machine on which much else runs; how long a check takes is no matter of tests."""
OURS = (
    "{python} -P -m warifu_kit.network.party_entry agency {party} --dir {{dir}} --hub {{hub}} --authority {{authority}}"
    " --clock {{clock}} --log-level error"
)
IN_JAVASCRIPT = (
    "{node} {program} {{dir}} --clock {{clock}} --hub {{hub}} --authority {{authority}} --listen 127.0.0.1:0"
)


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checked:
    """Runs `warifu check` on a network of its own; which subjects were skipped, how often. It must have failed nowhere."""
    monkeypatch.setenv("NODE_PATH", str(ROOT / ".node" / "node_in_javascript" / "node_modules"))
    beside, program = Path(sys.executable), ROOT / "examples" / "node_in_javascript" / "node.js"

    def check(kind: str, party: str, start: str, *, proofs: str = "always") -> Counter[str]:
        create_network(tmp_path / "net", proofs=ProofPolicy.parse(proofs))
        told = tmp_path / "told.json"
        names = {
            "warifu": beside.with_name("warifu"),
            "node": beside.with_name("node"),
            "program": program,
            "python": sys.executable,
        }
        words = ["--start", start.format(party=party, **names), "--json", str(told), "--timeout", LONG]
        result = CliRunner().invoke(app, ["check", kind, str(tmp_path / "net"), party, *words])
        assert result.exit_code == 0, result.output
        found = json.loads(told.read_text("utf-8"))
        assert (found["counts"]["fail"], found["counts"]["unknown"]) == (0, 0)
        return Counter(each["case"].split(".")[1] for each in found["cases"] if each["verdict"] == "skipped")

    return check


def of_subjects(kind: str, *subjects: str) -> Counter[str]:
    return Counter(case.subject for case in cases_of(kind) if case.subject in subjects)


UNPROVEN = of_subjects("node", "conversions", "load") - Counter(conversions=1) + Counter(bulk=1)
"""What a network that does not prove every conversion leaves nothing to look at: nobody's code and points are looked at there too."""
UNARY = of_subjects("node", "stream", "bulk") + Counter({"callers": 12, "load": 1, "kept": 1, "revocation": 1})
"""What a node that serves unary calls alone has nothing of."""
SAMPLED = of_subjects("node", "sampled")


@pytest.mark.slow
def test_our_node_passes_every_case_as_an_inquirer(checked: Checked) -> None:
    assert not checked("inquirer", "childcare", OURS)


@pytest.mark.slow
def test_our_node_passes_as_an_inquirer_where_nothing_is_proven(checked: Checked) -> None:
    assert checked("inquirer", "childcare", OURS, proofs="off") == Counter({"codes": 4})


@pytest.mark.parametrize("party", ["tax", pytest.param("residence", marks=pytest.mark.slow)])
def test_our_node_passes_every_case(checked: Checked, party: str) -> None:
    without_year = Counter({"records": 3, "days": 1}) if party == "residence" else Counter()
    assert checked("node", party, OURS) == SAMPLED + without_year


@pytest.mark.slow
def test_our_node_passes_as_people_start_it(checked: Checked) -> None:
    """It goes by the machine's clock then: whether its day is Japan's shows from 15:00 UTC alone."""
    assert checked("node", "tax", BY_COMMAND) - SAMPLED <= Counter({"days": 1})


@pytest.mark.slow
@pytest.mark.parametrize("start", [OURS, IN_JAVASCRIPT], ids=["ours", "in JavaScript"])
@pytest.mark.parametrize("proofs", ["sampled:2", pytest.param("off", marks=pytest.mark.slow)])
def test_a_node_is_judged_by_what_its_network_proves(checked: Checked, start: str, proofs: str) -> None:
    skipped = UNPROVEN + (Counter({"sampled": 3}) if proofs == "off" else Counter())
    expected = skipped | UNARY if start == IN_JAVASCRIPT else skipped
    assert checked("node", "tax", start, proofs=proofs) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "party"), [("node", "tax"), ("inquirer", "childcare")])
def test_the_node_in_javascript_passes_every_case(checked: Checked, kind: str, party: str) -> None:
    """It makes and serves unary calls alone."""
    expected = SAMPLED | UNARY if kind == "node" else Counter[str]()
    assert checked(kind, party, IN_JAVASCRIPT) == expected

"""Both example adapters, as processes, pass every case; the command says so, and writes the evidence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cryptography import x509
from typer.testing import CliRunner

from warifu.api.adapter.v1.adapter_service_pb2 import GetReadinessRequest
from warifu_kit.cli import app
from warifu_kit.conformance.adapter_under_check import SERVICE, AdapterUnderCheck
from warifu_kit.conformance.wire.calls import Pair, Wire

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {
    "Python": (sys.executable, str(ROOT / "examples" / "adapter_minimal" / "adapter.py")),
    "JavaScript": (str(Path(sys.executable).with_name("node")), str(ROOT / "examples" / "adapter_node" / "adapter.js")),
}
PEOPLE = """
item_code: TM00000000000002
procedure_code: JT99000000000001
people:
  - {local_number: T-9, records: {2025: {total_income_yen: 3100000}, 2026: {total_income_yen: 3200000}}}
  - {local_number: T-10, records: {2026: {total_income_yen: 4800000}}, clerk: true}
  - {local_number: T-11, years: [2026], published_from: 2999-06-01}
"""


@pytest.fixture(params=list(EXAMPLES))
def example(request: pytest.FixtureRequest, adapter_network: Path) -> Iterator[str]:
    """Where one of the examples listens."""
    environment = {**os.environ, "NODE_PATH": str(ROOT / ".node" / "node_modules")}
    command = [*EXAMPLES[request.param], str(adapter_network.parent / "system"), "127.0.0.1:0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["endpoint"]
        finally:
            process.kill()


def test_a_result_that_cannot_be_written_is_no_verdict(example: str, adapter_network: Path, tmp_path: Path) -> None:
    listed = tmp_path / "known.txt"
    listed.write_text("adapter.records.found\n", "utf-8-sig")  # as an editor of Windows saves it
    words = ["check", "adapter", str(adapter_network), "tax", "--target", example, "--only", "readiness.itself"]
    result = CliRunner().invoke(app, [*words, "--expected-failures", str(listed), "--junit", "/dev/full"])
    assert result.exit_code == 2, result.output
    assert "No space left on device" in result.output


def test_an_example_passes_every_case(example: str, adapter_network: Path, tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text(PEOPLE, "utf-8")
    files = {name: tmp_path / f"told.{name}" for name in ("json", "junit", "html")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    words = ["check", "adapter", str(adapter_network), "tax", "--target", example]
    result = CliRunner().invoke(app, [*words, "--people", str(tmp_path / "people.yaml"), "--timeout", "120", *options])
    assert result.exit_code == 0, result.output
    told = json.loads(files["json"].read_text("utf-8"))
    assert (told["counts"]["fail"], told["counts"]["unknown"]) == (0, 0)
    assert [each["case"] for each in told["cases"] if each["verdict"] == "skipped"] == [
        "adapter.clerk.released-on-its-day",
        "adapter.dates.last-day",
    ]
    suite = ElementTree.fromstring(files["junit"].read_bytes())
    assert int(suite.attrib["tests"]) == len(told["cases"]) > 20
    page = files["html"].read_text("utf-8")
    assert "SIMULATED" in page
    assert "http" not in page.replace("https://x.example", "").replace("HTTP", "")  # it loads nothing


async def test_an_example_lets_nobody_in_by_a_name_within_another(example: str, adapter_network: Path) -> None:
    about = AdapterUnderCheck.of(adapter_network, "tax", example)
    quoted = x509.DNSName(f"x, URI:{about.forge.own.uri}, y")
    caller = Pair(*about.forge.signed(replace(about.forge.leaf(), names=(quoted,))))
    request = GetReadinessRequest(institution_code=str(about.system.institution)).SerializeToString()
    wire = Wire(example, about.system, about.root_pem)
    try:
        replies = [
            await wire.call(f"{SERVICE}/GetReadiness", request, pair, seconds=5)
            for pair in (Pair(*about.forge.right()), caller)
        ]
    finally:
        await wire.close()
    assert replies[0].ok
    assert replies[1].status in {"PERMISSION_DENIED", "UNAUTHENTICATED"}

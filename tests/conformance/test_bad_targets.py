"""A target that is not there, is another, is no gRPC server or hangs: a sentence and exit status 2, and no verdict."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.party.claim import claim
from warifu_kit.cli import app

Answer = Callable[[ssl.SSLSocket], None]


def checked(network: Path, target: str, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "adapter", str(network), "tax", "--target", target, *more])
    return result.exit_code, result.output


class Listener:
    """Takes connections, in a thread, with the certificate of one party or none; says what it is told to."""

    def __init__(self, folder: Path | None, said: bytes, root: Path | None = None, *, old: bool = False) -> None:
        self._said = said
        self._context: ssl.SSLContext | None = None
        if folder is not None:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
            self._context.set_alpn_protocols(["h2"])
            if old:
                self._context.maximum_version = ssl.TLSVersion.TLSv1_2
            if root is not None:
                self._context.load_verify_locations(root)
                self._context.verify_mode = ssl.CERT_REQUIRED
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self.endpoint = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
                made = self._context.wrap_socket(taken, server_side=True) if self._context else taken
                self._held.append(made)
                if self._said:
                    made.sendall(self._said)
            except ssl.SSLError:
                continue
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()
        for each in self._held:
            each.close()


@pytest.fixture
def listening() -> Iterator[Callable[..., str]]:
    made: list[Listener] = []

    def listen(folder: Path | None = None, said: bytes = b"", root: Path | None = None, *, old: bool = False) -> str:
        made.append(Listener(folder, said, root, old=old))
        return made[-1].endpoint

    yield listen
    for each in made:
        each.close()


WEB_SERVER = """
const fs = require('fs'), [, folder, status] = process.argv;
const pair = { key: fs.readFileSync(`${folder}/tls.key`), cert: fs.readFileSync(`${folder}/tls.pem`) };
const server = require('http2').createSecureServer(pair);
server.on('stream', (stream) => {
  stream.respond({ ':status': Number(status), 'content-type': 'text/html' });
  stream.end('<html></html>');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


@pytest.fixture
def web_server(adapter_network: Path) -> Iterator[Callable[[int], str]]:
    """A web server with the business system's certificate that answers everything with one HTTP status."""
    made: list[subprocess.Popen[str]] = []

    def serve(status: int) -> str:
        node = Path(sys.executable).with_name("node")
        words = [str(node), "-e", WEB_SERVER, str(adapter_network.parent / "system"), str(status)]
        made.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        assert made[-1].stdout is not None
        return f"127.0.0.1:{made[-1].stdout.readline().strip()}"

    yield serve
    for each in made:
        each.terminate()
        each.communicate()


def test_nobody_is_there(adapter_network: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = f"127.0.0.1:{probe.getsockname()[1]}"
    status, said = checked(adapter_network, free)
    assert (status, said.count("\n")) == (2, 1)
    assert "NOT_CONNECTED" in said


def test_somebody_else_of_the_network_is_there(adapter_network: Path, listening: Callable[..., str]) -> None:
    status, said = checked(adapter_network, listening(adapter_network / "childcare" / "business"))
    assert status == 2
    assert "PEER_NOT_TRUSTED" in said


def test_what_is_there_speaks_no_tls(adapter_network: Path, listening: Callable[..., str]) -> None:
    status, said = checked(adapter_network, listening(None, b"HTTP/1.1 200 OK\r\n\r\n"))
    assert status == 2
    assert said.startswith("warifu: ")


@pytest.mark.slow
def test_what_is_there_hangs(adapter_network: Path, listening: Callable[..., str]) -> None:
    status, said = checked(adapter_network, listening(adapter_network.parent / "system"))
    assert status == 2
    assert "no answer within" in said or "no AdapterService answers" in said


def test_what_is_there_is_no_grpc_server(adapter_network: Path, listening: Callable[..., str]) -> None:
    status, said = checked(adapter_network, listening(adapter_network.parent / "system", b"nothing of HTTP/2" * 9))
    assert status == 2
    assert "warifu: ADAPTER_" in said


@pytest.mark.parametrize("status", [404, 405, 200, 503])
def test_what_is_there_speaks_http_and_no_grpc(
    adapter_network: Path, web_server: Callable[[int], str], status: int
) -> None:
    exit_status, said = checked(adapter_network, web_server(status))
    assert (exit_status, said.count("\n")) == (2, 1)
    assert "it speaks HTTP/2 and no gRPC" in said


def test_what_is_there_trusts_another_root(
    adapter_network: Path, node_network: Path, listening: Callable[..., str]
) -> None:
    other = node_network / "root" / "root.pem"
    status, said = checked(adapter_network, listening(adapter_network.parent / "system", b"\x00\x00\x00\x04", other))
    assert (status, said.count("\n")) == (2, 1)
    assert "it trusts another root.pem than this network's" in said


def test_what_is_there_speaks_an_older_tls(adapter_network: Path, listening: Callable[..., str]) -> None:
    status, said = checked(adapter_network, listening(adapter_network.parent / "system", old=True))
    assert (status, said.count("\n")) == (2, 1)
    assert "it speaks an older TLS than 1.3" in said


@pytest.mark.parametrize(
    "words",
    [
        ["--target", "nowhere"],
        ["--target", "127.0.0.1:1", "--only", "nothing"],
        ["--target", "127.0.0.1:1", "--people", "nowhere.yaml"],
        ["--target", "127.0.0.1:1", "--expected-failures", "nowhere.txt"],
        ["--target", "127.0.0.1:1", "--junit", "/nowhere/cases.xml"],
        [],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_runs_nothing(adapter_network: Path, words: list[str]) -> None:
    result = CliRunner().invoke(app, ["check", "adapter", str(adapter_network), "tax", *words])
    assert result.exit_code == 2
    assert result.output.startswith("warifu: ")


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("", "NOT_CONNECTED"),
        pytest.param("sleep 60", "nobody came within 1 second", marks=pytest.mark.slow),
        ("true {hub} {nothing}", "ended with status 0 before a node came"),
        pytest.param("no-such-program {dir}", "no-such-program: No such file", marks=pytest.mark.slow),
        pytest.param("an 'open quotation", "CONFIG_INVALID", marks=pytest.mark.slow),
    ],
    ids=["nothing is started", "another program", "one that ends", "none", "no command"],
)
def test_a_node_that_does_not_come_is_said(node_network: Path, start: str, said: str) -> None:
    result = CliRunner().invoke(app, ["check", "node", str(node_network), "tax", "--wait", "1", "--start", start])
    assert result.exit_code == 2
    assert said in result.output


def test_a_network_that_is_up_is_left_alone(node_network: Path) -> None:
    with claim(node_network / "network.lock"):
        result = CliRunner().invoke(app, ["check", "node", str(node_network), "tax"])
    assert result.exit_code == 2
    assert "the network is up" in result.output


def test_no_verdict_is_given_where_nothing_was_run(adapter_network: Path, tmp_path: Path) -> None:
    file = tmp_path / "cases.xml"
    assert checked(adapter_network, "127.0.0.1:1", "--junit", str(file))[0] == 2
    assert not file.exists()


def test_two_results_in_one_file_are_refused_before_anything_is_run(adapter_network: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "told")
    status, said = checked(adapter_network, "127.0.0.1:1", "--junit", file, "--html", file)
    assert status == 2
    assert "named for more than one result" in said


@pytest.mark.parametrize("result", ["--junit", "--json", "--html"])
def test_no_result_is_written_over_what_is_read_or_the_networks(
    adapter_network: Path, tmp_path: Path, result: str
) -> None:
    people, known, root = tmp_path / "people.yaml", tmp_path / "known.txt", adapter_network / "root" / "root.pem"
    people.write_text("people: []\n", "utf-8")
    known.write_text("", "utf-8")
    link = tmp_path / "link"
    link.symlink_to(people)
    read = ["--people", str(people), "--expected-failures", str(known)]
    for file, words in ((people, "is read"), (link, "is read"), (known, "is read"), (root, "in the network's folder")):
        status, said = checked(adapter_network, "127.0.0.1:1", *read, result, str(file))
        assert (status, said.count("\n")) == (2, 1)
        assert words in said


@pytest.mark.parametrize("result", ["--junit", "--html"])
def test_only_json_goes_to_standard_output(adapter_network: Path, result: str) -> None:
    status, said = checked(adapter_network, "127.0.0.1:1", result, "-")
    assert status == 2
    assert "standard output is for --json alone" in said


def test_the_list_needs_no_network() -> None:
    for party in ("adapter", "node"):
        result = CliRunner().invoke(app, ["check", party, "--list"])
        assert result.exit_code == 0
        assert f"{party}.certificates.right" in result.output
    assert CliRunner().invoke(app, ["check", "inquirer", "--list", "--json", "-"]).exit_code == 0


def test_a_misspelt_field_of_a_record_is_told_before_anything_is_run(adapter_network: Path, tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("people:\n- {local_number: T-1, records: {2026: {total_incom_yen: 7}}}\n", "utf-8")
    words = ["check", "adapter", str(adapter_network), "tax", "--target", "127.0.0.1:9", "--people", str(file)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "people.yaml:2: people[0].records.2026.total_incom_yen is no field" in " ".join(result.output.split())

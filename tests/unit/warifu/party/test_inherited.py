"""Which variables stay, and that a nohup is heeded."""

from __future__ import annotations

import os
import signal

import pytest

from warifu.party.inherited import drop_variables
from warifu_kit.commands.up import stopping_signals


def test_variables_that_would_decide_for_grpc_and_openssl_go_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    foreign = ("GRPC_TRACE", "GRPC_SSL_CIPHER_SUITES", "GRPC_ADDRESS_HTTP_PROXY", "OPENSSL_CONF", "OPENSSL_MODULES")
    for name in foreign:
        monkeypatch.setenv(name, "all")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # the channels see to that, and other programs may need it
    monkeypatch.setenv("GRPC_VERBOSITY", "everything")
    drop_variables()
    assert [name for name in foreign if name in os.environ] == []
    assert os.environ["https_proxy"] == "http://127.0.0.1:9"
    assert os.environ["GRPC_VERBOSITY"] == "NONE"


def test_a_verbosity_that_is_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRPC_VERBOSITY", "debug")
    drop_variables()
    assert os.environ["GRPC_VERBOSITY"] == "debug"


@pytest.mark.parametrize(("inherited", "stops"), [(signal.SIG_DFL, True), (signal.SIG_IGN, False)])
def test_a_closed_terminal_stops_a_network_unless_it_was_started_to_outlive_it(
    inherited: signal.Handlers, stops: bool
) -> None:
    before = signal.signal(signal.SIGHUP, inherited)
    try:
        assert (signal.SIGHUP in stopping_signals()) is stops
    finally:
        signal.signal(signal.SIGHUP, before)

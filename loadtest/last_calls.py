"""The end of a run: users end the calls they have begun, and every worker has reported them before the figures are final.

Decides how long that may take. Locust by itself cuts open calls off uncounted, and gives its workers half a second to
send their last figures.
"""

from __future__ import annotations

import time
from typing import Any

import gevent  # type: ignore[import-untyped]  # publishes no types
from locust import events
from locust.runners import MasterRunner, WorkerRunner

__all__ = ["CALL_SECONDS", "arrange"]

CALL_SECONDS = 10.0
"""How long a user waits for an answer, at most."""

_REPORT_SECONDS = 20.0  # workers report every three seconds, on an idle machine
_END, _ENDED = "warifu_end_calls", "warifu_calls_ended"


@events.init.add_listener  # type: ignore[untyped-decorator]  # locust types no hooks
def arrange(environment: Any, **_: object) -> None:
    """Have open calls end, and be counted, in this process; and in its workers, if it has any."""
    environment.stop_timeout = environment.stop_timeout or CALL_SECONDS + 1
    if isinstance(environment.runner, WorkerRunner):
        environment.runner.register_message(_END, _end_calls)
    elif isinstance(environment.runner, MasterRunner):
        environment.events.test_stopping.add_listener(_Workers(environment).wait_for_last_figures)


def _end_calls(environment: Any, **_: object) -> None:
    environment.runner.stop()
    environment.runner.send_message(_ENDED)


class _Workers:
    """What the master knows of its workers' ends.

    A worker's messages arrive in order: the first figures after the word that its calls have ended are its last.
    """

    def __init__(self, environment: Any) -> None:
        self._environment = environment
        self._ended: set[str] = set()
        self._awaited: set[str] = set()
        environment.runner.register_message(_ENDED, self._calls_ended)
        environment.events.worker_report.add_listener(self._reported)

    def wait_for_last_figures(self, **_: object) -> None:
        """Have all workers end their calls and wait until each has reported, or is late."""
        runner = self._environment.runner
        self._ended, self._awaited = set(), {client.id for client in runner.clients.all}
        runner.send_message(_END)
        give_up = time.monotonic() + self._environment.stop_timeout + _REPORT_SECONDS
        while self._awaited and time.monotonic() < give_up:
            gevent.sleep(0.05)

    def _calls_ended(self, msg: Any, **_: object) -> None:
        self._ended.add(msg.node_id)

    def _reported(self, client_id: str, **_: object) -> None:
        if client_id in self._ended:
            self._awaited.discard(client_id)

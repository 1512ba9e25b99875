"""What holds for every test: a clean environment and one hypothesis profile. Shared code does not belong here."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from warifu.curve.group import Group
from warifu.curve.suites import available_suites, group_of

# Variables that would change what a network does: a proxy between loopback processes, gRPC's own switches,
# roots of other people's certificates, processes that may not keep their bytecode.
_DISTURBING_PREFIXES = ("GRPC_", "SSL_", "WARIFU_", "OTEL_")
_DISTURBING = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS"}

# No deadline: a loaded machine is not a failing test. `--hypothesis-profile thorough` looks twenty times harder.
settings.register_profile("quick", max_examples=50, deadline=None, print_blob=True)
settings.register_profile(
    "thorough", max_examples=1000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")


@pytest.fixture(scope="session", autouse=True)
def clean_environ() -> Iterator[None]:
    """Take what could disturb a network out of the environment, for this process and all it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.upper() in _DISTURBING or name.upper().startswith(_DISTURBING_PREFIXES):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", params=[1, 2], ids=["suite 1", "suite 2"])
def group(request: pytest.FixtureRequest) -> Group:
    """The group of each suite in turn."""
    if request.param not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    return group_of(request.param)

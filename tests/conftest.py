"""What holds for every test: one hypothesis profile. Shared code does not belong here.

The environment is left as it is found: what it must not decide, it does not decide (``tests/integration/environment``).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from warifu.curve.group import Group
from warifu.curve.suites import available_suites, group_of

pytest_plugins = ("pytester", "tests.postgres.fixtures")

# No deadline: a loaded machine is not a failing test. `--hypothesis-profile thorough` looks twenty times harder.
settings.register_profile("quick", max_examples=50, deadline=None, print_blob=True)
settings.register_profile(
    "thorough", max_examples=1000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")


@pytest.fixture(scope="session", params=[1, 2], ids=["suite 1", "suite 2"])
def group(request: pytest.FixtureRequest) -> Group:
    """The group of each suite in turn."""
    if request.param not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    return group_of(request.param)

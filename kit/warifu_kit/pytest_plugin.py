"""The pytest plugin: a SIMULATED My Number network for a session, and fixtures to work with it.

Decides what is shared and what is one test's: the network lasts for the session, what was received and the clock are each
test's own. It is found by the entry point ``pytest11``, so whoever has warifu installed loads it in every project: importing
it loads nothing of warifu, and until a test asks for a fixture it does nothing. Fixtures are plain functions, so that tests
without an event loop, with pytest-asyncio's or with anyio's can use them alike.
"""

from __future__ import annotations

import secrets
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from warifu.agency import Agency
    from warifu_kit.testing.attached import AttachedAgency
    from warifu_kit.testing.clock import NetworkClock
    from warifu_kit.testing.faults import Faults
    from warifu_kit.testing.live import LiveNetwork
    from warifu_kit.testing.people import People
    from warifu_kit.testing.received import ReceivedInquiries

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
    "warifu_agency",
    "warifu_clock",
    "warifu_faults",
    "warifu_network",
    "warifu_received",
    "warifu_residents",
]

_SEEDS = 1_000_000
_LARGEST_SEED = 10**18 - 1
_RESIDENTS = 12
_MARKER = (
    "warifu(seed=None, residents=12, calm=None): who the made-up residents of this test are, and how many;"
    " calm: the network is not awkward on purpose in it, or with False: skip it where that is so for the session"
)

_SEED = pytest.StashKey[int]()
_NETWORK = pytest.StashKey["LiveNetwork"]()
_UNDER_WAY = pytest.StashKey[pytest.Item]()
_TOLD = pytest.StashKey[str]()
_RECEIVED = pytest.StashKey["ReceivedInquiries"]()
_FAULTS = pytest.StashKey["Faults"]()
_ATTACHED = pytest.StashKey["dict[str, AttachedAgency]"]()
_LOGGED_BEFORE = pytest.StashKey[Mapping[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--warifu-seed``: the same keys, people and numbers again."""
    group = parser.getgroup("warifu", "a SIMULATED My Number network")
    group.addoption(
        "--warifu-seed",
        type=_seed,
        metavar="N",
        help="seed of the network, its keys, people and numbers [default: drawn]",
    )
    group.addoption(
        "--warifu-calm", action="store_true", help="have the network not be awkward on purpose, as it is by its seed"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def warifu_network(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveNetwork]:
    """A network of processes, up for the session: hub, authority, residence, tax, childcare, insurance; mutual TLS."""
    from warifu_kit.testing.live import LiveNetwork

    folder = tmp_path_factory.mktemp("warifu") / "net"
    calm, seed = _is_calm(pytestconfig), _session_seed(pytestconfig)
    with LiveNetwork(folder, seed, calm=calm, in_test=lambda: pytestconfig.stash[_UNDER_WAY].nodeid) as network:
        pytestconfig.stash[_NETWORK] = network
        _be_as_marked(pytestconfig)
        yield network
        pytestconfig.stash[_TOLD] = network.told(calm=calm)
    del pytestconfig.stash[_NETWORK]


@pytest.fixture
def warifu_residents(request: pytest.FixtureRequest, warifu_network: LiveNetwork) -> People:
    """Made-up residents, registered at every agency that holds them. The marker says how many, and from which seed."""
    seed, count, _ = _marked(request.node)
    return warifu_network.people(warifu_network.seed if seed is None else seed, count)


@pytest.fixture
def warifu_agency(request: pytest.FixtureRequest, warifu_network: LiveNetwork) -> Callable[..., AttachedAgency]:
    """Attach an agency of your own: a class derived from Agency, or an object of one. Gives what stands for its node."""
    attached = request.node.stash[_ATTACHED] = {}

    def attach(agency: type[Agency] | Agency) -> AttachedAgency:
        made = agency() if isinstance(agency, type) else agency
        at = warifu_network.attach(made)
        attached[at.party] = at
        return at

    return attach


@pytest.fixture
def warifu_received(request: pytest.FixtureRequest, warifu_network: LiveNetwork) -> ReceivedInquiries:
    """What parties received in this test. What it expects of them must have happened by the test's end."""
    from warifu_kit.testing.received import ReceivedInquiries

    received = request.node.stash[_RECEIVED] = ReceivedInquiries(warifu_network)
    return received


@pytest.fixture
def warifu_clock(warifu_network: LiveNetwork) -> Iterator[NetworkClock]:
    """The clock of all parties. After the test it goes by the machine's again."""
    from warifu_kit.testing.clock import NetworkClock

    clock = NetworkClock(warifu_network.clock)
    yield clock
    clock.reset()


@pytest.fixture
def warifu_faults(request: pytest.FixtureRequest, warifu_network: LiveNetwork) -> Iterator[Faults]:
    """Faults that parties are asked for in this test. What no call met fails it."""
    from warifu_kit.testing.faults import Faults

    faults = request.node.stash[_FAULTS] = Faults(warifu_network.folder)
    yield faults
    faults.clear()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note which test is under way; skip one that wants an awkward network where it is calm for the session."""
    item.config.stash[_UNDER_WAY] = item
    _be_as_marked(item.config)
    item.stash[_LOGGED_BEFORE] = _log_sizes(item.config.stash.get(_NETWORK, None))
    if item.get_closest_marker("warifu") is not None and _marked(item)[2] is False and _is_calm(item.config):
        pytest.skip("wants an awkward network: not with --warifu-calm")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passed while something it expected did not happen, or its own agency fell over."""
    result = yield
    for attached in item.stash.get(_ATTACHED, {}).values():
        if attached.raised:
            raise attached.raised[0]
    expecting = (item.stash.get(_RECEIVED, None), item.stash.get(_FAULTS, None))
    if unmet := [sentence for each in expecting if each is not None for sentence in each.unmet()]:
        pytest.fail("\n".join(unmet), pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with a failure of a test that used the network how to have the same one again, and what its parties logged."""
    report = yield
    seed = item.config.stash.get(_SEED, None)
    if report.failed and seed is not None and "warifu_network" in getattr(item, "fixturenames", ()):
        told = [f"made from seed {seed}; the same again: {_again(item.config)} '{item.nodeid}'"]
        for kind, attached in item.stash.get(_ATTACHED, {}).items():
            for error in attached.raised:
                told += [f"the agency of kind {kind} raised:", *traceback.format_exception(error)]
        if (network := item.config.stash.get(_NETWORK, None)) is not None:
            told += _happened(network, item.stash.get(_LOGGED_BEFORE, {}))
        if (faults := item.stash.get(_FAULTS, None)) is not None:
            told += _counted(f"{each.party} did to {each.rpc}, by {each.by}: {each.faults}" for each in faults.done())
        report.sections.append(("SIMULATED My Number network", "\n".join(told)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in what network the tests ran, if any asked for one."""
    if told := terminalreporter.config.stash.get(_TOLD, ""):
        terminalreporter.write_line(
            f"SIMULATED My Number network: {told}; the same again: {_again(terminalreporter.config)}"
        )


def _again(config: pytest.Config) -> str:
    return f"pytest --warifu-seed={_session_seed(config)}{' --warifu-calm' if _is_calm(config) else ''}"


def _be_as_marked(config: pytest.Config) -> None:
    """Have the network, if it is there, draw faults or none as the test that is under way is marked."""
    if (network := config.stash.get(_NETWORK, None)) is not None and not _is_calm(config):
        network.be_calm(_marked(config.stash[_UNDER_WAY])[2] is True)


def _is_calm(config: pytest.Config) -> bool:
    return bool(config.getoption("--warifu-calm"))


def _log_sizes(network: LiveNetwork | None) -> dict[str, int]:
    """Bytes in the log of each party; none of a network that is not there yet."""
    logs = {party: network.folder / party / "party.log" for party in network.parties()} if network is not None else {}
    return {party: log.stat().st_size for party, log in logs.items() if log.is_file()}


def _happened(network: LiveNetwork, logged_before: Mapping[str, int]) -> Iterator[str]:
    """What befell the network, and what its parties logged after so many bytes: what is before is of earlier tests."""
    yield f"in {network.folder}"
    yield from (f"{party}: {event} ({detail})" for event, party, detail in network.events if event != "ready")
    for party in network.parties():
        log = network.folder / party / "party.log"
        yield from (f"{party}/party.log: {line}" for line in _last_lines(log, logged_before.get(party, 0)))


def _counted(lines: Iterable[str]) -> list[str]:
    """Each line once, in the order in which they first came, with how often it came."""
    return [line if times == 1 else f"{line} ({times} times)" for line, times in Counter(lines).items()]


def _last_lines(log: Path, after: int) -> list[str]:
    try:
        return log.read_bytes()[after:].decode("utf-8", errors="replace").splitlines()[-3:]
    except OSError:
        return []


def _session_seed(config: pytest.Config) -> int:
    given: int | None = config.getoption("--warifu-seed")
    return config.stash.setdefault(_SEED, secrets.randbelow(_SEEDS) if given is None else given)


def _seed(text: str) -> int:
    """Raises: ValueError for what is no seed."""
    seed = int(text)
    if not 0 <= seed <= _LARGEST_SEED:
        raise ValueError(text)
    return seed


def _marked(item: pytest.Item) -> tuple[int | None, int, bool | None]:
    """The seed of a test's residents, how many there are, and whether the network is to be calm. Fails the test for what the marker does not know."""
    marker = item.get_closest_marker("warifu")
    given = {} if marker is None else dict(marker.kwargs)
    if (marker is not None and marker.args) or set(given) - {"seed", "residents", "calm"}:
        pytest.fail("the marker is warifu(seed=…, residents=…, calm=…)", pytrace=False)
    for name, least in (("seed", 0), ("residents", 1)):
        if given.get(name) is not None and not (type(given[name]) is int and given[name] >= least):
            pytest.fail(f"the marker's {name} should be a whole number from {least} on", pytrace=False)
    return given.get("seed"), given.get("residents", _RESIDENTS), given.get("calm")

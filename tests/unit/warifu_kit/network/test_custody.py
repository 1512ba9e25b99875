"""Certificates of a network on disk: renewed, taken back, kept fresh, without touching anything else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.adapter import AdapterFolder
from warifu.clock import Clock, ManualClock
from warifu.errors import Reason, WarifuError
from warifu.party.folder import PartyFolder
from warifu.pki import RevocationRegister, read_revocation_list
from warifu_kit.cli import app
from warifu_kit.network.adapter_folder import make_adapter_folder
from warifu_kit.network.creation import create_network
from warifu_kit.network.custody import REVOCATION_LIST, keep_fresh, renew, renew_what_ends, revoke, take_back
from warifu_kit.network.renewal import Renewals

PARTIES = ("hub", "authority", "supervisor", "residence", "tax", "childcare", "insurance")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("custody") / "net"
    create_network(path, clock=ManualClock(datetime(2026, 6, 1, tzinfo=UTC)))
    return path


@pytest.fixture
def network(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "net"))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 6, 1, 0, 0, 1, tzinfo=UTC))


def serial(network: Path, party: str) -> int:
    return PartyFolder(network / party).credential().current().serial


def serials(network: Path) -> dict[str, int]:
    return {
        str(path.parent.relative_to(network)): PartyFolder(path.parent).credential().current().serial
        for path in network.rglob("tls.pem")
    }


def revoked(network: Path, clock: Clock, party: str = "hub") -> frozenset[int]:
    pem = (network / party / "revoked.pem").read_bytes()
    return read_revocation_list(pem, (network / "root" / "root.pem").read_bytes(), clock.now()).serials


def test_a_renewed_party_has_new_certificates_for_the_same_identity(network: Path, clock: ManualClock) -> None:
    before, identity = serials(network), PartyFolder(network / "tax").credential().current().identity
    replaced = renew(network, "tax", clock=clock)
    after = serials(network)
    assert set(replaced) == {before["tax"], before["tax/business"]}
    assert {name for name in before if before[name] != after[name]} == {"tax", "tax/business"}
    assert PartyFolder(network / "tax").credential().current().identity == identity


def test_renewing_takes_nothing_back(network: Path, clock: ManualClock) -> None:
    renew(network, "tax", clock=clock)
    assert revoked(network, clock) == frozenset()


def test_a_revoked_party_is_on_every_partys_list(network: Path, clock: ManualClock) -> None:
    before = serials(network)
    assert set(revoke(network, "tax", clock=clock)) == {before["tax"], before["tax/business"]}
    for party in PARTIES:
        assert revoked(network, clock, party) == {before["tax"], before["tax/business"]}
    assert serials(network) == before, "nothing else changes"


def test_certificates_that_were_replaced_by_others_are_taken_back_too(network: Path, clock: ManualClock) -> None:
    before = serials(network)
    renew(network, "tax", clock=clock)
    renew(network, "childcare", clock=clock)
    renew(network, "tax", clock=clock)
    now = serials(network)
    taken_back = revoke(network, "tax", clock=clock)
    assert set(taken_back[:2]) == {now["tax"], now["tax/business"]}
    assert {before["tax"], before["tax/business"]} < set(taken_back[2:])
    assert len(set(taken_back)) == 6
    assert revoked(network, clock) == set(taken_back), "and nobody else's"


def test_a_business_systems_folder_names_its_node_and_is_taken_back_with_the_party(
    network: Path, clock: ManualClock, tmp_path: Path
) -> None:
    folder = AdapterFolder(tmp_path / "system")
    first = make_adapter_folder(network, "tax", folder.path, clock=clock)
    earlier = folder.credential().current()
    assert make_adapter_folder(network, "tax", folder.path, clock=clock) == first == folder.settings()
    own, node = folder.credential().current(), PartyFolder(network / "tax").credential().current()
    assert own.identity == PartyFolder(network / "tax" / "business").credential().current().identity
    assert folder.node() == node.identity
    assert first.node_server_name == node.identity.dns_name
    assert first.server_name == own.identity.dns_name
    assert {path.name for path in folder.path.iterdir()} == {"adapter.json", "root.pem", "tls.key", "tls.pem"}
    assert (folder.path / "tls.key").stat().st_mode & 0o077 == 0
    assert {earlier.serial, own.serial} < set(revoke(network, "tax", clock=clock))
    for party, fault in (("hub", "no agency"), ("nobody", "nobody")):
        with pytest.raises(WarifuError, match=fault) as refused:
            make_adapter_folder(network, party, folder.path, clock=clock)
        assert refused.value.reason is Reason.CONFIG_INVALID


def test_a_note_of_replaced_certificates_that_was_spoilt_is_said_and_nothing_is_taken_back(
    network: Path, clock: ManualClock
) -> None:
    renew(network, "tax", clock=clock)
    noted = network / "root" / "replaced-certificates.txt"
    noted.write_text(noted.read_text() + "tax\n")
    with pytest.raises(WarifuError) as error:
        revoke(network, "tax", clock=clock)
    assert (error.value.reason, str(noted) in error.value.where) == (Reason.FILE_INVALID, True)
    assert revoked(network, clock) == frozenset()


def test_what_was_taken_back_stays_so_whatever_is_taken_back_later(network: Path, clock: ManualClock) -> None:
    first = revoke(network, "tax", clock=clock)
    renew(network, "tax", clock=clock)
    clock.advance(timedelta(milliseconds=1))
    second = revoke(network, "childcare", clock=clock)
    clock.advance(timedelta(milliseconds=1))
    keep_fresh(network, clock=clock)
    assert revoked(network, clock) == {*first, *second}
    assert serial(network, "tax") not in revoked(network, clock)


def test_a_running_party_takes_up_every_list_signed_here_even_within_one_millisecond(
    network: Path, clock: ManualClock
) -> None:
    register = RevocationRegister((network / "root" / "root.pem").read_bytes(), clock)
    for party in ("tax", "childcare", "residence"):
        taken_back = revoke(network, party, clock=clock)
        register.take((network / "hub" / "revoked.pem").read_bytes())
        assert register.revoked() >= set(taken_back)


def test_a_party_nobody_knows_is_refused_by_its_name(network: Path, clock: ManualClock) -> None:
    for act in (renew, revoke):
        with pytest.raises(WarifuError) as error:
            act(network, "police", clock=clock)
        assert error.value.reason is Reason.CONFIG_INVALID
        assert "police" in error.value.where
        assert "residence" in error.value.where


@pytest.mark.parametrize("party", ["../net/tax", "tax/business", ".", "root", "", "/etc"])
def test_a_party_is_one_that_the_network_lists_never_a_path(network: Path, clock: ManualClock, party: str) -> None:
    before = serials(network)
    for act in (renew, revoke):
        with pytest.raises(WarifuError) as error:
            act(network, party, clock=clock)
        assert error.value.reason is Reason.CONFIG_INVALID
    assert serials(network) == before
    assert revoked(network, clock) == frozenset()


@pytest.mark.parametrize("command", ["renew", "revoke"])
def test_where_there_is_no_network_one_is_told_so(tmp_path: Path, command: str) -> None:
    with pytest.raises(WarifuError) as error:
        CliRunner().invoke(app, ["certificate", command, str(tmp_path / "no"), "tax"], catch_exceptions=False)
    assert error.value.reason is Reason.CONFIG_INVALID
    assert error.value.where.startswith(f"{tmp_path / 'no'}: holds no network")


def test_a_revocation_list_that_is_missing_or_garbage_is_named(network: Path, clock: ManualClock) -> None:
    path = network / "hub" / "revoked.pem"
    for spoil in (path.unlink, lambda: path.write_text("garbage")):
        spoil()
        for act in (partial(keep_fresh, network), partial(revoke, network, "tax")):
            with pytest.raises(WarifuError) as error:
                act(clock=clock)
            assert error.value.reason is Reason.FILE_INVALID
            assert error.value.where.startswith(str(path))


@pytest.mark.parametrize("name", ["tax/tls.pem", "tax/tls.key", "tax/business/tls.pem", "tax/business/tls.key"])
@pytest.mark.parametrize("content", [None, "garbage"])
def test_a_certificate_or_key_that_is_missing_or_garbage_is_named_and_nothing_is_taken_back(
    network: Path, clock: ManualClock, name: str, content: str | None
) -> None:
    (network / name).unlink()
    if content:
        (network / name).write_text(content)
    before = {path: path.read_bytes() for path in network.rglob("tls.*")}
    acts: list[Callable[..., object]] = [partial(revoke, network, "tax")]
    if name.endswith(".pem"):
        acts.append(partial(keep_fresh, network))
    for act in acts:
        with pytest.raises(WarifuError) as error:
            act(clock=clock)
        assert (error.value.reason, error.value.where) == (Reason.KEY_INVALID, str(network / name))
    assert {path: path.read_bytes() for path in network.rglob("tls.*")} == before


@pytest.mark.parametrize("name", ["tax/tls.pem", "tax/tls.key", "tax/business/tls.pem", "tax/business/tls.key"])
@pytest.mark.parametrize("content", [None, "garbage", "another's"])
def test_a_party_whose_files_were_spoilt_is_given_good_ones_for_its_own_identity(
    network: Path, clock: ManualClock, name: str, content: str | None
) -> None:
    before = {
        folder: PartyFolder(network / folder).credential().current().identity for folder in ("tax", "tax/business")
    }
    (network / name).unlink()
    if content == "another's":
        shutil.copyfile(network / "childcare" / Path(name).name, network / name)
    elif content:
        (network / name).write_text(content)
    renew(network, "tax", clock=clock)
    assert {folder: PartyFolder(network / folder).credential().current().identity for folder in before} == before


def test_a_file_that_cannot_be_written_is_named(network: Path, clock: ManualClock) -> None:
    (network / "tax" / "revoked.pem").unlink()
    (network / "tax" / "revoked.pem").mkdir()
    with pytest.raises(WarifuError) as error:
        keep_fresh(network, clock=clock)
    assert error.value.reason is Reason.PATH_UNUSABLE
    assert str(network / "tax") in error.value.where


@pytest.mark.parametrize("content", [None, "", "[]", '{"parties": 3}', "{}"])
def test_a_folder_that_describes_no_network_is_refused(network: Path, clock: ManualClock, content: str | None) -> None:
    path = network / "network.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(WarifuError) as error:
        keep_fresh(network, clock=clock)
    assert error.value.reason is Reason.CONFIG_INVALID
    assert error.value.where.startswith(str(network) if content is None else str(path))


def test_a_folder_without_its_root_key_can_renew_nothing(network: Path, clock: ManualClock) -> None:
    (network / "root" / "root.key").unlink()
    before = serials(network)
    for act in (renew, revoke):
        with pytest.raises(WarifuError) as error:
            act(network, "tax", clock=clock)
        assert error.value.reason is Reason.KEY_INVALID
    assert serials(network) == before


def test_fresh_certificates_are_left_as_they_are(network: Path, clock: ManualClock) -> None:
    before = serials(network)
    keep_fresh(network, clock=clock)
    assert serials(network) == before


def test_certificates_that_would_end_within_a_month_are_renewed(network: Path, clock: ManualClock) -> None:
    before = serials(network)
    clock.advance(timedelta(days=61))
    keep_fresh(network, clock=clock)
    after = serials(network)
    assert all(before[name] != after[name] for name in before)


def test_a_network_left_alone_for_a_year_can_go_on_and_still_knows_what_was_taken_back(
    network: Path, clock: ManualClock
) -> None:
    taken_back = revoke(network, "tax", clock=clock)
    clock.advance(timedelta(days=365))
    keep_fresh(network, clock=clock)
    assert revoked(network, clock) == set(taken_back)
    assert serial(network, "tax") not in taken_back


def test_no_private_key_is_left_readable_by_others(network: Path, clock: ManualClock) -> None:
    renew(network, "tax", clock=clock)
    assert all(path.stat().st_mode & 0o077 == 0 for path in network.rglob("*.key"))


def test_a_network_that_is_up_renews_only_what_ends(network: Path, clock: ManualClock) -> None:
    before, list_before = serials(network), (network / "hub" / "revoked.pem").read_bytes()
    clock.advance(timedelta(days=14))
    assert renew_what_ends(network, clock=clock) == []
    assert (network / "hub" / "revoked.pem").read_bytes() == list_before
    clock.advance(timedelta(days=2))
    assert [each.what for each in renew_what_ends(network, clock=clock)] == [REVOCATION_LIST]
    assert serials(network) == before
    clock.advance(timedelta(days=45))
    told = renew_what_ends(network, clock=clock)
    assert {each.what for each in told} == {REVOCATION_LIST, *PARTIES}
    assert all(each.until is not None and each.until > clock.now() + timedelta(days=29) for each in told)
    after = serials(network)
    assert all(before[name] != after[name] for name in before)
    assert renew_what_ends(network, clock=clock) == []


def test_what_cannot_be_renewed_is_told_and_keeps_nothing_else_from_it(network: Path, clock: ManualClock) -> None:
    (network / "tax" / "tls.pem").write_text("garbage")
    clock.advance(timedelta(days=61))
    told = {each.what: each for each in renew_what_ends(network, clock=clock)}
    assert set(told) == {REVOCATION_LIST, *PARTIES}
    fault = told.pop("tax").fault
    assert fault is not None
    assert (fault.reason, fault.where) == (Reason.KEY_INVALID, str(network / "tax" / "tls.pem"))
    assert all(each.fault is None for each in told.values())


def test_a_network_that_is_up_looks_each_hour_for_what_ends_and_says_what_it_did(
    network: Path, clock: ManualClock
) -> None:
    told: list[tuple[str, str, str]] = []
    clock.advance(timedelta(days=61))
    renewals = Renewals(network, clock, lambda *event: told.append(event))
    renewals.look()
    clock.advance(timedelta(minutes=59))
    renewals.look()
    assert told == []
    clock.advance(timedelta(minutes=1))
    renewals.look()
    assert {(event, what) for event, what, _ in told} == {("renewed", what) for what in (REVOCATION_LIST, *PARTIES)}
    told.clear()
    (network / "root" / "root.key").unlink()
    clock.advance(timedelta(days=61))
    renewals.look()
    assert {(event, what) for event, what, _ in told} == {("not renewed", what) for what in (REVOCATION_LIST, *PARTIES)}
    assert all("root.key" in why for _, _, why in told)
    told.clear()
    (network / "network.json").unlink()
    clock.advance(timedelta(hours=1))
    renewals.look()
    assert [(event, what) for event, what, _ in told] == [("not renewed", "network")]


def test_a_clock_that_was_set_back_does_not_put_renewals_off(network: Path, clock: ManualClock) -> None:
    told: list[tuple[str, str, str]] = []
    clock.advance(timedelta(days=400))
    renewals = Renewals(network, clock, lambda *event: told.append(event))
    clock.advance(timedelta(days=-330))
    renewals.look()
    assert told


def test_two_who_take_back_at_once_both_take_back(network: Path, clock: ManualClock) -> None:
    parties = ("tax", "childcare", "residence", "insurance")
    with ThreadPoolExecutor(len(parties)) as together:
        taken = list(together.map(lambda party: revoke(network, party, clock=clock), parties))
    assert revoked(network, clock) == {serial for serials in taken for serial in serials}


def test_one_serial_is_taken_back_at_the_hub_alone(network: Path, clock: ManualClock) -> None:
    before = revoked(network, clock, "tax")
    take_back(network, [0xBAD], clock=clock)
    take_back(network, [0xBADE], clock=clock)
    assert revoked(network, clock) == {0xBAD, 0xBADE}
    assert revoked(network, clock, "tax") == before, "others learn of it from the hub"

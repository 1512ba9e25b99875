"""A new network on disk: everything new, everything in its own folder, nothing where it must not be."""

from __future__ import annotations

import json
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from warifu.clock import SystemClock
from warifu.errors import Reason, WarifuError
from warifu.exchange.seal import SealingKey
from warifu.exchange.signature import SigningKey
from warifu.identifiers import InstitutionCode
from warifu.party.folder import PartyFolder
from warifu.pki import Role, Root, read_revocation_list
from warifu.tlog.note import Verifier
from warifu_kit.cli import app
from warifu_kit.network.creation import DEFAULT_MEMBERS, Member, create_network

AGENCIES = ("residence", "tax", "childcare", "insurance")
PARTIES = ("hub", "authority", "supervisor", *AGENCIES)

COMMON = {"party.json", "tls.pem", "tls.key", "root.pem", "revoked.pem", "directory.json", "signing.key"}
OWN_KEYS = {
    "hub": {"factor.key", "opening.key", "rerandomise.key", "log.key", "permissions.yaml", "versions", "witness.vkey"},
    "authority": {"point.key"},
    "supervisor": {"witness.key", "witness.seen"},
    **{
        party: {"agency.key", "sealing.key", "row.key", "storage.key", "business", "permissions.yaml"}
        for party in AGENCIES
    },
}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("creation") / "net"
    create_network(path)
    return path


def refused(path: Path, **arguments: object) -> WarifuError:
    with pytest.raises(WarifuError) as error:
        create_network(path, **arguments)  # type: ignore[arg-type]  # the tests name arguments
    assert error.value.reason is Reason.PATH_UNUSABLE
    return error.value


def secrets_below(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*.key")}


@pytest.mark.parametrize("party", PARTIES)
def test_every_party_has_its_own_files_and_no_others(network: Path, party: str) -> None:
    assert {entry.name for entry in (network / party).iterdir()} == COMMON | OWN_KEYS[party]


def test_the_folder_holds_the_root_the_parties_and_what_describes_them(network: Path) -> None:
    assert {entry.name for entry in network.iterdir()} == {*PARTIES, "root", "network.json", "log.vkey", "witness.vkey"}
    assert {entry.name for entry in (network / "root").iterdir()} == {"root.key", "root.pem"}


def test_every_secret_is_its_owners_alone(network: Path) -> None:
    for path in network.rglob("*.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700, path.parent


def test_no_two_secrets_are_the_same_here_or_in_another_network(network: Path, tmp_path: Path) -> None:
    create_network(tmp_path / "other")
    keys = [*secrets_below(network).values(), *secrets_below(tmp_path / "other").values()]
    assert len(set(keys)) == len(keys)
    names = {PartyFolder(path / "hub").settings().network for path in (network, tmp_path / "other")}
    assert len(names) == 2


def test_no_secret_lies_in_any_file_of_another_party(network: Path) -> None:
    files = {path: path.read_bytes() for path in network.rglob("*") if path.is_file()}
    for name, secret in secrets_below(network).items():
        holders = {str(path.relative_to(network)) for path, content in files.items() if secret.strip() in content}
        assert holders == {name}


@pytest.mark.parametrize("party", PARTIES)
def test_every_party_is_who_its_certificate_says_and_trusts_the_same_root(network: Path, party: str) -> None:
    folder = PartyFolder(network / party)
    (member,) = (member for member in DEFAULT_MEMBERS if member.party == party)
    assert folder.identity() == folder.credential().current().identity
    assert (folder.identity().role, folder.settings().institution_code) == (member.role, member.institution)
    assert folder.root_pem() == (network / "root" / "root.pem").read_bytes()
    listed = read_revocation_list((folder.path / "revoked.pem").read_bytes(), folder.root_pem(), SystemClock().now())
    assert listed.serials == frozenset()
    assert "SIMULATED" in folder.settings().institution_name


@pytest.mark.parametrize("party", AGENCIES)
def test_an_agencys_business_system_has_a_certificate_of_its_own(network: Path, party: str) -> None:
    business = PartyFolder(network / party / "business").credential().current().identity
    assert business.role is Role.BUSINESS
    assert business.institution == PartyFolder(network / party).settings().institution_code
    assert {entry.name for entry in (network / party / "business").iterdir()} == {"tls.pem", "tls.key"}


def test_every_party_has_the_same_directory_and_it_verifies(network: Path) -> None:
    assert len({(network / party / "directory.json").read_bytes() for party in PARTIES}) == 1
    directory = PartyFolder(network / "supervisor").directory()
    assert {directory.entries[code].kind for code in directory.entries} == set(AGENCIES)
    assert len(directory.entries) == 4


@pytest.mark.parametrize("party", AGENCIES)
def test_the_directory_publishes_the_keys_an_agency_holds(network: Path, party: str) -> None:
    folder = PartyFolder(network / party)
    directory = folder.directory()
    entry = directory.entry(folder.settings().institution_code)
    secret = directory.group.decode_scalar(folder.secret("agency.key"))
    assert entry.agency_key == directory.group.base_multiply(secret)
    assert entry.sealing_key == SealingKey.from_bytes(folder.secret("sealing.key")).public
    assert entry.signing_key == SigningKey(folder.secret("signing.key")).verify_key


def test_the_directory_publishes_the_hubs_the_authoritys_and_the_logs_public_keys(network: Path) -> None:
    hub, authority = PartyFolder(network / "hub"), PartyFolder(network / "authority")
    directory = hub.directory()
    assert directory.hub_signing_key == SigningKey(hub.secret("signing.key")).verify_key
    assert directory.authority_signing_key == SigningKey(authority.secret("signing.key")).verify_key
    assert Verifier.parse(directory.log_verifier_key).public_key == SigningKey(hub.secret("log.key")).verify_key
    assert (network / "log.vkey").read_text().strip() == directory.log_verifier_key


def test_the_network_file_tells_users_where_everything_is_and_holds_no_secret(network: Path) -> None:
    described = json.loads((network / "network.json").read_text("utf-8"))
    assert "SIMULATED" in described["notice"]
    assert set(described["parties"]) == set(PARTIES)
    for about in described["parties"].values():
        for name in ("folder", "certificate", "private_key", "business_certificate", "business_private_key"):
            assert name not in about or (network / about[name]).exists()


def test_the_simulated_institutions_cannot_be_taken_for_real_ones() -> None:
    assert all(member.institution.startswith("9") for member in DEFAULT_MEMBERS)
    assert len({member.institution for member in DEFAULT_MEMBERS}) == len(DEFAULT_MEMBERS)


def test_a_folder_that_is_there_and_empty_is_used(tmp_path: Path) -> None:
    create_network(tmp_path)
    assert (tmp_path / "network.json").exists()


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert refused(tmp_path).where.endswith("not empty, and no network either")
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_network_is_not_made_over_another(network: Path) -> None:
    before = secrets_below(network)
    assert refused(network).where.endswith("holds a network already")
    assert secrets_below(network) == before


def test_a_folder_that_cannot_be_made_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(tmp_path / "file" / "net").where


def test_a_network_that_could_not_be_finished_leaves_no_keys_behind(tmp_path: Path) -> None:
    refused(tmp_path / "net", permissions=tmp_path / "no-such-table.yaml")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_somebody_else_beside_the_network_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "net.making" / "data"
    kept.parent.mkdir()
    kept.write_text("precious")
    create_network(tmp_path / "net")
    assert kept.read_text() == "precious"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["net", "net.making"]


@pytest.mark.parametrize("there", [False, True], ids=["a folder to be made", "an empty folder"])
def test_of_several_networks_made_in_one_place_at_once_one_is_whole_and_the_others_are_refused(
    tmp_path: Path, there: bool
) -> None:
    path = tmp_path / "net"
    if there:
        path.mkdir()
    barrier = threading.Barrier(3)

    def make(_: int) -> str:
        barrier.wait()
        try:
            create_network(path)
        except WarifuError as error:
            return error.reason.value
        return "made"

    with ThreadPoolExecutor(3) as makers:
        ended = sorted(makers.map(make, range(3)))
    assert ended == ["PATH_UNUSABLE", "PATH_UNUSABLE", "made"]
    assert {entry.name for entry in path.iterdir()} == {*PARTIES, "root", "network.json", "log.vkey", "witness.vkey"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["net"]
    assert len({PartyFolder(path / party).settings().network for party in PARTIES}) == 1
    assert PartyFolder(path / "tax").directory().network == PartyFolder(path / "tax").settings().network


def test_a_network_is_its_owners_alone_also_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    save = Root.save

    def seen(root: Root, folder: Path) -> None:
        modes.append(stat.S_IMODE(folder.parent.stat().st_mode))
        save(root, folder)

    monkeypatch.setattr(Root, "save", seen)
    create_network(tmp_path / "net")
    assert [*modes, stat.S_IMODE((tmp_path / "net").stat().st_mode)] == [0o700, 0o700]


def test_a_network_is_made_in_the_folder_one_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create_network(Path())
    assert Path("network.json").exists(), "the folder is still the same one"


def test_a_network_is_made_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    create_network(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "network.json").exists()


def test_a_network_that_cannot_be_moved_into_its_folder_leaves_it_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def fail_at_last(source: Path, to: Path) -> Path:
        if to.name == "network.json":
            raise OSError(28, "No space left on device")
        return rename(source, to)

    monkeypatch.setattr(Path, "rename", fail_at_last)
    assert "No space left" in refused(tmp_path).where
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a-file", "a-file/net", "n" * 300, "d/" * 2500])
@pytest.mark.parametrize("command", ["new", "up"])
def test_a_path_that_can_hold_no_network_is_refused_in_one_sentence(tmp_path: Path, name: str, command: str) -> None:
    (tmp_path / "a-file").write_text("mine")
    with pytest.raises(WarifuError) as error:
        CliRunner().invoke(app, [command, str(tmp_path / name)], catch_exceptions=False)
    assert error.value.reason is Reason.PATH_UNUSABLE
    assert error.value.where.startswith(str(tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["a-file"]
    assert (tmp_path / "a-file").read_text() == "mine"


def test_a_network_may_have_other_agencies(tmp_path: Path) -> None:
    second = Member(
        party="tax-otaru",
        role=Role.AGENCY,
        kind="tax",
        name="Local tax office (SIMULATED)",
        institution=InstitutionCode("9020120360000001"),
    )
    create_network(tmp_path / "net", members=(*DEFAULT_MEMBERS, second))
    directory = PartyFolder(tmp_path / "net" / "tax-otaru").directory()
    assert len(list(directory.of_kind("tax"))) == 2

"""Suite 1: the vectors of its RFCs, what it refuses, and what happens where its library is not."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from warifu.clock import SystemClock
from warifu.curve.edwards25519 import SUITE_2
from warifu.curve.group import Group, Point, Scalar
from warifu.curve.ristretto255 import IDENTITY, SONAMES, Ristretto255, ristretto255
from warifu.curve.suites import available_suites, group_of
from warifu.errors import Reason, WarifuError
from warifu.exchange.codes import EncryptedCode, encrypt_code, open_code, person_point
from warifu.exchange.directory import Directory
from warifu.exchange.directory_header import sign_header
from warifu.party.directory_file import read_directory_file
from warifu.party.folder import PartyFolder
from warifu.pki import Root
from warifu_kit.network.creation import create_network
from warifu_services.node.app import run_node

VECTORS = Path(__file__).parents[3] / "vectors"
RFC_9496 = json.loads((VECTORS / "rfc9496_ristretto255.json").read_text())
RFC_9497 = json.loads((VECTORS / "rfc9497_ristretto255_sha512.json").read_text())["vectors"]
invalid_points = pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(bytes.fromhex(each["encoded"]), id=f"{each['kind']} {n}")
        for n, each in enumerate(RFC_9496["invalid"])
    ],
)


@pytest.fixture
def ristretto() -> Ristretto255:
    if 1 not in available_suites():
        pytest.skip("suite 1 needs the system's libsodium (package libsodium23), which this machine lacks")
    return ristretto255()


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without the library."""
    monkeypatch.setattr("warifu.curve.ristretto255.SONAMES", ("libsodium.so.nowhere", "libsodium.so.neither"))
    ristretto255.cache_clear()
    yield
    ristretto255.cache_clear()


def scalar(encoded: str) -> Scalar:
    return Scalar(bytes.fromhex(encoded))


def refused(action: Callable[[], object]) -> WarifuError:
    with pytest.raises(WarifuError) as caught:
        action()
    return caught.value


def test_the_multiples_of_the_generator_are_those_of_rfc_9496_a_1(ristretto: Ristretto255) -> None:
    multiples = [Point(bytes.fromhex(each)) for each in RFC_9496["multiples"]]
    assert (multiples[0], multiples[1], len(multiples)) == (IDENTITY, ristretto.generator, 16)
    for number, expected in enumerate(multiples[1:], start=1):
        factor = Scalar(number.to_bytes(32, "little"))
        assert ristretto.base_multiply(factor) == ristretto.multiply(factor, ristretto.generator) == expected
        assert ristretto.decode(expected) == ristretto.decode_unproven(expected) == expected
    for before, after in itertools.pairwise(multiples[1:]):
        assert ristretto.add(before, ristretto.generator) == after
        assert ristretto.subtract(after, before) == ristretto.generator


@invalid_points
def test_the_invalid_encodings_of_rfc_9496_a_2_are_refused_by_every_operation(
    ristretto: Ristretto255, encoded: bytes
) -> None:
    point, good = Point(encoded), ristretto.generator
    for action in (
        lambda: ristretto.decode(encoded, where="c1"),
        lambda: ristretto.multiply(ristretto.random_scalar(), point),
        lambda: ristretto.add(point, good),
        lambda: ristretto.add(good, point),
        lambda: ristretto.subtract(point, good),
        lambda: ristretto.subtract(good, point),
    ):
        assert refused(action).reason is Reason.POINT_INVALID


@pytest.mark.parametrize("kind", ["non-canonical", "negative"])
def test_the_cheap_decoding_refuses_what_can_be_seen_without_arithmetic(ristretto: Ristretto255, kind: str) -> None:
    seen = [bytes.fromhex(each["encoded"]) for each in RFC_9496["invalid"] if each["kind"] == kind]
    assert seen
    for encoded in [*seen, IDENTITY, bytes(31) + b"\x80"]:
        assert refused(partial(ristretto.decode_unproven, encoded)).reason is Reason.POINT_INVALID


@pytest.mark.parametrize("case", RFC_9496["from_uniform"], ids=range(len(RFC_9496["from_uniform"])))
def test_64_bytes_map_to_the_element_of_rfc_9496_a_3(
    ristretto: Ristretto255, case: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warifu.curve.ristretto255.expand_message_xmd", lambda *_: bytes.fromhex(case["uniform"]))
    assert ristretto.hash_to_point(b"").hex() == case["element"]


@pytest.mark.parametrize("case", RFC_9497, ids=range(len(RFC_9497)))
def test_hashing_and_multiplying_give_the_elements_of_rfc_9497_a_1(
    ristretto: Ristretto255, case: dict[str, str]
) -> None:
    hashed = ristretto.hash_with_tag(bytes.fromhex(case["input"]), bytes.fromhex(case["dst"]))
    blinded = ristretto.multiply(scalar(case["blind"]), hashed)
    assert blinded.hex() == case["blinded"]
    assert ristretto.multiply(scalar(case["secret"]), blinded).hex() == case["evaluated"]


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_scalar_of_another_length_never_reaches_the_library(ristretto: Ristretto255, length: int) -> None:
    wrong = Scalar(bytes([1] * length))
    assert refused(lambda: ristretto.base_multiply(wrong)).reason is Reason.KEY_INVALID
    assert refused(lambda: ristretto.multiply(wrong, ristretto.generator)).reason is Reason.KEY_INVALID


def test_equal_inputs_give_other_points_and_scalars_than_in_suite_2(ristretto: Ristretto255) -> None:
    assert ristretto.hash_to_point(b"person") != SUITE_2.hash_to_point(b"person")
    assert ristretto.hash_to_scalar(b"label", b"item") != SUITE_2.hash_to_scalar(b"label", b"item")


def test_a_code_made_to_be_empty_or_spoilt_on_the_way_is_refused(ristretto: Ristretto255) -> None:
    secret, r = ristretto.random_scalar(), ristretto.random_scalar()
    key = ristretto.base_multiply(secret)
    code = person_point(ristretto, b"authority", b"person")
    good = encrypt_code(ristretto, code, key, r)
    assert open_code(ristretto, secret, good) == code
    empty = EncryptedCode(good.c1, ristretto.multiply(r, key))
    for bad in (empty, EncryptedCode(Point(IDENTITY), good.c2), EncryptedCode(good.c1, Point(IDENTITY))):
        assert refused(partial(open_code, ristretto, secret, bad)).reason is Reason.POINT_INVALID


@pytest.mark.usefixtures("no_library")
def test_without_the_library_suite_1_says_what_to_install_and_suite_2_works() -> None:
    error = refused(lambda: group_of(1))
    assert error.reason is Reason.CONFIG_INVALID
    assert "libsodium.so.nowhere and libsodium.so.neither not found" in error.where
    assert "install the package libsodium23" in error.where
    assert available_suites() == (2,)
    assert group_of(2) is SUITE_2


def _wrong_sum(out: bytearray, *_: bytes) -> int:
    out[0:32] = bytes([2]) * 32
    return 0


WRONG: dict[str, object] = {
    "crypto_core_ristretto255_is_valid_point": lambda _: 1,
    "crypto_core_ristretto255_add": lambda *_: -1,
    "crypto_core_ristretto255_sub": _wrong_sum,
    "crypto_core_ristretto255_from_hash": _wrong_sum,
    "crypto_scalarmult_ristretto255": lambda *_: 0,
    "crypto_scalarmult_ristretto255_base": _wrong_sum,
}


@pytest.mark.parametrize("function", WRONG)
def test_a_library_that_calculates_wrongly_is_refused(
    ristretto: Ristretto255, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ristretto._library
    functions = {name: getattr(real, name) for name in WRONG} | {function: WRONG[function]}
    monkeypatch.setattr("warifu.curve.ristretto255._opened", lambda _: SimpleNamespace(**functions))
    error = refused(Ristretto255)
    assert (error.reason, "wrong results" in error.where) == (Reason.CONFIG_INVALID, True)


@pytest.mark.parametrize("soname", ["libc.so.6", "libm.so.6"])
def test_a_library_without_the_functions_is_passed_over(monkeypatch: pytest.MonkeyPatch, soname: str) -> None:
    monkeypatch.setattr("warifu.curve.ristretto255.SONAMES", (soname,))
    assert refused(Ristretto255).reason is Reason.CONFIG_INVALID


def test_the_older_name_of_the_library_is_tried_first() -> None:
    assert SONAMES == ("libsodium.so.23", "libsodium.so.26")


@pytest.fixture
def network(ristretto: Ristretto255, tmp_path: Path) -> Path:
    create_network(tmp_path / "net", suite=ristretto.suite)
    return tmp_path / "net"


def test_every_party_of_a_network_made_in_suite_1_calculates_in_it(network: Path) -> None:
    directory = PartyFolder(network / "tax").directory()
    assert directory.suite == 1
    assert isinstance(directory.group, Ristretto255)
    assert json.loads((network / "network.json").read_text())["suite"] == 1


def test_entries_of_one_suite_are_refused_in_a_directory_of_the_other(network: Path, group: Group) -> None:
    message = read_directory_file(network / "tax" / "directory.json")
    message.header.suite = group.suite
    root = Root.load(network / "root", SystemClock())
    sign_header(root, message.header)
    if group.suite == 1:
        Directory.from_message(message, root.cert_pem)
    else:
        assert refused(lambda: Directory.from_message(message, root.cert_pem)).reason is Reason.DIRECTORY_INVALID


async def test_a_node_on_a_machine_without_the_library_says_so_and_does_not_start(
    network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warifu.curve.ristretto255.SONAMES", ("libsodium.so.nowhere",))
    ristretto255.cache_clear()
    with pytest.raises(WarifuError) as caught:
        await run_node(
            None,  # type: ignore[arg-type]  # it never comes to waiting for the end
            network / "tax",
            party="tax",
            hub="127.0.0.1:1",
            authority="127.0.0.1:1",
        )
    ristretto255.cache_clear()
    assert caught.value.reason is Reason.CONFIG_INVALID
    assert "install the package libsodium23" in caught.value.where

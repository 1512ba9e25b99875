"""Versions of the directory as the exchange log has them: once each, in their order; what is amiss is told once."""

from __future__ import annotations

import pytest

from warifu.api.log.v1 import log_service_pb2 as log_pb2
from warifu_kit.audit.logged_exchanges import HubLog, read_log


def digest_of(version: int) -> bytes:
    return bytes([version]) * 32


def log_of(*versions: int) -> HubLog:
    published = log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED
    return read_log(
        log_pb2.ExchangeLeaf(
            event=published, directory_version=version, directory_digest=digest_of(version)
        ).SerializeToString()
        for version in versions
    )


def told(log: HubLog) -> list[tuple[str, str, str]]:
    assert {each.subject for each in log.differences} <= {"directory"}
    return [(each.what, each.found, each.expected) for each in log.differences]


def test_versions_in_their_order_differ_in_nothing() -> None:
    log = log_of(1, 2, 3)
    assert log.differences == []
    assert log.directory_digests == {version: digest_of(version) for version in (1, 2, 3)}


@pytest.mark.parametrize(
    ("versions", "found", "expected"),
    [
        ((2, 3, 4), "2", "version 1"),
        ((1, 3, 4, 5), "3", "version 2"),
        ((1, 2, 2, 3, 4), "2", "version 3"),
        ((0, 1, 2), "0", "version 1"),
    ],
    ids=["the first missing", "one missing", "one twice", "none"],
)
def test_a_version_that_is_missing_or_there_twice_is_told_once(
    versions: tuple[int, ...], found: str, expected: str
) -> None:
    assert told(log_of(*versions)) == [("directory_version", found, expected)]


def test_versions_out_of_order_are_told_and_each_is_known_by_its_number() -> None:
    log = log_of(1, 3, 2, 4)
    assert told(log) == [("directory_version", "3", "version 2"), ("directory_version", "2", "version 4")]
    assert log.directory_digests == {version: digest_of(version) for version in (1, 2, 3, 4)}


def test_of_two_versions_with_one_number_the_first_stays_known() -> None:
    published = log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED
    leaves = [
        log_pb2.ExchangeLeaf(event=published, directory_version=1, directory_digest=digest_of(fill)) for fill in (1, 9)
    ]
    log = read_log(leaf.SerializeToString() for leaf in leaves)
    assert told(log) == [("directory_version", "1", "version 2")]
    assert log.directory_digests == {1: digest_of(1)}


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_version_without_a_whole_digest_is_told(size: int) -> None:
    leaf = log_pb2.ExchangeLeaf(
        event=log_pb2.LEAF_EVENT_DIRECTORY_PUBLISHED, directory_version=1, directory_digest=bytes(size)
    )
    (difference,) = read_log([leaf.SerializeToString()]).differences
    assert (difference.what, difference.expected) == ("directory_digest", "a digest")

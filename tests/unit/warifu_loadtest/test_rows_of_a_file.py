"""The rows of a file that is asked in bulk: each has an end of its own, also when the file breaks off."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from warifu_loadtest.users.batch_officer import Rows

from warifu.api.node.v1 import node_service_pb2 as node_pb2
from warifu.api.type.v1.inquiry_pb2 import CallFailure
from warifu.errors import Reason, WarifuError

ANSWERED = node_pb2.BulkResult(result=node_pb2.InquiryResult(state=node_pb2.INQUIRY_STATE_ANSWERED))
REFUSED = node_pb2.BulkResult(failure=CallFailure(reason="ASSESSMENT_NOT_IN_FORCE"))


def ends(results: Callable[[], Iterator[node_pb2.BulkResult]], count: int) -> list[Reason | int]:
    """How so many rows ended."""
    rows, found = Rows(results()), list[Reason | int]()
    for _ in range(count):
        try:
            found.append(rows.following().state)
        except WarifuError as error:
            found.append(error.reason)
    return found


def test_a_row_that_is_refused_ends_no_other() -> None:
    told = [node_pb2.INQUIRY_STATE_ANSWERED, Reason.ASSESSMENT_NOT_IN_FORCE, node_pb2.INQUIRY_STATE_ANSWERED]
    assert ends(lambda: iter([ANSWERED, REFUSED, ANSWERED]), 3) == told


def test_what_breaks_a_file_off_is_the_end_of_every_row_that_is_left() -> None:
    def broken() -> Iterator[node_pb2.BulkResult]:
        yield ANSWERED
        raise WarifuError(Reason.NODE_UNREACHABLE)

    assert ends(broken, 3) == [node_pb2.INQUIRY_STATE_ANSWERED, *[Reason.NODE_UNREACHABLE] * 2]


def test_a_node_that_tells_of_fewer_rows_than_it_was_asked_has_not_answered_the_others() -> None:
    told = [node_pb2.INQUIRY_STATE_ANSWERED, *[Reason.HUB_ANSWER_INVALID] * 2]
    assert ends(lambda: iter([ANSWERED]), 3) == told

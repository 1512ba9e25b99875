"""Where a group is committed: a large one on the event loop while the disk is quick, any other on a thread.

Decides by how many records are in it and by how long the last commits took. Handing a commit to a thread costs two changes of
thread and a wait for the interpreter, which is more than a quick disk takes. But while a thread commits, others come, and
share the next sync: of calls that come one by one, four times as many. And a slow disk, waited for on the loop, keeps
everybody waiting, also those who write nothing. So what a loop stands still for is bounded: by a commit or two that turn out slow,
then by one of each ``LOOKED_AGAIN`` groups and ever fewer, until they are quick again. Must never know what is committed.
"""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["LARGE_GROUP", "LOOKED_AGAIN", "SLOW_SECONDS", "CommitPlace"]

LARGE_GROUP: Final = 8
"""Records in a group that is large: they came together, and hardly others will meanwhile."""

SLOW_SECONDS: Final = 0.005
"""A commit that took longer was slow. One that copies the write-ahead log into the file is, now and then, on any disk."""

LOOKED_AGAIN: Final = 64
"""Large groups that go to the thread once the disk is slow, before one shows on the loop whether it still is; then twice as many."""

_REMEMBERED: Final = 16
_SLOW_OF_THEM: Final = 2
_MOST_DOUBLED: Final = 6


class CommitPlace:
    """The place of the next commit of one database."""

    __slots__ = ("_elsewhere", "_slow", "_times_slow")

    def __init__(self) -> None:
        self._slow: deque[bool] = deque(maxlen=_REMEMBERED)
        self._elsewhere = 0  # groups still to be committed on the thread
        self._times_slow = 0

    def is_loop(self, records: int) -> bool:
        """Whether the group that comes now is committed on the loop; to be asked once for each."""
        if records < LARGE_GROUP:
            return False
        if not self._elsewhere:
            return True
        self._elsewhere -= 1
        return False

    def took(self, seconds: float) -> None:
        """A commit on the loop took so long."""
        self._slow.append(seconds > SLOW_SECONDS)
        if sum(self._slow) >= _SLOW_OF_THEM:
            self._elsewhere = LOOKED_AGAIN << min(self._times_slow, _MOST_DOUBLED)
            self._times_slow += 1
            self._slow.clear()
            self._slow.append(True)  # when it is looked at again, one slow commit more is enough
        elif len(self._slow) == _REMEMBERED and not any(self._slow):
            self._times_slow = 0

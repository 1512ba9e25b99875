"""The engine for a nation's worth: exact order of events, nothing but numbers.

Decides who is served when: each institution's node is one processor with one queue, the hub has several with one. First come,
first served. It knows no fault, no deadline and no second attempt: whoever needs those takes the other engine
(``virtual.behaviour``), and a test holds the two to the same times.

Arrivals are sorted beforehand, and between two visits everybody is under way for equally long, so that whoever left first arrives first:
the heap holds busy processors only, and each way is a ring. Compiled by numba, which is why it reads like another language.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["play"]

_NOBODY = -1
_VISITS = 5


@njit(cache=True)
def _push(times, who, size, time, exchange):
    """Add to the heap; its new size."""
    place = size
    while place > 0:
        parent = (place - 1) >> 1
        if times[parent] <= time:
            break
        times[place], who[place] = times[parent], who[parent]
        place = parent
    times[place], who[place] = time, exchange
    return size + 1


@njit(cache=True)
def _pop(times, who, size):
    """Take the earliest off the heap; its new size."""
    size -= 1
    time, exchange = times[size], who[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and times[child + 1] < times[child]:
            child += 1
        if times[child] >= time:
            break
        times[place], who[place] = times[child], who[child]
        place = child
    times[place], who[place] = time, exchange
    return size


@njit(cache=True)
def _grown(ring, first, count):
    """A ring twice as large, with the same in it from its beginning."""
    larger = np.empty(len(ring) * 2, ring.dtype)
    for place in range(count):
        larger[place] = ring[(first + place) & (len(ring) - 1)]
    return larger


@njit(cache=True)
def play(at, inquirer, provider, work, each, shared, away, together, nodes, workers, tick, ticks):  # noqa: C901, PLR0912, PLR0915  # one loop: calls of a compiled function are not free here
    """Play the day. ``work`` is overwritten with the seconds of each visit, waiting included.

    ``away[v]``: seconds after visit v until the next; the last: until the end. Returns the end of each exchange (float64, s), seconds of
    waiting and of work by visit, and by ``tick`` how many waited at the hub, at all nodes, and were served at the hub.
    """
    count = len(at)
    hub = nodes
    free = np.ones(nodes + 1, np.int64)
    free[hub] = workers
    head, tail = np.full(nodes + 1, _NOBODY, np.int32), np.full(nodes + 1, _NOBODY, np.int32)
    waiting = np.zeros(nodes + 1, np.int64)
    behind = np.full(count, _NOBODY, np.int32)
    visit = np.zeros(count, np.int8)
    entered = at.copy()
    done_at = np.empty(count, np.float64)
    heap_at, heap_who, size = np.empty(nodes + workers + 1, np.float64), np.empty(nodes + workers + 1, np.int32), 0
    ring_at = [np.empty(1024, np.float64) for _ in range(_VISITS - 1)]
    ring_who = [np.empty(1024, np.int32) for _ in range(_VISITS - 1)]
    first, under_way = np.zeros(_VISITS - 1, np.int64), np.zeros(_VISITS - 1, np.int64)
    waited, worked = np.zeros(_VISITS, np.float64), np.zeros(_VISITS, np.float64)
    seen = np.zeros((3, ticks), np.int64)
    at_nodes, next_tick, arrived = 0, 0, 0
    while True:
        now, source = np.inf, -2
        if arrived < count:
            now, source = at[arrived], -1
        for way in range(_VISITS - 1):
            if under_way[way] and ring_at[way][first[way]] < now:
                now, source = ring_at[way][first[way]], way
        if size and heap_at[0] <= now:
            now, source = heap_at[0], _VISITS
        if source == -2:
            break
        while next_tick < ticks and next_tick * tick <= now:
            seen[0, next_tick], seen[1, next_tick] = waiting[hub], at_nodes
            seen[2, next_tick] = workers - free[hub]
            next_tick += 1
        if source == _VISITS:  # a processor is free again
            exchange = heap_who[0]
            size = _pop(heap_at, heap_who, size)
            step = visit[exchange]
            station = hub if step == 1 or step == 3 else (provider[exchange] if step == 2 else inquirer[exchange])  # noqa: PLR1714  # numba
            work[step, exchange] = now - entered[exchange]
            if step == _VISITS - 1:
                done_at[exchange] = now + away[step]
            else:
                visit[exchange] = step + 1
                if under_way[step] == len(ring_at[step]):
                    ring_at[step] = _grown(ring_at[step], first[step], under_way[step])
                    ring_who[step] = _grown(ring_who[step], first[step], under_way[step])
                    first[step] = 0
                place = (first[step] + under_way[step]) & (len(ring_at[step]) - 1)
                ring_at[step][place], ring_who[step][place] = now + away[step], exchange
                under_way[step] += 1
            free[station] += 1
            exchange = head[station]
            if exchange == _NOBODY:
                continue
            head[station] = behind[exchange]
            waiting[station] -= 1
            if station != hub:
                at_nodes -= 1
        else:  # somebody comes
            if source == -1:
                exchange = arrived
                arrived += 1
            else:
                exchange = ring_who[source][first[source]]
                first[source] = (first[source] + 1) & (len(ring_at[source]) - 1)
                under_way[source] -= 1
                entered[exchange] = now
            step = visit[exchange]
            station = hub if step == 1 or step == 3 else (provider[exchange] if step == 2 else inquirer[exchange])  # noqa: PLR1714  # numba
            if free[station] == 0:
                behind[exchange] = _NOBODY
                if head[station] == _NOBODY:
                    head[station] = exchange
                else:
                    behind[tail[station]] = exchange
                tail[station] = exchange
                waiting[station] += 1
                if station != hub:
                    at_nodes += 1
                continue
        step = visit[exchange]
        takes = (each[step] + shared[step] / min(waiting[station] + 1, together)) * work[step, exchange]
        waited[step] += now - entered[exchange]
        worked[step] += takes
        free[station] -= 1
        size = _push(heap_at, heap_who, size, now + takes, exchange)
    return done_at, waited, worked, seen

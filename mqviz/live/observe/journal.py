"""The one place where what happened to a real cluster becomes events: numbered, timed, in order.

Observing and driving run in threads of their own and post here; the player takes out what is old enough.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mqviz.model.event import Event


class Journal:
    """Events with running numbers and times that never decrease; safe to use from any thread.

    Time starts at 0 when the journal is made and is counted in microseconds of `clock` (nanoseconds, never
    going back).
    """

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._clock = clock
        self._zero = clock()
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._last_id = 0
        self._floor_us = 0

    def now_us(self) -> int:
        """The time now."""
        return (self._clock() - self._zero) // 1000

    def wall_us(self) -> int:
        """What the clock on the wall shows at time 0:
        microseconds since 1970 in the time zone of this place.
        """
        away = datetime.now().astimezone().utcoffset()
        away_us = int(away.total_seconds() * 1e6) if away else 0
        return time.time_ns() // 1000 + away_us - self.now_us()

    def at_us(self, monotonic_us: int) -> int:
        """A moment of the system's monotonic clock on this journal's."""
        return monotonic_us - self._zero // 1000

    def post(self, kind: type[Event], *fields: Any, cause: int = 0, at_us: int | None = None) -> int:
        """Append `kind(id, at_us, cause, *fields)` and return its id.

        `at_us` is now unless given; it is never before an event that is already there, nor before a time
        up to which events were taken.
        """
        with self._lock:
            self._last_id += 1
            self._floor_us = max(self._floor_us, self.now_us() if at_us is None else at_us)
            self._events.append(kind(self._last_id, self._floor_us, cause, *fields))
            return self._last_id

    def take(self, until_us: int, limit: int) -> tuple[list[Event], int]:
        """Take out the events with at_us < `until_us`, oldest first, and say up to which time all are out.

        More than `limit` are taken only to finish an instant.
        """
        taken: list[Event] = []
        with self._lock:
            while self._events and self._events[0].at_us < until_us:
                if len(taken) >= limit and self._events[0].at_us > taken[-1].at_us:
                    return taken, self._events[0].at_us
                taken.append(self._events.popleft())
            self._floor_us = max(self._floor_us, until_us)
        return taken, until_us

    def take_all(self) -> list[Event]:
        """Take out everything, whatever its time."""
        with self._lock:
            taken = list(self._events)
            self._events.clear()
        return taken

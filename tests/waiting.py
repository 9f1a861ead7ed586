"""Waiting in tests: for what is needed, never for a guess of how long it takes."""

import os
import time
from collections.abc import Callable

DEADLINE_S = 60.0
"""When a wait is given up: nothing takes so long, however busy the machine is; only a failure waits for it."""


def soon(condition: Callable[[], object], seconds: float = DEADLINE_S) -> bool:
    """Whether the condition comes to hold; it is asked every 20 ms."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_alive(pid: int) -> bool:
    """Whether there is such a process; one that has ended and was not waited for counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

"""The seam between where events come from and everything that reads them.

A backend is the simulator, a real Kafka cluster or a capture that is replayed; nobody above this floor
knows which. Time is an argument, never a clock: the player says how far to go.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

from mqviz.model.command.base import Command
from mqviz.model.event import Event
from mqviz.scenario import Scenario


class Can(Enum):
    """What a backend is able to do."""

    WAIT = "be asked for its next event"
    REWIND = "go back to a checkpoint and act again from there"
    WRITE = "run producers and consumers"


class Refused(Exception):
    """A command that cannot be done; the argument is one sentence that says why."""


class Backend(Protocol):
    """Where events come from. Contract (tests/contract.py): any chunking of `advance` gives the same log."""

    can: frozenset[Can]
    now_us: int
    """How far it came: every event with at_us < now_us was handed out."""

    def submit(self, command: Command) -> None:
        """Take `command` at now_us, before everything else of that instant; raises Refused."""

    def advance(self, until_us: int, limit: int = 1_000_000) -> Sequence[Event]:
        """The facts with at_us < until_us that were not handed out yet, oldest first; never waits.

        After about `limit` events it stops early, only between instants; `now_us` says how far it came.
        """

    def next_at_us(self) -> int | None:
        """When the next thing happens, for "step"; None where the future is unknown or empty."""

    def checkpoint(self) -> bytes | None:
        """Everything needed to go on from now_us (state, agenda, draw counts); None where there is no going
        back.
        """

    def close(self) -> None:
        """Let go of everything it holds, within two seconds; may be called twice."""


class Open(Protocol):
    """How a backend is opened or restored; the command line hands it down, so that nobody else imports sim or
    live.
    """

    def __call__(self, scenario: Scenario, seed: int, checkpoint: bytes | None = None) -> Backend:
        """A backend at the start of `scenario`, or at the moment of `checkpoint`."""

"""Sockets: what waits at a process that is frozen, and what a cut link holds.

Like a real broker: a frozen process keeps its connections, and what comes in waits there until it goes on
(R4, R5); over a cut link nothing passes and nobody is told.
Left out: TCP's own retransmission timers; bytes held by a cut pass at once when it heals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mqviz.sim.engine import ARRIVAL, DUES, NAMES, Args, Simulation


class Held(msgspec.Struct):
    """Work that cannot be done now: of frozen brokers by number, and across cuts; (handler, cause,
    arguments).
    """

    frozen: dict[int, list[tuple[str, int, tuple[Any, ...]]]] = msgspec.field(default_factory=dict)
    cut: list[tuple[str, int, tuple[Any, ...]]] = msgspec.field(default_factory=list)


def awake(sim: Simulation, number: int, handler: Callable[[Simulation, *Args], None], *args: *Args) -> bool:
    """Whether broker `number` can do this work now; a frozen one does it when it goes on,
    a dead one never.
    """
    process = sim.state.cluster.brokers[number].process
    if process == "running" or process == "stopping":
        return True
    if process == "paused":
        sim.part(Held).frozen.setdefault(number, []).append((NAMES[handler], sim.cause, args))
    return False


def thaw(sim: Simulation, number: int) -> None:
    """Broker `number` goes on: it does what waited, in its order (R4)."""
    for name, cause, args in sim.part(Held).frozen.pop(number, ()):
        sim.schedule(0, ARRIVAL, DUES[name], *args, cause=cause)


def forget(sim: Simulation, number: int) -> None:
    """Broker `number` died: what waited in its sockets is gone."""
    sim.part(Held).frozen.pop(number, None)


def passes(
    sim: Simulation,
    client: str,
    broker: int,
    handler: Callable[[Simulation, *Args], None],
    *args: *Args,
) -> bool:
    """Whether bytes pass between a client and a broker now; if not, they pass when the cut heals."""
    cluster = sim.state.cluster
    if not cluster.cuts or cluster.linked(client, str(broker)):
        return True
    sim.part(Held).cut.append((NAMES[handler], sim.cause, args))
    return False


def heal(sim: Simulation) -> None:
    """A cut healed: what it held goes on its way again, or is held by another one."""
    held, sim.part(Held).cut = sim.part(Held).cut, []
    for name, cause, args in held:
        sim.schedule(0, ARRIVAL, DUES[name], *args, cause=cause)

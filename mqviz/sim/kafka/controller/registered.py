"""Registered brokers: what the active controller knows of them by their heartbeats.

Like a real broker: a broker may lead while it is registered, unfenced and not on its way out (R10, R11);
without a majority of the voters there is no controller that could know anything (R9).
Left out: the Raft log of the quorum (S3).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.sim.engine import Simulation

DECISION_US = 1_000
"""A controller decision (R6)."""

NAME = "controller"
"""The node that a cut link may separate from the brokers."""


def heartbeat_us(sim: Simulation) -> int:
    """broker.heartbeat.interval.ms"""
    return int(sim.scenario.cluster.setting("broker.heartbeat.interval.ms")) * 1_000


def session_us(sim: Simulation) -> int:
    """broker.session.timeout.ms"""
    return int(sim.scenario.cluster.setting("broker.session.timeout.ms")) * 1_000


def acts(sim: Simulation) -> bool:
    """Whether there is an active controller, which a majority of the voters follows (R9)."""
    return sim.state.cluster.quorum.active > 0


def must_act(sim: Simulation) -> None:
    """What an administrator asks of the controller; raises Refused while there is none."""
    if not acts(sim):
        raise Refused("no controller decides: a majority of the voters is needed (TimeoutException)")


def hears(sim: Simulation, number: int) -> bool:
    """Whether bytes pass between a controller that decides and a broker that runs."""
    return acts(sim) and sim.state.cluster.brokers[number].up and sim.state.cluster.linked(NAME, str(number))


def usable(sim: Simulation, number: int) -> bool:
    """Whether the controller may let this broker lead: it is registered, not fenced, not on its way out."""
    broker = sim.state.cluster.brokers[number]
    return not broker.fenced and broker.leaving_us < 0


def all_know(sim: Simulation, since_us: int) -> bool:
    """Whether heartbeats of all usable brokers told that they read what was decided then (R11)."""
    latency_us = sim.state.cluster.link_latency_us
    arrived_us = sim.now_us - latency_us - DECISION_US
    return all(
        last_heartbeat_us(sim, number, arrived_us) >= since_us + latency_us
        for number in sim.state.cluster.brokers
        if usable(sim, number)
    )


def last_heartbeat_us(sim: Simulation, number: int, until_us: int) -> int:
    """When the last heartbeat left that a broker sent until then."""
    broker = sim.state.cluster.brokers[number]
    if broker.heard_at_us >= 0:
        return broker.heard_at_us
    passed = max(0, until_us - broker.heartbeats_from_us) // heartbeat_us(sim)
    return broker.heartbeats_from_us + passed * heartbeat_us(sim)

"""Quorum: controllers that die and come back, and what cannot happen meanwhile.

Like a real broker: as the voters of KRaft, a majority of which must agree to whatever is decided; without one
there is no new topic, leader, in-sync set or fencing, and existing leaders go on (R9). When the active
controller dies, the others miss it after controller.quorum.fetch.timeout.ms and elect another one; a majority
that comes back needs controller.quorum.election.timeout.ms. A new active controller has heard nobody yet, so
every broker's session begins anew. Left out: the Raft log, lost votes and their random backoff (S3); voters
that brokers are, too.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.model.command.broker import KillController, RestartController
from mqviz.model.kafka.controller.events import BrokerFellSilent, ControllerChanged, ControllerElected
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.controller import controller, registered


def _voter(sim: Simulation, name: str, *, up: bool) -> int:
    quorum = sim.state.cluster.quorum
    if not name.isdigit() or not 1 <= int(name) <= quorum.voters:
        raise Refused(f"there is no controller {name}: there are 1 to {quorum.voters}")
    if (int(name) not in quorum.down) != up:
        raise Refused(f"controller {name} {'does not run' if up else 'runs'}")
    return int(name)


@checks(KillController)
def _check_kill(sim: Simulation, command: KillController) -> KillController:
    _voter(sim, command.name, up=True)
    return command


@handles(KillController)
def _kill(sim: Simulation, command: KillController) -> None:
    quorum, number = sim.state.cluster.quorum, int(command.name)
    sim.cause = sim.emit(ControllerChanged(*sim.stamp(), number, False))
    if number != quorum.active and (quorum.majority or not quorum.active):
        return
    if quorum.active:
        _decides(sim, 0)
    if quorum.majority:
        _elect_in(sim, "controller.quorum.fetch.timeout.ms")


@checks(RestartController)
def _check_restart(sim: Simulation, command: RestartController) -> RestartController:
    _voter(sim, command.name, up=False)
    return command


@handles(RestartController)
def _restart(sim: Simulation, command: RestartController) -> None:
    sim.cause = sim.emit(ControllerChanged(*sim.stamp(), int(command.name), True))
    quorum = sim.state.cluster.quorum
    if quorum.majority and not quorum.active:
        _elect_in(sim, "controller.quorum.election.timeout.ms")


def _elect_in(sim: Simulation, setting: str) -> None:
    wait_us = int(sim.scenario.cluster.setting(setting)) * 1_000
    sim.schedule(wait_us + 2 * sim.state.cluster.link_latency_us, TIMER, _elect)


@due
def _elect(sim: Simulation) -> None:
    quorum = sim.state.cluster.quorum
    if quorum.majority and not quorum.active:
        _decides(sim, next(voter for voter in range(1, quorum.voters + 1) if voter not in quorum.down))


def _decides(sim: Simulation, active: int) -> None:
    """Another one decides, or nobody (0); the sessions of brokers that it does not hear begin now."""
    sim.cause = why = sim.emit(ControllerElected(*sim.stamp(), active))
    for number, broker in sim.state.cluster.brokers.items():
        sim.cause = why
        controller.listen(sim, number)
        if active and not registered.hears(sim, number) and not broker.fenced:
            sim.emit(BrokerFellSilent(*sim.stamp(), number, sim.now_us))
            controller.plan_fencing(sim, number)

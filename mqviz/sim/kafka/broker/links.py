"""Faults: brokers that stop, die, freeze, go on and start again; links that are cut and heal; leaders elected
by hand.

Like a real broker: `stop` asks the controller by heartbeats, which moves its leaderships and lets it end when
every other broker has heard of that (R11); `kill` ends the process, disk and page cache survive, and nobody
tells the controller (R5, R10, R28); `pause` freezes it with its sockets open (R4); a cut link carries no byte
and nobody is told (R5). A broker that is started again needs START_US, and cannot register while its old
session lives (R10). Power and speed are in broker/hardware.py. Left out: a disk that fails while its broker
runs (S5).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.model.command.broker import HealBroker, IsolateBroker
from mqviz.model.kafka.network.events import LinksCut, LinksHealed
from mqviz.sim.engine import Simulation, checks, handles
from mqviz.sim.kafka.choices import existing
from mqviz.sim.kafka.controller import controller, publishing, registered
from mqviz.sim.kafka.network import sockets


def _nodes(sim: Simulation, command: IsolateBroker) -> tuple[str, ...]:
    return tuple(sorted({command.name, *command.also}))


@checks(IsolateBroker)
def _check_isolate(sim: Simulation, command: IsolateBroker) -> IsolateBroker:
    existing(sim, command.name)
    if _nodes(sim, command) in sim.state.cluster.cuts:
        raise Refused(f"broker {command.name} is isolated already")
    return command


@handles(IsolateBroker)
def _isolate(sim: Simulation, command: IsolateBroker) -> None:
    sim.cause = sim.emit(LinksCut(*sim.stamp(), _nodes(sim, command)))
    _listen_to_all(sim)


@checks(HealBroker)
def _check_heal(sim: Simulation, command: HealBroker) -> HealBroker:
    existing(sim, command.name)
    if _cut_of(sim, command.name) is None:
        raise Refused(f"broker {command.name} is not isolated")
    return command


def _cut_of(sim: Simulation, name: str) -> tuple[str, ...] | None:
    return next((nodes for nodes in sim.state.cluster.cuts if name in nodes), None)


@handles(HealBroker)
def _heal(sim: Simulation, command: HealBroker) -> None:
    nodes = _cut_of(sim, command.name) or ()
    sim.cause = sim.emit(LinksHealed(*sim.stamp(), nodes))
    sockets.heal(sim)
    _listen_to_all(sim)
    for number in sim.state.cluster.brokers:
        if registered.hears(sim, number):
            publishing.catch_up(sim, number)


def _listen_to_all(sim: Simulation) -> None:
    why = sim.cause
    for number in sim.state.cluster.brokers:
        sim.cause = why
        controller.listen(sim, number)

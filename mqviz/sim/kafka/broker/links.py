"""Links: a broker is cut off from the others and comes back.

Like a real broker: a cut link carries no byte and nobody is told; the controller misses the heartbeats (R5,
R10), and a broker that hears it again reads all that was decided meanwhile (R6).
Left out: links that lose only some packets.
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

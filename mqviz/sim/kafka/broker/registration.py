"""More brokers: a cluster grows while it runs.

Like a real broker: a new one starts on an empty disk, registers, is fenced until it has read the metadata,
and from then on counts for replication factors and gets partitions of new topics (R10, R12, R13). What is
there stays where it is: leaders, replicas, internal topics. A second process of a number that is in use is
refused at its registration (R10). Left out: reassignment of what is there (S5).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.command.broker import AddBroker
from mqviz.model.kafka.controller.events import BrokerAdded
from mqviz.sim.engine import TIMER, Simulation, checks, handles
from mqviz.sim.kafka.broker.lifecycle import START_US, register
from mqviz.sim.kafka.replication import isr


@checks(AddBroker)
def _check(sim: Simulation, command: AddBroker) -> AddBroker:
    brokers = sim.state.cluster.brokers
    if not brokers:
        raise Refused("there is no cluster: a scenario with `cluster` or a topic has one")
    if not command.name.isdigit() or int(command.name) < 1:
        raise Refused(f"a broker's name is a number from 1 on, not {command.name}")
    if int(command.name) in brokers:
        raise Refused(
            f"Another broker is registered with that broker id: {command.name} "
            f"({named(Error.DUPLICATE_BROKER_REGISTRATION)})"
        )
    return command


@handles(AddBroker)
def _add(sim: Simulation, command: AddBroker) -> None:
    number, alone = int(command.name), list(sim.state.cluster.brokers)
    sim.cause = sim.emit(BrokerAdded(*sim.stamp(), number, command.rack))
    sim.schedule(START_US, TIMER, register, number, 1)
    if len(alone) == 1:  # it had no followers to look after
        isr.start(sim, alone[0])

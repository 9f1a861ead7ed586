"""Lifecycle: a broker's process stops, dies, freezes, goes on and starts again.

Like a real broker: `stop` asks the controller by heartbeats, which moves its leaderships and lets it end when
every other broker has heard of that (R11); `kill` ends the process, disk and page cache survive, and nobody
tells the controller (R5, R10, R28); `pause` freezes it with its sockets open (R4). A broker that is started
again needs START_US, and cannot register while its old session lives (R10).
Left out: a disk that fails while its broker runs (S5).
"""

from __future__ import annotations

from mqviz.model.command.broker import (
    FailDisk,
    KillBroker,
    PauseBroker,
    RestartBroker,
    ResumeBroker,
    StopBroker,
)
from mqviz.model.kafka.broker.events import BrokerProcessChanged, ControlledShutdownBegan, ReplicaLost
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.choices import broker_in
from mqviz.sim.kafka.controller import controller, publishing, registered
from mqviz.sim.kafka.log import cleaner, retention
from mqviz.sim.kafka.network import disconnect, sockets
from mqviz.sim.kafka.replication import isr

START_US = 2_000_000
"""How long a broker takes from the start of its process to its registration; real ones take a few seconds."""

SOON_US = 50_000
"""So long after the first answer a broker that stops asks again; from then on with every heartbeat (R11)."""

PATIENCE_US = 300_000_000
"""How long a broker that stops asks a controller that does not let it, before it ends all the same (R11)."""


def _change(sim: Simulation, number: int, process: str) -> None:
    sim.cause = sim.emit(BrokerProcessChanged(*sim.stamp(), number, process))


# -- ending --------------------------------------------------------------------------------------------------


@checks(KillBroker)
def _check_kill(sim: Simulation, command: KillBroker) -> KillBroker:
    broker_in(sim, command.name, "running", "stopping", "paused", "starting")
    return command


@handles(KillBroker)
def _kill(sim: Simulation, command: KillBroker) -> None:
    ended(sim, int(command.name), "dead")


def ended(sim: Simulation, number: int, process: str, *, noticed: bool = True) -> None:
    """A broker's process is over; `noticed`: its connections close, because its machine still runs."""
    _change(sim, number, process)
    sockets.forget(sim, number)
    if noticed:
        disconnect.hang_up(sim, number)
    controller.listen(sim, number)


@checks(StopBroker)
def _check_stop(sim: Simulation, command: StopBroker) -> StopBroker:
    broker_in(sim, command.name, "running")
    return command


@handles(StopBroker)
def _stop(sim: Simulation, command: StopBroker) -> None:
    number = int(command.name)
    _change(sim, number, "stopping")
    _ask(sim, number, 0, sim.now_us)


def _ask(sim: Simulation, number: int, in_us: int, since_us: int) -> None:
    """The heartbeat that leaves in `in_us` us says that the broker wants to stop, as since `since_us`."""
    delay_us = in_us + sim.state.cluster.link_latency_us + registered.DECISION_US
    sim.schedule(delay_us, TIMER, _stop_asked, number, since_us)


@due
def _stop_asked(sim: Simulation, number: int, since_us: int) -> None:
    """The controller moves what the broker leads; once all know that, or if it leads nothing, it may end."""
    broker, latency_us = sim.state.cluster.brokers[number], sim.state.cluster.link_latency_us
    if broker.process != "stopping":
        return
    if sim.now_us - since_us >= PATIENCE_US:
        ended(sim, number, "stopped")
    elif not registered.hears(sim, number):
        _ask(sim, number, registered.heartbeat_us(sim), since_us)
    elif broker.leaving_us < 0 and controller.leads(sim, number):
        sim.cause = sim.emit(ControlledShutdownBegan(*sim.stamp(), number))
        _let_go(sim, number)
        _ask(sim, number, latency_us + SOON_US, since_us)
    elif broker.leaving_us >= 0 and not registered.all_know(sim, broker.leaving_us):
        _ask(sim, number, latency_us + registered.heartbeat_us(sim), since_us)
    else:
        if not broker.fenced:
            controller.fence(sim, number, "stopped")
        _let_go(sim, number)
        sim.schedule(latency_us, TIMER, _stopped, number)


def _let_go(sim: Simulation, number: int) -> None:
    controller.remove(sim, number, f"broker {number} stops")
    controller.reseat(sim)


@due
def _stopped(sim: Simulation, number: int) -> None:
    if sim.state.cluster.brokers[number].process == "stopping":
        ended(sim, number, "stopped")


# -- freezing ------------------------------------------------------------------------------------------------


@checks(PauseBroker)
def _check_pause(sim: Simulation, command: PauseBroker) -> PauseBroker:
    broker_in(sim, command.name, "running")
    return command


@handles(PauseBroker)
def _pause(sim: Simulation, command: PauseBroker) -> None:
    _change(sim, int(command.name), "paused")
    controller.listen(sim, int(command.name))


@checks(ResumeBroker)
def _check_resume(sim: Simulation, command: ResumeBroker) -> ResumeBroker:
    broker_in(sim, command.name, "paused")
    return command


@handles(ResumeBroker)
def _resume(sim: Simulation, command: ResumeBroker) -> None:
    number = int(command.name)
    _change(sim, number, "running")
    _keep_house(sim, number)
    sockets.thaw(sim, number)
    controller.listen(sim, number)
    delay_us = 2 * sim.state.cluster.link_latency_us + registered.DECISION_US
    sim.schedule(delay_us, TIMER, _read_on, number)


@due
def _read_on(sim: Simulation, number: int) -> None:
    """What waited in its sockets was done before the metadata that it missed reached it (R27, R33)."""
    if registered.hears(sim, number):
        publishing.catch_up(sim, number)


def _keep_house(sim: Simulation, number: int) -> None:
    """A broker runs again: what it keeps too much of goes with the next check (R70, R73)."""
    why = sim.cause
    for partition in sim.state.cluster.partitions():
        if number in partition.replicas:
            retention.consider(sim, partition, number)
            cleaner.consider(sim, partition, number)
    sim.cause = why


# -- starting again ------------------------------------------------------------------------------------------


@checks(RestartBroker)
def _check_restart(sim: Simulation, command: RestartBroker) -> RestartBroker:
    broker_in(sim, command.name, "stopped", "dead")
    return command


@handles(RestartBroker)
def _restart(sim: Simulation, command: RestartBroker) -> None:
    number = int(command.name)
    if sim.state.cluster.brokers[number].dark:  # the machine knows none of the connections that it had
        disconnect.hang_up(sim, number)
    _change(sim, number, "starting")
    incarnation = sim.state.cluster.brokers[number].incarnation
    sim.schedule(START_US, TIMER, register, number, incarnation)


@due
def register(sim: Simulation, number: int, incarnation: int) -> None:
    """Register, unless the old session lives still: DUPLICATE_BROKER_REGISTRATION, tried again (R10)."""
    broker = sim.state.cluster.brokers[number]
    if broker.incarnation != incarnation or broker.process != "starting":
        return
    if not broker.fenced or not registered.acts(sim):
        sim.schedule(registered.heartbeat_us(sim), TIMER, register, number, incarnation)
        return
    clean = broker.clean
    _change(sim, number, "running")
    _keep_house(sim, number)
    controller.register(sim, number, clean)
    publishing.catch_up(sim, number)
    isr.start(sim, number)
    controller.listen(sim, number)


# -- disks and links -----------------------------------------------------------------------------------------


@checks(FailDisk)
def _check_disk(sim: Simulation, command: FailDisk) -> FailDisk:
    broker_in(sim, command.name, "dead", "stopped")
    return command


@handles(FailDisk)
def _disk(sim: Simulation, command: FailDisk) -> None:
    """What the broker kept is gone (R5)."""
    number = int(command.name)
    for topic in sim.state.cluster.topics.values():
        for partition in topic.partitions:
            meant = command.topic in ("", topic.name) and command.partition in (-1, partition.number)
            if number in partition.replicas and meant:
                sim.emit(ReplicaLost(*sim.stamp(), topic.name, partition.number, number))

"""Faults: brokers that stop, die, freeze, go on and start again; links that are cut and heal; leaders elected by hand.

Like a real broker: `stop` asks the controller by heartbeats, which moves its leaderships and lets it end when
every other broker has heard of that (R11, E13, E69); `kill` ends the process, disk and page
cache survive, and nobody tells the controller (R5, R10, R28); `pause` freezes it with its sockets open (E43); a cut link carries no byte and
nobody is told (R5). A broker that is started again needs START_US, and cannot register while its old session lives (R10, E52).
Power and speed are in hardware.py. Left out: a disk that fails while its broker runs (S5).
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.kafka.errors import Error, named
from mqviz.model.broker import Broker, BrokerProcessChanged, ControlledShutdownBegan, LinksCut, LinksHealed
from mqviz.model.command import (
    ElectLeader,
    FailDisk,
    HealBroker,
    IsolateBroker,
    KillBroker,
    PauseBroker,
    RestartBroker,
    ResumeBroker,
    StopBroker,
)
from mqviz.model.leadership import ReplicaLost
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka import (
    cleaner,
    controller,
    disconnect,
    isr,
    publishing,
    registered,
    retention,
    sockets,
)

START_US = 2_000_000
"""How long a broker takes from the start of its process to its registration; real ones take a few seconds."""

SOON_US = 50_000
"""So long after the first answer a broker that stops asks again; from then on with every heartbeat (E69)."""

PATIENCE_US = 300_000_000
"""How long a broker that stops asks a controller that does not let it, before it ends all the same (R11)."""


def existing(sim: Simulation, name: str) -> Broker:
    """The broker of that name; Refused if there is none."""
    brokers = sim.state.cluster.brokers
    if not name.isdigit() or int(name) not in brokers:
        there = ", ".join(map(str, brokers)) or "none"
        raise Refused(f"there is no broker {name}: there are {there}")
    return brokers[int(name)]


def broker_in(sim: Simulation, name: str, *states: str) -> Broker:
    """The broker of that name, whose process is in one of `states`; else Refused."""
    broker = existing(sim, name)
    if broker.process not in states:
        raise Refused(f"broker {name} is {broker.process}")
    return broker


def _change(sim: Simulation, number: int, process: str) -> None:
    sim.cause = sim.emit(BrokerProcessChanged(*sim.stamp(), number, process))


# -- ending ----------------------------------------------------------------------------------------------------


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
    sim.schedule(delay_us, TIMER, "kafka.stop_asked", number, since_us)


@due("kafka.stop_asked")
def _stop_asked(sim: Simulation, number: int, since_us: int) -> None:
    """The controller moves what the broker leads; once all know that, or if it leads nothing, it may end."""
    broker, latency_us = sim.state.cluster.brokers[number], sim.state.cluster.link_latency_us
    if broker.process != "stopping":
        return
    if sim.now_us - since_us >= PATIENCE_US:
        ended(sim, number, "stopped")
    elif not registered.hears(sim, number):
        _ask(sim, number, registered.beat_us(sim), since_us)
    elif broker.leaving_us < 0 and controller.leads(sim, number):
        sim.cause = sim.emit(ControlledShutdownBegan(*sim.stamp(), number))
        _let_go(sim, number)
        _ask(sim, number, latency_us + SOON_US, since_us)
    elif broker.leaving_us >= 0 and not registered.all_know(sim, broker.leaving_us):
        _ask(sim, number, latency_us + registered.beat_us(sim), since_us)
    else:
        if not broker.fenced:
            controller.fence(sim, number, "stopped")
        _let_go(sim, number)
        sim.schedule(latency_us, TIMER, "kafka.stop", number)


def _let_go(sim: Simulation, number: int) -> None:
    controller.remove(sim, number, f"broker {number} stops")
    controller.reseat(sim)


@due("kafka.stop")
def _stopped(sim: Simulation, number: int) -> None:
    if sim.state.cluster.brokers[number].process == "stopping":
        ended(sim, number, "stopped")


# -- freezing ----------------------------------------------------------------------------------------------------


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
    sim.schedule(delay_us, TIMER, "kafka.read_on", number)


@due("kafka.read_on")
def _read_on(sim: Simulation, number: int) -> None:
    """What waited in its sockets was done before the metadata that it missed reached it (R27, E14)."""
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


# -- starting again ------------------------------------------------------------------------------------------------


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
    sim.schedule(START_US, TIMER, "kafka.register", number, incarnation)


@due("kafka.register")
def _register(sim: Simulation, number: int, incarnation: int) -> None:
    """Register, unless the old session lives still: DUPLICATE_BROKER_REGISTRATION, tried again (R10)."""
    broker = sim.state.cluster.brokers[number]
    if broker.incarnation != incarnation or broker.process != "starting":
        return
    if not broker.fenced or not registered.acts(sim):
        sim.schedule(registered.beat_us(sim), TIMER, "kafka.register", number, incarnation)
        return
    clean = broker.clean
    _change(sim, number, "running")
    _keep_house(sim, number)
    controller.register(sim, number, clean)
    publishing.catch_up(sim, number)
    isr.start(sim, number)
    controller.listen(sim, number)


# -- disks and links -----------------------------------------------------------------------------------------------


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


# -- elections by hand ---------------------------------------------------------------------------------------------


@checks(ElectLeader)
def _check_elect(sim: Simulation, command: ElectLeader) -> ElectLeader:
    registered.must_act(sim)
    topic = sim.state.cluster.topics.get(command.topic)
    if topic is None or not 0 <= command.partition < len(topic.partitions):
        raise Refused(
            f"there is no partition {command.partition} of topic {command.topic}"
            f" ({named(Error.UNKNOWN_TOPIC_OR_PARTITION)})"
        )
    partition = topic.partitions[command.partition]
    preferred = partition.replica_ids[0]
    if command.how == "unclean":
        if partition.leader >= 0:
            raise Refused(f"{partition.key} has a leader ({named(Error.ELECTION_NOT_NEEDED)})")
        if not any(registered.usable(sim, broker) for broker in partition.replica_ids):
            raise Refused(
                f"no broker with a replica of {partition.key} is there ({named(Error.ELIGIBLE_LEADERS_NOT_AVAILABLE)})"
            )
    elif partition.leader == preferred:
        raise Refused(
            f"broker {preferred} leads {partition.key} already ({named(Error.ELECTION_NOT_NEEDED)})"
        )
    elif preferred not in partition.isr or not registered.usable(sim, preferred):
        raise Refused(
            f"broker {preferred} is not in sync with {partition.key} ({named(Error.PREFERRED_LEADER_NOT_AVAILABLE)})"
        )
    return command


@handles(ElectLeader)
def _elect(sim: Simulation, command: ElectLeader) -> None:
    """A decision later the preferred replica leads, or any that is there (R14, E11, E56)."""
    sim.schedule(registered.DECISION_US, TIMER, "kafka.elect", command.topic, command.partition, command.how)


@due("kafka.elect")
def _elected(sim: Simulation, topic: str, number: int, how: str) -> None:
    if topic not in sim.state.cluster.topics:
        return
    partition = sim.state.cluster.partition(topic, number)
    if how == "unclean":
        controller.change(sim, partition, partition.isr, "elected by hand", unclean=True)
    else:
        controller.change(sim, partition, partition.isr, "preferred leader", prefer=partition.replica_ids[0])

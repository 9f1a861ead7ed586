"""Commands to producers: add, set, send, flush, pause, resume, close, kill.

Like a real broker: as real processes, close() sends what waits and ends when all is answered; kill loses what
still waited; a frozen process goes on later, at its rate, and finds its answers (R5). Values are refused with
Kafka's words (R56). Left out: everything that AddProducer has no field for.
"""

from __future__ import annotations

from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.model.command.producer import (
    AddProducer,
    CloseProducer,
    FlushProducer,
    KillProducer,
    PauseProducer,
    ResumeProducer,
    SendRecord,
    SetProducer,
)
from mqviz.model.kafka.clients.producer.events import (
    FlushCalled,
    ProducerAdded,
    ProducerChanged,
    ProducerPaced,
)
from mqviz.model.kafka.clients.producer.state import Call, Producer
from mqviz.model.kafka.log.sizes import record_size
from mqviz.model.units import Value
from mqviz.sim.engine import TIMER, Simulation, checks, handles
from mqviz.sim.kafka.choices import only_topic
from mqviz.sim.kafka.clients.producer import application as actor
from mqviz.sim.kafka.clients.producer import config as settings
from mqviz.sim.kafka.clients.producer import sender, transaction_loop
from mqviz.sim.kafka.clients.producer.sender import linger
from mqviz.sim.kafka.network.connection import catch_up


@checks(AddProducer)
def _check_add(sim: Simulation, command: AddProducer) -> AddProducer:
    cluster = sim.state.cluster
    before = cluster.producers.get(command.name)
    if before is not None and before.state not in ("closed", "dead"):
        raise Refused(f"producer {command.name} runs already")
    topic = only_topic(sim, command.topic)
    config = command.config
    if settings.automatic(command) and not config.get("transactional.id"):
        config = {**config, "transactional.id": Value(command.name)}
    command = settings.resolved(replace(command, topic=topic, config=config))
    reason = _refused_by_kafka(command)
    if reason:
        raise Refused(f"Kafka refuses producer {command.name}: {reason}")
    return command


def _refused_by_kafka(command: AddProducer) -> str | None:
    found = settings.refusal(command)
    largest = max((len(key.encode()) for key in command.keys), default=0)
    size = record_size(largest, int(command.value_size))
    most = settings.of(command, "max.request.size") if not found else 0
    if not found and size > int(most):
        found = (
            f"the message is {size} bytes when serialized which is larger than {most}, "
            "which is the value of the max.request.size configuration"
        )
    return found


@handles(AddProducer)
def _add(sim: Simulation, command: AddProducer) -> None:
    own = settings.idempotent(command) and not command.config.get("transactional.id")
    producer_id = sim.state.cluster.last_producer_id + 1 if own else -1
    sim.emit(ProducerAdded(*sim.stamp(), command.name, producer_id, command))
    producer = sim.state.cluster.producers[command.name]
    actor.pace(sim, producer)
    if producer.transaction is not None:
        transaction_loop.start(sim, producer)


@checks(SetProducer)
def _check_set(sim: Simulation, command: SetProducer) -> SetProducer:
    alive(sim, command.name)
    return command


@handles(SetProducer)
def _set(sim: Simulation, command: SetProducer) -> None:
    producer = sim.state.cluster.producers[command.name]
    rate = float(command.rate)
    wait_us = int(1e6 / rate) if rate and producer.settings.arrivals == "even" else 0
    since_us = max(sim.now_us, producer.last_paced_at_us + wait_us)
    sim.emit(ProducerPaced(*sim.stamp(), command.name, rate, since_us))
    if producer.state == "running":
        actor.pace(sim, producer)


@checks(SendRecord)
def _check_send(sim: Simulation, command: SendRecord) -> SendRecord:
    if alive(sim, command.name).state != "running":
        raise Refused(f"producer {command.name} is not running")
    if command.count < 1:
        raise Refused("send at least one record: count=1 or more")
    if command.tombstone and (command.value or not command.key):
        raise Refused("a tombstone is a null value for a key: say key=NAME and no value")
    if command.size >= 0 and (command.value or command.tombstone):
        raise Refused("give a value, or the size of one that nobody looks into, not both")
    if command.partition < -1:
        raise Refused(
            f"Invalid partition: {command.partition}. Partition number should always be non-negative or null."
        )
    return replace(command, topic=only_topic(sim, command.topic)) if command.topic else command


@handles(SendRecord)
def _send(sim: Simulation, command: SendRecord) -> None:
    producer = sim.state.cluster.producers[command.name]
    given = sim.cause
    value = None if command.tombstone else command.value
    stamp_us = None if command.timestamp_ms is None else command.timestamp_ms * 1000
    topic = command.topic or producer.settings.topic
    for _ in range(command.count):
        sim.cause = given
        call = Call(topic, command.partition, command.key or None, value, stamp_us, command.size, False)
        actor.send(sim, producer, call)
    sender.drain(sim, producer)


@checks(PauseProducer)
def _check_pause(sim: Simulation, command: PauseProducer) -> PauseProducer:
    if alive(sim, command.name).state == "paused":
        raise Refused(f"producer {command.name} is paused already")
    return command


@handles(PauseProducer)
def _pause(sim: Simulation, command: PauseProducer) -> None:
    sim.emit(ProducerChanged(*sim.stamp(), command.name, "paused"))


@checks(ResumeProducer)
def _check_resume(sim: Simulation, command: ResumeProducer) -> ResumeProducer:
    if alive(sim, command.name).state != "paused":
        raise Refused(f"producer {command.name} is not paused")
    return command


@handles(ResumeProducer)
def _resume(sim: Simulation, command: ResumeProducer) -> None:
    resume(sim, command.name)


def resume(sim: Simulation, name: str) -> None:
    """The frozen process goes on."""
    sim.cause = sim.emit(ProducerChanged(*sim.stamp(), name, "running"))
    producer = sim.state.cluster.producers[name]
    catch_up(sim, "producer", name)
    sender.drain(sim, producer)
    if producer.queues:
        sim.schedule(int(producer.settings.linger), TIMER, linger, name)
    if producer.transaction is not None:
        transaction_loop.resumed(sim, producer)
    actor.pace(sim, producer)
    sim.schedule(0, TIMER, sender.calls, name)


@checks(CloseProducer)
def _check_close(sim: Simulation, command: CloseProducer) -> CloseProducer:
    if alive(sim, command.name).state != "running":
        raise Refused(f"producer {command.name} is paused: resume it first, or kill it")
    return command


@handles(CloseProducer)
def _close(sim: Simulation, command: CloseProducer) -> None:
    sim.cause = sim.emit(ProducerChanged(*sim.stamp(), command.name, "closing"))
    sender.drain(sim, sim.state.cluster.producers[command.name])


@checks(FlushProducer)
def _check_flush(sim: Simulation, command: FlushProducer) -> FlushProducer:
    if alive(sim, command.name).state != "running":
        raise Refused(f"producer {command.name} is not running")
    return command


@handles(FlushProducer)
def _flush(sim: Simulation, command: FlushProducer) -> None:
    sim.cause = sim.emit(FlushCalled(*sim.stamp(), command.name))
    sender.drain(sim, sim.state.cluster.producers[command.name])


@checks(KillProducer)
def _check_kill(sim: Simulation, command: KillProducer) -> KillProducer:
    alive(sim, command.name)
    return command


@handles(KillProducer)
def _kill(sim: Simulation, command: KillProducer) -> None:
    sim.emit(ProducerChanged(*sim.stamp(), command.name, "dead"))


def alive(sim: Simulation, name: str) -> Producer:
    """The producer, if its process runs or is paused; raises Refused."""
    producers = sim.state.cluster.producers
    if name not in producers:
        raise Refused(f"there is no producer {name}")
    if producers[name].state in ("closed", "dead"):
        raise Refused(f"producer {name} has ended")
    return producers[name]

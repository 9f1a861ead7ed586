"""Commands to consumers: add, set, pause, resume, close, kill.

Like a real broker: as real processes, close finishes the records that poll() gave, commits and leaves (R94);
kill tells nobody (R112); a frozen process goes on later with its old beliefs (R5). Values are refused with
Kafka's words. Left out: everything that AddConsumer has no field for.
"""

from __future__ import annotations

from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.commands import IN_SHORT
from mqviz.kafka.errors import Error, named
from mqviz.kafka.settings import of, refused, refused_by_protocol, refused_consumer
from mqviz.model.command import (
    AddConsumer,
    CloseConsumer,
    KillConsumer,
    PauseConsumer,
    ResumeConsumer,
    SetConsumer,
)
from mqviz.model.consumer import Consumer, ConsumerAdded, ConsumerChanged, ConsumerProcessingSet
from mqviz.sim.engine import STEP, TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka import consumer as actor
from mqviz.sim.kafka.choices import free_name, only_group, only_topic
from mqviz.sim.kafka.network import catch_up
from mqviz.sim.kafka.protocols import protocol_of
from mqviz.sim.kafka.strategies import STRATEGY, refused_strategy


@checks(AddConsumer)
def _check_add(sim: Simulation, command: AddConsumer) -> AddConsumer:
    consumers = sim.state.cluster.consumers
    name = command.name or free_name(sim)
    if name in consumers and consumers[name].state not in ("closed", "dead"):
        raise Refused(f"consumer {name} runs already")
    group = only_group(sim, command.group)
    others = [c.topics for c in consumers.values() if c.settings.group == group and c.state != "closed"]
    topic = only_topic(sim, command.topic or (others[0][0] if others else ""))
    protocol = of(command.config, "consumer", "group.protocol")
    reason = refused_by_protocol(protocol, _given(command)) or _refused_by_kafka(sim, command)
    if reason:
        raise Refused(f"Kafka refuses consumer {name}: {reason}")
    return replace(command, name=name, group=group, topic=topic)


def _given(command: AddConsumer) -> list[str]:
    """Names of the settings that were set, as far as they differ from the default where they have a field."""
    default = AddConsumer()
    given = [
        name
        for name, field in IN_SHORT[AddConsumer].items()
        if getattr(command, field) != getattr(default, field)
    ]
    return [*command.config, *given]


def _refused_by_kafka(sim: Simulation, command: AddConsumer) -> str | None:
    session_ms, heartbeat_ms = command.session_timeout // 1000, command.heartbeat_interval // 1000
    values: tuple[tuple[str, int | str], ...] = (
        ("auto.offset.reset", command.auto_offset_reset),
        ("max.poll.records", command.max_poll_records),
        ("max.poll.interval.ms", command.max_poll_interval // 1000),
        ("session.timeout.ms", session_ms),
        ("heartbeat.interval.ms", heartbeat_ms),
    )
    found = [reason for name, value in values if (reason := refused(name, value))]
    if found or of(command.config, "consumer", "group.protocol") == "consumer":
        return found[0] if found else None
    low, high = (sim.scenario.cluster.setting(f"group.{end}.session.timeout.ms") for end in ("min", "max"))
    if not low <= session_ms <= high:
        return (
            f"session.timeout.ms {session_ms} is outside of group.min.session.timeout.ms {low} and "
            f"group.max.session.timeout.ms {high} ({named(Error.INVALID_SESSION_TIMEOUT)})"
        )
    strategy = command.config.get(STRATEGY)
    if strategy is not None and (reason := refused_strategy(strategy, getattr(command, "client", "java"))):
        return reason
    return refused_consumer(session_ms, heartbeat_ms)


@handles(AddConsumer)
def _add(sim: Simulation, command: AddConsumer) -> None:
    sim.cause = sim.emit(ConsumerAdded(*sim.stamp(), command.name, command, (command.topic,)))
    consumer = sim.state.cluster.consumers[command.name]
    sim.schedule(0, STEP, "kafka.first_poll", command.name, consumer.life)
    _start_timers(sim, consumer)


@due("kafka.first_poll")
def _first_poll(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life and consumer.state == "running":
        actor.poll(sim, consumer)


def _start_timers(sim: Simulation, consumer: Consumer) -> None:
    settings = consumer.settings
    if settings.commit == "auto":
        left_us = max(0, consumer.committed_at_us + actor.AUTO_COMMIT_US - sim.now_us)
        sim.schedule(left_us, TIMER, "kafka.auto_commit", consumer.name, consumer.life, cause=0)
    left_us = max(0, consumer.polled_at_us + int(settings.max_poll_interval) - sim.now_us)
    sim.schedule(left_us, TIMER, "kafka.liveness", consumer.name, consumer.life, cause=0)


@checks(SetConsumer)
def _check_set(sim: Simulation, command: SetConsumer) -> SetConsumer:
    _alive(sim, command.name)
    return command


@handles(SetConsumer)
def _set(sim: Simulation, command: SetConsumer) -> None:
    sim.emit(ConsumerProcessingSet(*sim.stamp(), command.name, int(command.processing)))


@checks(PauseConsumer)
def _check_pause(sim: Simulation, command: PauseConsumer) -> PauseConsumer:
    if _alive(sim, command.name).state != "running":
        raise Refused(f"consumer {command.name} is not running: it is {_alive(sim, command.name).state}")
    return command


@handles(PauseConsumer)
def _pause(sim: Simulation, command: PauseConsumer) -> None:
    _change(sim, command.name, "paused")


@checks(ResumeConsumer)
def _check_resume(sim: Simulation, command: ResumeConsumer) -> ResumeConsumer:
    if _alive(sim, command.name).state != "paused":
        raise Refused(f"consumer {command.name} is not paused")
    return command


@handles(ResumeConsumer)
def _resume(sim: Simulation, command: ResumeConsumer) -> None:
    """Timers that ran out meanwhile ring now; then the process reads what came in meanwhile."""
    _change(sim, command.name, "running")
    consumer = sim.state.cluster.consumers[command.name]
    _start_timers(sim, consumer)
    protocol_of(consumer).resumed(sim, consumer)
    catch_up(sim, "consumer", consumer.name)
    actor.go_on(sim, consumer)


@checks(CloseConsumer)
def _check_close(sim: Simulation, command: CloseConsumer) -> CloseConsumer:
    state = _alive(sim, command.name).state
    if state == "paused":
        raise Refused(f"consumer {command.name} is paused: resume it first, or kill it")
    if state != "running":
        raise Refused(f"consumer {command.name} is closing already")
    return command


@handles(CloseConsumer)
def _close(sim: Simulation, command: CloseConsumer) -> None:
    _change(sim, command.name, "closing")
    consumer = sim.state.cluster.consumers[command.name]
    if consumer.activity == "polling":
        actor.close(sim, consumer)


@checks(KillConsumer)
def _check_kill(sim: Simulation, command: KillConsumer) -> KillConsumer:
    _alive(sim, command.name)
    return command


@handles(KillConsumer)
def _kill(sim: Simulation, command: KillConsumer) -> None:
    _change(sim, command.name, "dead")


def _change(sim: Simulation, name: str, state: str) -> None:
    group = sim.state.cluster.consumers[name].settings.group
    sim.cause = sim.emit(ConsumerChanged(*sim.stamp(), name, group, state))


def _alive(sim: Simulation, name: str) -> Consumer:
    """The consumer, if its process runs or is paused; raises Refused."""
    consumers = sim.state.cluster.consumers
    if name not in consumers:
        raise Refused(f"there is no consumer {name}")
    if consumers[name].state in ("closed", "dead"):
        raise Refused(f"consumer {name} has ended")
    return consumers[name]

"""Commands to consumers: add, set, pause, resume, close, kill.

Like a real broker: as real processes, close finishes the records that poll() gave, commits and leaves (R94);
kill tells nobody (R112); a frozen process goes on later with its old beliefs (R5). Values are refused with
Kafka's words. Left out: everything that AddConsumer has no field for.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.model.command.consumer import (
    AddConsumer,
    CloseConsumer,
    KillConsumer,
    PauseConsumer,
    ResumeConsumer,
    SetConsumer,
)
from mqviz.model.kafka.clients.consumer.events import ConsumerAdded, ConsumerChanged, ConsumerProcessingSet
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.units import Value
from mqviz.sim.engine import STEP, TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.choices import alive, free_name, only_group, only_topic, place
from mqviz.sim.kafka.clients.consumer import commits, exactly_once, orders
from mqviz.sim.kafka.clients.consumer import poll as actor
from mqviz.sim.kafka.clients.consumer.commits import auto_commit
from mqviz.sim.kafka.clients.consumer.config import refusal
from mqviz.sim.kafka.clients.consumer.membership import manual
from mqviz.sim.kafka.clients.consumer.poll import liveness
from mqviz.sim.kafka.clients.consumer.protocol import protocol_of
from mqviz.sim.kafka.network.connection import catch_up


@checks(AddConsumer)
def _check_add(sim: Simulation, command: AddConsumer) -> AddConsumer:
    consumers = sim.state.cluster.consumers
    name = command.name or free_name(sim)
    if name in consumers and consumers[name].state not in ("closed", "dead"):
        raise Refused(f"consumer {name} runs already")
    group = command.group if command.assign else only_group(sim, command.group)
    topics = _topics(sim, command, group)
    reason = refusal(sim, command)
    if reason:
        raise Refused(f"Kafka refuses consumer {name}: {reason}")
    more = topics if len(topics) > 1 else ()
    exactly_once.refusal(sim, command)
    commit, config = _automatic(command)
    return replace(
        command, name=name, group=group, topic=topics[0], topics=more, commit=commit, config=config
    )


def _topics(sim: Simulation, command: AddConsumer, group: str) -> tuple[str, ...]:
    """What it reads: as told, what the group's others read, or the only topic there is;
    all of it must exist.
    """
    if command.assign:
        return tuple(dict.fromkeys(place(sim, text)[0] for text in command.assign))
    if command.topics:
        return tuple(dict.fromkeys(only_topic(sim, topic) for topic in command.topics))
    consumers = sim.state.cluster.consumers.values()
    others = [c.topics for c in consumers if c.settings.group == group and c.state != "closed"]
    if others and not command.topic:
        return tuple(others[0])
    return (only_topic(sim, command.topic),)


def _automatic(command: AddConsumer) -> tuple[Any, dict[str, Value]]:
    """`commit` and the settings without enable.auto.commit, which says the same in Kafka's words."""
    config = {name: text for name, text in command.config.items() if name != "enable.auto.commit"}
    given = command.config.get("enable.auto.commit")
    if given is None:
        return command.commit, config
    automatic = given.lower() == "true"
    return ("auto" if automatic else "none" if command.commit == "auto" else command.commit), config


@handles(AddConsumer)
def _add(sim: Simulation, command: AddConsumer) -> None:
    topics = command.topics or (command.topic,)
    sim.cause = sim.emit(ConsumerAdded(*sim.stamp(), command.name, command, topics))
    consumer = sim.state.cluster.consumers[command.name]
    manual.take(sim, consumer)
    if consumer.loop:
        sim.schedule(0, STEP, _first_poll, command.name, consumer.life)
    _start_timers(sim, consumer)


@due
def _first_poll(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life != life or consumer.state != "running":
        return
    if not consumer.settings.output or exactly_once.ready(sim, consumer):
        actor.poll(sim, consumer)


def _start_timers(sim: Simulation, consumer: Consumer) -> None:
    settings = consumer.settings
    if settings.commit == "auto" and settings.client == "java":
        left_us = max(0, consumer.committed_at_us + commits.interval_us(consumer) - sim.now_us)
        sim.schedule(left_us, TIMER, auto_commit, consumer.name, consumer.life, cause=0)
    left_us = max(0, consumer.polled_at_us + int(settings.max_poll_interval) - sim.now_us)
    sim.schedule(left_us, TIMER, liveness, consumer.name, consumer.life, cause=0)


@checks(SetConsumer)
def _check_set(sim: Simulation, command: SetConsumer) -> SetConsumer:
    alive(sim, command.name)
    if command.processing is None and command.loop is None:
        raise Refused("what is to be set? say processing=TIME or loop=true or loop=false")
    return command


@handles(SetConsumer)
def _set(sim: Simulation, command: SetConsumer) -> None:
    if command.processing is not None:
        sim.emit(ConsumerProcessingSet(*sim.stamp(), command.name, int(command.processing)))
    if command.loop is not None:
        orders.set_loop(sim, sim.state.cluster.consumers[command.name], command.loop)


@checks(PauseConsumer)
def _check_pause(sim: Simulation, command: PauseConsumer) -> PauseConsumer:
    if alive(sim, command.name).state != "running":
        raise Refused(f"consumer {command.name} is not running: it is {alive(sim, command.name).state}")
    return command


@handles(PauseConsumer)
def _pause(sim: Simulation, command: PauseConsumer) -> None:
    _change(sim, command.name, "paused")
    exactly_once.along(sim, sim.state.cluster.consumers[command.name], "paused")


@checks(ResumeConsumer)
def _check_resume(sim: Simulation, command: ResumeConsumer) -> ResumeConsumer:
    if alive(sim, command.name).state != "paused":
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
    exactly_once.along(sim, consumer, "running")
    actor.go_on(sim, consumer)


@checks(CloseConsumer)
def _check_close(sim: Simulation, command: CloseConsumer) -> CloseConsumer:
    state = alive(sim, command.name).state
    if state == "paused":
        raise Refused(f"consumer {command.name} is paused: resume it first, or kill it")
    if state != "running":
        raise Refused(f"consumer {command.name} is closing already")
    return command


@handles(CloseConsumer)
def _close(sim: Simulation, command: CloseConsumer) -> None:
    _change(sim, command.name, "closing")
    consumer = sim.state.cluster.consumers[command.name]
    if consumer.activity in ("polling", "idle", "busy"):
        actor.close(sim, consumer)


@checks(KillConsumer)
def _check_kill(sim: Simulation, command: KillConsumer) -> KillConsumer:
    alive(sim, command.name)
    return command


@handles(KillConsumer)
def _kill(sim: Simulation, command: KillConsumer) -> None:
    _change(sim, command.name, "dead")
    exactly_once.along(sim, sim.state.cluster.consumers[command.name], "dead")


def _change(sim: Simulation, name: str, state: str) -> None:
    group = sim.state.cluster.consumers[name].settings.group
    sim.cause = sim.emit(ConsumerChanged(*sim.stamp(), name, group, state))

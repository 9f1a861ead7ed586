"""Orders: what the application of a consumer is told to do by hand: poll once, be busy, commit, seek, pause
partitions.

Like a real broker: as the methods of a Java consumer, with its exceptions where they cannot be done (R79,
R85, R88, R89, R93).
Left out: seek() to a leader epoch, commitSync() of chosen offsets.
"""

from __future__ import annotations

from mqviz.backend import Refused
from mqviz.model.command.consumer import (
    BusyConsumer,
    CommitConsumer,
    PausePartition,
    PollConsumer,
    ResumePartition,
    SeekConsumer,
)
from mqviz.model.kafka.clients.consumer.events import (
    LoopSet,
    PartitionsPaused,
    PollEnded,
    PositionLost,
    Sought,
)
from mqviz.model.kafka.clients.consumer.state import Consumer, TopicPartitionState
from mqviz.sim.engine import TIMER, Simulation, checks, due, handles
from mqviz.sim.kafka.choices import alive, place
from mqviz.sim.kafka.clients.consumer import commits
from mqviz.sim.kafka.clients.consumer import poll as actor

FREE = ("polling", "idle")
"""What an application does when something new can begin at once."""

# -- polling ------------------------------------------------------------------------------------------------


@checks(PollConsumer)
def _check_poll(sim: Simulation, command: PollConsumer) -> PollConsumer:
    consumer = running(sim, command.name)
    if consumer.loop or consumer.activity != "idle":
        doing = "polls all the time: set loop=false first" if consumer.loop else f"is {consumer.activity}"
        raise Refused(f"consumer {command.name} {doing}")
    return command


@handles(PollConsumer)
def _poll(sim: Simulation, command: PollConsumer) -> None:
    consumer = sim.state.cluster.consumers[command.name]
    number = consumer.polls + 1
    actor.poll(sim, consumer)
    if consumer.activity == "polling" and consumer.polls == number:
        sim.schedule(int(command.timeout), TIMER, _poll_over, command.name, consumer.life, number)


@due
def _poll_over(sim: Simulation, name: str, life: int, number: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life and consumer.polls == number and consumer.activity == "polling":
        sim.emit(PollEnded(*sim.stamp(), name, consumer.settings.group, ""))


def set_loop(sim: Simulation, consumer: Consumer, loop: bool) -> None:
    """From now on the application polls all the time, or only when told to."""
    if consumer.loop == loop:
        return
    sim.cause = sim.emit(LoopSet(*sim.stamp(), consumer.name, loop))
    if consumer.state != "running" or consumer.activity not in FREE:
        return
    if loop:
        actor.poll(sim, consumer)
    else:
        sim.emit(PollEnded(*sim.stamp(), consumer.name, consumer.settings.group, ""))


@checks(BusyConsumer)
def _check_busy(sim: Simulation, command: BusyConsumer) -> BusyConsumer:
    running(sim, command.name)
    return command


@handles(BusyConsumer)
def _busy(sim: Simulation, command: BusyConsumer) -> None:
    consumer = sim.state.cluster.consumers[command.name]
    free = consumer.activity in (*FREE, "busy")
    actor.be_busy(sim, consumer, sim.now_us + int(command.time), now=free)


# -- committing, seeking ------------------------------------------------------------------------------------


@checks(CommitConsumer)
def _check_commit(sim: Simulation, command: CommitConsumer) -> CommitConsumer:
    running(sim, command.name)
    return command


@handles(CommitConsumer)
def _commit(sim: Simulation, command: CommitConsumer) -> None:
    commits.commit(sim, sim.state.cluster.consumers[command.name], "command")


@checks(SeekConsumer)
def _check_seek(sim: Simulation, command: SeekConsumer) -> SeekConsumer:
    consumer = running(sim, command.name)
    if sum((command.offset is not None, bool(command.to), command.time is not None)) != 1:
        raise Refused("where to? say one of offset=NUMBER, to=beginning, to=end, time=TIME")
    if command.offset is not None and command.offset < 0:
        raise Refused("seek offset must not be a negative number (IllegalArgumentException)")
    if not _sought(consumer, command):
        what = f"{command.topic or consumer.settings.topic}-{max(0, command.partition)}"
        raise Refused(f"No current assignment for partition {what} (IllegalStateException)")
    return command


def _sought(consumer: Consumer, command: SeekConsumer) -> list[TopicPartitionState]:
    return [
        partition_state
        for partition_state in consumer.partition_states.values()
        if command.topic in ("", partition_state.topic)
        and command.partition in (-1, partition_state.partition)
    ]


@handles(SeekConsumer)
def _seek(sim: Simulation, command: SeekConsumer) -> None:
    consumer = sim.state.cluster.consumers[command.name]
    name, group = command.name, consumer.settings.group
    places = tuple(
        (partition_state.topic, partition_state.partition) for partition_state in _sought(consumer, command)
    )
    if command.offset is not None:
        positions = tuple((topic, partition, command.offset) for topic, partition in places)
        sim.cause = sim.emit(Sought(*sim.stamp(), name, group, positions))
    else:
        reset = {"beginning": "earliest", "end": "latest", "": "time"}[command.to]
        at_us = int(command.time or 0)
        event = PositionLost(*sim.stamp(), name, group, places, reset, at_us, "the application seeks")
        sim.cause = sim.emit(event)
    actor.progress(sim, consumer)


# -- pausing partitions -------------------------------------------------------------------------------------


@checks(PausePartition)
def _check_pause(sim: Simulation, command: PausePartition) -> PausePartition:
    _owned(sim, command.name, command.consumer)
    return command


@handles(PausePartition)
def _pause(sim: Simulation, command: PausePartition) -> None:
    _set_paused(sim, command.name, command.consumer, paused=True)


@checks(ResumePartition)
def _check_resume(sim: Simulation, command: ResumePartition) -> ResumePartition:
    _owned(sim, command.name, command.consumer)
    return command


@handles(ResumePartition)
def _resume(sim: Simulation, command: ResumePartition) -> None:
    _set_paused(sim, command.name, command.consumer, paused=False)


def _owned(sim: Simulation, text: str, name: str) -> tuple[str, int]:
    consumer, found = running(sim, name), place(sim, text)
    if sim.state.cluster.partition(*found).key not in consumer.partition_states:
        raise Refused(f"No current assignment for partition {text} (IllegalStateException)")
    return found


def _set_paused(sim: Simulation, text: str, name: str, *, paused: bool) -> None:
    consumer = sim.state.cluster.consumers[name]
    places = (place(sim, text),)
    group = consumer.settings.group
    sim.cause = sim.emit(PartitionsPaused(*sim.stamp(), name, group, places, paused))
    if not paused:
        actor.progress(sim, consumer)


def running(sim: Simulation, name: str) -> Consumer:
    """The consumer, whose process runs; raises Refused."""
    consumer = alive(sim, name)
    if consumer.state != "running":
        raise Refused(f"consumer {name} is {consumer.state}")
    return consumer

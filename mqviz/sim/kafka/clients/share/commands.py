"""Commands to share consumers: add, set, pause, resume, close, kill, and the calls of a manual application.

Like a real broker: as real processes; a killed one's connections break, so that brokers free its records one
latency later, a frozen one keeps them until its locks are over (R132). Values are refused with Kafka's words.
Left out: more than one topic in a subscription by pattern.
"""

from __future__ import annotations

from itertools import takewhile

from msgspec.structs import replace

from mqviz.backend import Refused
from mqviz.kafka.settings import first_refused, refused
from mqviz.model.command.share import (
    AcknowledgeShareConsumer,
    AddShareConsumer,
    CloseShareConsumer,
    CommitShareConsumer,
    KillShareConsumer,
    PauseShareConsumer,
    PollShareConsumer,
    ResumeShareConsumer,
    SetShareConsumer,
)
from mqviz.model.kafka.clients.share.events import ShareConsumerAdded, ShareProcessingSet, ShareRecordsAcked
from mqviz.model.kafka.clients.share.state import HELD, ShareConsumer
from mqviz.sim.engine import ARRIVAL, STEP, Simulation, checks, due, handles
from mqviz.sim.kafka.choices import only_topic
from mqviz.sim.kafka.clients.share import consumer as actor
from mqviz.sim.kafka.clients.share import work
from mqviz.sim.kafka.coordinator.share.fetch import closed
from mqviz.sim.kafka.network.connection import catch_up

ENDED = ("closed", "dead")


@checks(AddShareConsumer)
def _check_add(sim: Simulation, command: AddShareConsumer) -> AddShareConsumer:
    cluster = sim.state.cluster
    name = command.name or _free_name(sim)
    if name in cluster.share_consumers and cluster.share_consumers[name].state not in ENDED:
        raise Refused(f"share consumer {name} runs already")
    group = command.group or _only_group(sim)
    if group in cluster.groups:
        raise Refused(f"group {group} is a consumer group already (INCONSISTENT_GROUP_PROTOCOL (23))")
    topics = [only_topic(sim, topic) for topic in command.topic.split(",")]
    reason = first_refused(command.config, "consumer") or refused(
        "max.poll.records", command.max_poll_records
    )
    if reason:
        raise Refused(f"Kafka refuses share consumer {name}: {reason}")
    if command.config.get("share.acknowledgement.mode") == "implicit" and _says_more(command):
        raise Refused("Kafka refuses acknowledge() in implicit mode: say share.acknowledgement.mode=explicit")
    if command.config.get("share.acquire.mode") == "record_limit" and not sim.version.share_record_limit:
        raise Refused(f"share.acquire.mode record_limit needs Kafka 4.2: this is {sim.version.name}")
    return replace(command, name=name, group=group, topic=",".join(topics))


def _says_more(command: AddShareConsumer) -> bool:
    return bool(command.ack != "accept" or command.poison or command.invalid)


def _free_name(sim: Simulation) -> str:
    number = 1
    while f"s{number}" in sim.state.cluster.share_consumers:
        number += 1
    return f"s{number}"


def _only_group(sim: Simulation) -> str:
    cluster = sim.state.cluster
    groups = list(dict.fromkeys(c.settings.group for c in cluster.share_consumers.values()))
    if len(groups) == 1:
        return groups[0]
    if not groups:
        raise Refused("which share group? there is none yet: say group=NAME")
    raise Refused(f"which share group? say group=NAME with one of {', '.join(groups)}, or a new one")


@handles(AddShareConsumer)
def _add(sim: Simulation, command: AddShareConsumer) -> None:
    before = sim.state.cluster.share_consumers.get(command.name)
    incarnation = before.incarnation + 1 if before else 1
    explicit = (
        command.config.get("share.acknowledgement.mode") == "explicit"
        or command.commit == "record"
        or _says_more(command)
    )
    event = ShareConsumerAdded(*sim.stamp(), command.name, command, f"{command.name}-{incarnation}", explicit)
    sim.cause = sim.emit(event)
    sim.schedule(0, STEP, _begin, command.name, sim.state.cluster.share_consumers[command.name].life)


@due
def _begin(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.share_consumers[name]
    if consumer.life == life and consumer.state == "running":
        actor.heartbeat(sim, consumer, 0)
        if consumer.settings.calls == "loop":
            actor.poll(sim, consumer)


@checks(SetShareConsumer)
def _check_set(sim: Simulation, command: SetShareConsumer) -> SetShareConsumer:
    _alive(sim, command.name)
    return command


@handles(SetShareConsumer)
def _set(sim: Simulation, command: SetShareConsumer) -> None:
    sim.emit(ShareProcessingSet(*sim.stamp(), command.name, int(command.processing)))


@checks(PauseShareConsumer)
def _check_pause(sim: Simulation, command: PauseShareConsumer) -> PauseShareConsumer:
    if _alive(sim, command.name).state != "running":
        raise Refused(f"share consumer {command.name} is not running")
    return command


@handles(PauseShareConsumer)
def _pause(sim: Simulation, command: PauseShareConsumer) -> None:
    work.change(sim, _alive(sim, command.name), "paused")


@checks(ResumeShareConsumer)
def _check_resume(sim: Simulation, command: ResumeShareConsumer) -> ResumeShareConsumer:
    if _alive(sim, command.name).state != "paused":
        raise Refused(f"share consumer {command.name} is not paused")
    return command


@handles(ResumeShareConsumer)
def _resume(sim: Simulation, command: ResumeShareConsumer) -> None:
    """The process goes on with its old beliefs, and finds what came meanwhile."""
    consumer = _alive(sim, command.name)
    work.change(sim, consumer, "running")
    actor.heartbeat_due(sim, consumer.name, consumer.life)
    catch_up(sim, "share", consumer.name)
    work.go_on(sim, consumer)


@checks(CloseShareConsumer)
def _check_close(sim: Simulation, command: CloseShareConsumer) -> CloseShareConsumer:
    state = _alive(sim, command.name).state
    if state == "paused":
        raise Refused(f"share consumer {command.name} is paused: resume it first, or kill it")
    if state != "running":
        raise Refused(f"share consumer {command.name} is closing already")
    return command


@handles(CloseShareConsumer)
def _close(sim: Simulation, command: CloseShareConsumer) -> None:
    consumer = _alive(sim, command.name)
    if consumer.taken is None:
        actor.close(sim, consumer)
    else:
        work.change(sim, consumer, "closing")


@checks(KillShareConsumer)
def _check_kill(sim: Simulation, command: KillShareConsumer) -> KillShareConsumer:
    _alive(sim, command.name)
    return command


@handles(KillShareConsumer)
def _kill(sim: Simulation, command: KillShareConsumer) -> None:
    """The operating system closes the connections; each broker hears of it one latency later (R5, R132)."""
    cluster = sim.state.cluster
    work.change(sim, _alive(sim, command.name), "dead")
    for name, pipe in list(cluster.connections.items()):
        if (pipe.client, pipe.name) == ("share", command.name):
            after_us = max(cluster.link_latency_us, pipe.asked_until_us - sim.now_us)
            sim.schedule(after_us, ARRIVAL, closed, name)


# -- a manual application ------------------------------------------------------------------------------------


@checks(PollShareConsumer)
def _check_poll(sim: Simulation, command: PollShareConsumer) -> PollShareConsumer:
    _manual(sim, command.name)
    return command


@handles(PollShareConsumer)
def _poll(sim: Simulation, command: PollShareConsumer) -> None:
    actor.poll(sim, _alive(sim, command.name), int(command.timeout))


@checks(CommitShareConsumer)
def _check_commit(sim: Simulation, command: CommitShareConsumer) -> CommitShareConsumer:
    _manual(sim, command.name)
    return command


@handles(CommitShareConsumer)
def _commit(sim: Simulation, command: CommitShareConsumer) -> None:
    actor.commit(sim, _alive(sim, command.name))


@checks(AcknowledgeShareConsumer)
def _check_acknowledge(sim: Simulation, command: AcknowledgeShareConsumer) -> AcknowledgeShareConsumer:
    consumer = _manual(sim, command.name)
    if not consumer.explicit:
        raise Refused("Kafka refuses acknowledge() in implicit mode: IllegalStateException")
    if command.type == "renew" and not sim.version.share_renew:
        raise Refused(f"renewing locks needs Kafka 4.2: this is {sim.version.name}")
    return command


@handles(AcknowledgeShareConsumer)
def _acknowledge(sim: Simulation, command: AcknowledgeShareConsumer) -> None:
    """Record after record; a later word counts until a request took the earlier one along.

    What was not delivered, or is acknowledged and sent, cannot be acknowledged: IllegalStateException.
    """
    consumer = _alive(sim, command.name)
    topic = command.topic or consumer.settings.topic
    there = list(
        takewhile(lambda offset: _in_hand(consumer, topic, command.partition, offset), command.offsets)
    )
    if command.offsets:
        acks = tuple((topic, command.partition, offset, offset + 1, command.type) for offset in there)
    else:
        unsaid = [part for part in consumer.delivered if not part.ack]
        acks = tuple((p.topic, p.partition, p.first, p.end, command.type) for p in unsaid)
    if acks:
        sim.emit(ShareRecordsAcked(*sim.stamp(), command.name, acks))
    if len(there) < len(command.offsets):
        work.fail(sim, consumer, "acknowledge", "IllegalStateException")


def _in_hand(consumer: ShareConsumer, topic: str, partition: int, offset: int) -> bool:
    """Whether this record is the application's to acknowledge."""
    return any(
        (part.topic, part.partition) == (topic, partition) and part.first <= offset < part.end
        for part in consumer.delivered
        if part.ack not in HELD
    )


def _manual(sim: Simulation, name: str) -> ShareConsumer:
    consumer = _alive(sim, name)
    if consumer.settings.calls != "manual":
        raise Refused(f"share consumer {name} polls by itself: add it with calls=manual")
    if consumer.state != "running":
        raise Refused(f"share consumer {name} is not running: it is {consumer.state}")
    if consumer.activity in ("polling", "committing"):
        raise Refused(f"share consumer {name} is inside a call: it is {consumer.activity}")
    return consumer


def _alive(sim: Simulation, name: str) -> ShareConsumer:
    """The share consumer, if its process runs or is paused; raises Refused."""
    consumers = sim.state.cluster.share_consumers
    if name not in consumers:
        raise Refused(f"there is no share consumer {name}")
    if consumers[name].state in ENDED:
        raise Refused(f"share consumer {name} has ended")
    return consumers[name]

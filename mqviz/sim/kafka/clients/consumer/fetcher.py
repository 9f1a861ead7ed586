"""Fetcher: what a consumer asks of partition leaders, and what it makes of their answers.

Like a real broker: as its Java client, one fetch on the way to each broker, for partitions that are neither
paused nor have records that wait in the process (R79, R89); an answer for beliefs that changed meanwhile is
dropped; an offset that the log does not have begins the search by auto.offset.reset, or throws (R81); after
other errors it asks again after a backoff (R35).
Left out: fetch sessions (S11), the checksum of a batch.
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.consumer.events import FetchStarted, PositionLost, RecordsFetched
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.metadata.state import belief, node_of
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import AnyRequest, FetchRequest
from mqviz.model.kafka.protocol.responses import FetchResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.clients.consumer import isolation, preferred_replica, wakeup
from mqviz.sim.kafka.clients.consumer.config import backoff_us, fetch_request
from mqviz.sim.kafka.network.connection import receives, send


def ask_broker(sim: Simulation, consumer: Consumer, broker: int, request: AnyRequest) -> int:
    """Send a request on the consumer's data connection to `broker`."""
    return send(sim, "consumer", consumer.name, consumer.incarnation, broker, request)


def leader(sim: Simulation, consumer: Consumer, topic: str, partition: int) -> int:
    """The broker that this consumer believes to lead the partition; -1: nobody."""
    found = sim.state.cluster.partition(topic, partition)
    return metadata.leader(found, "consumer", consumer.name, consumer.incarnation)


def fetch(sim: Simulation, consumer: Consumer) -> None:
    """One fetch to each broker that none is on its way to, for partitions without fetched records (R79)."""
    wanted: dict[int, list[tuple[str, int, int]]] = {}
    for partition_state in consumer.partition_states.values():
        if (
            partition_state.position is not None
            and not partition_state.fetched
            and not partition_state.paused
        ):
            broker = preferred_replica.replica(
                sim, partition_state, leader(sim, consumer, partition_state.topic, partition_state.partition)
            )
            wanted.setdefault(broker, []).append(
                (partition_state.topic, partition_state.partition, partition_state.position)
            )
    for broker in sorted(wanted):
        if broker < 0:
            metadata.refresh(sim, "consumer", consumer.name, consumer.incarnation)
        elif broker not in consumer.fetching:
            offsets = tuple(wanted[broker])
            request = fetch_request(consumer, offsets, _epochs(sim, consumer, offsets))
            number = ask_broker(sim, consumer, broker, request)
            sim.emit(FetchStarted(*sim.stamp(), consumer.name, broker, number))


def _epochs(
    sim: Simulation, consumer: Consumer, offsets: tuple[tuple[str, int, int], ...]
) -> tuple[int, ...]:
    """The leader epochs that this consumer believes in; () while all are the first ones (R27)."""
    node = node_of("consumer", consumer.name, consumer.incarnation)
    epochs = tuple(belief(sim.state.cluster.partition(topic, p), node)[1] for topic, p, _ in offsets)
    return epochs if any(epochs) else ()


@metadata.told("consumer")
def _told(sim: Simulation, name: str) -> None:
    wakeup.progress(sim, sim.state.cluster.consumers[name])


@receives(FetchRequest)
def _fetched(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    broker = flight.broker
    reply = flight.response
    if consumer.fetching.get(broker) != flight.number:
        return
    parts = reply.partitions if isinstance(reply, FetchResponse) else ()
    metadata.placed(sim, "consumer", name, flight, parts)
    preferred_replica.told(sim, consumer, parts)
    back = preferred_replica.given_up(sim, consumer, broker, reply)
    if not isinstance(reply, FetchResponse) or reply.error:
        _later(sim, consumer, broker)
        if back:
            wakeup.progress(sim, consumer)
        return
    wanted = [
        part
        for part in parts
        if part.end > part.first and _still_wanted(sim, consumer, part.topic, part.partition, part.first)
    ]
    if wanted or not any(part.error for part in parts):
        ranges = tuple((part.topic, part.partition, part.first, part.end) for part in wanted)
        hidden = isolation.hidden(sim, consumer, wanted)
        sim.cause = sim.emit(RecordsFetched(*sim.stamp(), name, broker, ranges, hidden))
    else:
        _errors(sim, consumer, broker, reply, back)
    wakeup.progress(sim, consumer)


def _still_wanted(sim: Simulation, consumer: Consumer, topic: str, partition: int, first: int) -> bool:
    """Whether the process still waits for exactly this offset; an answer for earlier beliefs is dropped."""
    partition_state = consumer.partition_states.get(sim.state.cluster.partition(topic, partition).key)
    return partition_state is not None and not partition_state.fetched and partition_state.position == first


def _errors(
    sim: Simulation, consumer: Consumer, broker: int, reply: FetchResponse, back: tuple[tuple[str, int], ...]
) -> None:
    """Nothing but errors came: offsets out of range at once, all others after a backoff; `back`: the leader
    is asked about these.
    """
    gone = tuple(
        (part.topic, part.partition)
        for part in reply.partitions
        if part.error == Error.OFFSET_OUT_OF_RANGE
        and (part.topic, part.partition) not in back
        and _still_wanted(sim, consumer, part.topic, part.partition, part.first)
    )
    if any(part.error not in (Error.NONE, Error.OFFSET_OUT_OF_RANGE) for part in reply.partitions):
        _later(sim, consumer, broker)
    else:
        sim.emit(RecordsFetched(*sim.stamp(), consumer.name, broker, ()))
    if gone and consumer.settings.auto_offset_reset == "none":
        wakeup.throw(sim, consumer, "OffsetOutOfRangeException")
    elif gone:
        group, reason = consumer.settings.group, "the log does not have the offset"
        event = PositionLost(*sim.stamp(), consumer.name, group, gone, "policy", 0, reason)
        sim.cause = sim.emit(event)


def _later(sim: Simulation, consumer: Consumer, broker: int) -> None:
    """Nothing came of it: the next fetch to this broker leaves after a backoff."""
    number = consumer.fetching[broker]
    sim.schedule(backoff_us(consumer, 0), TIMER, _again, consumer.name, consumer.life, broker, number)


@due
def _again(sim: Simulation, name: str, life: int, broker: int, number: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life and consumer.fetching.get(broker) == number:
        sim.emit(RecordsFetched(*sim.stamp(), name, broker, ()))
        wakeup.progress(sim, consumer)

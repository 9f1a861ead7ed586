"""Positions: where a consumer begins to read a partition.

Like a real broker: as its Java client, seek before committed offset before auto.offset.reset: latest is the
high watermark at that moment (the last stable offset for read_committed), earliest the log start, none
throws, by_duration the first record young enough (R81); where there is none the client asks again only after
request.timeout.ms (R81); while a transaction holds offsets it asks again after its backoff (R82), as about
each partition whose leader answers with an error (R25). Left out: validation of positions by leader epochs.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.consumer.events import PositionDelayed, PositionsAsked, PositionsSet
from mqviz.model.kafka.clients.consumer.isolation import reads_committed
from mqviz.model.kafka.clients.consumer.state import Consumer, TopicPartitionState
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ListOffsetsRequest, OffsetFetchRequest
from mqviz.model.kafka.protocol.responses import ListOffsetsResponse, OffsetFetchResponse
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.clients.consumer import coordinator_client, fetcher, wakeup
from mqviz.sim.kafka.clients.consumer.config import backoff_us, duration_us, value
from mqviz.sim.kafka.network.connection import receives

Places = tuple[tuple[str, int], ...]


def locate(sim: Simulation, consumer: Consumer) -> None:
    """Ask where to read the partitions whose position is unknown, unless that is being asked."""
    if consumer.asked:
        return
    unknown = [
        c for c in consumer.partition_states.values() if c.position is None and c.not_before_us <= sim.now_us
    ]
    if not unknown:
        return
    by_commit = [
        partition_state
        for partition_state in unknown
        if not partition_state.reset and consumer.settings.group
    ]
    if by_commit:
        stable = consumer.settings.client == "java" or reads_committed(consumer.settings)
        request = OffsetFetchRequest(consumer.settings.group, _places(by_commit), stable)
        number = coordinator_client.ask_coordinator(sim, consumer, request)
        sim.emit(PositionsAsked(*sim.stamp(), consumer.name, (number,)))
    elif _throws(sim, consumer, unknown):
        return
    else:
        numbers = _ask_logs(sim, consumer, unknown)
        sim.emit(PositionsAsked(*sim.stamp(), consumer.name, numbers))


def _places(partition_states: list[TopicPartitionState]) -> Places:
    return tuple((partition_state.topic, partition_state.partition) for partition_state in partition_states)


def _throws(sim: Simulation, consumer: Consumer, partition_states: list[TopicPartitionState]) -> bool:
    """Whether poll() throws, because nothing says where to begin and auto.offset.reset is none (R81)."""
    by_policy = [
        partition_state for partition_state in partition_states if partition_state.reset in ("", "policy")
    ]
    if not by_policy or consumer.settings.auto_offset_reset != "none":
        return False
    wakeup.throw(sim, consumer, "NoOffsetForPartitionException")
    return True


@receives(OffsetFetchRequest)
def _fetched(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    reply = flight.response
    if flight.number not in consumer.asked:
        return
    if not isinstance(reply, OffsetFetchResponse) or reply.error or any(part[2] for part in reply.partitions):
        _delay(sim, consumer, flight.request, backoff_us(consumer, 0))
        return
    wanted = [part for part in reply.partitions if _unknown(sim, consumer, part[0], part[1])]
    known = tuple(
        (topic, partition, offset, "committed") for topic, partition, _, offset in wanted if offset >= 0
    )
    if known:
        sim.emit(PositionsSet(*sim.stamp(), name, consumer.settings.group, known))
    without = [_partition_state(sim, consumer, part[0], part[1]) for part in wanted if part[3] < 0]
    if without and _throws_now(sim, consumer, without):
        return
    numbers = _ask_logs(sim, consumer, without)
    sim.emit(PositionsAsked(*sim.stamp(), name, numbers))
    wakeup.progress(sim, consumer)


def _throws_now(sim: Simulation, consumer: Consumer, partition_states: list[TopicPartitionState]) -> bool:
    """As `_throws`, which an application hears of in its next poll() if it is in none now."""
    if consumer.settings.auto_offset_reset != "none":
        return False
    sim.emit(PositionsAsked(*sim.stamp(), consumer.name, ()))
    return consumer.activity != "polling" or _throws(sim, consumer, partition_states)


def _partition_state(sim: Simulation, consumer: Consumer, topic: str, partition: int) -> TopicPartitionState:
    return consumer.partition_states[sim.state.cluster.partition(topic, partition).key]


def _unknown(sim: Simulation, consumer: Consumer, topic: str, partition: int) -> bool:
    partition_state = consumer.partition_states.get(sim.state.cluster.partition(topic, partition).key)
    return partition_state is not None and partition_state.position is None


def _how(sim: Simulation, consumer: Consumer, partition_state: TopicPartitionState) -> tuple[str, int]:
    """(which, time) that ListOffsets is to look for."""
    if partition_state.reset in ("earliest", "latest", "time"):
        return partition_state.reset, partition_state.at_us
    policy = consumer.settings.auto_offset_reset
    if policy.startswith("by_duration"):
        return "time", sim.now_us - duration_us(policy)
    return policy, 0


def _ask_logs(
    sim: Simulation, consumer: Consumer, partition_states: list[TopicPartitionState]
) -> tuple[int, ...]:
    """Ask the partition leaders where their logs begin or end; returns the numbers of the requests.

    Partitions that nobody leads are asked about again after a backoff, with newer metadata (R35).
    """
    asks: dict[tuple[int, str, int], list[TopicPartitionState]] = {}
    for partition_state in partition_states:
        broker = fetcher.leader(sim, consumer, partition_state.topic, partition_state.partition)
        asks.setdefault((broker, *_how(sim, consumer, partition_state)), []).append(partition_state)
    orphans = [
        partition_state for (broker, *_), found in asks.items() if broker < 0 for partition_state in found
    ]
    if orphans:
        metadata.refresh(sim, "consumer", consumer.name, consumer.incarnation)
        _wait(sim, consumer, _places(orphans), backoff_us(consumer, 0))
    committed = reads_committed(consumer.settings)
    return tuple(
        fetcher.ask_broker(
            sim,
            consumer,
            broker,
            ListOffsetsRequest(which, _places(asks[broker, which, at_us]), at_us, committed),
        )
        for broker, which, at_us in sorted(asks)
        if broker >= 0
    )


@receives(ListOffsetsRequest)
def _listed(sim: Simulation, name: str, flight: InFlight) -> None:
    consumer = sim.state.cluster.consumers[name]
    reply, request = flight.response, flight.request
    if flight.number not in consumer.asked or not isinstance(request, ListOffsetsRequest):
        return
    parts = reply.partitions if isinstance(reply, ListOffsetsResponse) else ()
    failed = tuple(part[:2] for part in parts if part[2]) if parts else request.partitions
    if failed:
        metadata.failed(sim, "consumer", name, flight, [part[2] for part in parts])
        _wait(sim, consumer, failed, backoff_us(consumer, 0))
    wanted = [part for part in parts if not part[2] and _unknown(sim, consumer, part[0], part[1])]
    because = _because(consumer, request)
    found = tuple(
        (topic, partition, offset, because) for topic, partition, _, offset in wanted if offset >= 0
    )
    if found:
        sim.cause = sim.emit(PositionsSet(*sim.stamp(), name, consumer.settings.group, found))
    missing = tuple((topic, partition) for topic, partition, _, offset in wanted if offset < 0)
    if missing:
        _wait(sim, consumer, missing, value(consumer, "request.timeout.ms") * 1000)
    left = tuple(number for number in consumer.asked if number != flight.number)
    sim.emit(PositionsAsked(*sim.stamp(), name, left))
    wakeup.progress(sim, consumer)


def _because(consumer: Consumer, request: ListOffsetsRequest) -> str:
    policy = consumer.settings.auto_offset_reset
    return policy.partition(":")[0] if request.which == "time" and policy.startswith("by_") else request.which


def _wait(sim: Simulation, consumer: Consumer, places: Places, delay_us: int) -> None:
    sim.emit(PositionDelayed(*sim.stamp(), consumer.name, places, sim.now_us + delay_us))
    sim.schedule(delay_us, TIMER, _again, consumer.name, consumer.life)


def _delay(sim: Simulation, consumer: Consumer, request: object, delay_us: int) -> None:
    """An error that passes: ask for these again later."""
    places = request.partitions if isinstance(request, OffsetFetchRequest) else ()
    sim.emit(PositionsAsked(*sim.stamp(), consumer.name, ()))
    _wait(sim, consumer, places, delay_us)


@due
def _again(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life:
        wakeup.progress(sim, consumer)

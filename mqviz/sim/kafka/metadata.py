"""Metadata: how a client finds out that another broker leads a partition.

Like a real broker: as its clients, what it believes holds until an error (NOT_LEADER_OR_FOLLOWER,
UNKNOWN_TOPIC_OR_PARTITION, a broken connection), a partition without leader, or metadata.max.age.ms makes it
ask; a broker answers with what it was told itself, which may be old; an older leader epoch is never believed
again; between two requests at least retry.backoff.ms. An answer NOT_LEADER_OR_FOLLOWER names the new leader
if the broker knows it, and then nothing has to be asked (R35, KIP-951).
Left out: Metadata requests are a delay of two latencies, not requests (S11); that a frozen broker keeps one
for request.timeout.ms: another one is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from mqviz.kafka import settings
from mqviz.kafka.errors import Error
from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.cluster import Partition, Topic
from mqviz.model.kafka.metadata.events import Leaders, MetadataLearned, PartitionsCounted
from mqviz.model.kafka.metadata.state import OVER, belief, clients_of, node_of
from mqviz.model.kafka.network.state import Client, InFlight
from mqviz.model.kafka.protocol.responses import FetchPartitionData, NoResponse, PartitionProduceResponse
from mqviz.sim.engine import ARRIVAL, TIMER, Simulation, due

STALE = (
    Error.UNKNOWN_TOPIC_OR_PARTITION,
    Error.LEADER_NOT_AVAILABLE,
    Error.NOT_LEADER_OR_FOLLOWER,
    Error.FENCED_LEADER_EPOCH,
    Error.UNKNOWN_LEADER_EPOCH,
)
"""Errors of a partition after which a client asks for metadata (InvalidMetadataException)."""

Told = Callable[[Simulation, str], None]
TOLD: dict[str, Told] = {}


class Searches(msgspec.Struct):
    """`asked_at_us`: when each node asked last; `running`: nodes that ask now; `aged`: those whose metadata
    will be too old at a time.
    """

    asked_at_us: dict[str, int] = msgspec.field(default_factory=dict)
    running: dict[str, bool] = msgspec.field(default_factory=dict)
    aged: dict[str, bool] = msgspec.field(default_factory=dict)


def told(client: Client) -> Callable[[Told], Told]:
    """Register what a kind of client does when it has new metadata: function(sim, its name)."""

    def register(function: Told) -> Told:
        TOLD[client] = function
        return function

    return register


def leader(partition: Partition, client: Client, name: str, incarnation: int) -> int:
    """The broker that this client takes for the leader; -1: it knows none."""
    if not partition.beliefs:
        return partition.leader
    return belief(partition, node_of(client, name, incarnation))[0]


def partitions(topic: Topic, client: Client, name: str, incarnation: int) -> int:
    """How many partitions this client believes a topic to have; 0: there is no such topic."""
    real = 0 if topic.deleted else len(topic.partitions)
    return topic.counts.get(node_of(client, name, incarnation), real) if topic.counts else real


# -- brokers say who leads -----------------------------------------------------------------------------------


def current_leader(
    sim: Simulation, broker: int, topic: str, number: int, error: int
) -> tuple[int, int] | None:
    """(broker, leader epoch) of who leads instead, as `broker` knows, if the error is that it does not itself
    (KIP-951).
    """
    if error not in (Error.NOT_LEADER_OR_FOLLOWER, Error.FENCED_LEADER_EPOCH):
        return None
    known, epoch = belief(sim.state.cluster.partition(topic, number), str(broker))
    return (known, epoch) if known >= 0 and known != broker else None


# -- clients ask ---------------------------------------------------------------------------------------------


def failed(
    sim: Simulation, client: Client, name: str, flight: InFlight, errors: Iterable[int], leaders: Leaders = ()
) -> None:
    """An answer came, or none at all: learn the leaders that it names, and ask if there are errors of others
    (R35).
    """
    learn(sim, client, name, flight.incarnation, leaders)
    if isinstance(flight.response, NoResponse) or any(error in STALE for error in errors):
        refresh(sim, client, name, flight.incarnation, flight.broker)


def placed(
    sim: Simulation,
    client: Client,
    name: str,
    flight: InFlight,
    parts: Sequence[FetchPartitionData | PartitionProduceResponse],
) -> None:
    """The same for an answer whose partitions may name their leaders (KIP-951)."""
    errors = [part.error for part in parts if part.error and part.current_leader is None]
    leaders = tuple(
        (part.topic, part.partition, *part.current_leader)
        for part in parts
        if part.current_leader is not None
    )
    failed(sim, client, name, flight, errors, leaders)


def lost(sim: Simulation, client: Client, name: str, broker: int) -> None:
    """A connection to `broker` is gone: perhaps others lead what it led (R29, R35)."""
    process = _process(sim, client, name)
    if process is not None and process.state not in OVER:
        refresh(sim, client, name, process.incarnation, broker)


def learn(sim: Simulation, client: Client, name: str, incarnation: int, leaders: Leaders) -> None:
    """Believe what is newer than what this client believes."""
    node = node_of(client, name, incarnation)
    topics = sim.state.cluster.topics
    new = tuple(
        each
        for each in leaders
        if each[0] in topics and each[3] > belief(sim.state.cluster.partition(each[0], each[1]), node)[1]
    )
    if new:
        sim.emit(MetadataLearned(*sim.stamp(), name, node, new))


def refresh(sim: Simulation, client: Client, name: str, incarnation: int, avoid: int = 0) -> None:
    """Ask for metadata as soon as that is allowed; rather not broker `avoid`."""
    searches, node = sim.part(Searches), node_of(client, name, incarnation)
    if node in searches.running:
        return
    searches.running[node] = True
    last_us = searches.asked_at_us.get(node)
    wait_us = (
        0
        if last_us is None
        else max(0, last_us + _setting_us(sim, client, name, "retry.backoff.ms") - sim.now_us)
    )
    sim.schedule(wait_us, TIMER, _ask, client, name, incarnation, avoid)


@due
def _ask(sim: Simulation, client: Client, name: str, incarnation: int, avoid: int) -> None:
    searches, node = sim.part(Searches), node_of(client, name, incarnation)
    if not _lives(sim, client, name, incarnation):
        searches.running.pop(node, None)
        return
    searches.asked_at_us[node] = sim.now_us
    broker = _least_loaded(sim, name, avoid)
    if broker:
        delay_us = sim.state.cluster.link_latency_us
        sim.schedule(delay_us, ARRIVAL, _read, client, name, incarnation, broker)
    else:
        _try_again(sim, client, name, incarnation, avoid)


def _try_again(sim: Simulation, client: Client, name: str, incarnation: int, avoid: int) -> None:
    wait_us = max(1_000, _setting_us(sim, client, name, "retry.backoff.ms"))
    sim.schedule(wait_us, TIMER, _ask, client, name, incarnation, avoid)


def _least_loaded(sim: Simulation, name: str, avoid: int) -> int:
    """The broker that has the fewest requests of this client, `avoid` last; 0: none can be reached."""
    cluster = sim.state.cluster
    reached = [b.id for b in cluster.brokers.values() if b.up and cluster.linked(name, str(b.id))]
    waiting = dict.fromkeys(reached, 0)
    for flight in cluster.requests.values():
        pipe = cluster.connections[flight.connection]
        if pipe.name == name and pipe.client != "broker" and pipe.broker in waiting:
            waiting[pipe.broker] += 1
    return min(reached, key=lambda broker: (broker == avoid, waiting[broker], broker), default=0)


@due
def _read(sim: Simulation, client: Client, name: str, incarnation: int, broker: int) -> None:
    cluster = sim.state.cluster
    if not cluster.brokers[broker].up or not cluster.linked(name, str(broker)):
        _try_again(sim, client, name, incarnation, broker)
        return
    mine, other = node_of(client, name, incarnation), str(broker)
    leaders = tuple(
        (partition.topic, partition.number, *belief(partition, other))
        for topic in cluster.topics.values()
        for partition in topic.partitions
        if mine in partition.beliefs and belief(partition, other) != belief(partition, mine)
    )
    counts = tuple(
        (topic.name, 0 if topic.deleted else len(topic.partitions))
        for topic in (*cluster.topics.values(), *cluster.gone.values())
        if mine in topic.counts
    )
    sim.schedule(cluster.link_latency_us, ARRIVAL, _told, client, name, incarnation, leaders, counts)


@due
def _told(
    sim: Simulation,
    client: Client,
    name: str,
    incarnation: int,
    leaders: Leaders,
    counts: tuple[tuple[str, int], ...],
) -> None:
    if not _lives(sim, client, name, incarnation):
        return
    if _state(sim, client, name) == "paused":
        wait_us = _setting_us(sim, client, name, "retry.backoff.ms")
        sim.schedule(max(1_000, wait_us), ARRIVAL, _told, client, name, incarnation, leaders, counts)
        return
    sim.part(Searches).running.pop(node_of(client, name, incarnation), None)
    learn(sim, client, name, incarnation, leaders)
    if counts:
        sim.emit(PartitionsCounted(*sim.stamp(), name, node_of(client, name, incarnation), counts))
    TOLD[client](sim, name)


def _process(sim: Simulation, client: Client, name: str) -> Any:
    cluster = sim.state.cluster
    where: dict[str, dict[str, Any]] = {
        "producer": cluster.producers,
        "consumer": cluster.consumers,
        "share": cluster.share_consumers,
    }
    return where[client].get(name)


def _lives(sim: Simulation, client: Client, name: str, incarnation: int) -> bool:
    process = _process(sim, client, name)
    return process is not None and process.incarnation == incarnation and process.state not in OVER


def _state(sim: Simulation, client: Client, name: str) -> str:
    return str(_process(sim, client, name).state)


def _setting_us(sim: Simulation, client: Client, name: str, setting: str) -> int:
    process = _process(sim, client, name)
    kind = "producer" if isinstance(process, Producer) else "consumer"
    config = getattr(process.settings, "config", {})
    return int(settings.of(config, kind, setting)) * 1_000


# -- metadata that is too old --------------------------------------------------------------------------------


def grows_old(sim: Simulation, partition: Partition) -> None:
    """The leader is another one now: whoever hears no error asks when its metadata is metadata.max.age.ms
    old.

    The age is counted in whole periods from time 0; nothing is planned while all that is believed is true.
    """
    aged = sim.part(Searches).aged
    for client, name, incarnation in clients_of(sim.state.cluster, partition.topic):
        node = node_of(client, name, incarnation)
        if node not in aged:
            aged[node] = True
            every_us = max(1_000, _setting_us(sim, client, name, "metadata.max.age.ms"))
            sim.schedule(every_us - sim.now_us % every_us, TIMER, _aged, client, name, incarnation)


@due
def _aged(sim: Simulation, client: Client, name: str, incarnation: int) -> None:
    sim.part(Searches).aged.pop(node_of(client, name, incarnation), None)
    if _lives(sim, client, name, incarnation):
        refresh(sim, client, name, incarnation)

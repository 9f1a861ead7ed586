"""Replica: how followers copy the leader's log, and how the high watermark follows.

Like a real broker: followers pull; a fetch says how far the follower has come, which is the acknowledgement
(R16); the leader parks it until there is data or 500 ms are over; the high watermark is the smallest log end
of the in-sync replicas and stands still below min.insync.replicas (R15, R17); a follower learns of it with the
next answer (FX1). Only partitions with news are named in a fetch or an answer, as in fetch sessions (S11).
Left out: falling out of sync and coming back (R18-R20), epochs and truncation (R25-R28).
"""

from __future__ import annotations

from mqviz.kafka.settings import number as setting
from mqviz.model.cluster import Partition
from mqviz.model.log import (
    FollowerFetched,
    HighWatermarkAdvanced,
    ReplicaAppended,
    ReplicaHighWatermarkAdvanced,
)
from mqviz.model.request import Fetched, FetchedAndStarts, InFlight, ReplicaFetch
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.kafka import log_segments, parked, retention
from mqviz.sim.kafka.network import answer, ask, connection_of, park, receives, serves

WAIT_US = setting("replica.fetch.wait.max.ms") * 1_000
MAX_BYTES = setting("replica.fetch.max.bytes")

Parts = tuple[tuple[str, int, int, int, int, int], ...]
Starts = tuple[tuple[str, int, int], ...]


def start(sim: Simulation, follower: int) -> None:
    """Start the follower's fetch loops that have something to follow and do not run yet."""
    for leader, fetcher in sim.state.cluster.brokers[follower].fetchers.items():
        if fetcher.news and not fetcher.running:
            _fetch(sim, follower, leader)


def _fetch(sim: Simulation, follower: int, leader: int) -> None:
    news = tuple(sim.state.cluster.brokers[follower].fetchers[leader].news.values())
    ask(sim, "broker", str(follower), 1, leader, ReplicaFetch(follower, news))


# -- the leader -----------------------------------------------------------------------------------------


@serves(ReplicaFetch)
def _serve(sim: Simulation, number: int, request: ReplicaFetch) -> None:
    cluster = sim.state.cluster
    leader = connection_of(sim, number).broker
    if request.offsets:
        sim.cause = sim.emit(FollowerFetched(*sim.stamp(), leader, request.follower, request.offsets))
        for topic, partition, _ in request.offsets:
            advance_high_watermark(sim, cluster.partition(topic, partition))
    if cluster.brokers[leader].feeds[request.follower].fresh:
        _send(sim, number, leader, request.follower)
    else:
        park(sim, number)
        sim.schedule(WAIT_US, TIMER, "kafka.replica_wait", number)


@due("kafka.replica_wait")
def _waited(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is not None and flight.answer is None and isinstance(flight.request, ReplicaFetch):
        _send(sim, number, connection_of(sim, number).broker, flight.request.follower)


def feed_followers(sim: Simulation, partition: Partition) -> None:
    """The leader appended: followers whose fetch is parked get their answer."""
    feeds = sim.state.cluster.brokers[partition.leader].feeds
    for follower in partition.follower_ends:
        if feeds[follower].waiting:
            _send(sim, feeds[follower].waiting, partition.leader, follower)


def _send(sim: Simulation, number: int, leader: int, follower: int) -> None:
    cluster = sim.state.cluster
    feed = cluster.brokers[leader].feeds[follower]
    parts: list[tuple[str, int, int, int, int, int]] = []
    for key in [*feed.fresh, *(key for key in feed.marks if key not in feed.fresh)]:
        partition = cluster.partition_by_key(key)
        first = partition.follower_ends[follower]
        batches = partition.led.log.read(first, partition.led.log.end, MAX_BYTES)
        end = batches[-1].end_offset if batches else first
        parts.append((partition.topic, partition.number, 0, first, end, partition.led.high_watermark))
    starts = tuple(
        (topic, number, start)
        for topic, number, *_ in parts
        if (start := cluster.partition(topic, number).led.log.start)
    )
    answer(sim, number, FetchedAndStarts(0, tuple(parts), starts) if starts else Fetched(0, tuple(parts)))


def advance_high_watermark(sim: Simulation, partition: Partition) -> None:
    """Move the high watermark as far as all in-sync replicas have come, and wake what waited for that (R17)."""
    topic = sim.state.cluster.topics[partition.topic]
    if len(partition.isr) < min(topic.min_insync_replicas, topic.replication_factor):
        return
    log_end = partition.led.log.end
    ends = partition.follower_ends
    reached = min([log_end, *(ends.get(b, 0) for b in partition.isr if b != partition.leader)])
    mark = partition.led.high_watermark
    if reached > mark:
        why = sim.cause
        event = HighWatermarkAdvanced(*sim.stamp(), partition.topic, partition.number, mark, reached)
        sim.cause = sim.emit(event)
        parked.wake(sim, partition)
        sim.cause = why


# -- the follower ----------------------------------------------------------------------------------------


@receives(ReplicaFetch)
def _received(sim: Simulation, name: str, flight: InFlight) -> None:
    if not isinstance(flight.answer, Fetched):
        return
    leader = sim.state.cluster.connections[flight.connection].broker
    parts = flight.answer.parts
    starts = flight.answer.starts if isinstance(flight.answer, FetchedAndStarts) else ()
    has_data = any(end > first for _, _, _, first, end, _ in parts)
    cost_us = sim.state.cluster.append_cost_us if has_data else 0
    if has_data:
        sim.schedule(cost_us, TIMER, "kafka.copied", int(name), leader, flight.number, parts, starts)
    else:
        _copied(sim, int(name), leader, flight.number, parts, starts)


@due("kafka.copied")
def _copied(sim: Simulation, follower: int, leader: int, number: int, parts: Parts, starts: Starts) -> None:
    for topic, partition, _, first, end, leader_mark in parts:
        if end > first:
            found = sim.state.cluster.partition(topic, partition)
            batches = sim.state.cluster.brokers[follower].carried[found.key]
            size, latest_us = sum(b.bytes for b in batches), max(b.latest_us for b in batches)
            opens = log_segments.before_append(sim, found, follower, size, latest_us)
            sim.cause = sim.emit(
                ReplicaAppended(*sim.stamp(), topic, partition, follower, number, first, end)
            )
            log_segments.after_append(sim, found, follower, opens)
        copy = sim.state.cluster.partition(topic, partition).replicas[follower]
        mark = min(leader_mark, copy.log.end)
        if mark > copy.high_watermark:
            sim.emit(ReplicaHighWatermarkAdvanced(*sim.stamp(), topic, partition, follower, mark))
    for topic, partition, start in starts:
        retention.follow_log_start(sim, sim.state.cluster.partition(topic, partition), follower, start)
    _fetch(sim, follower, leader)

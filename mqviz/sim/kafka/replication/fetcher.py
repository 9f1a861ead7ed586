"""Replica: how followers copy the leader's log, and how the high watermark follows.

Like a real broker: followers pull; a fetch says how far the follower has come, which is the acknowledgement
(R16); the leader parks it until there is data or 500 ms are over; the high watermark is the smallest log end
of the in-sync replicas and of those that may be in sync in a moment (R17), and stands still below
min.insync.replicas (R15, R17); a follower learns of it with the next answer (R15, R32). Only partitions with
news are named in a fetch or an answer, as in fetch sessions (S11). A follower whose log took another way cuts
it where the leader's epochs say (R25, R26); one that cannot reach its leader tries again after
replica.fetch.backoff.ms. Falling out of sync and coming back is in replication/isr.py (R18-R20).
Left out: followers' own fetch sessions and byte limits over several partitions (S11).
"""

from __future__ import annotations

from mqviz.kafka.errors import Error
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.controller.events import PartitionsAdded, TopicCreated
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ReplicaFetchRequest
from mqviz.model.kafka.protocol.responses import FetchPartitionData, FetchResponse
from mqviz.model.kafka.replication.events import (
    FetcherReset,
    FollowerFetched,
    HighWatermarkAdvanced,
    LeadershipForgotten,
    ReplicaAppended,
    ReplicaHighWatermarkAdvanced,
    ReplicaTruncated,
)
from mqviz.sim.engine import TIMER, Simulation, due, reacts
from mqviz.sim.kafka import metadata
from mqviz.sim.kafka.log import append, retention
from mqviz.sim.kafka.network import sockets
from mqviz.sim.kafka.network.connection import connection_of, enter_purgatory, receives, respond, send, serves
from mqviz.sim.kafka.replication import isr


def wait_us(sim: Simulation) -> int:
    """How long a leader keeps a fetch that brings no news."""
    return int(sim.scenario.cluster.setting("replica.fetch.wait.max.ms")) * 1_000


Parts = tuple[FetchPartitionData, ...]


@reacts(TopicCreated)
def _created(sim: Simulation, event: TopicCreated) -> None:
    _follow_new_partitions(sim)


@reacts(PartitionsAdded)
def _added(sim: Simulation, event: PartitionsAdded) -> None:
    _follow_new_partitions(sim)


def _follow_new_partitions(sim: Simulation) -> None:
    why = sim.cause
    for broker in sim.state.cluster.brokers:
        sim.cause = why
        start(sim, broker)


def start(sim: Simulation, follower: int) -> None:
    """Start the follower's fetch loops that have something to follow and do not run yet."""
    for leader, fetcher in sim.state.cluster.brokers[follower].fetchers.items():
        if fetcher.news and not fetcher.running:
            _fetch(sim, follower, leader)


def _fetch(sim: Simulation, follower: int, leader: int) -> None:
    broker = sim.state.cluster.brokers[follower]
    news = tuple(broker.fetchers[leader].news.values())
    send(sim, "broker", str(follower), broker.incarnation, leader, ReplicaFetchRequest(follower, news))


# -- the leader -----------------------------------------------------------------------------------------


@serves(ReplicaFetchRequest)
def _serve(sim: Simulation, number: int, request: ReplicaFetchRequest) -> None:
    cluster = sim.state.cluster
    leader = connection_of(sim, number).broker
    bad, good = _looked_at(sim, leader, request)
    if good:
        sim.cause = sim.emit(FollowerFetched(*sim.stamp(), leader, request.follower, good))
        for topic, partition, _ in good:
            found, why = cluster.partition(topic, partition), sim.cause
            isr.consider_expanding(sim, found, leader, request.follower)
            sim.cause = why
            advance_high_watermark(sim, found, leader)
    if bad or cluster.brokers[leader].feeds[request.follower].fresh:
        _send(sim, number, leader, request.follower, bad)
    else:
        enter_purgatory(sim, number)
        sim.schedule(wait_us(sim), TIMER, _waited, number)


def _looked_at(
    sim: Simulation, leader: int, request: ReplicaFetchRequest
) -> tuple[Parts, tuple[tuple[str, int, int], ...]]:
    """What is wrong with a fetch: partitions that this broker does not lead, logs that took another way; and
    the rest.
    """
    bad: list[FetchPartitionData] = []
    good: list[tuple[str, int, int]] = []
    for topic, number, offset, epoch in request.offsets:
        copy = sim.state.cluster.partition(topic, number).replicas[leader]
        if copy.leader != leader:
            error = Error.NOT_LEADER_OR_FOLLOWER
            named = metadata.current_leader(sim, leader, topic, number, error)
            bad.append(FetchPartitionData(topic, number, error, offset, offset, current_leader=named))
            continue
        known, end = copy.log.end_of_epoch(epoch) if epoch >= 0 else (epoch, offset)
        if known < epoch or end < offset:
            place, marks = (topic, number, 0, offset, offset), (copy.high_watermark, copy.log.start)
            bad.append(FetchPartitionData(*place, *marks, diverging_epoch=(known, end)))
        else:
            good.append((topic, number, offset))
    return tuple(bad), tuple(good)


@due
def _waited(sim: Simulation, number: int) -> None:
    flight = sim.state.cluster.requests.get(number)
    if flight is None or flight.response is not None or not isinstance(flight.request, ReplicaFetchRequest):
        return
    if sockets.awake(sim, flight.broker, _waited, number):
        _send(sim, number, flight.broker, flight.request.follower)


def feed_followers(sim: Simulation, partition: Partition, leader: int) -> None:
    """The leader appended: followers whose fetch is parked get their answer."""
    feeds = sim.state.cluster.brokers[leader].feeds
    for follower, end in partition.replicas[leader].follower_ends.items():
        if end >= 0 and feeds[follower].waiting:
            _send(sim, feeds[follower].waiting, leader, follower)


def _send(sim: Simulation, number: int, leader: int, follower: int, bad: Parts = ()) -> None:
    """Answer with `bad` and with all that is new of the other partitions."""
    cluster = sim.state.cluster
    feed = cluster.brokers[leader].feeds[follower]
    parts = list(bad)
    done = {(part.topic, part.partition) for part in bad}
    most = int(sim.scenario.cluster.setting("replica.fetch.max.bytes"))
    for key in [*feed.fresh, *(key for key in feed.marks if key not in feed.fresh)]:
        partition = cluster.partition_by_key(key)
        copy = partition.replicas[leader]
        first = copy.follower_ends[follower]
        if first < 0 or (partition.topic, partition.number) in done:
            continue  # it has not fetched from this leader yet, or has something else to do first
        batches = copy.log.read(first, copy.log.end, most) if first >= copy.log.start else ()
        end = batches[-1].end_offset if batches else first
        marks = copy.high_watermark, copy.log.start
        parts.append(FetchPartitionData(partition.topic, partition.number, 0, first, end, *marks))
    respond(sim, number, FetchResponse(0, tuple(parts)))


def advance_high_watermark(sim: Simulation, partition: Partition, leader: int) -> None:
    """Move the leader's high watermark to where all are that it waits for, and wake what waited for that
    (R17).

    To be called when the log, a follower's end or the in-sync replicas changed: that somebody is awaited no
    longer moves nothing.
    """
    topic = sim.state.cluster.topic(partition.topic)
    copy = partition.replicas[leader]
    if len(copy.isr) < min(topic.min_insync_replicas, topic.replication_factor):
        return
    ends = copy.follower_ends
    members = copy.maximal_isr if copy.pending else copy.isr
    reached = min([copy.log.end, *(ends.get(b, -1) for b in members if b != leader)])
    if len(members) <= len(ends):
        reached = min([reached, *(ends[b] for b in isr.awaited(sim, copy))])
    mark = copy.high_watermark
    if reached > mark:
        event = HighWatermarkAdvanced(*sim.stamp(), partition.topic, partition.number, mark, reached, leader)
        sim.emit(event)


# -- the follower ----------------------------------------------------------------------------------------


@receives(ReplicaFetchRequest)
def _received(sim: Simulation, name: str, flight: InFlight) -> None:
    leader = flight.broker
    if not isinstance(flight.response, FetchResponse):
        _back_off(sim, int(name), leader)
        return
    parts = flight.response.partitions
    if any(part.end > part.first for part in parts):
        cost_us = sim.state.cluster.append_us(int(name))
        sim.schedule(cost_us, TIMER, _copied, int(name), leader, flight.number, parts)
    else:
        _copied(sim, int(name), leader, flight.number, parts)


def _cut(sim: Simulation, follower: int, partition: Partition, epoch: int, end: int) -> None:
    """Cut what the leader, where `epoch` ends at `end`, does not have (R26)."""
    log = partition.replicas[follower].log
    to = min(end, log.end_of_epoch(epoch)[1])
    place = partition.topic, partition.number, follower
    if to >= log.end:
        sim.cause = sim.emit(LeadershipForgotten(*sim.stamp(), *place, log.last_epoch))
    else:
        gone = sum(batch.count for batch in log.read(to, log.end))
        sim.cause = sim.emit(ReplicaTruncated(*sim.stamp(), *place, log.end, to, gone))


def _back_off(sim: Simulation, follower: int, leader: int) -> None:
    """The leader could not be reached or leads no more: try again a little later (R16)."""
    sim.emit(FetcherReset(*sim.stamp(), follower, leader))
    backoff_us = sim.scenario.cluster.setting("replica.fetch.backoff.ms") * 1_000
    incarnation = sim.state.cluster.brokers[follower].incarnation
    sim.schedule(backoff_us, TIMER, _again, follower, incarnation)


@due
def _again(sim: Simulation, follower: int, incarnation: int) -> None:
    broker = sim.state.cluster.brokers[follower]
    if broker.incarnation == incarnation and sockets.awake(sim, follower, _again, follower, incarnation):
        start(sim, follower)


@due
def _copied(sim: Simulation, follower: int, leader: int, number: int, parts: Parts) -> None:
    if not sockets.awake(sim, follower, _copied, follower, leader, number, parts):
        return
    for part in parts:
        found = sim.state.cluster.partition(part.topic, part.partition)
        if found.replicas[follower].leader != leader or part.error:
            continue  # meanwhile somebody else leads
        if part.diverging_epoch is not None:
            _cut(sim, follower, found, *part.diverging_epoch)
        elif found.replicas[follower].log.end == part.first:  # otherwise the log was cut meanwhile
            _copy(sim, follower, number, found, part)
    if any(part.error for part in parts):
        _back_off(sim, follower, leader)
    else:
        _fetch(sim, follower, leader)


def _copy(sim: Simulation, follower: int, number: int, found: Partition, part: FetchPartitionData) -> None:
    """Append what came, and follow the leader's high watermark and log start."""
    copy = found.replicas[follower]
    if part.end > part.first:
        batches = sim.state.cluster.brokers[follower].carried[found.key]
        size, latest_us = sum(b.bytes for b in batches), max(b.latest_us for b in batches)
        opens = append.before_append(sim, found, follower, size, latest_us)
        place = part.topic, part.partition, follower
        sim.cause = sim.emit(ReplicaAppended(*sim.stamp(), *place, number, part.first, part.end))
        append.after_append(sim, found, follower, opens)
    mark = min(part.high_watermark, copy.log.end)
    if mark > copy.high_watermark:
        event = ReplicaHighWatermarkAdvanced(*sim.stamp(), part.topic, part.partition, follower, mark)
        sim.emit(event)
    if part.log_start_offset > copy.log.start:
        retention.follow_log_start(sim, found, follower, part.log_start_offset)

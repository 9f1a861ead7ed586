"""What becomes of the copies of a partition, and of what a leader knows of its followers."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.cluster import Partition, believe
from mqviz.model.kafka.log.cut import KEPT, Cut
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.log.state import Log, Replica
from mqviz.model.kafka.replication.events import (
    FetcherReset,
    FollowerFetched,
    HighWatermarkAdvanced,
    IsrProposed,
    LeadershipForgotten,
    LeadershipLearned,
    ReplicaAppended,
    ReplicaHighWatermarkAdvanced,
    ReplicaTruncated,
)
from mqviz.model.state import State


def cut_of(log: Log, at_us: int, end: int, leader: int, leader_epoch: int) -> Cut:
    """What cutting `log` back to `end` takes away; to be asked before it is done."""
    return Cut(at_us, log.end, end, leader, leader_epoch, log.read(end, log.end)[:KEPT])


@applies(BatchAppended)
def _appended(state: State, event: BatchAppended) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    _had_everything(state, partition.replicas[event.broker], event.broker, event.batch.base_offset)
    _news_for_followers(state, partition, event.broker, fresh=True)


@applies(ReplicaAppended)
def _copied(state: State, event: ReplicaAppended) -> None:
    cluster = state.cluster
    partition = cluster.partition(event.topic, event.partition)
    copy, broker = partition.replicas[event.broker], cluster.brokers[event.broker]
    for batch in broker.carried.pop(partition.key):
        copy.log.append(batch)
    news = event.topic, event.partition, copy.log.end, copy.log.last_epoch
    broker.fetchers[copy.leader].news[partition.key] = news


@applies(FollowerFetched)
def _fetched(state: State, event: FollowerFetched) -> None:
    follower = event.follower
    for topic, number, offset in event.offsets:
        partition = state.cluster.partition(topic, number)
        led = partition.replicas[event.broker]
        end = led.log.end
        looked_us, looked_end = led.looked.get(follower, (0, end + 1))
        if offset >= end or offset >= looked_end:
            caught_up_us = event.at_us if offset >= end else looked_us
            led.caught_up_us[follower] = max(caught_up_us, led.caught_up_us.get(follower, 0))
        led.looked[follower] = (event.at_us, end)
        if led.follower_ends.get(follower) == offset or (  # it begins anew: no answer with the mark came
            led.high_watermark and led.follower_ends.get(follower, -1) < 0
        ):
            state.cluster.brokers[event.broker].feeds[follower].marks[partition.key] = True
        led.follower_ends[follower] = offset
        if end > offset:
            state.cluster.brokers[event.broker].feeds[follower].fresh[partition.key] = True


@applies(HighWatermarkAdvanced)
def _advanced(state: State, event: HighWatermarkAdvanced) -> None:
    cluster = state.cluster
    partition = cluster.partition(event.topic, event.partition)
    partition.replicas[event.broker].mark(event.high_watermark)
    if event.broker == partition.leader:
        partition.ends.note(event.at_us, event.high_watermark)
    _news_for_followers(state, partition, event.broker, fresh=False)


@applies(ReplicaHighWatermarkAdvanced)
def _told(state: State, event: ReplicaHighWatermarkAdvanced) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    partition.replicas[event.broker].mark(event.high_watermark)


def _had_everything(state: State, led: Replica, leader: int, end: int) -> None:
    """The log ended at `end` until now: who has come so far was caught up when it last fetched, which names
    only what is new (R18, S11).
    """
    for follower, reached in led.follower_ends.items():
        if reached == end:
            asked_us = state.cluster.brokers[leader].feeds[follower].asked_us
            led.caught_up_us[follower] = max(asked_us, led.caught_up_us.get(follower, 0))


def _news_for_followers(state: State, partition: Partition, leader: int, *, fresh: bool) -> None:
    """Who has not asked this leader for the partition yet gets no news of it: its first fetch brings them."""
    feeds = state.cluster.brokers[leader].feeds
    for follower, end in partition.replicas[leader].follower_ends.items():
        if end >= 0:
            (feeds[follower].fresh if fresh else feeds[follower].marks)[partition.key] = True


@applies(LeadershipLearned)
def _learned(state: State, event: LeadershipLearned) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    partition.beliefs.pop(str(event.broker), None)
    if event.broker not in partition.replicas:
        return
    believe(state.cluster, partition, event.broker, event.at_us)


@applies(ReplicaTruncated)
def _truncated(state: State, event: ReplicaTruncated) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    copy = partition.replicas[event.broker]
    copy.cut = cut_of(copy.log, event.at_us, event.end, copy.leader, copy.leader_epoch)
    copy.log.truncate(event.end)
    copy.high_watermark = min(copy.high_watermark, event.end)
    _follow(state, event.broker, event.topic, event.partition)


@applies(LeadershipForgotten)
def _forgotten(state: State, event: LeadershipForgotten) -> None:
    log = state.cluster.partition(event.topic, event.partition).replicas[event.broker].log
    log.truncate(log.end)
    _follow(state, event.broker, event.topic, event.partition)


def _follow(state: State, broker: int, topic: str, number: int) -> None:
    partition = state.cluster.partition(topic, number)
    copy = partition.replicas[broker]
    if copy.leader >= 0 and copy.leader != broker:
        news = state.cluster.brokers[broker].fetchers[copy.leader].news
        news[partition.key] = (topic, number, copy.log.end, copy.log.last_epoch)


@applies(IsrProposed)
def _proposed(state: State, event: IsrProposed) -> None:
    copy = state.cluster.partition(event.topic, event.partition).replicas[event.broker]
    copy.pending = event.isr


@applies(FetcherReset)
def _reset(state: State, event: FetcherReset) -> None:
    state.cluster.brokers[event.broker].fetchers[event.leader].running = False
    for topic in state.cluster.topics.values():
        for partition in topic.partitions:
            copy = partition.replicas.get(event.broker)
            if copy is not None and copy.leader == event.leader:
                _follow(state, event.broker, partition.topic, partition.number)

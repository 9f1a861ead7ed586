"""What becomes of a broker when its process, machine, disk or settings change."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.broker.events import (
    BrokerProcessChanged,
    BrokerSlowed,
    ClusterAltered,
    ControlledShutdownBegan,
    PowerFailed,
    ReplicaLost,
    UnflushedLost,
)
from mqviz.model.kafka.broker.state import MOVES
from mqviz.model.kafka.cluster import set_values
from mqviz.model.kafka.log.state import Replica
from mqviz.model.moves import move
from mqviz.model.state import State


@applies(ReplicaLost)
def _lost(state: State, event: ReplicaLost) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    copy = partition.replicas[event.broker]
    copy.log, copy.high_watermark = type(copy.log)(), 0


@applies(BrokerProcessChanged)
def _process(state: State, event: BrokerProcessChanged) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.process = move(MOVES, broker.process, event.process, f"broker {event.broker}")
    broker.since_us = event.at_us
    if event.process in ("dead", "stopped"):
        broker.clean = event.process == "stopped"
        broker.carried = {}
        for fetcher in broker.fetchers.values():
            fetcher.running, fetcher.news = False, {}
        for feed in broker.feeds.values():
            feed.waiting, feed.fresh, feed.marks = 0, {}, {}
        for partition in state.cluster.partitions():
            if event.broker in partition.replicas:
                _believes_nothing(partition.replicas[event.broker])
    if event.process == "starting":
        broker.incarnation += 1
        broker.dark = False
        _forgotten(state, event.broker)


def _forgotten(state: State, follower: int) -> None:
    """What leaders knew of a broker's copies was of its last life: they count it in again by what it fetches
    now (R20).
    """
    for partition in state.cluster.partitions():
        for copy in partition.replicas.values():
            if follower in copy.follower_ends:
                copy.follower_ends[follower] = -1


def _believes_nothing(copy: Replica) -> None:
    """What a process knew dies with it; its log and the checkpoint of its high watermark do not."""
    copy.leader = copy.leader_epoch = copy.partition_epoch = -1
    copy.isr, copy.pending = [], ()
    copy.follower_ends, copy.caught_up_us, copy.looked = {}, {}, {}


@applies(ControlledShutdownBegan)
def _leaving(state: State, event: ControlledShutdownBegan) -> None:
    state.cluster.brokers[event.broker].leaving_us = event.at_us


@applies(PowerFailed)
def _dark(state: State, event: PowerFailed) -> None:
    state.cluster.brokers[event.broker].dark = True


@applies(UnflushedLost)
def _unflushed_lost(state: State, event: UnflushedLost) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    copy = partition.replicas[event.broker]
    copy.log.truncate(event.end)
    copy.high_watermark = min(copy.high_watermark, event.end)


@applies(BrokerSlowed)
def _slowed(state: State, event: BrokerSlowed) -> None:
    broker = state.cluster.brokers[event.broker]
    broker.slow, broker.delay_us = event.factor, event.delay_us


@applies(ClusterAltered)
def _altered(state: State, event: ClusterAltered) -> None:
    """Topics follow that have no value of their own;
    a new minimum strikes out every eligible replica (R23).
    """
    state.cluster.settings.update(event.values)
    for topic in state.cluster.topics.values():
        set_values(topic, {name: value for name, value in event.topics.items() if name not in topic.own})
        if "min.insync.replicas" in event.topics:
            for partition in topic.partitions:
                partition.elr, partition.last_known_elr = [], []

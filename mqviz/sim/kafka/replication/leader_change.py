"""Leading: what a broker does when it learns that it leads a partition, or leads it no more.

Like a real broker: a new leader's high watermark rises as its followers fetch (R25); whoever waits at one
that leads no more is told so at once (R31); a follower begins to fetch from the new leader, which tells it
where to cut (R26). Left out: time to load a log.
"""

from __future__ import annotations

from mqviz.model.kafka.replication.events import LeadershipLearned
from mqviz.sim.engine import Simulation, reacts
from mqviz.sim.kafka.replication import fetcher as replica_fetcher
from mqviz.sim.kafka.replication import isr


@reacts(LeadershipLearned)
def _learned(sim: Simulation, event: LeadershipLearned) -> None:
    partition, broker = sim.state.cluster.partition(event.topic, event.partition), event.broker
    if broker not in partition.replicas:
        return
    if partition.replicas[broker].leader == broker:
        replica_fetcher.advance_high_watermark(sim, partition, broker)
        isr.look_again(sim, partition, broker)
    elif event.moved:
        replica_fetcher.start(sim, broker)

"""How beliefs about leaders change: a node learns, or hears of other partition counts."""

from __future__ import annotations

from mqviz.model.event import applies
from mqviz.model.kafka.metadata.events import MetadataLearned, PartitionsCounted
from mqviz.model.state import State


@applies(MetadataLearned)
def _learned(state: State, event: MetadataLearned) -> None:
    for topic, number, leader, epoch in event.leaders:
        partition = state.cluster.partition(topic, number)
        if (leader, epoch) == (partition.leader, partition.leader_epoch):
            partition.beliefs.pop(event.node, None)
        else:
            partition.beliefs[event.node] = (leader, epoch)


@applies(PartitionsCounted)
def _counted(state: State, event: PartitionsCounted) -> None:
    for name, _ in event.topics:
        state.cluster.topic(name).counts.pop(event.node, None)

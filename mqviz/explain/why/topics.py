"""Why: topics that get more partitions or are deleted, and clients that find out."""

from __future__ import annotations

from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
from mqviz.model.kafka.broker.events import ClusterAltered
from mqviz.model.kafka.controller.events import PartitionsAdded, TopicDeleted
from mqviz.model.kafka.metadata.events import PartitionsCounted
from mqviz.model.state import State

GROWTH = "partitions are only added; keys move, records stay"
DELETION = "a topic takes its records and commits with it"
METADATA = "clients know topics from metadata, which grows old"


@explains(PartitionsAdded)
def _added(_: State, event: PartitionsAdded) -> Why:
    more = several(len(event.placement), "more partition")
    total = event.first + len(event.placement)
    reason = "clients that do not know yet go on with the old number"
    return told(event, f"{event.topic} gets {more}", reason, GROWTH, f"partitions {event.first} → {total}")


@explains(ClusterAltered)
def _altered(_: State, event: ClusterAltered) -> Why:
    news = ", ".join(f"{name}={value}" for name, value in event.values.items())
    return told(event, f"all brokers: {news}", "topics without a value of their own follow")


@explains(TopicDeleted)
def _deleted(_: State, event: TopicDeleted) -> Why:
    return told(
        event, f"topic {event.topic} is deleted", "who still asks for it is told that it is unknown", DELETION
    )


@explains(PartitionsCounted)
def _counted(_: State, event: PartitionsCounted) -> Why:
    news = [
        f"{name} has {several(count, 'partition')}" if count else f"there is no {name}"
        for name, count in event.topics
    ]
    return told(event, f"{event.client} learns that {', '.join(news)}", "", METADATA)

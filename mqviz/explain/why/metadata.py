"""Why, in plain words with the numbers of this run: the events of mqviz/model/kafka/metadata."""

from __future__ import annotations

from mqviz.explain import rules
from mqviz.explain.registry import explains, told
from mqviz.facts.views import Why
from mqviz.facts.words import several
from mqviz.model.kafka.metadata.events import MetadataLearned, PartitionsCounted
from mqviz.model.state import State


@explains(MetadataLearned)
def _metadata(_: State, event: MetadataLearned) -> Why:
    topic, number, leader, epoch = event.leaders[0]
    more = f" and of {several(len(event.leaders) - 1, 'more partition')}" if len(event.leaders) > 1 else ""
    who = f"broker {leader} leads" if leader >= 0 else "nobody leads"
    return told(
        event,
        f"{event.client} learns that {who} {topic} P{number}{more}",
        "it believes this until it hears otherwise",
        rules.METADATA,
        f"leader epoch {epoch}",
    )


METADATA = "clients know topics from metadata, which grows old"


@explains(PartitionsCounted)
def _counted(_: State, event: PartitionsCounted) -> Why:
    news = [
        f"{name} has {several(count, 'partition')}" if count else f"there is no {name}"
        for name, count in event.topics
    ]
    return told(event, f"{event.client} learns that {', '.join(news)}", "", METADATA)

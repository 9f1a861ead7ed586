"""Facts of the last moments: who waits for whom, how far the newest records have come, and which clients and
brokers there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mqviz.facts.timeline import KEYS, Asked, Node, Part, requests, written
from mqviz.facts.views import Reading
from mqviz.model.state import State


class NodeView(Reading, frozen=True):
    """A client or a broker. `note`: acks of a producer, group of a consumer; `leads`: partitions that a
    broker leads; `state`: of its process.
    """

    node: Node
    note: str
    state: str
    leads: int = 0


class Stage(Reading, frozen=True):
    """A station of the newest batch of records; `at_us` None: not reached yet, or nobody knows."""

    what: str
    at_us: int | None


class Hold(Reading, frozen=True):
    """`node` waits for the answer to a request, or works on one, between these times; `until_us` None:
    still.
    """

    node: Node
    since_us: int
    until_us: int | None


# -- who holds what, and how far the newest records are ------------------------------------------------------


def holds(state: State) -> tuple[Hold, ...]:
    """Clients that wait for the answer to a Produce, and brokers that have one in hand."""
    found: list[Hold] = []
    for each in requests(state):
        if each.kind == "Produce":
            found.append(Hold(each.node, each.sent_us, each.returned_us if each.over else None))
            if each.there:
                found.append(Hold(each.broker, each.arrives_us, each.answered_us or None))
    return tuple(found)


def stages(state: State) -> tuple[Part, tuple[Stage, ...]] | None:
    """The newest batch that a producer sent, and when it was sent, appended, copied, committed, acknowledged,
    delivered.
    """
    asked = requests(state)
    sent = [each for each in asked if each.kind == "Produce" and each.node[0] == "producer" and each.asked]
    if not sent:
        return None
    last = max(sent, key=lambda each: each.number)
    topic, partition, batch = last.asked[0]
    part = Part(topic, partition, -1, batch.count, tuple(batch.keys[:KEYS]))
    times: dict[str, int | None] = dict.fromkeys(
        ("appended", "copied", "committed", "acknowledged", "delivered")
    )
    for where, number, base, end in last.appended:
        if (where, number) == (topic, partition):
            part = Part(topic, partition, base, batch.count, part.keys)
            times |= _times(state, asked, part, int(last.broker[1]), end)
    if last.over and last.answered_us and not any(told.error for told in last.told):
        times["acknowledged"] = last.returned_us
    return part, (Stage("sent", last.sent_us), *(Stage(what, at_us) for what, at_us in times.items()))


def _times(state: State, asked: Iterable[Asked], part: Part, broker: int, end: int) -> dict[str, int | None]:
    """When records below `end` were written by the leader, had come to the last in-sync follower,
    and so on.
    """
    led = state.cluster.partition(part.topic, part.partition)
    cost_us = state.cluster.append_cost_us
    copies = dict(_arrivals(asked, part, "ReplicaFetch", end))
    followers = [each for each in led.isr if each != broker]
    reached = [copies[str(each)] for each in followers if str(each) in copies]
    marks = [
        mark.at_us
        for mark in state.cluster.recent.marks
        if (mark.topic, mark.partition) == (part.topic, part.partition)
        and mark.high_watermark >= end > mark.before
    ]
    appended_us = written(state, part.topic, part.partition, broker, part.first, end)[1] or None
    last_us = (
        max(reached) + cost_us if reached else appended_us
    )  # without followers there is nothing to wait for
    return {
        "appended": appended_us,
        "copied": last_us if len(reached) == len(followers) else None,
        "committed": marks[0] if marks else None,
        "delivered": min((at_us for _, at_us in _arrivals(asked, part, "Fetch", end)), default=None),
    }


def _arrivals(asked: Iterable[Asked], part: Part, kind: str, end: int) -> Iterator[tuple[str, int]]:
    """(who, when) got the records of `part` with an answer to a fetch of this kind, the first time."""
    for each in reversed(list(asked)):
        if each.kind == kind and each.over:
            for told in each.told:
                here = (told.topic, told.partition) == (part.topic, part.partition)
                if here and told.first < end <= told.end:
                    yield each.node[1], each.returned_us


# -- clients and brokers -----------------------------------------------------------------------------------


def nodes(state: State) -> tuple[NodeView, ...]:
    """Producers, brokers, consumers, each in the order they came; closed clients are left out."""
    cluster = state.cluster
    found = [
        NodeView(("producer", each.name), f"acks={each.settings.acks}", each.state)
        for each in cluster.producers.values()
        if each.state != "closed"
    ]
    led = [partition.leader for partition in cluster.partitions()]
    found += [
        NodeView(("broker", str(broker.id)), "", broker.process, led.count(broker.id))
        for broker in cluster.brokers.values()
    ]
    kinds = (("consumer", cluster.consumers.values()), ("share", cluster.share_consumers.values()))
    return (
        *found,
        *(
            NodeView((kind, each.name), each.settings.group, each.state)
            for kind, clients in kinds
            for each in clients
            if each.state != "closed"
        ),
    )

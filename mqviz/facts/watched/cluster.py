"""Facts of the observed part of a State: what a cluster told, and what the clients told that mqviz runs
there.

A client of ours is known from inside (position, record in hand) and at once; everybody else only as the
coordinator last described them.
"""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.facts.views import (
    Cell,
    Flight,
    GroupView,
    InHand,
    Lag,
    MemberView,
    ProducerView,
    Tape,
    TopicView,
)
from mqviz.facts.watched import lag
from mqviz.facts.watched.ledger import ledger as ledger
from mqviz.model.observed import lag_sums
from mqviz.model.observed.rebalances import SETTLED, labels
from mqviz.model.observed.state import DrivenConsumer, Observed, SeenGroup, SeenMember, SeenTopic, Unknown
from mqviz.model.state import State

NO_GROUP = SeenGroup()
QUIET_US = 30_000_000
"""A member that holds unread records and commits nothing for so long is not called working."""


def topics(state: State) -> tuple[TopicView, ...]:
    """Topics by name, without Kafka's internal ones and those that are gone."""
    found = sorted(state.observed.topics.items())
    return tuple(
        TopicView(name, _partition_count(topic), _replication(topic))
        for name, topic in found
        if not topic.internal and not topic.gone and _partition_count(topic)
    )


def _partition_count(topic: SeenTopic) -> int:
    return len(topic.partitions) or max(topic.ends.now, default=-1) + 1


def _replication(topic: SeenTopic) -> int | Unknown:
    return len(topic.partitions[0].replicas) if topic.partitions else Unknown("the topic was not described")


def tape(state: State, topic: str, partition: int, last: int) -> Tape:
    """The last `last` offsets of a partition; content only where a client of ours wrote or read it."""
    observed = state.observed
    seen = observed.topics.get(topic)
    why = lag_sums.end_reason(observed, seen, partition)
    if seen is None:
        unseen = lag_sums.NO_TOPIC
        return Tape(topic, partition, unseen, unseen, unseen, unseen)
    end = seen.ends.now.get(partition)
    start = seen.starts.get(partition)
    cells = () if end is None else tuple(_cells(state, topic, partition, max(start or 0, end - last), end))
    shown: int | Unknown = why or Unknown("the end was not read yet") if why or end is None else end
    return Tape(
        topic,
        partition,
        _partition_leader(seen, partition),
        Unknown("the start was not read yet") if start is None else start,
        shown,
        shown,
        cells,
    )


def _partition_leader(topic: SeenTopic, partition: int) -> int | None | Unknown:
    if partition >= len(topic.partitions):
        return topic.refused or Unknown("the topic was not described")
    leader = topic.partitions[partition].leader
    return None if leader < 0 else leader


def _cells(state: State, topic: str, partition: int, first: int, end: int) -> Iterator[Cell]:
    driven = state.observed.driven.partitions.get(topic, {}).get(partition)
    known = {r.offset: r for r in driven.last_records if r.offset >= first} if driven else {}
    for offset in range(first, end):
        record = known.get(offset)
        if record:
            yield Cell(offset, record.key, True, record.producer, record.at_us)
        else:
            yield Cell(offset, None, False)


def producers(state: State) -> tuple[ProducerView, ...]:
    """Producers that mqviz runs, in the order they were started; closed ones are left out."""
    return tuple(
        ProducerView(
            name,
            p.topic,
            p.state,
            p.acks,
            p.partitioner,
            p.rate_per_s,
            p.sent,
            p.acknowledged,
            len(p.outgoing),
        )
        for name, p in state.observed.driven.producers.items()
        if p.state != "closed"
    )


def flights(state: State) -> tuple[Flight, ...]:
    """Records of our producers on their way to a broker, as far as both ends of the way are known."""
    found = [
        Flight("produce", o.topic, o.partition, name, (o.key,), None, o.sent_at_us, o.arrives_at_us)
        for name, producer in state.observed.driven.producers.items()
        for o in producer.outgoing.values()
        if o.partition >= 0 and o.arrives_at_us > state.now_us
    ]
    return tuple(sorted(found, key=lambda flight: flight.sent_at_us))


def key_letters(state: State) -> tuple[str, ...]:
    """Keys in the order in which clients of ours first sent or read them."""
    return tuple(state.observed.driven.keys)


# -- groups ----------------------------------------------------------------------------------------------


def groups(state: State) -> tuple[GroupView, ...]:
    """Groups by name: those that the cluster lists, and those that consumers of ours join."""
    ours = {consumer.group: SeenGroup() for consumer in state.observed.driven.consumers.values()}
    found = ours | state.observed.groups
    return tuple(_group(state, name, found[name]) for name in sorted(found))


def _group(state: State, name: str, group: SeenGroup) -> GroupView:
    topics = dict.fromkeys(group.commits)
    for member in group.members if isinstance(group.members, tuple) else ():
        topics.update(dict.fromkeys(member.assignment))
    ours = list(_ours(state.observed, name))
    topics.update(dict.fromkeys(consumer.topic for _, consumer in ours if consumer.topic))
    members: int | Unknown = len(group.members) if isinstance(group.members, tuple) else group.members
    if ours:
        members = len([m for m in _members(state, name) if m.state != "dead"])
    return GroupView(
        name, group.kind, group.state, group.generation, group.assignor, tuple(sorted(topics)), members
    )


def _ours(observed: Observed, group: str) -> Iterator[tuple[str, DrivenConsumer]]:
    """Consumers of ours in a group that are not gone, in the order they were started."""
    for name, consumer in observed.driven.consumers.items():
        if consumer.group == group and consumer.state != "closed":
            yield name, consumer


def members(state: State, group: str) -> tuple[MemberView, ...]:
    """Members: ours in the order they were started, then others as the coordinator described them."""
    return tuple(_members(state, group))


def _members(state: State, group: str) -> Iterator[MemberView]:
    observed = state.observed
    seen = observed.groups.get(group, NO_GROUP)
    described = seen.members if isinstance(seen.members, tuple) else ()
    ids = {member.client_id: member.id for member in described}
    for name, consumer in _ours(observed, group):
        yield MemberView(
            name,
            ids.get(name, ""),
            group,
            _doing(consumer),
            consumer.partitions,
            _in_hand(consumer),
            consumer.fetched,
            consumer.processed,
        )
    ours, names = observed.driven.consumers, labels(described)
    for member in described:
        if member.client_id not in ours or ours[member.client_id].group != group:
            held = tuple((t, p) for t in sorted(member.assignment) for p in member.assignment[t])
            doing = _seems(state, seen, member, held)
            inside = Unknown("mqviz cannot see inside a client that it does not run", state.now_us)
            yield MemberView(names[member.id], member.id, group, doing, held, None, inside, inside)


def _doing(consumer: DrivenConsumer) -> str:
    if consumer.state != "running":
        return consumer.state
    if not consumer.settled:
        return "joining"
    if not consumer.partitions:
        return "idle"
    return "working" if consumer.in_hand else "waiting"


def _in_hand(consumer: DrivenConsumer) -> InHand | None:
    taken = consumer.in_hand
    if taken is None:
        return None
    ends = Unknown("only the consumer knows when it will be done", taken.at_us)
    return InHand(taken.topic, taken.partition, taken.offset, taken.key, taken.at_us, ends)


def _seems(state: State, group: SeenGroup, member: SeenMember, held: tuple[tuple[str, int], ...]) -> str:
    """What a member does, as far as its commits tell; "unknown" where it holds unread records and commits
    nothing.
    """
    if isinstance(group.state, str) and group.state not in SETTLED and not held:
        return "joining"
    if group.kind != "consumer" and isinstance(group.state, str) and group.state not in SETTLED:
        return "joining"
    if not held:
        return "idle"
    unread = [place for place in held if _unread(state.observed, group, *place)]
    if not unread:
        return "waiting"
    moved_us = max((group.commits[t].changed_us(p) for t, p in unread if t in group.commits), default=-1)
    return "working" if state.now_us - moved_us < QUIET_US else "unknown"


def _unread(observed: Observed, group: SeenGroup, topic: str, partition: int) -> bool:
    seen, track = observed.topics.get(topic), group.commits.get(topic)
    end = seen.ends.now.get(partition, 0) if seen else 0
    return end > (track.now.get(partition, -1) if track else -1) and end > 0


def owner(state: State, group: str, topic: str, partition: int) -> str | None | Unknown:
    """Name of the member that holds the partition now; None: nobody reads it."""
    holders = [m for m in _members(state, group) if (topic, partition) in m.partitions]
    alive = [m for m in holders if m.state != "dead"]
    if alive or holders:
        return (alive or holders)[-1].name
    seen = state.observed.groups.get(group, NO_GROUP)
    if isinstance(seen.members, Unknown) and not any(_ours(state.observed, group)):
        return seen.members
    return None


def committed(state: State, group: str, topic: str, partition: int) -> int | None | Unknown:
    """Committed offset: the next one to read after a restart (R82); None: no commit yet."""
    seen = state.observed.groups.get(group, NO_GROUP)
    return lag.committed(state.observed, seen, topic, partition)


def position(state: State, group: str, topic: str, partition: int) -> int | None | Unknown:
    """The next offset that the owner will take (R79): known of consumers of ours only; None:
    nobody reads it.
    """
    name = owner(state, group, topic, partition)
    if name is None or isinstance(name, Unknown):
        return name
    consumer = state.observed.driven.consumers.get(name)
    if consumer is None or consumer.group != group:
        return Unknown("only the consumer itself knows its position", state.now_us)
    taken = consumer.positions.get(topic, {}).get(partition)
    start = committed(state, group, topic, partition) if taken is None else taken
    return Unknown("nothing was delivered yet", state.now_us) if start is None else start


def partition_lag(state: State, group: str, topic: str, partition: int) -> Lag:
    """End minus committed, as Kafka's own tool counts it (R91)."""
    return lag.partition_lag(state, state.observed.groups.get(group, NO_GROUP), topic, partition)


def group_lag(state: State, group: str) -> Lag:
    """Lag summed over all partitions whose lag is a number."""
    return lag.group_lag(state, state.observed.groups.get(group, NO_GROUP))

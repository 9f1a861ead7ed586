"""Facts of the cluster part of a State: what scenes and goals read of a simulated Kafka."""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.facts import crash
from mqviz.facts.fates import kept, over
from mqviz.facts.views import (
    Cell,
    Flight,
    GroupView,
    InHand,
    Lag,
    Ledger,
    MemberView,
    ProducerView,
    Tape,
    TopicView,
)
from mqviz.facts.watched import trends
from mqviz.model.kafka.clients.consumer.isolation import readable_to, reads_committed
from mqviz.model.kafka.clients.consumer.state import Consumer
from mqviz.model.kafka.cluster import Cluster, Partition
from mqviz.model.kafka.coordinator.classic.state import Group, Member
from mqviz.model.kafka.coordinator.consumer.state import ConsumerGroup, ConsumerGroupMember
from mqviz.model.kafka.coordinator.offsets.state import GroupPartition
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.kafka.network.state import InFlight
from mqviz.model.kafka.protocol.requests import ProduceRequest
from mqviz.model.kafka.protocol.responses import FetchResponse
from mqviz.model.state import State
from mqviz.model.trend import KEPT, WINDOW_US

# -- topics and producers ---------------------------------------------------------------------------------


def topics(state: State) -> tuple[TopicView, ...]:
    """Topics by name."""
    found = sorted(state.cluster.topics.items())
    return tuple(TopicView(name, len(t.partitions), t.replication_factor) for name, t in found)


def tape(state: State, topic: str, partition: int, last: int) -> Tape:
    """The last `last` records of a partition and its marks;
    raises KeyError or IndexError if there is none.
    """
    found = state.cluster.partition(topic, partition)
    led = found.led
    cells: list[Cell] = []
    for batch in led.log.backwards(led.log.end):
        cells += _cells(batch)
        if len(cells) >= last:
            break
    cells = [cell for cell in reversed(cells) if cell.offset >= led.log.start]
    mark = led.high_watermark
    return Tape(
        topic, partition, found.leader, led.log.start, led.log.end, mark, tuple(cells[-last:] if last else ())
    )


def _cells(batch: Batch) -> list[Cell]:
    """The cells of a batch, newest first."""
    return [
        Cell(batch.base_offset + n, batch.keys[n], True, batch.producer, batch.appended_at_us)
        for n in range(batch.count - 1, -1, -1)
    ]


def producers(state: State) -> tuple[ProducerView, ...]:
    """Producers in the order they were added; closed ones are left out."""
    return tuple(
        ProducerView(
            each.name,
            each.settings.topic,
            "running" if each.state == "closing" else each.state,
            each.settings.acks,
            each.settings.partitioner,
            each.rate_per_s,
            each.sent,
            each.acknowledged,
            each.sent - each.appended - each.dropped,
        )
        for each in state.cluster.producers.values()
        if each.state != "closed"
    )


def flights(state: State) -> tuple[Flight, ...]:
    """Records on their way between clients and partition leaders, in the order they were sent."""
    cluster = state.cluster
    found = [flight for request in cluster.requests.values() for flight in _flights(cluster, request)]
    return tuple(sorted(found, key=lambda flight: flight.sent_at_us))


def _flights(cluster: Cluster, request: InFlight) -> Iterator[Flight]:
    client = cluster.connections[request.connection]
    if isinstance(request.request, ProduceRequest) and not request.arrived:
        for topic, number, batch in request.request.batches:
            yield Flight(
                "produce",
                topic,
                number,
                client.name,
                batch.keys,
                None,
                request.sent_at_us,
                request.arrives_at_us,
            )
    elif isinstance(request.response, FetchResponse) and _reads(cluster, request):
        for part in request.response.partitions:
            if part.end > part.first:
                carried = request.carried[cluster.partition(part.topic, part.partition).key]
                yield Flight(
                    "deliver",
                    part.topic,
                    part.partition,
                    client.name,
                    _keys(carried, part.first, part.end),
                    part.first,
                    request.answered_at_us,
                    request.returns_at_us,
                )


def _reads(cluster: Cluster, request: InFlight) -> bool:
    """Whether a consumer's process is still there to get this answer."""
    client = cluster.connections[request.connection]
    consumer = cluster.consumers.get(client.name) if client.client == "consumer" else None
    return (
        consumer is not None
        and consumer.incarnation == request.incarnation
        and consumer.state not in ("dead", "closed")
    )


def _keys(batches: tuple[Batch, ...], first: int, end: int) -> tuple[str | None, ...]:
    return tuple(
        key
        for batch in batches
        for offset, key in enumerate(batch.keys, batch.base_offset)
        if first <= offset < end
    )


def key_letters(state: State) -> tuple[str, ...]:
    """Keys in the order of their first appearance; a producer's list of keys appears with the producer."""
    return tuple(state.cluster.keys)


# -- groups -------------------------------------------------------------------------------------------------


def groups(state: State) -> tuple[GroupView, ...]:
    """Groups in the order they appeared;
    one whose first member has not reached its coordinator yet is empty.
    """
    cluster = state.cluster
    waiting = (c.settings.group for c in cluster.consumers.values() if c.state != "closed")
    return tuple(_group(cluster, name) for name in dict.fromkeys((*cluster.groups, *waiting)))


def _group(cluster: Cluster, name: str) -> GroupView:
    group = _known(cluster, name) or Group(name, 0)
    return GroupView(
        name,
        "classic" if isinstance(group, Group) else "consumer",
        group.state,
        group.generation,
        group.assignor,
        tuple(_topics(cluster, name)),
        len(group.members),
    )


def _known(cluster: Cluster, name: str) -> Group | ConsumerGroup | None:
    """The group, of whichever protocol."""
    return cluster.consumer_groups.get(name) or cluster.groups.get(name)


def _topics(cluster: Cluster, group: str) -> list[str]:
    """Topics that the group reads or read, by name."""
    known = cluster.groups.get(group)
    records = known.records.values() if known else ()
    found = {name for c in cluster.consumers.values() if c.settings.group == group for name in c.topics}
    return sorted(found | {record.topic for record in records})


def members(state: State, group: str) -> tuple[MemberView, ...]:
    """Members and processes that are about to be, in the order they came; the dead until the group removed
    them.
    """
    cluster = state.cluster
    known = _known(cluster, group) or Group(group, 0)
    mine = [c for c in cluster.consumers.values() if c.settings.group == group]
    found = [_member(known, consumer) for consumer in mine if _shown(known, consumer)]
    ids = {consumer.member_id for consumer in mine}
    ghosts = [member for member in known.members.values() if member.member_id not in ids]
    return tuple(found + [_ghost(group, member) for member in ghosts])


def _shown(group: Group | ConsumerGroup, consumer: Consumer) -> bool:
    """Whether the process is there, or the group believes that it is."""
    return consumer.state not in ("closed", "dead") or consumer.member_id in group.members


def _member(group: Group | ConsumerGroup, consumer: Consumer) -> MemberView:
    partitions = owned(group, consumer)
    return MemberView(
        consumer.name,
        consumer.member_id,
        group.name,
        _state(consumer, partitions),
        partitions,
        _in_hand(consumer),
        sum(
            partition_state.fetched_to - (partition_state.position or 0)
            for partition_state in consumer.partition_states.values()
            if partition_state.fetched
        ),
        consumer.processed,
    )


def _ghost(group: str, member: Member | ConsumerGroupMember) -> MemberView:
    """A member whose process is gone and whose name a new process uses."""
    return MemberView(member.member_id, member.member_id, group, "dead", member.partitions, None, 0, 0)


def owned(group: Group | ConsumerGroup, consumer: Consumer) -> tuple[tuple[str, int], ...]:
    """Partitions of a member: those that the process reads, if the group still thinks so; of a dead one what
    the group thinks.
    """
    member = group.members.get(consumer.member_id)
    if member is None:
        return ()
    if consumer.state == "dead":
        return member.partitions
    if isinstance(group, Group) and consumer.generation != group.generation:
        return ()
    return tuple(
        (partition_state.topic, partition_state.partition)
        for partition_state in consumer.partition_states.values()
    )


def _state(consumer: Consumer, partitions: tuple[tuple[str, int], ...]) -> str:
    if consumer.state in ("dead", "paused"):
        return consumer.state
    if consumer.taken is not None or consumer.activity == "committing":
        return "working"
    if consumer.state != "running":
        return "leaving"
    if consumer.phase != "stable":
        return "joining"
    return "waiting" if partitions else "idle"


def _in_hand(consumer: Consumer) -> InHand | None:
    taken = consumer.taken
    if taken is None:
        return None
    return InHand(
        taken.topic, taken.partition, taken.offset, taken.key, taken.started_at_us, taken.ends_at_us
    )


def owner(state: State, group: str, topic: str, partition: int) -> str | None:
    """The member that owns the partition, also a dead one that the group does not miss yet; None: nobody
    does.
    """
    for member in members(state, group):
        if (topic, partition) in member.partitions:
            return member.name
    return None


def position(state: State, group: str, topic: str, partition: int) -> int | None:
    """The position of the live member that owns the partition."""
    known = _known(state.cluster, group)
    if known is None:
        return None
    key = state.cluster.partition(topic, partition).key
    for consumer in state.cluster.consumers.values():
        if consumer.settings.group == group and key in consumer.partition_states and owned(known, consumer):
            return consumer.partition_states[key].position
    return None


# -- offsets and lag -----------------------------------------------------------------------------------------


def committed(state: State, group: str, topic: str, partition: int) -> int | None:
    """The committed offset; None before the first commit."""
    return _record(state, group, state.cluster.partition(topic, partition)).committed


def _record(state: State, group: str, partition: Partition) -> GroupPartition:
    known = state.cluster.groups.get(group)
    record = known.records.get(partition.key) if known else None
    return record or GroupPartition(partition.topic, partition.number)


def partition_lag(state: State, group: str, topic: str, partition: int) -> Lag:
    """High watermark minus committed (R91); None before the first commit."""
    found = state.cluster.partition(topic, partition)
    value = _lag(found, _record(state, group, found))
    samples = _samples(state, group, [found])
    known = value is not None
    return Lag(
        value,
        int(known),
        1,
        trends.trend(samples),
        samples,
        (topic, partition, value) if value is not None else None,
    )


def _lag(partition: Partition, record: GroupPartition) -> int | None:
    if record.committed is None:
        return None
    return max(0, partition.led.high_watermark - record.committed)


def group_lag(state: State, group: str) -> Lag:
    """Lag summed over the partitions with a commit; None if there is none."""
    found = _partitions(state, group)
    lags = [(p, value) for p in found if (value := _lag(p, _record(state, group, p))) is not None]
    worst = max(lags, key=lambda each: each[1], default=None)
    samples = _samples(state, group, [p for p, _ in lags])
    return Lag(
        sum(value for _, value in lags) if lags else None,
        len(lags),
        len(found),
        trends.trend(samples),
        samples,
        (worst[0].topic, worst[0].number, worst[1]) if worst else None,
    )


def _partitions(state: State, group: str) -> list[Partition]:
    cluster = state.cluster
    return [p for name in _topics(cluster, group) for p in cluster.topic(name).partitions]


def _samples(state: State, group: str, partitions: list[Partition]) -> tuple[tuple[int, int], ...]:
    """(end of the window, lag summed), oldest first: the windows in which all these lags are known."""
    last = state.now_us // WINDOW_US
    first = max(0, last - KEPT + 1)
    sums: list[int | None] = [0] * (last - first + 1) if partitions else []
    for partition in partitions:
        ends = partition.ends.over(first, last)
        commits = _record(state, group, partition).commits.over(first, last)
        for index, (end, commit) in enumerate(zip(ends, commits, strict=True)):
            before = sums[index]
            known = before is not None and end is not None and commit is not None
            sums[index] = before + max(0, end - commit) if known else None  # type: ignore[operator]
    return tuple(
        (min(state.now_us, (first + index + 1) * WINDOW_US), value)
        for index, value in enumerate(sums)
        if value is not None
    )


# -- the ledger ----------------------------------------------------------------------------------------------


def ledger(state: State, group: str) -> Ledger:
    """Where every record is that concerns the group: those before its first reader's start are none of its
    business.
    """
    parts = [_part(state, group, partition) for partition in _partitions(state, group)]
    return Ledger(*(sum(column) for column in zip(*parts, strict=True))) if parts else Ledger(*[0] * 8)


def _part(state: State, group: str, partition: Partition) -> tuple[int, ...]:
    record = _record(state, group, partition)
    led = partition.led
    end, sent, coming, lost = _amounts(state, partition)
    begin = min(record.start if record.start is not None else led.log.start, end)
    done = begin if record.committed is None else min(max(begin, record.committed), end)
    missed, held = crash.below_commit(state, group, record, end)
    taken = position(state, group, partition.topic, partition.number)
    taken = done if taken is None else min(max(done, taken), end)
    mark = max(
        min(led.high_watermark, end), taken
    )  # a new leader's may be lower for a while than what was read (R25)
    return (
        sent - begin,
        done - begin - missed - held,
        taken - done + held,
        mark - taken,
        end - mark,
        coming,
        lost + missed,
        record.more_than_once(),
    )


def _amounts(state: State, partition: Partition) -> tuple[int, int, int, int]:
    """(log end, sent, in flight, lost); once another broker leads, the records that it lacks are counted by
    the ledger.
    """
    ledger = state.cluster.ledger.get(partition.key)
    if ledger is None:  # no leader wrote anything; one that was replaced may go on writing (R27)
        end = partition.led.log.end
        return end, partition.sent, partition.sent - end - partition.dropped, partition.dropped
    if not (partition.leader_epoch or ledger.damaged or partition.leader < 0):
        coming = partition.sent - partition.appended - partition.dropped
        return partition.led.log.end, partition.sent, coming, partition.dropped
    end = ledger.truth.end
    handed = sum(p.numbered().get(partition.key, 0) for p in state.cluster.producers.values())
    safe = sum(
        number for track in ledger.tracks.values() for byte, number in track.counts.items() if kept(byte)
    )
    lost = sum(
        number for track in ledger.tracks.values() for byte, number in track.counts.items() if over(byte)
    )
    coming = handed - safe - lost
    return end, end + coming + lost, coming, lost


def current_lag(state: State, consumer: str, topic: str, partition: int) -> int | None:
    """How many offsets are left to read for this consumer: up to the last stable offset if it reads committed
    (R91).

    None: it does not know its position, does not own the partition, or nobody leads it. Raises KeyError for
    an unknown name.
    """
    found = state.cluster.partition(topic, partition)
    partition_state = state.cluster.consumers[consumer].partition_states.get(found.key)
    copy = found.replicas.get(found.leader)
    if partition_state is None or partition_state.position is None or copy is None:
        return None
    return max(
        0,
        readable_to(copy, reads_committed(state.cluster.consumers[consumer].settings))
        - partition_state.position,
    )

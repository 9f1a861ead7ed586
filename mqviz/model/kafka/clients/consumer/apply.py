"""What becomes of a consumer: its membership, fetched records, positions, commits, its application."""

from __future__ import annotations

from collections.abc import Iterable

from mqviz.model.event import applies
from mqviz.model.kafka.clients.consumer.events import (
    ApplicationBusy,
    AssignmentComputed,
    ClientHeartbeatEnded,
    ClientHeartbeatSent,
    ClientMemberChanged,
    ClientMemberStarted,
    CommitEnded,
    CommitRefused,
    CommitRetried,
    CommitStarted,
    ConsumerAdded,
    ConsumerChanged,
    ConsumerFailed,
    ConsumerProcessingSet,
    FetchStarted,
    LoopSet,
    MembershipChanged,
    PartitionsAssigned,
    PartitionsPaused,
    PartitionsRevoked,
    PollCalled,
    PollEnded,
    PositionDelayed,
    PositionLost,
    PositionsAsked,
    PositionsMoved,
    PositionsSet,
    RecordsFetched,
    RecordsProcessed,
    RecordsReturned,
    RecordsSkipped,
    RecordTaken,
    RejoinNeeded,
    ReplicaPreferred,
    ShareArrived,
    Sought,
    StoredCommitted,
)
from mqviz.model.kafka.clients.consumer.state import (
    CLIENT_MOVES,
    ClientMember,
    Consumer,
    Slice,
    Taken,
    TopicPartitionState,
    gave_up,
    has_share,
)
from mqviz.model.kafka.coordinator.offsets.state import Crash
from mqviz.model.moves import move
from mqviz.model.state import State


def died(state: State, consumer: Consumer, at_us: int) -> None:
    """The process is dead: its group remembers how far it was. Called while it still has its claims."""
    group = state.cluster.groups.get(consumer.settings.group)
    for key, partition_state in consumer.partition_states.items():
        if group is not None and key in group.records and partition_state.position is not None:
            taken = consumer.taken
            here = taken is not None and (taken.topic, taken.partition) == (
                partition_state.topic,
                partition_state.partition,
            )
            working = taken.offset if taken is not None and here else None
            group.records[key].crash = Crash(at_us, consumer.name, partition_state.position, working)


def _of(state: State, name: str) -> Consumer:
    return state.cluster.consumers[name]


@applies(ConsumerAdded)
def _added(state: State, event: ConsumerAdded) -> None:
    consumers = state.cluster.consumers
    before = consumers.pop(event.name, None)
    settings = event.settings
    consumers[event.name] = Consumer(
        event.name,
        settings,
        list(event.topics),
        int(settings.processing),
        before.incarnation + 1 if before else 1,
        before.life + 1 if before else 1,
        activity="polling" if settings.loop else "idle",
        polled_at_us=event.at_us,
        committed_at_us=event.at_us,
        came_us=event.at_us,
        loop=settings.loop,
    )


@applies(PollCalled)
def _polled(state: State, event: PollCalled) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "polling"
    consumer.polled_at_us = event.at_us
    consumer.polls += 1


@applies(ConsumerFailed)
def _failed(state: State, event: ConsumerFailed) -> None:
    _of(state, event.consumer).state = "closing"


@applies(FetchStarted)
def _fetching(state: State, event: FetchStarted) -> None:
    _of(state, event.consumer).fetching[event.broker] = event.number


@applies(RecordsFetched)
def _fetched(state: State, event: RecordsFetched) -> None:
    consumer = _of(state, event.consumer)
    del consumer.fetching[event.broker]
    for topic, number, _, end in event.parts:
        key = state.cluster.partition(topic, number).key
        partition_state = consumer.partition_states[key]
        partition_state.fetched.extend(consumer.carried[key])
        partition_state.fetched_to = end
        consumer.ready.append(key)
    for topic, number, base in event.hidden:
        consumer.partition_states[state.cluster.partition(topic, number).key].hidden.append(base)
    consumer.carried = {}


@applies(RecordsReturned)
def _returned(state: State, event: RecordsReturned) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "processing"
    consumer.polled_at_us = event.at_us
    for topic, number, first, end in event.parts:
        key = state.cluster.partition(topic, number).key
        partition_state = consumer.partition_states[key]
        held = [
            batch
            for batch in partition_state.fetched
            if batch.base_offset < end and partition_state.visible(batch)
        ]
        partition_state.handed = end
        consumer.hand.append(Slice(topic, number, first, end, held))
        consumer.move(key, end)


@applies(RecordTaken)
def _taken(state: State, event: RecordTaken) -> None:
    _of(state, event.consumer).taken = Taken(
        event.topic, event.partition, event.offset, event.key, event.at_us, event.ends_at_us
    )


@applies(RecordsProcessed)
def _processed(state: State, event: RecordsProcessed) -> None:
    cluster = state.cluster
    consumer = cluster.consumers[event.consumer]
    consumer.taken = None
    consumer.processed += consumer.hand[0].count(event.end)
    _put_down(consumer.hand, event.end)
    key = cluster.partition(event.topic, event.partition).key
    group = cluster.groups.get(event.group)
    if group is not None:
        group.record(key, event.topic, event.partition).passed(event.first, event.end)
    partition_state = consumer.partition_states.get(key)
    if partition_state is not None:
        partition_state.done = event.end


def _put_down(hand: list[Slice], end: int) -> None:
    part = hand[0]
    part.first = end
    if part.first >= part.end:
        del hand[0]
    else:
        while part.batches and part.batches[0].end_offset <= end:
            del part.batches[0]


@applies(RecordsSkipped)
def _skipped(state: State, event: RecordsSkipped) -> None:
    consumer = _of(state, event.consumer)
    _put_down(consumer.hand, event.end)
    partition_state = consumer.partition_states.get(state.cluster.partition(event.topic, event.partition).key)
    if partition_state is not None:
        partition_state.done = event.end


@applies(CommitStarted)
def _commits(state: State, event: CommitStarted) -> None:
    consumer = _of(state, event.consumer)
    if event.purpose != "command":
        consumer.committed_at_us = event.at_us
    consumer.commits[event.number] = event.purpose
    if event.purpose in ("application", "before", "each"):
        consumer.activity = "committing"
    group = state.cluster.groups.get(consumer.settings.group)
    if event.purpose == "command" and group is not None:
        for key in consumer.partition_states:
            if key in group.records:
                group.records[key].moved = True


@applies(CommitEnded)
def _committed(state: State, event: CommitEnded) -> None:
    consumer = _of(state, event.consumer)
    purpose = consumer.commits.pop(event.number, "")
    if purpose in ("before", "each"):
        consumer.activity = "processing"


@applies(CommitRefused)
def _refused(state: State, event: CommitRefused) -> None:
    consumer = _of(state, event.consumer)
    purpose = consumer.commits.pop(event.number, "")
    if purpose in ("before", "each"):
        consumer.activity = "processing"


@applies(ConsumerProcessingSet)
def _slower(state: State, event: ConsumerProcessingSet) -> None:
    _of(state, event.consumer).processing_us = event.processing_us


@applies(ConsumerChanged)
def _changed(state: State, event: ConsumerChanged) -> None:
    consumer = _of(state, event.consumer)
    if event.state == "running" and consumer.taken is not None:
        consumer.taken.ends_at_us += event.at_us - consumer.frozen_at_us
    consumer.state = event.state
    consumer.life += event.state not in ("closing", "leaving")
    consumer.frozen_at_us = event.at_us
    if event.state not in ("leaving", "closed"):
        consumer.came_us = event.at_us
    if event.state == "dead":
        died(state, consumer, event.at_us)
    if event.state in ("dead", "closed"):
        held = [
            (partition_state.topic, partition_state.partition)
            for partition_state in consumer.partition_states.values()
        ]
        let_go(state, event.group, event.consumer, held, event.at_us)
        consumer.partition_states, consumer.hand, consumer.taken = {}, [], None
        consumer.fetching, consumer.carried, consumer.ready = {}, {}, []


def _partition_states(
    state: State, name: str, partitions: tuple[tuple[str, int], ...]
) -> list[TopicPartitionState]:
    partition_states = _of(state, name).partition_states
    keys = [state.cluster.partition(topic, number).key for topic, number in partitions]
    return [partition_states[key] for key in keys if key in partition_states]


@applies(PollEnded)
def _poll_ended(state: State, event: PollEnded) -> None:
    consumer = _of(state, event.consumer)
    consumer.activity = "idle"
    consumer.polled_at_us = event.at_us  # while it waited it was polling


@applies(LoopSet)
def _loop(state: State, event: LoopSet) -> None:
    _of(state, event.consumer).loop = event.loop


@applies(ApplicationBusy)
def _busy(state: State, event: ApplicationBusy) -> None:
    consumer = _of(state, event.consumer)
    consumer.busy_until_us = event.until_us
    if event.now:
        consumer.activity = "busy"


@applies(Sought)
def _sought(state: State, event: Sought) -> None:
    consumer = _of(state, event.consumer)
    for topic, number, offset in event.positions:
        key = state.cluster.partition(topic, number).key
        partition_state = consumer.partition_states[key]
        _drop(consumer, key, partition_state)
        partition_state.position = partition_state.fetched_to = offset
        partition_state.reset = ""
        partition_state.handed = partition_state.done = None
        _user_moved(state, event.group, key)


@applies(PositionLost)
def _lost(state: State, event: PositionLost) -> None:
    consumer = _of(state, event.consumer)
    for topic, number in event.partitions:
        key = state.cluster.partition(topic, number).key
        partition_state = consumer.partition_states[key]
        _drop(consumer, key, partition_state)
        partition_state.position = None
        partition_state.reset = event.reset
        partition_state.at_us = event.at_us_wanted
        partition_state.not_before_us = 0
        _user_moved(state, event.group, key)


def _drop(consumer: Consumer, key: str, partition_state: TopicPartitionState) -> None:
    partition_state.forget()
    if key in consumer.ready:
        consumer.ready.remove(key)


def _user_moved(state: State, group: str, key: str) -> None:
    """From now on a commit of this group says nothing about what was done before."""
    known = state.cluster.groups.get(group)
    if known is not None and key in known.records:
        known.records[key].moved = True


@applies(PositionDelayed)
def _delayed(state: State, event: PositionDelayed) -> None:
    for partition_state in _partition_states(state, event.consumer, event.partitions):
        partition_state.not_before_us = event.until_us


@applies(PartitionsPaused)
def _paused(state: State, event: PartitionsPaused) -> None:
    for partition_state in _partition_states(state, event.consumer, event.partitions):
        partition_state.paused = event.paused


@applies(CommitRetried)
def _retried(state: State, event: CommitRetried) -> None:
    consumer = _of(state, event.consumer)
    consumer.commits.pop(event.number, None)
    if event.since_us is not None:
        consumer.committed_at_us = event.since_us


@applies(StoredCommitted)
def _stored(state: State, event: StoredCommitted) -> None:
    partition_states = _of(state, event.consumer).partition_states
    for topic, number, offset in event.offsets:
        partition_states[state.cluster.partition(topic, number).key].stored = offset


@applies(MembershipChanged)
def _membership(state: State, event: MembershipChanged) -> None:
    consumer = state.cluster.consumers[event.consumer]
    consumer.membership += event.phase != "stable"
    consumer.phase = event.phase
    consumer.member_id = event.member_id
    consumer.generation = event.generation
    consumer.rejoin = event.phase == "unjoined"
    consumer.lost = event.lost
    consumer.fenced = event.fenced
    consumer.arrived = None
    consumer.asked = ()
    if event.phase == "joining":
        consumer.snapshot = ()
    if event.phase == "stable":
        has_share(consumer, event.at_us)
    if event.given is not None:
        consumer.given, consumer.given_generation = event.given, event.generation
        consumer.committed_at_us = event.at_us


@applies(ShareArrived)
def _arrived(state: State, event: ShareArrived) -> None:
    state.cluster.consumers[event.consumer].arrived = event.partitions


@applies(AssignmentComputed)
def _computed(state: State, event: AssignmentComputed) -> None:
    state.cluster.consumers[event.consumer].snapshot = event.partitions


@applies(RejoinNeeded)
def _rejoin(state: State, event: RejoinNeeded) -> None:
    state.cluster.consumers[event.consumer].rejoin = True


@applies(PartitionsAssigned)
def _assigned(state: State, event: PartitionsAssigned) -> None:
    cluster = state.cluster
    partition_states = state.cluster.consumers[event.consumer].partition_states
    for topic, number in event.partitions:
        key = cluster.partition(topic, number).key
        partition_states[key] = TopicPartitionState(topic, number)
        if event.group in cluster.groups:
            cluster.groups[event.group].record(key, topic, number).held_by(event.at_us, event.consumer)
    has_share(cluster.consumers[event.consumer], event.at_us)
    cluster.consumers[event.consumer].assigned_at_us = event.at_us


@applies(PartitionsRevoked)
def _revoked(state: State, event: PartitionsRevoked) -> None:
    consumer = state.cluster.consumers[event.consumer]
    for topic, number in event.partitions:
        del consumer.partition_states[state.cluster.partition(topic, number).key]
    let_go(state, event.group, event.consumer, event.partitions, event.at_us)
    gave_up(consumer, event.at_us, event.partitions, event.lost)
    consumer.lost = False
    consumer.asked = ()
    consumer.ready = [key for key in consumer.ready if key in consumer.partition_states]


def let_go(
    state: State, group: str, consumer: str, partitions: Iterable[tuple[str, int]], at_us: int
) -> None:
    """Nobody reads these partitions from now on, where `consumer` was the one who did."""
    records = state.cluster.groups[group].records if group in state.cluster.groups else {}
    for topic, number in partitions:
        record = records.get(state.cluster.partition(topic, number).key)
        if record is not None and record.tenures and record.tenures[-1][1] == consumer:
            record.held_by(at_us, "")


@applies(PositionsAsked)
def _asked(state: State, event: PositionsAsked) -> None:
    state.cluster.consumers[event.consumer].asked = event.numbers


@applies(PositionsSet)
def _positions(state: State, event: PositionsSet) -> None:
    cluster = state.cluster
    consumer = state.cluster.consumers[event.consumer]
    for topic, number, offset, _ in event.positions:
        key = cluster.partition(topic, number).key
        partition_state = consumer.partition_states[key]
        partition_state.position = partition_state.fetched_to = offset
        partition_state.reset = ""
        if event.group in cluster.groups:
            cluster.groups[event.group].record(key, topic, number).begin(offset)


def _membership_of(state: State, name: str) -> ClientMember:
    return state.cluster.client_members[name]


@applies(ClientMemberStarted)
def _started(state: State, event: ClientMemberStarted) -> None:
    state.cluster.client_members[event.consumer] = ClientMember(event.member_id, event.incarnation)


@applies(ClientMemberChanged)
def _client_member_changed(state: State, event: ClientMemberChanged) -> None:
    member = _membership_of(state, event.consumer)
    member.state = move(CLIENT_MOVES, member.state, event.state, event.consumer)
    member.epoch, member.error = event.epoch, event.error
    state.cluster.consumers[event.consumer].generation = event.epoch
    if event.state in ("JOINING", "FENCED", "STALE"):
        member.told, member.target = None, ()


@applies(ClientHeartbeatSent)
def _sent(state: State, event: ClientHeartbeatSent) -> None:
    member = _membership_of(state, event.consumer)
    member.in_flight = event.number
    member.heartbeats += 1
    member.told = event.told


@applies(ClientHeartbeatEnded)
def _ended(state: State, event: ClientHeartbeatEnded) -> None:
    member = _membership_of(state, event.consumer)
    member.in_flight = 0
    member.interval_us = event.interval_us
    member.failures = member.failures + 1 if event.failed else 0
    if event.failed:
        member.told = None
    if event.target is not None:
        member.target = event.target


@applies(ReplicaPreferred)
def _preferred(state: State, event: ReplicaPreferred) -> None:
    partition = state.cluster.partition(event.topic, event.partition)
    partition_state = state.cluster.consumers[event.consumer].partition_states[partition.key]
    partition_state.preferred, partition_state.preferred_until_us = event.broker, event.until_us


@applies(PositionsMoved)
def _moved(state: State, event: PositionsMoved) -> None:
    consumer = state.cluster.consumers[event.consumer]
    group = state.cluster.groups.get(consumer.settings.group)
    for topic, number, first, end in event.parts:
        key = state.cluster.partition(topic, number).key
        consumer.move(key, end)
        if group is not None:  # there is nothing to do: as good as done
            group.record(key, topic, number).passed(first, end)

"""What must hold between two moments of a run: the invariants that compare what was with what is.

`History.see` is told every event with the State after it; what is over when the run ends is checked by tests/soak/endings.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mqviz.model.command.events import CommandGiven
from mqviz.model.event import Event
from mqviz.model.kafka.broker.events import ClusterAltered, ReplicaLost, UnflushedLost
from mqviz.model.kafka.clients.consumer.events import (
    ConsumerAdded,
    PartitionsAssigned,
    PartitionsRevoked,
    PositionsSet,
    RecordsProcessed,
    RecordsReturned,
    Sought,
)
from mqviz.model.kafka.clients.producer.events import (
    BatchSplit,
    ProducerAdded,
    RecordsAcknowledged,
    RecordsFailed,
    SendCalled,
)
from mqviz.model.kafka.controller.events import PartitionChanged, TopicAltered, TopicCreated, TopicDeleted
from mqviz.model.kafka.coordinator.classic.events import GenerationStarted, GroupEmptied, GroupLoaded
from mqviz.model.kafka.coordinator.consumer.events import (
    ConsumerGroupMemberJoined,
    ConsumerGroupMemberRemoved,
    GroupEpochRaised,
    MemberReconciled,
    StaticMemberAway,
    TargetAssigned,
)
from mqviz.model.kafka.coordinator.offsets.events import GroupDeleted, OffsetsCommitted
from mqviz.model.kafka.log.events import BatchAppended
from mqviz.model.kafka.replication.events import HighWatermarkAdvanced, ReplicaTruncated
from mqviz.model.state import State

Place = tuple[str, int]


class Broken(AssertionError):
    """An invariant does not hold; the argument says which one and where."""


def must(holds: object, sentence: str) -> None:
    """Raise Broken with the sentence unless it holds."""
    if not holds:
        raise Broken(sentence)


@dataclass
class Sender:
    """What one producer's records of a partition came to: when send() took each, and how each ended."""

    sent_us: list[int] = field(default_factory=list)
    ended: dict[int, str] = field(default_factory=dict)
    safe: set[int] = field(default_factory=set)
    """Acknowledged with acks=all."""
    told: set[int] = field(default_factory=set)
    """Acknowledged with acks=1."""
    lives: list[int] = field(default_factory=list)
    """The number of the first record of each process."""
    split: bool = False
    """A batch was too large once, and its parts were sent."""


@dataclass
class History:
    """What the invariants must remember."""

    last: tuple[int, int] = (0, 0)
    copies: dict[tuple[str, int], tuple[int, bool, int, int]] = field(default_factory=dict)
    """Of each replica: leader epoch, whether it leads, high watermark, log start."""
    writers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    harmed: set[Place] = field(default_factory=set)
    """Partitions that a lost disk or an unclean election may have robbed."""
    led: dict[Place, int] = field(default_factory=lambda: defaultdict(int))
    """How often the leader of a partition changed."""
    cleared: set[str] = field(default_factory=set)
    """Topics whose min.insync.replicas was changed, which strikes out who was eligible."""
    lax: set[str] = field(default_factory=set)
    """Topics that were, for a while, content with fewer than two in-sync replicas."""
    rewritten: set[str] = field(default_factory=set)
    """Topics that were compacted."""
    deleted: set[str] = field(default_factory=set)
    """Topics that were deleted once; one of the same name is another one."""
    senders: dict[tuple[str, str, int], Sender] = field(default_factory=lambda: defaultdict(Sender))
    returned: dict[tuple[str, int, int], tuple[int, int]] = field(default_factory=dict)
    """Of each offset that a consumer was given: leader epoch and base offset of its batch."""
    read: dict[tuple[str, str, int], int] = field(default_factory=dict)
    held: dict[str, set[Place]] = field(default_factory=lambda: defaultdict(set))
    generations: dict[str, int] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    members: dict[tuple[str, str], int] = field(default_factory=dict)
    targets: dict[tuple[str, str], set[Place]] = field(default_factory=dict)
    done: dict[tuple[str, str, int], int] = field(default_factory=lambda: defaultdict(int))
    """How far each group has processed, skipped or been put in each partition."""
    orders: list[str] = field(default_factory=list)

    def see(self, event: Event, state: State) -> None:
        """Hold `event`, after which all is as in `state`, to the invariants; raises Broken."""
        number, at_us = self.last
        must(
            event.id == number + 1 and event.at_us >= at_us,
            f"time never goes back: {event} after {self.last}",
        )
        must(0 <= event.cause < event.id, f"nothing is without cause: {event} has a cause of the future")
        self.last = event.id, event.at_us
        look = LOOKS.get(type(event))
        if look is not None:
            look(self, event, state)
        self._copies(event, state)

    def _copies(self, event: Event, state: State) -> None:
        """High watermarks only rise while the same broker leads in the same epoch, log starts always (R15, R69, R70, R72)."""
        for topic in state.cluster.topics.values():
            for partition in topic.partitions:
                for broker, copy in partition.replicas.items():
                    now = copy.leader_epoch, copy.leader == broker, copy.high_watermark, copy.log.start
                    key = partition.key, broker
                    before = self.copies.get(key, (-1, False, 0, 0))
                    if now == before:
                        continue
                    self.copies[key] = now
                    if type(event) in (ReplicaLost, UnflushedLost):
                        continue
                    same = now[:2] == before[:2] and now[1]
                    must(
                        not same or now[2] >= before[2],
                        f"what was committed stays: {key}: {before} became {now} by {event}",
                    )
                    lower = now[3] < before[3]
                    may = (topic.name, partition.number) in self.harmed and type(event) is ReplicaTruncated
                    must(
                        not lower or may,
                        f"log starts never fall: {key}: log start {before[3]} became {now[3]} by {event}",
                    )


Kind = TypeVar("Kind", bound=Event)
LOOKS: dict[type[Event], Callable[[History, Any, State], None]] = {}


def looks(*kinds: type[Kind]) -> Callable[[Callable[[History, Kind, State], None]], Any]:
    """Register what is held against events of these kinds."""

    def register(function: Callable[[History, Kind, State], None]) -> Callable[[History, Kind, State], None]:
        LOOKS.update(dict.fromkeys(kinds, function))
        return function

    return register


@looks(CommandGiven)
def _command(history: History, event: CommandGiven, state: State) -> None:
    history.orders.append(f"{event.command.verb} {event.command.kind}")


# -- partitions -----------------------------------------------------------------------------------------------


@looks(TopicCreated)
def _topic(history: History, event: TopicCreated, state: State) -> None:
    _settings(history, event.topic, state)


@looks(TopicDeleted)
def _deleted(history: History, event: TopicDeleted, state: State) -> None:
    """All that was known of the topic is void."""
    history.deleted.add(event.topic)
    for copy in [copy for copy in history.copies if copy[0].split()[-1].rpartition("-")[0] == event.topic]:
        del history.copies[copy]
    for key in [key for key in history.writers if key[0] == event.topic]:
        del history.writers[key]
    for place in [place for place in history.returned if place[0] == event.topic]:
        del history.returned[place]
    for table in (history.read, history.done):
        for key in [key for key in table if key[1] == event.topic]:
            del table[key]


@looks(TopicAltered)
def _altered(history: History, event: TopicAltered, state: State) -> None:
    if "min.insync.replicas" in event.values:
        history.cleared.add(event.topic)
    _settings(history, event.topic, state)


@looks(ClusterAltered)
def _all_altered(history: History, event: ClusterAltered, state: State) -> None:
    for topic in state.cluster.topics:
        if "min.insync.replicas" in event.topics:
            history.cleared.add(topic)
        _settings(history, topic, state)


def _settings(history: History, name: str, state: State) -> None:
    topic = state.cluster.topic(name)
    if topic.min_insync_replicas < 2:
        history.lax.add(name)
    if "compact" in topic.setting("cleanup.policy"):
        history.rewritten.add(name)


@looks(PartitionChanged)
def _changed(history: History, event: PartitionChanged, state: State) -> None:
    """A new leader is a new epoch, nothing else is; each record of a partition has a new partition epoch (R21)."""
    place = event.topic, event.partition
    history.led[place] += 1
    if event.recovering:
        history.harmed.add(place)
    was = history.copies.get((f"record {event.topic}-{event.partition}", 0), (0, False, 0, 0))
    rises = event.leader_epoch - was[0]
    must(rises in (0, 1), f"leader epochs rise: the leader epoch rises by {rises}: {event}")
    must(event.partition_epoch == was[2] + 1, f"leader epochs rise: partition epoch {was[2]}, then {event}")
    known = event.leader >= 0 or event.isr or event.elr or event.last_known_elr
    must(known or event.topic in history.cleared, f"R23: nobody may ever lead again: {event}")
    history.copies[f"record {event.topic}-{event.partition}", 0] = (
        event.leader_epoch,
        False,
        event.partition_epoch,
        0,
    )


@looks(ReplicaLost, UnflushedLost)
def _lost(history: History, event: ReplicaLost | UnflushedLost, state: State) -> None:
    history.harmed.add((event.topic, event.partition))


@looks(BatchAppended)
def _appended(history: History, event: BatchAppended, state: State) -> None:
    """One broker writes in a leader epoch, and epochs never decrease in a log (R21)."""
    epoch = event.batch.leader_epoch
    writer = history.writers.setdefault((event.topic, event.partition, epoch), event.broker)
    must(
        writer == event.broker,
        f"leader epochs rise: brokers {writer} and {event.broker} lead in epoch {epoch}: {event}",
    )
    tail = state.cluster.partition(event.topic, event.partition).replicas[event.broker].log.tail
    must(len(tail) < 2 or tail[-2].leader_epoch <= epoch, f"leader epochs rise: a lower epoch: {event}")


@looks(HighWatermarkAdvanced)
def _advanced(history: History, event: HighWatermarkAdvanced, state: State) -> None:
    """With fewer in-sync replicas than asked for nothing becomes committed (R17, R30)."""
    topic = state.cluster.topic(event.topic)
    isr = topic.partitions[event.partition].replicas[event.broker].isr
    fewest = min(topic.min_insync_replicas, topic.replication_factor)
    must(
        len(isr) >= fewest,
        f"below the minimum nothing is committed: in sync are {isr}, {fewest} are asked for: {event}",
    )


# -- producers ------------------------------------------------------------------------------------------------


@looks(ProducerAdded)
def _producer(history: History, event: ProducerAdded, state: State) -> None:
    for (name, _, _), sender in history.senders.items():
        if name == event.name:
            sender.lives.append(len(sender.sent_us))


@looks(SendCalled)
def _sent(history: History, event: SendCalled, state: State) -> None:
    history.senders[event.producer, event.topic, event.partition].sent_us.append(event.at_us)


@looks(RecordsAcknowledged)
def _acknowledged(history: History, event: RecordsAcknowledged, state: State) -> None:
    sender = _end(history, event, "acknowledged")
    numbers = range(event.first_number, event.first_number + event.count)
    acks = state.cluster.producers[event.producer].settings.acks
    if acks in ("all", "-1"):
        sender.safe.update(numbers)
    elif acks == "1":
        sender.told.update(numbers)


@looks(RecordsFailed)
def _failed(history: History, event: RecordsFailed, state: State) -> None:
    if event.first_number >= 0:
        _end(history, event, "failed")


@looks(BatchSplit)
def _split(history: History, event: BatchSplit, state: State) -> None:
    history.senders[event.producer, event.topic, event.partition].split = True


def _end(history: History, event: RecordsAcknowledged | RecordsFailed, how: str) -> Sender:
    """Each send() ends once (R39, R45)."""
    sender = history.senders[event.producer, event.topic, event.partition]
    for number in range(event.first_number, event.first_number + event.count):
        must(number < len(sender.sent_us), f"each send() ends once: record {number} was never sent: {event}")
        must(
            number not in sender.ended,
            f"each send() ends once: record {number} had {sender.ended.get(number)} already: {event}",
        )
        sender.ended[number] = how
    return sender


# -- consumers ------------------------------------------------------------------------------------------------


@looks(ConsumerAdded)
def _consumer(history: History, event: ConsumerAdded, state: State) -> None:
    history.held[event.name] = set()


@looks(PositionsSet)
def _positions(history: History, event: PositionsSet, state: State) -> None:
    for topic, number, offset, _ in event.positions:
        history.read[event.consumer, topic, number] = offset
        key = event.group, topic, number
        history.done[key] = max(history.done[key], offset)


@looks(Sought)
def _sought(history: History, event: Sought, state: State) -> None:
    for topic, number, offset in event.positions:
        history.read[event.consumer, topic, number] = offset
        key = event.group, topic, number
        history.done[key] = max(history.done[key], offset)


@looks(RecordsReturned)
def _returned(history: History, event: RecordsReturned, state: State) -> None:
    """Offsets only rise; what is returned is in a log below its high watermark (R98)."""
    for topic, number, first, end in event.parts:
        key = event.consumer, topic, number
        must(
            history.read.get(key, 0) <= first < end,
            f"offsets rise: {history.read.get(key)} was next: {event}",
        )
        history.read[key] = end
        for batch in _holding(state, topic, number, end):
            for offset in range(max(first, batch.base_offset), min(end, batch.end_offset)):
                history.returned[topic, number, offset] = batch.leader_epoch, batch.first_number


def _holding(state: State, topic: str, number: int, end: int) -> tuple[Any, ...]:
    """The batches of the copy that has everything below `end` committed."""
    for copy in state.cluster.partition(topic, number).replicas.values():
        if copy.high_watermark >= end:
            return copy.log.read(copy.log.start, end)
    return ()


@looks(RecordsProcessed)
def _processed(history: History, event: RecordsProcessed, state: State) -> None:
    key = event.group, event.topic, event.partition
    history.done[key] = max(history.done[key], event.end)


@looks(OffsetsCommitted)
def _committed(history: History, event: OffsetsCommitted, state: State) -> None:
    """Who commits after the work has never committed what nobody of the group worked on (R86)."""
    consumer = state.cluster.consumers.get(event.client)
    if event.by_hand or consumer is None or consumer.settings.commit not in ("after", "each"):
        return
    if "commit consumer" in history.orders:
        return
    for topic, number, offset in event.offsets:
        done = history.done[event.group, topic, number]
        passed = history.read.get((event.client, topic, number), 0)
        visible = _records(state, topic, number, done, min(offset, passed))
        must(
            offset <= done or not visible,
            f"nothing is committed before it is done: {event.group} is done up to {done}: {event}",
        )


def _records(state: State, topic: str, number: int, first: int, end: int) -> bool:
    """Whether there are records for applications in first … end - 1: markers and gaps are passed over."""
    log = state.cluster.partition(topic, number).led.log
    return any(not batch.transactional for batch in log.read(first, end) if batch.base_offset < end)


# -- groups ---------------------------------------------------------------------------------------------------


@looks(PartitionsAssigned)
def _assigned(history: History, event: PartitionsAssigned, state: State) -> None:
    """What a consumer has is not given to it again (R108, R109, R123)."""
    mine = history.held[event.consumer]
    again = {place for place in mine & set(event.partitions) if place[0] not in history.deleted}
    must(not again, f"what is kept is not revoked: {sorted(again)} had never been revoked: {event}")
    mine |= set(event.partitions)


@looks(PartitionsRevoked)
def _revoked(history: History, event: PartitionsRevoked, state: State) -> None:
    """Only what a consumer has can be taken from it (R108, R109, R123)."""
    mine = history.held[event.consumer]
    foreign = {place for place in set(event.partitions) - mine if place[0] not in history.deleted}
    must(not foreign, f"what is kept is not revoked: {sorted(foreign)} are not its own: {event}")
    mine -= set(event.partitions)


@looks(GenerationStarted)
def _generation(history: History, event: GenerationStarted, state: State) -> None:
    _newer(history, event)


@looks(GroupEmptied)
def _emptied(history: History, event: GroupEmptied, state: State) -> None:
    _newer(history, event)


@looks(GroupLoaded)
def _loaded(history: History, event: GroupLoaded, state: State) -> None:
    """A generation that was never written to the log is forgotten with its coordinator (R99)."""
    stored = state.cluster.groups[event.group].generation
    must(stored <= history.generations.get(event.group, 0), f"epochs rise: {event} knows generation {stored}")
    history.generations[event.group] = stored


@looks(GroupDeleted)
def _forgotten(history: History, event: GroupDeleted, state: State) -> None:
    """Whoever takes the name later is another group."""
    history.generations.pop(event.group, None)
    history.epochs.pop(event.group, None)


def _newer(history: History, event: GenerationStarted | GroupEmptied) -> None:
    """A generation is one more than the last one (R104, R122)."""
    before = history.generations.get(event.group, 0)
    must(event.generation == before + 1, f"epochs rise: generation {before} came before {event}")
    history.generations[event.group] = event.generation


@looks(GroupEpochRaised)
def _raised(history: History, event: GroupEpochRaised, state: State) -> None:
    _next_epoch(history, event.group, event)


@looks(ConsumerGroupMemberRemoved)
def _removed(history: History, event: ConsumerGroupMemberRemoved, state: State) -> None:
    _next_epoch(history, event.group, event)


def _next_epoch(history: History, group: str, event: GroupEpochRaised | ConsumerGroupMemberRemoved) -> None:
    before = history.epochs.get(group, 0)
    must(event.epoch == before + 1, f"epochs rise: group epoch {before} came before {event}")
    history.epochs[group] = event.epoch


@looks(TargetAssigned)
def _target(history: History, event: TargetAssigned, state: State) -> None:
    must(event.epoch == history.epochs.get(event.group), f"epochs rise: {event}")
    for member, partitions in event.target:
        history.targets[event.group, member] = set(partitions)


@looks(ConsumerGroupMemberJoined)
def _joined(history: History, event: ConsumerGroupMemberJoined, state: State) -> None:
    old = history.targets.pop((event.group, event.replaces), set()) if event.replaces else set()
    history.targets.setdefault((event.group, event.member_id), old)
    history.members.pop((event.group, event.member_id), None)


@looks(StaticMemberAway)
def _away(history: History, event: StaticMemberAway, state: State) -> None:
    history.members.pop((event.group, event.member_id), None)


@looks(MemberReconciled)
def _reconciled(history: History, event: MemberReconciled, state: State) -> None:
    """Member epochs rise up to the group's; a partition that a member keeps is never revoked (R104, R108, R109, R122, R123)."""
    key = event.group, event.member_id
    before, most = history.members.get(key, 0), history.epochs.get(event.group, 0)
    must(before <= event.epoch <= most, f"epochs rise: member epoch {before}, group epoch {most}: {event}")
    history.members[key] = event.epoch
    kept = history.targets.get(key, set()) & set(event.revoking)
    must(not kept, f"what is kept is not revoked: {sorted(kept)} is to stay: {event}")

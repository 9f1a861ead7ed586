"""What a crash of a reader would cost its group right now, and what the last one did cost, partition by
partition (R86).

Costs are counted in offsets. `lost` are offsets below the commit that nobody did and nobody has in hand:
whoever reads on begins at the commit and never sees them.
"""

from __future__ import annotations

from mqviz.facts.views import Reading
from mqviz.model.kafka.clients.consumer.state import Consumer, Slice, TopicPartitionState
from mqviz.model.kafka.coordinator.offsets.state import Crash, GroupPartition
from mqviz.model.state import State

GONE = ("closed", "dead")

ONCE = ("dedupe", "transaction")
"""Commit styles with which work that is done again has no second effect: it is recognised, or what was
written first was aborted.
"""


class Cost(Reading, frozen=True):
    """Offsets that are read again, those of them whose work takes effect twice, and those that are never
    done.
    """

    again: int
    twice: int
    lost: int


class Tally(Reading, frozen=True):
    """What became of each offset from where the group began up to the high watermark; the five add up to all
    of them.
    """

    once: int
    more: int
    lost: int
    in_hand: int
    waiting: int


class Exposure(Reading, frozen=True):
    """One group at one partition. `style`: when its application commits; `member` its reader, "" if there is
    none.

    `activity`: what that is doing now, "" if nothing is known of it. `committed`: None before the first
    commit. `begin`: where a successor would begin. `position`: what the reader has read up to, or had when it
    died. `in_hand`: (first, end) ranges that it still works on, the record `working` among them. `now`: what
    a crash would cost now; `did`: what crashes did cost. `tally`: all records.
    """

    group: str
    style: str
    member: str
    activity: str
    committed: int | None
    begin: int
    position: int
    working: int | None
    in_hand: tuple[tuple[int, int], ...]
    crash: Crash | None
    now: Cost
    did: Cost
    tally: Tally


def exposures(state: State, topic: str, partition: int) -> tuple[Exposure, ...]:
    """Every group that read this partition, in the order in which the groups came."""
    key = state.cluster.partition(topic, partition).key
    found = [(name, group.records.get(key)) for name, group in state.cluster.groups.items()]
    return tuple(
        _exposure(state, name, record) for name, record in found if record and record.start is not None
    )


def _exposure(state: State, group: str, record: GroupPartition) -> Exposure:
    consumers = [c for c in state.cluster.consumers.values() if c.settings.group == group]
    reader, partition_state = _reader(state, record, consumers)
    position = partition_state.position if partition_state is not None else None
    if position is None:
        position = record.crash.position if record.crash is not None else record.start or 0
    begin = _begin(state, record, consumers)
    hand = _in_hand(record, consumers)
    style = consumers[-1].settings.commit if consumers else ""
    did = _did(record, position, hand, style in ONCE)
    working = reader.taken.offset if reader is not None and reader.taken is not None else None
    return Exposure(
        group,
        style,
        reader.name if reader is not None else "",
        reader.activity if reader is not None else "",
        record.committed,
        begin,
        position,
        working,
        hand,
        record.crash,
        _would(record, begin, position, style in ONCE, did.lost),
        did,
        _tally(state, record, hand, did),
    )


def _reader(
    state: State, record: GroupPartition, consumers: list[Consumer]
) -> tuple[Consumer | None, TopicPartitionState | None]:
    key = state.cluster.partition(record.topic, record.partition).key
    return next(
        (
            (c, c.partition_states[key])
            for c in consumers
            if c.state not in GONE and key in c.partition_states
        ),
        (None, None),
    )


def _begin(state: State, record: GroupPartition, consumers: list[Consumer]) -> int:
    """The commit, or what auto.offset.reset says where there is none (R81)."""
    if record.committed is not None:
        return record.committed
    led = state.cluster.partition(record.topic, record.partition).led
    earliest = not consumers or consumers[-1].settings.auto_offset_reset == "earliest"
    return led.log.start if earliest else led.high_watermark


def _in_hand(record: GroupPartition, consumers: list[Consumer]) -> tuple[tuple[int, int], ...]:
    def here(part: Slice) -> bool:
        return (part.topic, part.partition) == (record.topic, record.partition)

    living = [c for c in consumers if c.state not in GONE]
    return tuple((part.first, part.end) for c in living for part in c.hand if here(part))


def _would(record: GroupPartition, begin: int, position: int, once: bool, lost: int) -> Cost:
    """The reader dies now, and what it had in hand is gone; `lost` are so already."""
    again = max(0, position - begin)
    done = sum(end - first for first, end, times in record.steps(begin, position) if times)
    return Cost(again, 0 if once else done, max(0, _undone(record, begin) - lost))


def _did(record: GroupPartition, position: int, hand: tuple[tuple[int, int], ...], once: bool) -> Cost:
    crash, begin = record.crash, record.committed or 0
    again = 0
    if crash is not None and crash.begin is not None:
        again = max(0, min(position, crash.position) - crash.begin)
    held = sum(_undone(record, min(end, begin), first) for first, end in hand)
    return Cost(again, 0 if once else record.more_than_once(), _undone(record, begin) - held)


def _tally(state: State, record: GroupPartition, hand: tuple[tuple[int, int], ...], did: Cost) -> Tally:
    high = state.cluster.partition(record.topic, record.partition).led.high_watermark
    done, undone = 0, 0
    for first, end, times in record.steps(record.start or 0, high):
        done += end - first if times else 0
        undone += 0 if times else end - first
    held = sum(_undone(record, end, first) for first, end in hand)
    return Tally(done - did.twice, did.twice, did.lost, held, undone - did.lost - held)


def _undone(record: GroupPartition, end: int, first: int | None = None) -> int:
    """How many offsets below `end` the group has never done."""
    start = record.start or 0 if first is None else first
    return sum(b - a for a, b, times in record.steps(start, end) if not times)


def below_commit(state: State, group: str, record: GroupPartition, end: int) -> tuple[int, int]:
    """(lost, in hand): offsets below the commit and `end` that the group never did: nobody has them, or a
    living member works on them.

    Nothing is said where somebody from outside committed, or moved the commit or a position by hand.
    """
    if record.committed is None or record.moved or record.outside:
        return 0, 0
    end = min(end, record.committed)
    undone = _undone(record, end)
    if not undone:
        return 0, 0
    consumers = [c for c in state.cluster.consumers.values() if c.settings.group == group]
    held = sum(_undone(record, min(last, end), first) for first, last in _in_hand(record, consumers))
    return max(0, undone - held), min(undone, held)


def times_done(state: State, group: str, topic: str, partition: int, first: int, end: int) -> tuple[int, ...]:
    """How often the group did each of the offsets first … end - 1."""
    record = state.cluster.groups[group].records[state.cluster.partition(topic, partition).key]
    return tuple(times for a, b, times in record.steps(first, end) for _ in range(a, b))


def time_lag(state: State, group: str, topic: str, partition: int) -> int | None:
    """Age in us of the first record that the group has not committed, 0 if it has read all; None before its
    first commit (R92).
    """
    known = state.cluster.groups.get(group)
    found = state.cluster.partition(topic, partition)
    record = known.records.get(found.key) if known else None
    if record is None or record.committed is None:
        return None
    led = found.led
    first = max(record.committed, led.log.start)
    if first >= led.high_watermark:
        return 0
    batch = next(led.log.forwards(first))
    return state.now_us - batch.timestamp_us(max(0, first - batch.base_offset))

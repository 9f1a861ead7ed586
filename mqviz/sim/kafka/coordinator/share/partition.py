"""Share-partition: how a partition leader hands out records one by one and takes them back.

Like a real broker: a window [start, end) of records in four states; acquiring counts a delivery and sets one
lock for the whole answer; accept finishes a record, reject archives it, release and a lock that is over free
it, or archive it after the last delivery (R131, R132); whole batches are acquired up to max.poll.records,
exactly that many in record_limit mode, and the window is limited (R131); an acknowledgement with one wrong
range changes nothing (INVALID_RECORD_STATE); each state write carries the start as it was before (R131). A
new leader knows only what was written. With share.isolation.level read_committed records of aborted
transactions are passed over, and nothing beyond the last stable offset is given out (R134). What is released
comes again in the portions in which it was acquired for the first time, but from half of the deliveries on a
few at a time, and one alone for the last time (R131, from 4.2).
Left out: the records of __share_group_state and writes of them that fail (S14), gaps as offsets that are
acquired and that the client gives back as gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from mqviz.kafka.errors import Error
from mqviz.model.kafka.cluster import Partition
from mqviz.model.kafka.coordinator.share.events import (
    ShareGapsPassed,
    ShareLeaderMoved,
    ShareLocksRenewed,
    SharePartitionStarted,
    ShareRecordArchived,
    ShareRecordsAcquired,
    ShareRecordsSettled,
)
from mqviz.model.kafka.coordinator.share.state import ShareGroup
from mqviz.model.kafka.coordinator.share.window import Run, SharePartition
from mqviz.model.kafka.log.batch import Batch
from mqviz.sim.engine import TIMER, Simulation, due
from mqviz.sim.hook import Hook
from mqviz.sim.kafka.choices import group_setting, own_group_setting

Ranges = list[tuple[int, int, str]]
Taken = list[tuple[int, int, int]]
"""(first, end, deliveries)."""
_LENGTH = re.compile(r"by_duration:P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")

lock_over: Hook[[Simulation, str, str, int], None] = due(Hook("free records whose lock is over"))


# -- opening ------------------------------------------------------------------------------------------------


def opened(sim: Simulation, group: ShareGroup, partition: Partition) -> SharePartition:
    """The group's window on a partition, opened where share.auto.offset.reset says if it is new (R134)."""
    found = group.windows.get(partition.key)
    if found is not None:
        if found.leader != partition.leader:
            name, topic, number = group.name, partition.topic, partition.number
            sim.emit(ShareLeaderMoved(*sim.stamp(), name, topic, number, partition.leader))
        return found
    reset = str(group_setting(sim, group.name, "share.auto.offset.reset"))
    event = SharePartitionStarted(
        *sim.stamp(),
        group.name,
        partition.topic,
        partition.number,
        _start(sim, partition, reset),
        reset,
        1000 * int(group_setting(sim, group.name, "share.record.lock.duration.ms")),
        int(_limit(sim, group.name, "share.delivery.count.limit")),
        int(_limit(sim, group.name, "share.partition.max.record.locks")),
        partition.leader,
    )
    sim.emit(event)
    return group.windows[partition.key]


def _start(sim: Simulation, partition: Partition, reset: str) -> int:
    led = partition.led
    if reset == "earliest":
        return led.log.start
    found = _LENGTH.fullmatch(reset)
    if found:
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        back_us = round(((days * 24 + hours) * 60 + minutes) * 60_000_000 + seconds * 1_000_000)
        at = led.log.offset_for_time(sim.now_us - back_us)
        return at[0] if at else led.high_watermark
    return led.high_watermark


def _limit(sim: Simulation, group: str, name: str) -> int:
    """Limits are the broker's; a group has its own from 4.3 on (KIP-1240), and 4.0 locks 200 records (R7)."""
    plan = sim.scenario.cluster
    if sim.scenario.kafka_version >= "4.3" and own_group_setting(sim, group, name) is not None:
        return int(group_setting(sim, group, name))
    if name == "share.partition.max.record.locks" and f"group.{name}" not in plan.settings:
        return sim.version.share_in_flight
    return int(plan.setting(f"group.{name}"))


# -- acquiring ----------------------------------------------------------------------------------------------


def acquire(
    sim: Simulation,
    group: ShareGroup,
    found: SharePartition,
    member_id: str,
    client: str,
    most: int,
    cut: bool,
) -> tuple[tuple[int, int, int], ...]:
    """Acquire up to `most` records, whole batches unless `cut`; returns ranges (first, end, deliveries)
    (R131).
    """
    partition = sim.state.cluster.partition(found.topic, found.partition)
    _pass_gaps(sim, group, found, partition)
    committed = _committed_only(sim, group)
    mark = readable_end(partition, committed)
    room = found.in_flight - (found.end - found.start)
    most = min(most, room) if room > 0 else most
    ranges, left = _again(found, partition, mark, most, cut, sim.version.share_isolates)
    gaps: list[tuple[int, int]] = []
    portion = None
    if left > 0 and room > 0:
        fresh, gaps, portion = _fresh(found, partition, mark, left, cut, committed)
        ranges += fresh
    if not ranges:
        return ()
    lock, until_us = found.locks + 1, sim.now_us + found.lock_us
    event = ShareRecordsAcquired(
        *sim.stamp(),
        group.name,
        found.topic,
        found.partition,
        member_id,
        client,
        lock,
        until_us,
        tuple(ranges),
        portion,
    )
    why = sim.emit(event)
    sim.schedule(found.lock_us, TIMER, lock_over, group.name, found.key, lock, cause=why)
    if gaps:
        sim.emit(ShareGapsPassed(*sim.stamp(), group.name, found.topic, found.partition, tuple(gaps)))
    return event.ranges


def _committed_only(sim: Simulation, group: ShareGroup) -> bool:
    """share.isolation.level read_committed (R134)."""
    return bool(group_setting(sim, group.name, "share.isolation.level") == "read_committed")


def readable_end(partition: Partition, committed: bool) -> int:
    """The first offset that may not be delivered yet: the last stable one for a group that reads `committed`
    (R63, R134).
    """
    led = partition.led
    return led.last_stable_offset if committed else led.high_watermark


def _holds_nothing(partition: Partition, batch: Batch, committed: bool) -> bool:
    """Whether nobody of the group may see this batch: a marker, or records of an aborted transaction."""
    return batch.control or (committed and partition.led.log.transactions.hides(batch))


def _again(
    found: SharePartition, partition: Partition, mark: int, most: int, cut: bool, isolates: bool
) -> tuple[Taken, int]:
    """Records in the window that are free again, portion by portion, and how many more may be acquired
    (R131).

    A portion goes as a whole, unless some of it was delivered often: of that one Kafka gives a part, and
    nothing else with it. The log may end before the window does, after a loss: what is not there cannot be
    had until others stand in its place.
    """
    ranges: Taken = []
    left, often = most, max(2, ceil(found.limit / 2))
    for first, end in _portions(found, partition):
        if left <= 0:
            break
        free = [run for run in found.between(first, min(end, mark)) if run.state == "Available"]
        isolated = isolates and any(run.deliveries >= often for run in free)
        if isolated and left < most:
            return ranges, 0
        taken = _few(free, end - first, often, found.limit) if isolated else [_taken(run) for run in free]
        ranges += _first_of(taken, left) if cut else taken
        left -= sum(until - begin for begin, until, _ in taken)
        if isolated:
            return ranges, 0
    return ranges, left


def _taken(run: Run) -> tuple[int, int, int]:
    return run.first, run.end, run.deliveries + 1


def _portions(found: SharePartition, partition: Partition) -> Iterator[tuple[int, int]]:
    """The window from its start to its end: what was acquired together, and in between the log's batches."""
    at = found.start
    for first, end in [*found.portions, (found.end, found.end)]:
        for batch in partition.led.log.forwards(at) if at < first else ():
            if batch.base_offset >= first:
                break
            yield max(at, batch.base_offset), min(batch.end_offset, first)
        yield first, end
        at = end


def _few(free: list[Run], size: int, often: int, limit: int) -> Taken:
    """Of a portion of `size` records the half from the delivery after `often` on, then a quarter …, and
    before the last one alone.
    """
    found: Taken = []
    most = size
    for run in free:
        taken = sum(end - first for first, end, _ in found)
        last = run.deliveries == limit - 1
        if taken == most or (last and taken):
            break
        if run.deliveries >= often and most == size:
            most = max(1, size >> (run.deliveries - often + 1))
        end = run.first + 1 if last else min(run.end, run.first + most - taken) if taken < most else run.end
        found.append((run.first, end, run.deliveries + 1))
        if last:
            break
    return found


def _first_of(ranges: Taken, most: int) -> Taken:
    """The first `most` records of these."""
    found: Taken = []
    for first, end, count in ranges:
        if most > 0:
            found.append((first, min(end, first + most), count))
            most -= end - first
    return found


def _fresh(
    found: SharePartition, partition: Partition, mark: int, room: int, cut: bool, committed: bool
) -> tuple[Taken, list[tuple[int, int]], tuple[int, int] | None]:
    """Records behind the window, the gaps between and behind them that hold nothing, and the portion that
    both make.
    """
    ranges: Taken = []
    gaps: list[tuple[int, int]] = []
    end, taken = found.end, 0
    for batch in partition.led.log.forwards(found.end):
        if taken >= room or batch.base_offset >= mark:
            break
        first, until = max(batch.base_offset, end), min(batch.end_offset, mark)
        if first > end:
            gaps.append((end, first))
        if _holds_nothing(partition, batch, committed):
            gaps.append((first, until))
        else:
            joins = bool(ranges) and ranges[-1][1] == first
            ranges[-1:] = [(ranges[-1][0], until, 1)] if joins else [*ranges[-1:], (first, until, 1)]
            taken += until - first
        end = until
    return _first_of(ranges, room) if cut else ranges, gaps, (found.end, end) if ranges else None


def _pass_gaps(sim: Simulation, group: ShareGroup, found: SharePartition, partition: Partition) -> None:
    """Offsets next to the window that hold no record are finished; so is what retention took away (R134)."""
    log, committed = partition.led.log, _committed_only(sim, group)
    readable = readable_end(partition, committed)
    log_start = log.start if log.start > found.start else 0
    begin = end = max(found.end, log_start)
    for batch in log.forwards(end):
        if batch.base_offset >= readable:
            break
        end = max(end, batch.base_offset)
        if not _holds_nothing(partition, batch, committed):
            break
        end = batch.end_offset
    gaps = ((begin, end),) if end > begin else ()
    if gaps or log_start:
        sim.emit(ShareGapsPassed(*sim.stamp(), group.name, found.topic, found.partition, gaps, log_start))


# -- giving back --------------------------------------------------------------------------------------------


def acknowledge(
    sim: Simulation, group: ShareGroup, found: SharePartition, member_id: str, moves: Ranges
) -> Error:
    """Take what a member says of its records; all of it counts or, if a part is wrong, nothing (R133).

    What the start has passed meanwhile is passed over in silence, and so are offsets without a record (R133).
    """
    if any(kind == "renew" for _, _, kind in moves) and not _may_renew(sim, group.name):
        return Error.INVALID_REQUEST
    moves = [(max(first, found.start), end, kind) for first, end, kind in moves if end > found.start]
    done = found.start
    for first, end, kind in moves:
        runs = found.between(first, end)
        if end > found.end > found.start:
            return Error.INVALID_REQUEST  # past all that is in flight
        covered = sum(run.end - run.first for run in runs) == end - first
        mine = all(_is_gap(run) or (run.state == "Acquired" and run.member == member_id) for run in runs)
        if first < done or not runs or not covered or not mine:
            return Error.INVALID_RECORD_STATE
        done = done if kind == "renew" else end
    moves = [each for first, end, kind in moves for each in _records(found, first, end, kind)]
    if not moves:
        return Error.NONE
    settled = [each for each in moves if each[2] != "renew"]
    renewed = [(first, end) for first, end, kind in moves if kind == "renew"]
    client = found.between(*moves[0][:2])[0].client
    if renewed:
        _renew(sim, group, found, member_id, client, renewed)
    if settled:
        settle(sim, group, found, member_id, client, "acknowledged", settled)
    return Error.NONE


def _is_gap(run: Run) -> bool:
    """Whether these offsets never held a record for this group; acknowledgements may span them (R133)."""
    return run.state == "Archived" and not run.deliveries


def _records(found: SharePartition, first: int, end: int, kind: str) -> Ranges:
    """The range without its gaps."""
    ranges: Ranges = []
    for run in found.between(first, end):
        if _is_gap(run):
            continue
        joins = bool(ranges) and ranges[-1][1] == run.first
        ranges[-1:] = (
            [(ranges[-1][0], run.end, kind)] if joins else [*ranges[-1:], (run.first, run.end, kind)]
        )
    return ranges


def _may_renew(sim: Simulation, group: str) -> bool:
    return sim.version.share_renew and bool(group_setting(sim, group, "share.renew.acknowledge.enable"))


def _renew(
    sim: Simulation,
    group: ShareGroup,
    found: SharePartition,
    member_id: str,
    client: str,
    ranges: list[tuple[int, int]],
) -> None:
    lock, until_us = found.locks + 1, sim.now_us + found.lock_us
    event = ShareLocksRenewed(
        *sim.stamp(),
        group.name,
        found.topic,
        found.partition,
        member_id,
        client,
        lock,
        until_us,
        tuple(ranges),
    )
    why = sim.emit(event)
    sim.schedule(found.lock_us, TIMER, lock_over, group.name, found.key, lock, cause=why)


def settle(
    sim: Simulation,
    group: ShareGroup,
    found: SharePartition,
    member_id: str,
    client: str,
    because: str,
    moves: Ranges,
) -> None:
    """Let acquired records move on, with one state write, and tell of each that is archived for good."""
    last = list(_last_deliveries(found, moves))
    event = ShareRecordsSettled(
        *sim.stamp(),
        group.name,
        found.topic,
        found.partition,
        member_id,
        client,
        because,
        tuple(moves),
    )
    sim.cause = sim.emit(event)
    log = sim.state.cluster.partition(found.topic, found.partition).led.log
    for offset in last:
        batch = next(log.forwards(offset), None)
        key = batch.keys[offset - batch.base_offset] if batch and batch.base_offset <= offset else None
        sim.emit(
            ShareRecordArchived(
                *sim.stamp(), group.name, found.topic, found.partition, offset, key, found.limit, client
            )
        )


def _last_deliveries(found: SharePartition, moves: Ranges) -> Iterator[int]:
    """Offsets that are released and must not be delivered again."""
    for first, end, kind in moves:
        if kind == "release":
            for run in found.between(first, end):
                if run.deliveries >= found.limit:
                    yield from range(run.first, run.end)


def release(sim: Simulation, group: ShareGroup, found: SharePartition, runs: list[Run], because: str) -> None:
    """Free acquired runs of one member."""
    moves = [(run.first, run.end, "release") for run in runs]
    settle(sim, group, found, runs[0].member, runs[0].client, because, moves)


def release_member(
    sim: Simulation, group: ShareGroup, found: SharePartition, member_id: str, because: str
) -> bool:
    """Free all that a member holds of this partition; False if it holds nothing."""
    runs = [run for run in found.runs if run.state == "Acquired" and run.member == member_id]
    if runs:
        release(sim, group, found, runs, because)
    return bool(runs)


def expired(sim: Simulation, group: ShareGroup, key: str, lock: int) -> SharePartition | None:
    """The lock is over: what it still holds is free (R132); returns the window if anything moved."""
    found = group.windows.get(key)
    runs = [run for run in found.runs if run.state == "Acquired" and run.lock == lock] if found else []
    if found is None or not runs or runs[0].until_us > sim.now_us:
        return None
    release(sim, group, found, runs, "lock over")
    return found

"""Consumer: an application that polls, works on each record, commits, and polls again.

Like a real broker: as its Java client, poll() first does what the group needs, then returns fetched records,
at most max.poll.records, draining partitions one after the other in the order in which they came, and sends
the next fetches before it returns; the position moves when records are returned (R79, R98), and jumps over
what the application may not see (R63). Partitions that the application paused wait (R89). A poll() that comes
too late makes the client leave (R93). One thread works, one record at a time (S18); when it commits is its
own choice: before or after the work, after each record, without waiting, not at all, with a table of what is
done (R86), or in a transaction (R66). Left out: callbacks that take time.
"""

from __future__ import annotations

from mqviz.model.kafka.clients.consumer.events import (
    ApplicationBusy,
    ConsumerFailed,
    PollCalled,
    PollEnded,
    PositionsMoved,
    RecordsProcessed,
    RecordsReturned,
    RecordsSkipped,
    RecordTaken,
)
from mqviz.model.kafka.clients.consumer.state import Consumer, TopicPartitionState
from mqviz.sim.engine import STEP, TIMER, Simulation, due
from mqviz.sim.kafka.clients.consumer import commits, exactly_once, fetcher, offset_reset, wakeup
from mqviz.sim.kafka.clients.consumer.config import most_records
from mqviz.sim.kafka.clients.consumer.protocol import protocol_of

Range = tuple[str, int, int, int]

# -- poll() -----------------------------------------------------------------------------------------------


@wakeup.poll.filled
def poll(sim: Simulation, consumer: Consumer) -> None:
    """The application calls poll()."""
    sim.emit(PollCalled(*sim.stamp(), consumer.name))
    progress(sim, consumer)


@wakeup.progress.filled
def progress(sim: Simulation, consumer: Consumer) -> None:
    """Do what poll() does now, if the application is inside it: group work first, then records (R79)."""
    if not _polling(consumer) or not protocol_of(consumer).poll(sim, consumer):
        return
    commits.auto(sim, consumer)
    offset_reset.locate(sim, consumer)
    if not _polling(consumer):
        return
    parts, jumps = _returnable(consumer)
    if jumps:
        sim.cause = sim.emit(PositionsMoved(*sim.stamp(), consumer.name, jumps))
    if parts:
        event = RecordsReturned(*sim.stamp(), consumer.name, consumer.settings.group, parts)
        sim.cause = sim.emit(event)
    fetcher.fetch(sim, consumer)
    if parts:
        _begin(sim, consumer)


def _polling(consumer: Consumer) -> bool:
    return consumer.activity == "polling" and consumer.state == "running"


def _returnable(consumer: Consumer) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """What poll() returns now, at most max.poll.records in all, and ranges without records that it passes
    (R79).
    """
    left = most_records(consumer)
    parts: list[Range] = []
    jumps: list[Range] = []
    for key in consumer.ready:
        partition_state = consumer.partition_states[key]
        if partition_state.position is None or not left:
            break
        if partition_state.paused:
            continue
        end, count = _take_from(partition_state, partition_state.position, left)
        left -= count
        (parts if count else jumps).append(
            (partition_state.topic, partition_state.partition, partition_state.position, end)
        )
    return tuple(parts), tuple(jumps)


def _take_from(partition_state: TopicPartitionState, position: int, left: int) -> tuple[int, int]:
    """(where the position moves, how many records that is): at most `left`, markers and hidden records not
    counted.
    """
    count = 0
    for batch in partition_state.fetched:
        first, end = max(position, batch.base_offset), min(batch.end_offset, partition_state.fetched_to)
        if not partition_state.visible(batch) or first >= end:
            continue
        taken = min(end - first, left - count)
        count += taken
        if count == left:
            return first + taken, count
    return partition_state.fetched_to, count


@wakeup.throw.filled
def throw(sim: Simulation, consumer: Consumer, exception: str) -> None:
    """poll() throws; an application that loops does what its finally block says: it closes its consumer."""
    group = consumer.settings.group
    if not consumer.loop:
        sim.cause = sim.emit(PollEnded(*sim.stamp(), consumer.name, group, exception))
        return
    sim.cause = sim.emit(ConsumerFailed(*sim.stamp(), consumer.name, group, exception))
    protocol_of(consumer).leave(sim, consumer)


# -- working ----------------------------------------------------------------------------------------------


def _begin(sim: Simulation, consumer: Consumer) -> None:
    """The application has records: it commits first, if that is its way, or begins to work."""
    if consumer.settings.commit == "transaction":
        exactly_once.begin(sim, consumer)
    elif consumer.settings.commit != "before":
        work(sim, consumer)
    elif not commits.commit(sim, consumer, "before"):
        put_down(sim, consumer, "the commit before the work failed")


@wakeup.put_down.filled
def put_down(sim: Simulation, consumer: Consumer, because: str) -> None:
    """The application does not work on what it has in hand."""
    while consumer.hand:
        part = consumer.hand[0]
        _skip(sim, consumer, part.end, because)
    again(sim, consumer)


def _skip(sim: Simulation, consumer: Consumer, end: int, because: str) -> None:
    part, group = consumer.hand[0], consumer.settings.group
    event = RecordsSkipped(
        *sim.stamp(), consumer.name, group, part.topic, part.partition, part.first, end, because
    )
    sim.cause = sim.emit(event)


@wakeup.work.filled
def work(sim: Simulation, consumer: Consumer) -> None:
    """Take the next record that poll() returned; after the last one commit, or poll again."""
    style = consumer.settings.commit
    while consumer.hand:
        if style == "dedupe" and _recognised(sim, consumer):
            continue
        if consumer.processing_us:
            _take(sim, consumer)
            return
        if _commit_record(sim, consumer, _did(sim, consumer, _reach(consumer))):
            return
    _worked(sim, consumer)


def _reach(consumer: Consumer) -> int:
    """How far work that takes no time gets at once: one record, if something is to be done between two of
    them.
    """
    part = consumer.hand[0]
    one_by_one = consumer.settings.commit in ("each", "dedupe", "transaction")
    return part.end_after(part.next_record()) if one_by_one else part.end


def _worked(sim: Simulation, consumer: Consumer) -> None:
    """All that poll() returned is done."""
    style = consumer.settings.commit
    if style == "transaction":
        exactly_once.finish(sim, consumer)
        return
    if style in ("after", "dedupe") and commits.commit(sim, consumer, "application"):
        return
    if style == "async":
        commits.commit(sim, consumer, "async")
    again(sim, consumer)


def _did(sim: Simulation, consumer: Consumer, end: int) -> tuple[str, int, int]:
    """The effects of the records in hand below `end` have happened; returns what could be committed now."""
    part = consumer.hand[0]
    if consumer.settings.commit == "transaction":
        exactly_once.produce(sim, consumer, end)
    event = RecordsProcessed(
        *sim.stamp(), consumer.name, consumer.settings.group, part.topic, part.partition, part.first, end
    )
    sim.cause = sim.emit(event)
    return event.topic, event.partition, end


def _recognised(sim: Simulation, consumer: Consumer) -> bool:
    """Whether the next record's id is in the table of what the group has done;
    then it is passed over (R86).
    """
    part, group = consumer.hand[0], sim.state.cluster.groups.get(consumer.settings.group)
    offset = part.next_record()
    record = group.records.get(sim.state.cluster.partition(part.topic, part.partition).key) if group else None
    if offset is None or record is None or not record.processed(offset):
        return False
    _skip(sim, consumer, part.end_after(offset), "it is done already, says the table of the application")
    return True


def _commit_record(sim: Simulation, consumer: Consumer, done: tuple[str, int, int]) -> bool:
    """Commit the record that is done, if that is the way of the application (commit=each)."""
    return consumer.settings.commit == "each" and commits.commit(sim, consumer, "each", (done,))


def _take(sim: Simulation, consumer: Consumer) -> None:
    part = consumer.hand[0]
    batch = part.batches[0]
    offset = max(part.first, batch.base_offset)
    key = batch.keys[offset - batch.base_offset]
    takes_us = consumer.processing_us
    if consumer.settings.service_times == "exponential":
        takes_us = sim.stream(f"consumer {consumer.name} service").exponential(takes_us)
    event = RecordTaken(
        *sim.stamp(), consumer.name, part.topic, part.partition, offset, key, sim.now_us + takes_us
    )
    sim.schedule(takes_us, STEP, _processed, consumer.name, consumer.life, cause=sim.emit(event))


@due
def _processed(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    taken = consumer.taken
    if consumer.life != life or taken is None:
        return
    if not _commit_record(sim, consumer, _did(sim, consumer, consumer.hand[0].end_after(taken.offset))):
        work(sim, consumer)


# -- between two polls ------------------------------------------------------------------------------------


@wakeup.again.filled
def again(sim: Simulation, consumer: Consumer) -> None:
    """The application's loop comes round: poll, or close if it was asked to."""
    if consumer.state == "closing":
        close(sim, consumer)
    elif consumer.state != "running":
        return
    elif sim.now_us < consumer.busy_until_us:
        be_busy(sim, consumer, consumer.busy_until_us, now=True)
    elif not consumer.loop:
        sim.emit(PollEnded(*sim.stamp(), consumer.name, consumer.settings.group, ""))
    elif (
        consumer.ready and not consumer.processing_us
    ):  # a due of its own, lest a full buffer is so many calls deep
        sim.schedule(0, STEP, _poll_again, consumer.name, consumer.life)
    else:
        poll(sim, consumer)


@due
def _poll_again(sim: Simulation, name: str, life: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life:
        poll(sim, consumer)


def be_busy(sim: Simulation, consumer: Consumer, until_us: int, *, now: bool) -> None:
    """The application does something else; `now`: it is free to begin with that."""
    sim.cause = sim.emit(ApplicationBusy(*sim.stamp(), consumer.name, until_us, now))
    if now:
        delay_us = max(0, until_us - sim.now_us)
        sim.schedule(delay_us, STEP, _free, consumer.name, consumer.life, until_us)


@due
def _free(sim: Simulation, name: str, life: int, until_us: int) -> None:
    consumer = sim.state.cluster.consumers[name]
    if consumer.life == life and consumer.activity == "busy" and consumer.busy_until_us == until_us:
        again(sim, consumer)


def close(sim: Simulation, consumer: Consumer) -> None:
    """close(): commit if that is automatic, then leave (R94)."""
    exactly_once.along(sim, consumer, "closing")
    automatic = consumer.settings.commit == "auto" and not consumer.lost
    if not (automatic and commits.commit(sim, consumer, "close")):
        protocol_of(consumer).leave(sim, consumer)


def go_on(sim: Simulation, consumer: Consumer) -> None:
    """The frozen process goes on with what it did."""
    if consumer.taken is not None:
        left_us = max(0, consumer.taken.ends_at_us - sim.now_us)
        sim.schedule(left_us, STEP, _processed, consumer.name, consumer.life)
    elif consumer.activity == "busy":
        left_us = max(0, consumer.busy_until_us - sim.now_us)
        sim.schedule(left_us, STEP, _free, consumer.name, consumer.life, consumer.busy_until_us)
    else:
        progress(sim, consumer)


@due
def liveness(sim: Simulation, name: str, life: int) -> None:
    """The client leaves the group by itself if poll() did not come within max.poll.interval.ms (R93)."""
    consumer = sim.state.cluster.consumers[name]
    if consumer.life != life or consumer.state != "running":
        return
    interval_us = int(consumer.settings.max_poll_interval)
    since_us = sim.now_us if consumer.activity == "polling" else consumer.polled_at_us
    if sim.now_us - since_us >= interval_us:
        protocol_of(consumer).too_late(sim, consumer)
        since_us = sim.now_us
    delay_us = since_us + interval_us - sim.now_us
    sim.schedule(delay_us, TIMER, liveness, name, life, cause=0)

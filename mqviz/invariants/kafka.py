"""Invariants of the simulated Kafka (numbers as in its specification): logs, replicas, clients, groups, the
ledger.

Left out here: those that compare two moments, and the one that holds between instants only
(each send() ends once); tests hold those against the log.
"""

from __future__ import annotations

from collections.abc import Iterator

from mqviz.facts import simulated
from mqviz.invariants.registry import holds
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.state import State


@holds
def marks_are_in_order(state: State) -> Iterator[str]:
    """Log start <= high watermark <= log end on every replica (R15)."""
    for partition in state.cluster.partitions():
        for broker, replica in partition.replicas.items():
            log = replica.log
            if not log.start <= replica.high_watermark <= log.end:
                yield (
                    f"{partition.key} on broker {broker}: {log.start}, {replica.high_watermark}, {log.end}"
                )


@holds
def offsets_have_no_gap(state: State) -> Iterator[str]:
    """Appended offsets are contiguous where no cleaner was; the last two batches are looked at, so each
    append is (R68).
    """
    for partition in state.cluster.partitions():
        for broker, replica in partition.replicas.items():
            log = replica.log
            last = [batch for batch in log.tail[-2:] if batch.base_offset >= log.clean_to]
            ends = [*(batch.end_offset for batch in last), log.end]
            if last and [*(batch.base_offset for batch in last[1:]), log.end, log.end] != ends:
                yield f"{partition.key} on broker {broker}: batches end at {ends[:-1]}, the log at {log.end}"
            if any(batch.count != len(batch.keys) for batch in last):
                yield f"{partition.key} on broker {broker}: a batch that counts its records wrongly"


@holds
def replicas_hold_the_same_records(state: State) -> Iterator[str]:
    """Same offset and epoch, same record (R26)."""
    for partition in state.cluster.partitions():
        led = partition.led.log
        for broker, replica in partition.replicas.items():
            last = next(replica.log.backwards(replica.log.end), None)
            if last is None or replica.log is led or not led.start < last.end_offset <= led.end:
                continue
            other = led.read(last.base_offset, last.end_offset)[:1]
            if other and _place(other[0]) == _place(last) and other[0] != last:
                yield f"{partition.key}: broker {broker} holds another batch at {last.base_offset}"


def _place(batch: Batch) -> tuple[int, int]:
    return batch.base_offset, batch.leader_epoch


@holds
def in_sync_replicas_are_replicas(state: State) -> Iterator[str]:
    """The in-sync replicas are replicas, the leader is one of them,
    and none of them is only eligible (R21).
    """
    for partition in state.cluster.partitions():
        isr = set(partition.isr)
        led = partition.leader < 0 or partition.leader in isr
        if not led or not isr <= set(partition.replica_ids) or isr & set(partition.elr):
            yield f"{partition.key}: leader {partition.leader}, isr {partition.isr}, elr {partition.elr}"


@holds
def committed_records_are_everywhere(state: State) -> Iterator[str]:
    """Every record below the high watermark is on every in-sync replica; of one that died nobody knows yet
    what its disk kept (R17).
    """
    for partition in state.cluster.partitions():
        if partition.recovering:  # elected uncleanly: what the others had is being cut
            continue
        for broker in partition.isr:
            alive = state.cluster.brokers[broker].process in ("running", "stopping", "paused")
            if alive and partition.replicas[broker].log.end < partition.led.high_watermark:
                yield (f"{partition.key}: broker {broker} lacks records below {partition.led.high_watermark}")


@holds
def limits_of_producers_hold(state: State) -> Iterator[str]:
    """Requests in flight <= max.in.flight; a batch larger than batch.size has one record (R41, R43)."""
    for producer in state.cluster.producers.values():
        for broker, count in producer.requests.items():
            if not 0 <= count <= producer.settings.max_in_flight:
                yield f"{producer.name} has {count} requests in flight to broker {broker}"
        for key, queue in producer.queues.items():
            for batch in queue.batches:
                if batch.bytes > producer.settings.batch_size and len(batch.keys) > 1:
                    yield f"{producer.name}: a batch for {key} of {batch.bytes} bytes"


@holds
def consumers_see_committed_records_only(state: State) -> Iterator[str]:
    """Nothing at or above the high watermark reaches a consumer, where it is or where it was before a fault
    (R15, R63).
    """
    for consumer in state.cluster.consumers.values():
        for key, partition_state in consumer.partition_states.items():
            partition = state.cluster.partition(partition_state.topic, partition_state.partition)
            copies = partition.replicas.values()
            mark = max(copy.high_watermark for copy in copies)
            if (
                not partition_state.fetched
                or partition_state.fetched_to <= mark
                or partition_state.fetched_to <= max(partition.ends.values, default=0)
            ):
                continue
            last = partition_state.fetched[-1]
            if any(last in copy.log.read(last.base_offset, last.end_offset) for copy in copies):
                yield f"{consumer.name} is beyond the high watermark {mark} of {key}"


@holds
def one_owner(state: State) -> Iterator[str]:
    """In a generation a partition has at most one owner (R114)."""
    for group in state.cluster.groups.values():
        seen: dict[tuple[str, int], str] = {}
        for member in simulated.members(state, group.name):
            for partition in member.partitions:
                if member.state != "dead" and partition in seen:
                    yield f"{group.name}: {partition} is owned by {seen[partition]} and {member.name}"
                if member.state != "dead":
                    seen[partition] = member.name


@holds
def commits_are_within_the_log(state: State) -> Iterator[str]:
    """A committed offset is at most the log end of that moment, unless somebody set it by hand (R82)."""
    for group in state.cluster.groups.values():
        for key, record in group.records.items():
            if (
                record.committed is not None
                and not (record.moved or record.outside)
                and not 0 <= record.committed <= record.limit
            ):
                yield f"{group.name} committed {record.committed} of {key}, which ended at {record.limit}"


@holds
def nothing_is_committed_before_it_is_done(state: State) -> Iterator[str]:
    """Where all members commit after the work and nobody moved an offset by hand, each record below the
    commit was processed (R86).

    Not so where a member without a commit begins at the latest offset: it passes over what the one before it
    had not committed (R81).
    """
    for group in state.cluster.groups.values():
        members = [c for c in state.cluster.consumers.values() if c.settings.group == group.name]
        if any(consumer.settings.commit not in ("after", "each", "async", "dedupe") for consumer in members):
            continue
        if any(consumer.settings.auto_offset_reset not in ("earliest", "none") for consumer in members):
            continue
        for key, record in group.records.items():
            if record.moved or record.outside:
                continue
            begin = record.start or 0
            for end, times in zip(record.ends, record.times, strict=True):
                if times == 0 and begin < min(end, record.committed or 0) and end > (record.start or 0):
                    yield f"{group.name} committed {record.committed} of {key}, but {end - 1} was not done"
                begin = max(begin, end)
            if record.committed is not None and record.committed > begin:
                yield f"{group.name} committed {record.committed} of {key}, but only {begin} are done"


@holds
def the_ledger_adds_up(state: State) -> Iterator[str]:
    """Every record that was sent is in exactly one place, for each group and each producer."""
    for group in state.cluster.groups:
        ledger = simulated.ledger(state, group)
        parts = [
            ledger.done,
            ledger.in_hand,
            ledger.waiting,
            ledger.not_readable,
            ledger.in_flight,
            ledger.lost,
        ]
        if min(parts) < 0 or sum(parts) != ledger.sent:
            yield f"{group}: {parts} are not {ledger.sent}"
    for producer in state.cluster.producers.values():
        if producer.sent < producer.appended + producer.dropped or producer.sent < producer.acknowledged:
            yield f"{producer.name} sent {producer.sent}, of which {producer.appended} came into the log"

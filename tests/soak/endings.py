"""What must hold when a run is over: peace is made, everything settles, and the logs are held against what was promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from mqviz.model.kafka.clients.producer.state import Producer
from mqviz.model.kafka.cluster import Cluster, Partition
from mqviz.model.kafka.log.batch import Batch
from mqviz.model.state import State
from tests.soak.history import History, Sender, must

US = 1_000_000
PATIENCE_US = 420 * US
"""How long everything may take to settle: the longest session, delivery timeout and poll interval that are drawn, one after another."""


def peace(cluster: Cluster) -> list[str]:
    """The commands that end all faults and all sending, so that what is left can come to rest."""
    orders = [f"heal broker {nodes[0]}" for nodes in cluster.cuts if nodes and nodes[0].isdigit()]
    orders += [f"restart controller {voter}" for voter in cluster.quorum.down]
    orders += [
        f"elect leader topic={partition.topic} partition={partition.number} how=unclean"
        for partition in cluster.partitions()
        if forsaken(partition)
    ]
    for broker in cluster.brokers.values():
        if broker.slow > 1 or broker.delay_us:
            orders.append(f"slow broker {broker.id}")
        if broker.process in ("dead", "stopped"):
            orders.append(f"restart broker {broker.id}")
        elif broker.process == "paused":
            orders.append(f"resume broker {broker.id}")
    for producer in cluster.producers.values():
        if producer.state == "paused":
            orders.append(f"resume producer {producer.name}")
        if producer.state in ("paused", "running"):
            orders.append(f"set producer {producer.name} rate=0/s")
    for kind, clients in (("consumer", cluster.consumers), ("share-consumer", cluster.share_consumers)):
        orders += [f"resume {kind} {client.name}" for client in clients.values() if client.state == "paused"]
    return orders


def forsaken(partition: Partition) -> bool:
    """Whether the controller knows nobody who may lead: only an unclean election helps (R23, R24)."""
    return partition.leader < 0 and not (partition.isr or partition.elr or partition.last_known_elr)


def unsettled(state: State) -> str:
    """What is not at rest yet, in a few words; empty if all is."""
    return next(_restless(state), "")


def _restless(state: State) -> Iterator[str]:
    cluster = state.cluster
    for broker in cluster.brokers.values():
        if broker.process != "running" or broker.fenced:
            yield f"broker {broker.id} is {broker.process}{', fenced' if broker.fenced else ''}"
    for topic in cluster.topics.values():
        for partition in topic.partitions:
            yield from _apart(partition)
    for producer in cluster.producers.values():
        waits = any(producer.requests.values()) or _waiting(producer)
        if producer.state not in ("closed", "dead") and waits:
            yield f"{producer.name} waits: {_waiting(producer)} records, requests {producer.requests}"
    for group in cluster.groups.values():
        if group.protocol == "classic" and group.state not in ("Empty", "Stable", "Dead"):
            yield f"group {group.name} is {group.state}"
    for other in cluster.consumer_groups.values():
        if other.state not in ("Empty", "Stable", "Dead"):
            yield f"group {other.name} is {other.state}"


def _apart(partition: Partition) -> Iterator[str]:
    if partition.leader < 0:
        yield f"{partition.key} has no leader: isr {partition.isr}, elr {partition.elr}, last {partition.last_known_elr}"
        return
    if sorted(partition.isr) != sorted(partition.replica_ids):
        yield f"{partition.key}: in sync are {partition.isr} of {partition.replica_ids}"
    for broker, copy in partition.replicas.items():
        if copy.log.end != partition.led.log.end or copy.high_watermark != copy.log.end:
            ends = {b: (c.high_watermark, c.log.end) for b, c in partition.replicas.items()}
            yield f"{partition.key} led by {partition.leader}: high watermark and end are {ends}, also of {broker}"
            return


def _waiting(producer: Producer) -> int:
    """Records that the producer holds."""
    queues = producer.queues.values()
    return sum(len(batch.keys) for queue in queues for batch in (*queue.batches, *queue.in_flight))


def conserved(history: History, state: State) -> None:
    """Between instants each send() has ended once, or its record is in the producer (R39, R45)."""
    ended: Counter[str] = Counter()
    for (name, _, _), sender in history.senders.items():
        ended[name] += len(sender.ended)
    for producer in state.cluster.producers.values():
        seen = ended[producer.name] + _waiting(producer)
        fine = producer.state == "dead" or producer.incarnation > 1 or seen == producer.sent
        must(
            fine, f"each send() ends once: {producer.name} took {producer.sent} records, {seen} are known of"
        )


def check(history: History, state: State) -> None:
    """Hold the logs to what clients were promised (R33, R34, R57)."""
    for topic in state.cluster.topics.values():
        for partition in topic.partitions:
            _logs_alike(history, partition)
            if topic.name not in history.rewritten:
                _sequences(history, partition)
                _served(history, partition)
    for (name, topic_name, number), sender in history.senders.items():
        if topic_name in history.deleted:
            continue
        partition = state.cluster.partition(topic_name, number)
        if topic_name not in history.rewritten:
            _promises(history, state.cluster.producers[name], partition, sender)
    for producer in state.cluster.producers.values():
        idle = producer.state in ("dead", "paused") or not _waiting(producer)
        must(idle, f"each send() ends once: {producer.name} still has {_waiting(producer)} records")


def _logs_alike(history: History, partition: Partition) -> None:
    """In the end all replicas hold the same records, and epochs never decrease in a log (R21, R26)."""
    led = partition.led.log
    names = [(b.base_offset, b.leader_epoch, b.producer, b.first_number) for b in led.forwards(led.start)]
    must(
        all(a[1] <= b[1] for a, b in pairwise(names)),
        f"leader epochs rise: epochs decrease in the log of {partition.key}",
    )
    for broker, copy in partition.replicas.items():
        start = max(copy.log.start, led.start, copy.log.clean_to, led.clean_to)
        theirs = [
            (b.base_offset, b.leader_epoch, b.producer, b.first_number)
            for b in copy.log.forwards(start)
            if b.base_offset >= start
        ]
        ours = [name for name in names if name[0] >= start]
        must(
            theirs == ours,
            f"replicas hold the same records: broker {broker} has another log of {partition.key}: {theirs} {ours}",
        )


def _sequences(history: History, partition: Partition) -> None:
    """Of each producer id and epoch the sequences are 0, 1, 2 …, and no send() is twice in the log (R34, R57, R58)."""
    place = partition.topic, partition.number
    last: dict[tuple[int, int], int] = {}
    numbers: dict[tuple[str, int], Batch] = {}
    newest: dict[str, int] = {}
    for batch in partition.led.log.forwards(partition.led.log.start):
        if batch.producer_id < 0 or batch.control:
            continue
        key = batch.producer_id, batch.producer_epoch
        before = last.get(key)
        good = before is None or batch.first_sequence == before + 1
        must(
            good or place in history.harmed,
            f"sequences have no gap: {partition.key}: after {before} came {batch}",
        )
        last[key] = batch.first_sequence + batch.count - 1
        for number in range(batch.first_number, batch.first_number + batch.count):
            again = numbers.get((batch.producer, number))
            must(
                again is None,
                f"sequences have no gap: {partition.key}: record {number} is in {again} and {batch}",
            )
            numbers[batch.producer, number] = batch
        before = newest.get(batch.producer, -1)
        must(
            batch.first_number > before,
            f"records are in send order: {partition.key}: after record {before} came {batch}",
        )
        newest[batch.producer] = batch.first_number


def _served(history: History, partition: Partition) -> None:
    """What a consumer was given stays, unless a disk was lost or an election was unclean (R15, R69)."""
    if (partition.topic, partition.number) in history.harmed:
        return
    log = partition.led.log
    names = {
        offset: (batch.leader_epoch, batch.first_number)
        for batch in log.forwards(log.start)
        for offset in range(batch.base_offset, batch.end_offset)
    }
    for (topic, number, offset), name in history.returned.items():
        if (topic, number) == (partition.topic, partition.number) and offset >= log.start:
            now = names.get(offset)
            must(
                now == name,
                f"what was committed stays: {partition.key}: a consumer was given {name} at {offset}, now it is {now}",
            )


def _promises(history: History, producer: Producer, partition: Partition, sender: Sender) -> None:
    """Which acknowledged records may be missing, and which may be out of order (R33, R34)."""
    place = partition.topic, partition.number
    log = partition.led.log
    inside = [
        number
        for batch in log.forwards(log.start)
        if batch.producer == producer.name
        for number in range(batch.first_number, batch.first_number + batch.count)
    ]
    if log.start == 0 and place not in history.harmed:
        present = set(inside)
        lost = sorted(sender.safe - present)
        must(
            not lost or partition.topic in history.lax,
            f"acks=all is not lost: {partition.key}: {producer.name}'s {lost} are gone",
        )
        lost = sorted(sender.told - present)
        must(
            not lost or history.led[place],
            f"a loss has its cause: {partition.key}: {producer.name}'s {lost} went without a cause",
        )
    fallen = [pair for pair in pairwise(inside) if pair[1] < pair[0]]
    explained = (
        producer.retries
        or producer.incarnation > 1
        or sender.split  # its parts come after what was in flight beside the batch
        or "failed" in sender.ended.values()
        or producer.settings.acks == "0"  # what lies in a frozen broker's sockets is served in no order (R4)
    )
    must(
        not fallen or explained,
        f"disorder comes of a retry: {partition.key}: {producer.name}'s {fallen} without a retry",
    )

"""Wrong behaviours, each as one exact replacement in one file, and the tests of its rule that must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """`what` is wrong: in `file` (below mqviz/) the only `old` becomes `new`; `tests` (below tests/) with `words` must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: str
    words: str


FAILOVER = "sim/kafka/test_cluster_failover.py"
REPLICATION = "sim/kafka/test_replication.py"
ELECTIONS = "sim/kafka/test_cluster_elections.py"
STATE = "sim/kafka/test_producer_state.py"
COMPACTION = "sim/kafka/test_log_compaction.py"
RETENTION = "sim/kafka/test_log_retention.py"
TRANSACTIONS = "sim/kafka/test_transactions.py"
VERSION_1 = "sim/kafka/test_transaction_version_1.py"
PROTOCOL = "sim/kafka/test_group_protocol.py"
CLIENTS = "sim/kafka/test_classic_clients.py"
COORDINATOR = "sim/kafka/test_classic_coordinator.py"
KIP848 = "sim/kafka/test_kip848_coordinator.py"
SHARE = "sim/kafka/test_share_partition.py"
STICKY = "kafka_rules/test_assignors_sticky.py"
PARTITIONERS = "kafka_rules/test_partitioners.py"

MUTANTS = (
    Mutant(
        "librdkafka's transactions raise the epoch",
        "sim/kafka/transactional.py",
        "not registration.explicit(producer))",
        "True)",
        VERSION_1,
        "r62",
    ),
    Mutant(
        "librdkafka writes before the coordinator knows of the partition",
        "sim/kafka/registration.py",
        "return found is not None and explicit(producer) and (queue.topic, queue.partition) not in found.added",
        "return False",
        VERSION_1,
        "r62",
    ),
    Mutant(
        "sequences never begin again",
        "sim/kafka/producer_state.py",
        "(entry.last_sequence + 1) % MOST_SEQUENCES",
        "(entry.last_sequence + 1)",
        STATE,
        "r57",
    ),
    Mutant(
        "acks=all is accepted below min.insync.replicas",
        "sim/kafka/broker.py",
        "if acks == -1 and len(copy.isr) < min(",
        "if acks == -2 and len(copy.isr) < min(",
        REPLICATION,
        "r17 or r29",
    ),
    Mutant(
        "the high watermark moves below min.insync.replicas",
        "sim/kafka/replica.py",
        "if len(copy.isr) < min(topic.min_insync_replicas, topic.replication_factor):",
        "if not copy.isr:",
        REPLICATION,
        "r17",
    ),
    Mutant(
        "the high watermark is the leader's log end, not the minimum of the in-sync replicas",
        "sim/kafka/replica.py",
        "reached = min([copy.log.end, *(ends.get(b, -1) for b in members if b != leader)])",
        "reached = copy.log.end",
        REPLICATION,
        "r15 or r17",
    ),
    Mutant(
        "acks=all is answered at the leader's append",
        "sim/kafka/parked.py",
        "replicas[flight.broker].high_watermark >= end",
        "replicas[flight.broker].high_watermark >= 0 * end",
        REPLICATION,
        "fx1 or r32",
    ),
    Mutant(
        "a returning follower forgets to cut its log",
        "model/leadership.py",
        "    copy.log.truncate(event.end)\n",
        "",
        FAILOVER,
        "r33c",
    ),
    Mutant(
        "a silent broker is fenced after half its session",
        "sim/kafka/controller.py",
        "stale_us = max(heard_at_us + session_us(sim), sim.now_us)",
        "stale_us = max(heard_at_us + session_us(sim) // 2, sim.now_us)",
        FAILOVER,
        "r10",
    ),
    Mutant(
        "several silent brokers are given up at once",
        "sim/kafka/controller.py",
        "    if sim.now_us < decided.at_us:\n",
        "    if sim.now_us < 0:\n",
        FAILOVER,
        "e2",
    ),
    Mutant(
        "the leader epoch does not grow with a new leader",
        "sim/kafka/controller.py",
        "epoch = partition.leader_epoch + (leader != partition.leader)",
        "epoch = partition.leader_epoch",
        ELECTIONS,
        "r21",
    ),
    Mutant(
        "any living replica is elected, in sync or not",
        "sim/kafka/controller.py",
        "        if broker in isr:\n            return broker, isr, elr, False",
        "        if broker:\n            return broker, [broker], elr, False",
        ELECTIONS,
        "r22",
    ),
    Mutant(
        "who comes back from an unclean end stays eligible to lead",
        "sim/kafka/controller.py",
        "gone = (*isr, *unclean_ends)",
        "gone = tuple(isr)",
        ELECTIONS,
        "r23",
    ),
    Mutant(
        "a follower is taken in again before it has caught up",
        "sim/kafka/isr.py",
        "if copy.follower_ends[follower] >= max(copy.high_watermark, begin):",
        "if copy.follower_ends[follower] >= 0:",
        ELECTIONS,
        "r18 or r19",
    ),
    Mutant(
        "a follower that is stuck never leaves the in-sync set",
        "sim/kafka/isr.py",
        "        elif len(copy.isr) > 1:\n",
        "        elif len(copy.isr) > 9:\n",
        ELECTIONS,
        "r19",
    ),
    Mutant(
        "no check for duplicates",
        "sim/kafka/producer_state.py",
        "if (known.first_sequence, known.last_sequence) == (first, last):",
        "if known is None:",
        STATE,
        "fx3 or r58",
    ),
    Mutant(
        "four batches of a producer are remembered, not five",
        "model/producer_state.py",
        "REMEMBERED = 5",
        "REMEMBERED = 4",
        STATE,
        "r58",
    ),
    Mutant(
        "the fence of old producer epochs is skipped",
        "sim/kafka/producer_state.py",
        "if batch.producer_epoch < entry.epoch:",
        "if batch.producer_epoch < entry.epoch - 100:",
        STATE,
        "r58",
    ),
    Mutant(
        "a gap in the sequences is accepted",
        "sim/kafka/producer_state.py",
        "(Error.NONE if first == following else",
        "(Error.NONE if first >= following else",
        STATE,
        "r58 or fx4",
    ),
    Mutant(
        "read_committed reads up to the high watermark",
        "model/log.py",
        "return transactions.stable(self.high_watermark, self.log.start)",
        "return self.high_watermark",
        TRANSACTIONS,
        "fx6 or r63",
    ),
    Mutant(
        "a tombstone stays for ever",
        "model/compaction.py",
        "elif known.now_us < batch.delete_horizon_us:",
        "elif batch.delete_horizon_us:",
        COMPACTION,
        "e16 or r75",
    ),
    Mutant(
        "compaction keeps the first record of a key",
        "model/compaction.py",
        "for batch in dirty\n        for offset, key in enumerate(batch.keys, batch.base_offset)",
        "for batch in reversed(dirty)\n        for offset, key in enumerate(batch.keys, batch.base_offset)",
        COMPACTION,
        "fx13",
    ),
    Mutant(
        "retention deletes what is not committed",
        "sim/kafka/retention.py",
        "return sum(end <= replica.high_watermark for end in ends)",
        "return len(ends)",
        RETENTION,
        "r70",
    ),
    Mutant(
        "retention by size deletes one segment too many",
        "sim/kafka/retention.py",
        "if over < 0 or not segment.bytes:",
        "if over < -segment.bytes or not segment.bytes:",
        RETENTION,
        "r70",
    ),
    Mutant(
        "murmur2 keeps its sign",
        "kafka/partitioners.py",
        "return (murmur2(key) & 0x7FFFFFFF) % partitions",
        "return murmur2(key) % partitions",
        PARTITIONERS,
        "r49",
    ),
    Mutant(
        "librdkafka hashes as Java does",
        "kafka/partitioners.py",
        "return zlib.crc32(key) % partitions",
        "return (murmur2(key) & 0x7FFFFFFF) % partitions",
        PARTITIONERS,
        "r50",
    ),
    Mutant(
        "records without key never leave their partition before two batches",
        "kafka/partitioners.py",
        "return sent >= batch_size and not has_partial_batch",
        "return False",
        PARTITIONERS,
        "r51",
    ),
    Mutant(
        "long queues are drawn more often",
        "kafka/partitioners.py",
        "weights = [max(lengths) + 1 - length for length in lengths]",
        "weights = [1 + length for length in lengths]",
        PARTITIONERS,
        "r52",
    ),
    Mutant(
        "an eager consumer commits after it revoked",
        "sim/kafka/membership.py",
        '    if not (automatic and commits.commit(sim, consumer, "rejoin")):\n        join(sim, consumer)',
        '    join(sim, consumer)\n    if automatic:\n        commits.commit(sim, consumer, "rejoin")',
        "sim/kafka/test_consumers.py",
        "r83",
    ),
    Mutant(
        "the initial delay does not grow while members come",
        "sim/kafka/classic_rebalance.py",
        "if group.extended and group.window_left_us:",
        "if group.extended and group.window_left_us < 0:",
        PROTOCOL,
        "fx7",
    ),
    Mutant(
        "static members are put out when they do not join again",
        "sim/kafka/classic_rebalance.py",
        " if not m.joining and m.instance_id is None]:",
        " if not m.joining]:",
        COORDINATOR,
        "r103",
    ),
    Mutant(
        "a static member's commit does not say who it is",
        "sim/kafka/commits.py",
        'membership.instance_id(consumer) if name_of(consumer) == "classic" else None',
        "None",
        CLIENTS,
        "r113",
    ),
    Mutant(
        "a member may change to assignors that it did not support before",
        "sim/kafka/classic_group.py",
        "lists = [member.assignors for member in group.members.values()]",
        "lists = [m.assignors for m in group.members.values() if m.member_id != request.member_id]",
        COORDINATOR,
        "e26",
    ),
    Mutant(
        "librdkafka deals what nobody owns in ascending order",
        "kafka/assignors_sticky.py",
        "[tp for tp in reversed(_all(partitions_per_topic)) if tp not in taken]",
        "[tp for tp in _all(partitions_per_topic) if tp not in taken]",
        STICKY,
        "e30",
    ),
    Mutant(
        "every member is told who the others are",
        "sim/kafka/classic_rebalance.py",
        "members if leads else (),",
        "members,",
        PROTOCOL,
        "e27 or r104",
    ),
    Mutant(
        "commits of an older generation are taken",
        "sim/kafka/classic_errors.py",
        "if request.generation != group.generation else",
        "if request.generation > group.generation else",
        PROTOCOL,
        "e27 or r104",
    ),
    Mutant(
        "equal votes: the name that comes first in the alphabet wins",
        "kafka/assignors.py",
        "key=lambda name: (-votes[name], _tie(name))",
        "key=lambda name: (-votes[name], name)",
        "kafka_rules/test_assignors.py",
        "e26",
    ),
    Mutant(
        "range gives what is over to the last members",
        "kafka/assignors.py",
        "end = first + each + (index < extra)",
        "end = first + each + (len(members) - index <= extra)",
        "kafka_rules/test_assignors.py",
        "r115",
    ),
    Mutant(
        "sticky: the older claim wins",
        "kafka/assignors_sticky.py",
        "if other is None or claims[member].generation > claims[other].generation:",
        "if other is None or claims[member].generation < claims[other].generation:",
        STICKY,
        "r118",
    ),
    Mutant(
        "cooperative members get what others still have",
        "kafka/assignors_sticky.py",
        "[tp for tp in given if tp in owned[member] or tp not in claimed]",
        "list(given)",
        STICKY,
        "r119",
    ),
    Mutant(
        "uniform gives what is over to the first members of the walk",
        "kafka/uniform.py",
        "if quota > each and len(owned[member]) < quota and len(members) - index > extras:",
        "if quota > each and len(owned[member]) < quota and len(members) - index > 99:",
        "kafka_rules/test_server_assignors.py",
        "r126",
    ),
    Mutant(
        "a partition goes to its new member before the old one has given it up",
        "sim/kafka/reconciliation.py",
        "free = [p for p in wanted if _is_free(group, member, p)]",
        "free = wanted",
        KIP848,
        "r123 or r125",
    ),
    Mutant(
        "silence counts as giving up",
        "sim/kafka/reconciliation.py",
        "return owned is None or any(partition in owned for partition in revoked)",
        "return owned is not None and any(partition in owned for partition in revoked)",
        KIP848,
        "e20 or r123",
    ),
    Mutant(
        "a heartbeat with a wrong epoch is taken",
        "sim/kafka/reconciliation.py",
        "return Error.NONE if lost_answer else Error.FENCED_MEMBER_EPOCH",
        "return Error.NONE",
        KIP848,
        "r121",
    ),
    Mutant(
        "share: the in-flight limit is ignored",
        "sim/kafka/share_partition.py",
        "room = found.in_flight - (found.end - found.start)",
        "room = 10 * found.in_flight",
        SHARE,
        "e61 or r7",
    ),
    Mutant(
        "share: a poison record is delivered once more than allowed",
        "model/share.py",
        'if then == "Available" and run.deliveries >= found.limit:',
        'if then == "Available" and run.deliveries > found.limit:',
        SHARE,
        "r132",
    ),
    Mutant(
        "share: what is not committed yet is delivered",
        "sim/kafka/share_partition.py",
        "return led.last_stable_offset if committed else led.high_watermark",
        "return led.log.end",
        SHARE,
        "r134",
    ),
    Mutant(
        "share: of those who wait the last one is served first",
        "sim/kafka/share_fetch.py",
        'list(sim.part(ShareSessions).waiting.get(f"{group} {key}", ()))',
        'list(sim.part(ShareSessions).waiting.get(f"{group} {key}", ()))[::-1]',
        "golden/test_more.py",
        "S33",
    ),
)
"""Every wrong behaviour that is planted."""

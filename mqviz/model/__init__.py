"""Kafka's words, one meaning each, as plain data: structs, events, apply, facts, invariants.

broker: a server of the cluster. topic: a named set of partitions. partition: one append-only log, copied to
replicas. offset: a record's number in its partition. record: key, value, timestamp at an offset. batch:
records that travel together. partition_leader: the replica that takes appends. high watermark: first
offset that is not yet committed. group: consumers that share a topic's partitions. member: one consumer of
a group. generation: number of a group's membership round. position: next offset a consumer will take.
committed: next offset the group reads after a restart. lag: log end minus committed. capture: a saved run.
moment: a named time.
"""

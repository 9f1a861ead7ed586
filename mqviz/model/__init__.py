"""Kafka's words, one meaning each, as plain data: events, the State, and apply, which folds events into it.

broker: a server of the cluster. topic: a named set of partitions. partition: one append-only log, copied to
replicas. offset: a record's number in its partition. record: key, value, timestamp at an offset. batch:
records that travel together. partition leader: the replica that takes appends. leader epoch: number of a
partition's leadership. high watermark: first offset that is not yet committed. controller: the one that
decides who leads and who is in sync. coordinator: the broker that keeps a group or a transactional.id. group:
consumers that share a topic's partitions. member: one consumer of a group. generation: number of a group's
membership round. position: next offset a consumer will take. committed: next offset the group reads after a
restart. lag: log end minus committed. capture: a saved run. moment: a named time.

`kafka` is a simulated Kafka, complete; `observed` a real one as far as it was seen; `systems` the guide's
other systems; `command` what can be done to all of them.
"""

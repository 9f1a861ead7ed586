"""Replication: how the copies of a partition follow their leader.

`fetcher`: followers fetch (ReplicaFetcherThread in Kafka); `isr`: who is in sync (Partition,
AlterPartitionManager); `leader_epoch`: whose requests count, and where an epoch ended (LeaderEpochFileCache);
`leader_change`: what a broker does that leads or follows from now on.
"""

"""The coordinator of classic groups (ClassicGroup in Kafka, kept by GroupMetadataManager).

`join` is JoinGroup, `rebalance` from the first join to the new generation, `heartbeat` SyncGroup, Heartbeat
and LeaveGroup, `validation` whose requests count, `failover` another broker that takes over.
"""

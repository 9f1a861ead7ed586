"""Share groups (KIP-932): their coordinator, and the partition leaders that give out their records.

`heartbeat` is ShareGroupHeartbeat; `fetch` ShareFetch and ShareAcknowledge (SharePartitionManager);
`partition` the records of one share-partition (SharePartition).
"""

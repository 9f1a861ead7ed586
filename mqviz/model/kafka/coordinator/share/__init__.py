"""Share groups (KIP-932): the group at its coordinator, and its share-partitions at their leaders.

Kafka keeps these apart as ShareGroup and SharePartition. `window` is a share-partition's records in flight.
"""

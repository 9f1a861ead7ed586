"""The active controller (QuorumController in Kafka), what it decides, and how brokers hear of it.

`controller` fences brokers and changes partitions, `election` its checks (ReplicationControlManager);
`registered` what it knows of brokers (BrokerHeartbeatManager); `placement` new replicas
(StripedReplicaPlacer); `topics`, `topic_changes` and `topic_config` topics; `internal_topics` who
coordinates; `quorum` its voters; `publishing` the way of its records to brokers.
"""

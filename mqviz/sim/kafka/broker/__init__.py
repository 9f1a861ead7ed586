"""A broker: what it does with requests (KafkaApis and ReplicaManager in Kafka), and its life.

`produce`, `fetch`, `list_offsets`, and `purgatory` for what cannot be answered yet; `verification` asks the
transaction coordinator (AddPartitionsToTxnManager); `replica_selector` sends readers to a closer replica.
`lifecycle` and `registration` (BrokerLifecycleManager), `hardware` and `links` are what happens to its
process, its machine and its network.
"""

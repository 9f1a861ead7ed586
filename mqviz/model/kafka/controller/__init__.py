"""The controller (QuorumController in Kafka): its records of brokers, topics, partitions; its voters."""

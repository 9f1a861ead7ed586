"""Groups of the consumer protocol (KIP-848, ConsumerGroup in Kafka): epochs, targets, assignments."""

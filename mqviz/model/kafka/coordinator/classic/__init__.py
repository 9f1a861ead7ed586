"""Groups of the classic protocol (ClassicGroup in Kafka): members, generation, rebalance."""

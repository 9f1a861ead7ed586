"""What clients (Metadata in Kafka) and brokers (MetadataCache) believe of leaders that moved."""

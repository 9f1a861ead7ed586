"""Committed offsets (OffsetMetadataManager in Kafka), and what a group did with each partition."""

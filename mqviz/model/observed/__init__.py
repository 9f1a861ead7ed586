"""A real Kafka as far as it was seen."""

"""Transactions at their coordinator (TransactionMetadata in Kafka): one entry a transactional.id."""

"""The copies of a partition (Partition in Kafka): followers, high watermarks, truncation."""

"""A partition's log: batches, segments, producers, transactions, compaction."""
